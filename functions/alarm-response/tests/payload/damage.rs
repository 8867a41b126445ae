//! Damage to payloads: what a producer, a proxy or a person could do to one.

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Map, Value, json};
use watchkeeper_domain::finding::PathStep;

/// One damage.
#[derive(Debug, Clone)]
pub(crate) struct Damage {
    /// Whether it hits what the text of an SNS message holds, where there is one.
    inside: bool,
    /// The field that it hits.
    at: Index,
    what: What,
}

#[derive(Debug, Clone)]
enum What {
    Delete,
    Replace(Value),
    Swap(Index),
    Truncate(Index),
}

/// How deep a nested replacement is: more than any JSON text may nest for `serde_json`, which stops at 128.
const DEPTH: usize = 500;

/// Any damage.
pub(crate) fn damage() -> impl Strategy<Value = Damage> {
    let what = prop_oneof![
        2 => Just(What::Delete),
        4 => odd_value().prop_map(What::Replace),
        1 => any::<Index>().prop_map(What::Swap),
        2 => any::<Index>().prop_map(What::Truncate),
    ];
    (any::<bool>(), any::<Index>(), what).prop_map(|(inside, at, what)| Damage { inside, at, what })
}

fn odd_value() -> impl Strategy<Value = Value> {
    let deep = |wrap: fn(Value) -> Value| (0..DEPTH).fold(Value::Null, move |inner, _| wrap(inner));
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        Just(json!(u64::MAX)),
        Just(json!(1e308)),
        "\\PC{0,20}".prop_map(Value::from),
        "[0-9TZ:.+-]{0,30}".prop_map(Value::from),
        Just(json!("")),
        Just(json!("OK")),
        Just(json!("\u{0}\u{202e}\u{fffd}")),
        Just(json!("x".repeat(20_000))),
        Just(json!([])),
        Just(json!(["ALARM", 1, null])),
        Just(json!({})),
        Just(json!({"value": "ALARM", "key": {"": 0}})),
        Just(deep(|inner| json!([inner]))),
        Just(deep(|inner| json!({"state": inner}))),
    ]
}

impl Damage {
    /// The payload with this damage.
    pub(crate) fn hit(&self, event: &mut Value) {
        let messages: Vec<Vec<PathStep>> = fields(event)
            .into_iter()
            .filter(|path| path.last() == Some(&PathStep::Key("Message".to_owned())))
            .collect();
        if !self.inside || messages.is_empty() {
            return self.hit_value(event);
        }
        let path: &Vec<PathStep> = self.at.get(&messages);
        let Some(Value::String(text)) = find(event, path) else { return };
        if let What::Truncate(length) = &self.what {
            truncate(text, *length);
        } else if let Ok(mut message) = serde_json::from_str(text) {
            self.hit_value(&mut message);
            *text = message.to_string();
        }
    }

    fn hit_value(&self, event: &mut Value) {
        let fields = fields(event);
        let path = self.at.get(&fields);
        match &self.what {
            What::Delete => delete(event, path),
            What::Replace(value) => {
                if let Some(field) = find(event, path) {
                    field.clone_from(value);
                }
            }
            What::Swap(other) => {
                let other = other.get(&fields);
                let (one, two) = (find(event, path).cloned(), find(event, other).cloned());
                for (path, value) in [(path, two), (other, one)] {
                    if let (Some(field), Some(value)) = (find(event, path), value) {
                        *field = value;
                    }
                }
            }
            What::Truncate(length) => {
                if let Some(Value::String(text)) = find(event, path) {
                    truncate(text, *length);
                }
            }
        }
    }
}

fn truncate(text: &mut String, length: Index) {
    let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    if !ends.is_empty() {
        text.truncate(*length.get(&ends));
    }
}

/// Every field of a payload, the root first.
fn fields(event: &Value) -> Vec<Vec<PathStep>> {
    let mut found = vec![Vec::new()];
    let mut open = vec![(Vec::new(), event)];
    while let Some((path, value)) = open.pop() {
        let below: Vec<(PathStep, &Value)> = match value {
            Value::Object(members) => members.iter().map(|(key, value)| (PathStep::Key(key.clone()), value)).collect(),
            Value::Array(items) => {
                items.iter().enumerate().map(|(place, value)| (PathStep::Index(place), value)).collect()
            }
            _ => Vec::new(),
        };
        // One way through what is nested without end is enough.
        for (step, value) in below.into_iter().filter(|_| path.len() < 20) {
            let path: Vec<PathStep> = path.iter().cloned().chain([step]).collect();
            found.push(path.clone());
            open.push((path, value));
        }
    }
    found
}

/// What lies at a path.
fn find<'a>(event: &'a mut Value, path: &[PathStep]) -> Option<&'a mut Value> {
    path.iter().try_fold(event, |value, step| match step {
        PathStep::Key(key) => value.as_object_mut()?.get_mut(key),
        PathStep::Index(place) => value.as_array_mut()?.get_mut(*place),
    })
}

fn delete(event: &mut Value, path: &[PathStep]) {
    let Some((last, above)) = path.split_last() else {
        *event = Value::Object(Map::new());
        return;
    };
    match (find(event, above), last) {
        (Some(Value::Object(members)), PathStep::Key(key)) => {
            members.remove(key);
        }
        (Some(Value::Array(items)), PathStep::Index(place)) if *place < items.len() => {
            items.remove(*place);
        }
        _ => {}
    }
}
