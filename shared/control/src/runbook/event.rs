//! What schedules and state machines send, in one form for all runbooks: a tick, or a step with what belongs to it.

use jiff::Timestamp;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use watchkeeper_domain::message::MessageContext;
use watchkeeper_domain::reconcile::run::{RunError, RunRef};

/// An event: of the schedule, or a step of a machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FunctionEvent<S> {
    /// The schedule.
    Tick(ScheduleTick),
    /// A step.
    Call(StepCall<S>),
}

impl<'de, S: DeserializeOwned> Deserialize<'de> for FunctionEvent<S> {
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

impl<S> FunctionEvent<S> {
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
pub struct ScheduleTick {
    /// When the schedule was due.
    pub time: Timestamp,
}

/// One step, and the wall time at which it is taken.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct StepCall<S> {
    /// The time that came with the step.
    pub now: Timestamp,
    /// The step.
    #[serde(flatten)]
    pub step: S,
}

/// An execution, as its own state has it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct MachineExecution {
    /// Its name, which is the id of its run.
    pub name: String,
    /// When it started: the instant of a run by hand.
    pub start: Timestamp,
}

/// What begins an execution.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Begin {
    /// The execution's input, as it was given.
    pub request: Value,
    /// The execution.
    pub execution: MachineExecution,
}

/// A question for a person.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Ask {
    /// The execution.
    pub run: RunRef,
    /// The token that the answer carries.
    pub token: String,
    /// What is asked for.
    pub what: String,
    /// Why a person is asked.
    pub why: String,
    /// The plan, for a person.
    pub plan: String,
    /// How long the question stands, in seconds.
    pub answer_seconds: i64,
}

/// A message for a person.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Tell {
    /// The execution; nothing where it failed before it knew what it is about.
    #[serde(default)]
    pub run: Option<RunRef>,
    /// One line.
    pub subject: String,
    /// The message.
    pub text: String,
    /// What else is known of it; definitions of the release before this one hand nothing on.
    #[serde(default)]
    pub context: MessageContext,
}

/// A run that could not begin, or not be closed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Unmade {
    /// The execution's input, as it was given.
    pub request: Value,
    /// The execution.
    pub execution: MachineExecution,
    /// Why it ends.
    pub error: CaughtError,
}

/// What a step that only tells says beside that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Told {
    /// Whether people were told.
    pub told: bool,
}

/// An error as Step Functions catches it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CaughtError {
    /// The stable name.
    pub error: String,
    /// What the function said.
    #[serde(default)]
    pub cause: Option<String>,
}

impl From<CaughtError> for RunError {
    fn from(caught: CaughtError) -> Self {
        Self { name: caught.error, message: in_words(caught.cause.unwrap_or_default()) }
    }
}

/// What a function said, out of the JSON in which Lambda hands its error on; a machine may have cut that anywhere.
fn in_words(cause: String) -> String {
    const MESSAGE: &str = "\"errorMessage\":\"";
    let packed = cause.replacen("\"errorMessage\": \"", MESSAGE, 1);
    let Some((_, rest)) = packed.split_once(MESSAGE).filter(|_| packed.starts_with('{')) else { return cause };
    let mut escaped = false;
    let end = rest.char_indices().find(|(_, c)| {
        let ends = *c == '"' && !escaped;
        escaped = *c == '\\' && !escaped;
        ends
    });
    let read = |text: &str| serde_json::from_str::<String>(&format!("\"{text}\"")).ok();
    if let Some((end, _)) = end {
        return read(&rest[..end]).unwrap_or(cause);
    }
    // An escape that was cut in its middle takes at most six characters.
    let mut ends = rest.char_indices().rev().map(|(end, c)| end + c.len_utf8()).take(7);
    ends.find_map(|end| read(&rest[..end])).map_or(cause, |text| text + "…")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    #[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
    #[serde(rename_all = "kebab-case", tag = "step")]
    enum Step {
        Begin { execution: MachineExecution },
    }

    fn read(event: Value) -> Result<FunctionEvent<Step>, String> {
        serde_json::from_value(event).map_err(|error| error.to_string())
    }

    #[test]
    fn what_names_a_step_is_a_machines_and_the_rest_the_schedules() {
        let noon = "2026-11-21T12:00:00Z";
        let tick = read(json!({ "time": noon, "source": "aws.scheduler" })).unwrap();
        let call = read(json!({ "now": noon, "step": "begin", "execution": { "name": "a", "start": noon } })).unwrap();
        assert!(matches!((&tick, &call), (FunctionEvent::Tick(_), FunctionEvent::Call(_))));
        assert_eq!(tick.at(), call.at());
    }

    #[test]
    fn a_cause_is_told_in_the_words_of_the_function() {
        let words =
            |cause: &str| RunError::from(CaughtError { error: "Aws.Denied".to_owned(), cause: Some(cause.to_owned()) });
        for (cause, expected) in [
            (r#"{"errorType":"Aws.Denied","errorMessage":"c/s: \"denied\"."}"#, r#"c/s: "denied"."#),
            (r#"{"errorMessage": "no\nway", "errorType": "Aws.Denied"}"#, "no\nway"),
            (r#"{"errorType":"Aws.Denied","errorMessage":"it was cut h"#, "it was cut h…"),
            (r#"{"errorType":"Aws.Denied","errorMessage":"it was cut \u00e"#, "it was cut …"),
            ("The task timed out.", "The task timed out."),
            (r#"{"Status": "FAILED"}"#, r#"{"Status": "FAILED"}"#),
        ] {
            assert_eq!(words(cause).message, expected);
        }
        assert_eq!(RunError::from(CaughtError { error: "States.Timeout".to_owned(), cause: None }).message, "");
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
