//! What comes in: a step that the machine asks for; and what goes out, ids and sentences only.

use serde::{Deserialize, Serialize};
use watchkeeper_domain::reconcile::run::RunRef;

use crate::runbook::{Begin, CaughtError, FormerWord, NextStep, StepOutcome, Told, Unmade};

/// The steps that follow another, by their names.
pub(super) const WORK: &str = "work";
pub(super) const REPORT: &str = "report";

/// A step of an execution.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "step")]
pub enum Step {
    /// Begin, or go on with a run that died.
    Begin(Begin),
    /// Work for a slice.
    Work {
        /// The run.
        run: RunRef,
    },
    /// Leave the source that could not be worked on, and go on to the next.
    Skip {
        /// The run.
        run: RunRef,
        /// The error that the task ended with.
        error: CaughtError,
    },
    /// Tell, and close.
    Report {
        /// The run.
        run: RunRef,
    },
    /// Tell of a run that could not begin, or not be closed.
    Tell(Unmade),
}

/// What the machine is told beside what follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Details {
    /// Of a step of a run.
    Worked(FormerWord),
    /// Of tell.
    Told(Told),
}

/// A step of a run that was taken, and the step that follows; nothing after the last one.
pub fn worked(run: &RunRef, step: Option<&'static str>, summary: String) -> StepOutcome<FormerWord> {
    let then = step.map_or_else(|| NextStep::done("done"), NextStep::at_once);
    StepOutcome::new(run.clone(), then, summary, FormerWord { next: step.unwrap_or("done") })
}
