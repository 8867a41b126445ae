//! The input of an execution, as a person or another machine wrote it.

use serde::de::DeserializeOwned;
use serde_json::Value;

/// What a machine that starts another one as its child adds to the input (Step Functions developer guide, starting workflow
/// executions from a task state): no machine of ours asks for it.
const PARENT: &str = "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID";

/// An input that is no request.
#[derive(Debug, thiserror::Error)]
#[error("the input is no request: {place}{what}")]
pub struct UnreadableInput {
    place: String,
    what: String,
}

/// Reads the input of an execution: an object, whose fields go by their names.
///
/// # Errors
/// [`UnreadableInput`] with the place of the first mistake, what was found, and what was expected.
pub fn read_input<T: DeserializeOwned>(mut input: Value) -> Result<T, UnreadableInput> {
    let Some(fields) = input.as_object_mut() else {
        let what = format!("found {}, expected an object such as {EXAMPLE}", kind(&input));
        return Err(UnreadableInput { place: String::new(), what });
    };
    fields.remove(PARENT);
    serde_path_to_error::deserialize(&input).map_err(|error| {
        let path = error.path().to_string();
        let place = if path == "." { String::new() } else { format!("{path}: ") };
        UnreadableInput { place, what: words(&error.into_inner().to_string()) }
    })
}

const EXAMPLE: &str = r#"{"estate": "clos-v2", "environment": "dev"}"#;

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// The library's words for a mistake in ours.
const WORDS: [(&str, &str); 11] = [
    ("invalid type: ", "found "),
    ("invalid value: ", "found "),
    ("unknown variant ", "found "),
    ("unknown field ", "found the unknown field "),
    ("string \"", "the text \""),
    ("integer `", "the number `"),
    ("boolean `", "the word `"),
    ("found sequence", "found a list"),
    ("expected a sequence", "expected a list, such as [\"…\"]"),
    ("expected struct variant", "expected an object, whose fields go by their names"),
    ("expected a string", "expected a text in quotes"),
];

fn words(told: &str) -> String {
    WORDS.iter().fold(told.to_owned(), |text, (library, ours)| text.replacen(library, ours, 1))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use rstest::rstest;
    use serde_json::json;
    use watchkeeper_domain::backup::{BackupRequest, RestoreRequest};
    use watchkeeper_domain::emergency::EmergencyRequest;
    use watchkeeper_domain::failover::FailoverRequest;
    use watchkeeper_domain::request::RunRequest;
    use watchkeeper_domain::unblock::UnblockRequest;

    use super::*;
    use crate::runbook::RunbookError;

    #[rstest]
    #[case::word(json!({"estate": "clos-v2", "mode": "aply"}), "mode: found `aply`, expected `plan` or `apply`")]
    #[case::text(
        json!({"approve": "quota"}),
        "approve: found the text \"quota\", expected a list, such as [\"…\"]"
    )]
    #[case::number(json!({"until": 22}), "until: found the number `22`, expected a text in quotes")]
    #[case::list(json!(["clos-v2", "dev"]), "found a list, expected an object such as {\"estate\": \"clos-v2\", \"environment\": \"dev\"}")]
    #[case::empty(json!([]), "found a list, expected an object such as {\"estate\": \"clos-v2\", \"environment\": \"dev\"}")]
    #[case::within(
        json!({"emergency": {"give-back": ["surge", null]}}),
        "emergency.give-back: found a list, expected an object, whose fields go by their names"
    )]
    fn a_mistake_is_told_once_with_its_place(#[case] input: Value, #[case] expected: &str) {
        let error = RunbookError::from(read_input::<RunRequest>(input).unwrap_err());
        assert_eq!(error.name().name(), "Request.Invalid");
        assert_eq!(error.message(), format!("the input is no request: {expected}"));
    }

    #[test]
    fn a_list_is_no_request_of_any_machine() {
        let by_position =
            json!(["coldchain", "production", "human", null, "apply", "rds:reports", null, null, null, []]);
        assert!(read_input::<RunRequest>(by_position.clone()).is_err());
        assert!(read_input::<EmergencyRequest>(by_position.clone()).is_err());
        assert!(read_input::<FailoverRequest>(by_position.clone()).is_err());
        assert!(read_input::<BackupRequest>(by_position.clone()).is_err());
        assert!(read_input::<RestoreRequest>(by_position.clone()).is_err());
        assert!(read_input::<UnblockRequest>(by_position).is_err());
    }

    #[test]
    fn a_child_knows_its_parent_and_nobody_is_offered_to_name_one() {
        let child = json!({"estate": "clos-v2", "environment": "dev", PARENT: "arn:aws:states:x"});
        assert!(read_input::<RunRequest>(child.clone()).is_ok());
        assert!(read_input::<BackupRequest>(child).is_ok());
        let unknown = read_input::<RunRequest>(json!({"estat": "clos-v2"})).unwrap_err().to_string();
        assert!(
            unknown.contains("found the unknown field `estat`, expected one of `estate`, `environment`"),
            "{unknown}"
        );
        assert!(!unknown.contains("AWS_"), "{unknown}");
    }
}
