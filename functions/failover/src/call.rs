//! What the machines and the schedule ask, and what they are answered.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use watchkeeper_control::failover::{MoveReply, PairTick, ReadinessAction};
use watchkeeper_domain::failover::FailoverRequest;
use watchkeeper_domain::message::Message;
use watchkeeper_domain::reconcile::run::RunRef;
use watchkeeper_lambda::{CaughtError, MachineExecution};

/// A step of an execution.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "step")]
pub enum Step {
    /// Go on with a move.
    Advance {
        /// The execution's input, as it was given.
        request: Value,
        /// The execution.
        execution: MachineExecution,
        /// What a person answered, once somebody was asked.
        #[serde(default)]
        answer: Option<Value>,
        /// What became of the child, once one was run.
        #[serde(default)]
        child: Option<Child>,
        /// The error that ended the step before this one, if it failed for good.
        #[serde(default)]
        error: Option<CaughtError>,
    },
    /// Ask a person.
    Ask {
        /// The execution.
        run: RunRef,
        /// The token that the answer carries.
        token: String,
        /// What is asked for.
        what: String,
        /// Why.
        why: String,
        /// The plan, for a person.
        plan: String,
        /// How long the question stands, in seconds.
        answer_seconds: i64,
    },
    /// Look whether the pair can go home.
    Ready {
        /// The execution's input, as it was given.
        request: Value,
        /// The execution.
        execution: MachineExecution,
    },
    /// Tell a person.
    Tell {
        /// The execution, where it got as far as having a run.
        run: Option<RunRef>,
        /// One line.
        subject: String,
        /// The message.
        text: String,
    },
}

/// What became of a child: its output, or its error.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Child {
    /// It failed.
    Failed(CaughtError),
    /// It ended in order, with this output.
    Done(Value),
}

/// What an event is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// Of the tick: each pair of this region.
    Ticked {
        /// What was done about each.
        pairs: Vec<PairTick>,
    },
    /// Of advance.
    Advanced(Box<MoveReply>),
    /// Of ready.
    Readied(Box<Readied>),
    /// Of ask and tell.
    Told {},
}

/// Whether a pair can go home.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Readied {
    /// The execution.
    pub run: RunRef,
    /// What follows.
    pub next: ReadinessAction,
    /// After how long, in seconds, where it waits.
    pub wait_seconds: i64,
    /// What the failover machine is asked for.
    pub request: Option<FailoverRequest>,
    /// Why, in a sentence.
    pub summary: String,
    /// What a person has to hear.
    pub tell: Option<Message>,
}
