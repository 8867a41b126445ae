//! What the schedule and the machines ask, and what they are answered: ids, verdicts and short texts only.

use jiff::Timestamp;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use watchkeeper_control::backup::Then;
use watchkeeper_domain::backup::{Drilled, Outcome, Source};
use watchkeeper_domain::name::Scope;

use crate::tick::Ticked;

/// An event: of the schedule, or a step of a machine.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The schedule.
    Tick(Tick),
    /// A step.
    Call(Call),
}

impl<'de> Deserialize<'de> for Event {
    /// By hand, so that a mistake is told about the form that was meant, and not about all of them.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let event = Value::deserialize(deserializer)?;
        let read = if event.get("step").is_some() {
            serde_json::from_value(event).map(Self::Call)
        } else {
            serde_json::from_value(event).map(Self::Tick)
        };
        read.map_err(D::Error::custom)
    }
}

impl Event {
    /// The instant that it is about.
    pub fn at(&self) -> Timestamp {
        match self {
            Self::Tick(tick) => tick.time,
            Self::Call(call) => call.now,
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
    /// Which resources a run is about.
    Begin {
        /// The execution's input, as it was given.
        request: Value,
        /// The execution.
        execution: Execution,
    },
    /// One step of one resource's backup.
    Job {
        /// The run.
        run: RunRef,
        /// The resource's place in it.
        index: usize,
    },
    /// A resource's part in the run ended with an error.
    Stumble {
        /// The run.
        run: RunRef,
        /// The resource's place in it.
        index: usize,
        /// The error.
        error: String,
    },
    /// Tell how it ended.
    Finish {
        /// The run.
        run: RunRef,
    },
    /// What is restored, and into what.
    BeginRestore {
        /// The execution's input, as it was given.
        request: Value,
        /// The execution.
        execution: Execution,
    },
    /// One step of a restore.
    Restore {
        /// The run.
        run: RunRef,
        /// The resource.
        source: Source,
    },
    /// The restore ended with an error; what it made is still tidied up.
    FailRestore {
        /// The run.
        run: RunRef,
        /// The resource.
        source: Source,
        /// The error.
        error: String,
    },
    /// Tell how it ended, and keep the evidence.
    FinishRestore {
        /// The run.
        run: RunRef,
        /// The resource.
        source: Source,
    },
}

/// The execution, as its own state has it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Execution {
    /// Its name.
    pub name: String,
    /// When it was started.
    pub start: Timestamp,
}

/// An execution and where it works.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunRef {
    /// Where.
    #[serde(flatten)]
    pub scope: Scope,
    /// The execution's name.
    pub id: String,
}

/// What an event is answered.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// Of the schedule.
    Ticked(Ticked),
    /// Of begin.
    Begun {
        /// The run.
        run: RunRef,
        /// The places of its resources.
        jobs: Vec<usize>,
        /// What will be done, in a sentence; of a plan, why each copy stays or goes.
        summary: String,
    },
    /// Of a step.
    Stepped {
        /// Whether another step follows.
        again: bool,
        /// After how long, in seconds.
        wait_seconds: i64,
        /// What was done, in a few words.
        what: String,
    },
    /// Of the end of a run.
    Finished {
        /// The worst end of a resource.
        outcome: Outcome,
        /// In a line.
        headline: String,
    },
    /// Of the beginning of a restore.
    Restoring {
        /// The run.
        run: RunRef,
        /// The resource.
        source: Source,
        /// What is restored into what.
        summary: String,
    },
    /// Of the end of a restore.
    Restored {
        /// Whether everything was as it should be.
        passed: bool,
        /// In a line.
        headline: String,
        /// The evidence.
        evidence: Box<Drilled>,
    },
}

impl Answer {
    pub(crate) fn stepped(stepped: watchkeeper_control::backup::Stepped) -> Self {
        let (again, wait_seconds) = match stepped.then {
            Then::Again(seconds) => (true, seconds),
            Then::Done => (false, 0),
        };
        Self::Stepped { again, wait_seconds, what: stepped.what }
    }
}
