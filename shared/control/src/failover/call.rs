//! What the machines and the schedule ask, and what they are answered.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use watchkeeper_domain::failover::{Move, MoveEnding, MovePhase};
use watchkeeper_domain::reconcile::run::RunRef;

use super::PairTick;
use crate::runbook::{self, Ask, Begin, CaughtError, FormerWord, MachineExecution, NextStep, StepOutcome, Tell, Told};

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

/// What an event is answered: the tick, with each pair of this region, or a step.
pub type Answer = runbook::Answer<PairTicks, Details>;

/// What a tick did about each pair of this region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PairTicks {
    /// Each.
    pub pairs: Vec<PairTick>,
}

/// What the machines carry on, or put out, beside what follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Details {
    /// Of advance.
    Advanced(Advanced),
    /// Of ready.
    Readied(FormerWord),
    /// Of ask and tell.
    Told(Told),
}

/// Where a move stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Advanced {
    /// What follows.
    #[serde(flatten)]
    pub former: FormerWord,
    /// The phase that it is in.
    pub phase: MovePhase,
    /// What is asked for, in a word or two.
    pub what: &'static str,
    /// How it ended.
    pub ending: Option<MoveEnding>,
    /// The time until people reached the new region, in milliseconds, once they did.
    pub rto_ms: Option<i64>,
}

impl Advanced {
    /// Of a move of which this follows.
    pub fn of(record: &Move, then: &NextStep) -> Self {
        let next = if matches!(then, NextStep::Child { .. }) { "reconcile" } else { then.name() };
        Self {
            former: FormerWord { next },
            phase: record.phase,
            what: match () {
                () if record.rehearsal.is_some() => "a rehearsal",
                () if record.graceful => "a switchover",
                () => "a failover",
            },
            ending: record.ending,
            rto_ms: record.rto_ms(),
        }
    }
}

/// A look at whether the pair can go home, and what follows.
pub fn readied(run: RunRef, then: NextStep, summary: String) -> StepOutcome<FormerWord> {
    let next = match then {
        NextStep::Again { .. } => "wait",
        NextStep::Child { .. } => "go",
        NextStep::Ask(_) | NextStep::Done { .. } | NextStep::Failed { .. } => "refused",
    };
    StepOutcome::new(run, then, summary, FormerWord { next })
}

/// What became of a child.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChildResult {
    /// It ended in order.
    Done,
    /// It failed: its stable error, and what it said.
    Failed(String, String),
}

impl From<Child> for ChildResult {
    fn from(child: Child) -> Self {
        match child {
            Child::Failed(caught) => Self::Failed(caught.error, caught.cause.unwrap_or_default()),
            Child::Done(_) => Self::Done,
        }
    }
}
