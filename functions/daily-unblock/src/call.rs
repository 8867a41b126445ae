//! What comes in: a tick of the schedule, or a step that the machine asks for; and what goes out, ids and sentences only.

use jiff::Timestamp;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use watchkeeper_control::unblock::{RunRef, Step as Taken};

use crate::tick::Ticked;

/// What comes in.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The schedule.
    Tick(Tick),
    /// The machine.
    Call(Call),
}

impl Event {
    /// The time that came with it.
    pub fn at(&self) -> Timestamp {
        match self {
            Self::Tick(tick) => tick.time,
            Self::Call(call) => call.now,
        }
    }
}

impl<'de> Deserialize<'de> for Event {
    /// What names a step is the machine's.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let event = Value::deserialize(deserializer)?;
        if event.get("step").is_some() {
            serde_json::from_value(event).map(Self::Call).map_err(D::Error::custom)
        } else {
            serde_json::from_value(event).map(Self::Tick).map_err(D::Error::custom)
        }
    }
}

/// The event of the schedule: its instant, and an envelope that is of no interest.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Tick {
    /// When the schedule was due.
    pub time: Timestamp,
}

/// One step, and the wall time at which it is taken.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Call {
    /// The time that came with the step.
    pub now: Timestamp,
    /// The step.
    #[serde(flatten)]
    pub step: Step,
}

/// A step of an execution.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "step")]
pub enum Step {
    /// Begin, or go on with a run that died.
    Begin {
        /// The execution's input, as it was given.
        request: Value,
        /// The execution.
        execution: Execution,
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
        error: Caught,
    },
    /// Tell, and close.
    Report {
        /// The run.
        run: RunRef,
    },
}

/// The execution, as its own state has it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Execution {
    /// Its name.
    pub name: String,
    /// When it started: the instant of a run by hand.
    pub start: Timestamp,
}

/// An error as Step Functions catches it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Caught {
    /// The stable name.
    pub error: String,
    /// What the function said.
    #[serde(default)]
    pub cause: Option<String>,
}

/// What goes out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// To the schedule.
    Ticked(Ticked),
    /// To the machine.
    Taken(Taken),
}
