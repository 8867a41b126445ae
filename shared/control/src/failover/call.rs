//! What the machines and the schedule ask, and what they are answered.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{ChildResult, MoveReply, PairTick, ReadinessLook};
use crate::runbook::{Ask, Begin, CaughtError, MachineExecution, Tell, Told};

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
    Ask(Ask),
    /// Look whether the pair can go home.
    Ready(Begin),
    /// Tell a person.
    Tell(Tell),
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
    Readied(Box<ReadinessLook>),
    /// Of ask and tell.
    Told(Told),
}

impl From<Child> for ChildResult {
    fn from(child: Child) -> Self {
        match child {
            Child::Failed(caught) => Self::Failed(caught.error, caught.cause.unwrap_or_default()),
            Child::Done(_) => Self::Done,
        }
    }
}
