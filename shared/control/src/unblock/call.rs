//! What comes in: a tick of the schedule, or a step that the machine asks for; and what goes out, ids and sentences only.

use serde::{Deserialize, Serialize};
use watchkeeper_domain::reconcile::run::RunRef;

use super::{Taken, Ticked};
use crate::runbook::{Begin, CaughtError, Told, Unmade};

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
        /// Why.
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

/// What goes out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// To the schedule.
    Ticked(Ticked),
    /// To the machine.
    Taken(Taken),
    /// To the machine, of tell.
    Told(Told),
}
