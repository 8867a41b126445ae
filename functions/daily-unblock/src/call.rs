//! What comes in: a tick of the schedule, or a step that the machine asks for; and what goes out, ids and sentences only.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use watchkeeper_control::unblock::Step as Taken;
use watchkeeper_domain::reconcile::run::RunRef;
use watchkeeper_lambda::{CaughtError, MachineExecution};

use crate::tick::Ticked;

/// A step of an execution.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "step")]
pub enum Step {
    /// Begin, or go on with a run that died.
    Begin {
        /// The execution's input, as it was given.
        request: Value,
        /// The execution.
        execution: MachineExecution,
    },
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
    Tell {
        /// The execution's input, as it was given.
        request: Value,
        /// The execution.
        execution: MachineExecution,
        /// Why it ends.
        error: CaughtError,
    },
}

/// What goes out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// To the schedule.
    Ticked(Ticked),
    /// To the machine.
    Taken(Taken),
    /// To the machine, of tell: whether people were told.
    Told {
        /// Whether they were.
        told: bool,
    },
}
