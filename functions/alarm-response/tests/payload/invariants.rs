//! What holds for every payload, however damaged.

use alarm_response::payload::{PayloadError, changes};
use proptest::prelude::*;
use serde_json::{Value, json};
use watchkeeper_domain::emergency::alarm::{
    AlarmChange, AlarmMemory, AlarmQuestion, AlarmState, AlarmStates, ResponseDecision, consider,
};
use watchkeeper_domain::estate::Emergency;
use watchkeeper_domain::finding::PathStep;

/// How many characters an error's account of what was found may have: ten keys of 80, each escaped at worst.
const LONGEST: usize = 12_000;

/// How a payload ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Nothing of it could be used.
    Refused,
    /// It told of changes, of which some may be errors.
    Considered,
}

/// Reads a payload and goes on as far as the decision.
pub(crate) fn check(event: &Value, emergency: &Emergency) -> Result<Outcome, TestCaseError> {
    match changes(event) {
        Err(error) => {
            check_error(&error, event)?;
            Ok(Outcome::Refused)
        }
        Ok(changes) => {
            prop_assert!(!changes.is_empty());
            for change in &changes {
                match change {
                    Ok(change) => check_change(change, emergency)?,
                    Err(error) => check_error(error, event)?,
                }
            }
            Ok(Outcome::Considered)
        }
    }
}

/// The emergency of an estate, for decisions.
pub(crate) fn emergency() -> Emergency {
    serde_json::from_value(json!({"profiles": {"surge": {"desired": 4, "max": 10, "for": "2h"}}})).unwrap()
}

fn check_change(change: &AlarmChange, emergency: &Emergency) -> Result<(), TestCaseError> {
    let name = change.alarm.as_str();
    prop_assert!(!name.trim().is_empty() && name.chars().count() <= 255, "{name:?}");
    prop_assert!(change.reason.chars().count() <= 1023);
    let now = "2026-11-27T14:05:00Z".parse().unwrap();
    let states = AlarmStates::new();
    let question = AlarmQuestion { change, what: "surge", emergency, forbidding: &[], states: &states, now };
    let considered = consider(&question, &AlarmMemory::default());
    prop_assert_eq!(considered.memory.newest, Some((change.at, change.state)));
    match considered.answer {
        ResponseDecision::Start { .. } => prop_assert_eq!(change.state, AlarmState::Alarm),
        ResponseDecision::Ignored { text, .. } => prop_assert!(!text.is_empty()),
    }
    Ok(())
}

/// An error names a field that is there or whose parent is, tells what is there, and is no longer than a log line may be.
fn check_error(error: &PayloadError, event: &Value) -> Result<(), TestCaseError> {
    prop_assert!(!error.found.is_empty() && !error.expected.is_empty());
    prop_assert!(error.found.chars().count() <= LONGEST, "{}", error.found);
    let steps = error.field.steps();
    let Some((_, above)) = steps.split_last() else {
        // Only what has no known shape has no field to name.
        let shapes = ["Records", "alarmData", "detail", "detail-type"];
        prop_assert!(shapes.iter().all(|shape| event.get(shape).is_none_or(Value::is_null)), "{}", error);
        return Ok(());
    };
    prop_assert_ne!(error.field.to_string(), "");
    prop_assert!(resolves(event, above), "{} is no place in the payload", error.field);
    if error.found == "nothing" {
        prop_assert!(!resolves(event, steps), "{} is there", error.field);
    } else {
        prop_assert!(resolves(event, steps), "{} is not there", error.field);
    }
    Ok(())
}

/// Whether a path leads somewhere, through the text of an SNS message as if its JSON lay below it.
fn resolves(event: &Value, path: &[PathStep]) -> bool {
    let message =
        path.iter().position(|step| *step == PathStep::Key("Message".to_owned())).map(|at| path.split_at(at + 1));
    let Some((outer, inner)) = message.filter(|(_, inner)| !inner.is_empty()) else {
        return find(event, path).is_some();
    };
    let text = find(event, outer).and_then(Value::as_str).unwrap_or_default();
    serde_json::from_str(text).is_ok_and(|message| find(&message, inner).is_some())
}

fn find<'a>(event: &'a Value, path: &[PathStep]) -> Option<&'a Value> {
    path.iter().try_fold(event, |value, step| match step {
        PathStep::Key(key) => value.get(key),
        PathStep::Index(place) => value.get(*place),
    })
}
