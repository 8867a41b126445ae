//! What is wrong with a payload: where, what was found, and what belongs there.

use serde_json::Value;
use watchkeeper_domain::finding::FieldPath;
use watchkeeper_domain::value::AlarmName;

/// How many characters of a text that was found are repeated: enough to recognise it in a log line.
const SHOWN: usize = 80;

/// How many keys of an object that was found are named.
const KEYS: usize = 10;

/// Whether a payload that tells of no change is a mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// It is about an alarm, and damaged; the alarm, where its name can be read.
    Damaged(Option<AlarmName>),
    /// It is whole, and about one of the time series of an alarm, whose own change has a message of its own (CloudWatch user
    /// guide, "Acting on alarm changes").
    Contributor,
    /// It is about no alarm: a test, or another tool's notice.
    NoAlarm,
}

/// A payload, or one record of it, that tells of no change of an alarm. No retry makes it better.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: found {found}, expected {expected}", place(field))]
pub struct PayloadError {
    /// Whether that is a mistake.
    pub kind: Kind,
    /// The field, from the event's root; the root itself when the whole event is of no known shape.
    pub field: FieldPath,
    /// What is there, shortened.
    pub found: String,
    /// What belongs there.
    pub expected: String,
}

impl PayloadError {
    /// The error of a field.
    pub(super) fn new(field: &FieldPath, found: Option<&Value>, expected: impl Into<String>) -> Self {
        let kind = Kind::Damaged(None);
        Self { kind, field: field.clone(), found: describe(found), expected: expected.into() }
    }

    /// The same, of another kind.
    pub(super) fn of(self, kind: Kind) -> Self {
        Self { kind, ..self }
    }

    /// The same, of a message about this alarm.
    pub(super) fn about(self, alarm: &AlarmName) -> Self {
        let kind = if self.kind == Kind::Damaged(None) { Kind::Damaged(Some(alarm.clone())) } else { self.kind };
        Self { kind, ..self }
    }
}

fn place(field: &FieldPath) -> String {
    if field.steps().is_empty() { "the event".to_owned() } else { field.to_string() }
}

/// What is there, in a few words. It looks at one level only, so that no depth of nesting can hurt.
fn describe(found: Option<&Value>) -> String {
    match found {
        None => "nothing".to_owned(),
        Some(Value::Null) => "null".to_owned(),
        Some(Value::Bool(flag)) => flag.to_string(),
        Some(Value::Number(number)) => format!("the number {}", shorten(&number.to_string())),
        Some(Value::String(text)) => format!("{:?}", shorten(text)),
        Some(Value::Array(items)) if items.is_empty() => "an empty list".to_owned(),
        Some(Value::Array(items)) => format!("a list of {}", items.len()),
        Some(Value::Object(members)) if members.is_empty() => "an empty object".to_owned(),
        Some(Value::Object(members)) => {
            let keys: Vec<String> = members.keys().take(KEYS).map(|key| format!("{:?}", shorten(key))).collect();
            let more = members.len().saturating_sub(KEYS);
            let rest = if more == 0 { String::new() } else { format!(" and {more} more") };
            format!("an object with {}{rest}", keys.join(", "))
        }
    }
}

/// The beginning of a text, and a sign where there is more.
fn shorten(text: &str) -> String {
    let mut chars = text.chars();
    let beginning: String = chars.by_ref().take(SHOWN).collect();
    if chars.next().is_none() { beginning } else { format!("{beginning}…") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_field_is_named_with_what_was_found_and_what_belongs_there() {
        let field = FieldPath::root().key("Records").index(2).key("Sns");
        let error = PayloadError::new(&field, Some(&json!(7)), "an object");
        assert_eq!(error.to_string(), "Records[2].Sns: found the number 7, expected an object");
    }

    #[test]
    fn a_field_that_is_not_there_is_told_from_one_that_is_null() {
        assert_eq!(describe(None), "nothing");
        assert_eq!(describe(Some(&Value::Null)), "null");
    }

    #[test]
    fn a_long_text_is_shortened_between_characters() {
        assert_eq!(describe(Some(&json!("é".repeat(SHOWN)))), format!("{:?}", "é".repeat(SHOWN)));
        assert_eq!(describe(Some(&json!("é".repeat(5000)))), format!("\"{}…\"", "é".repeat(SHOWN)));
    }

    #[test]
    fn an_object_is_told_by_some_of_its_keys() {
        let members: serde_json::Map<String, Value> = (10..22).map(|n| (format!("k{n}"), Value::Null)).collect();
        let expected = "an object with \"k10\", \"k11\", \"k12\", \"k13\", \"k14\", \"k15\", \"k16\", \"k17\", \"k18\", \"k19\" and 2 more";
        assert_eq!(describe(Some(&Value::Object(members))), expected);
    }
}
