//! What schedules and state machines send to every function that has steps.

use jiff::Timestamp;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use watchkeeper_domain::run::RunError;

/// An event: of the schedule, or a step of a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event<S> {
    /// The schedule.
    Tick(Tick),
    /// A step.
    Call(Call<S>),
}

impl<'de, S: DeserializeOwned> Deserialize<'de> for Event<S> {
    /// By hand, so that a mistake is told about the form that was meant, and not about both.
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

impl<S> Event<S> {
    /// The instant that it is about.
    pub fn at(&self) -> Timestamp {
        match self {
            Self::Tick(tick) => tick.time,
            Self::Call(call) => call.now,
        }
    }
}

/// The event of a schedule: its instant, and an envelope that is of no interest.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Tick {
    /// When the schedule was due.
    pub time: Timestamp,
}

/// One step, and the wall time at which it is taken.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Call<S> {
    /// The time that came with the step.
    pub now: Timestamp,
    /// The step.
    #[serde(flatten)]
    pub step: S,
}

/// An execution, as its own state has it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Execution {
    /// Its name, which is the id of its run.
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

impl From<Caught> for RunError {
    fn from(caught: Caught) -> Self {
        Self { name: caught.error, message: caught.cause.unwrap_or_default() }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    #[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
    #[serde(rename_all = "kebab-case", tag = "step")]
    enum Step {
        Begin { execution: Execution },
    }

    fn read(event: Value) -> Result<Event<Step>, String> {
        serde_json::from_value(event).map_err(|error| error.to_string())
    }

    #[test]
    fn what_names_a_step_is_a_machines_and_the_rest_the_schedules() {
        let noon = "2026-11-21T12:00:00Z";
        let tick = read(json!({ "time": noon, "source": "aws.scheduler" })).unwrap();
        let call = read(json!({ "now": noon, "step": "begin", "execution": { "name": "a", "start": noon } })).unwrap();
        assert!(matches!((&tick, &call), (Event::Tick(_), Event::Call(_))));
        assert_eq!(tick.at(), call.at());
    }

    #[test]
    fn a_mistake_is_told_of_the_form_that_was_meant() {
        let noon = "2026-11-21T12:00:00Z";
        assert_eq!(read(json!({})).unwrap_err(), "missing field `time`");
        assert_eq!(read(json!({ "now": noon, "step": "begin" })).unwrap_err(), "missing field `execution`");
        let unknown = read(json!({ "now": noon, "step": "fly" })).unwrap_err();
        assert_eq!(unknown, "unknown variant `fly`, expected `begin`");
    }
}
