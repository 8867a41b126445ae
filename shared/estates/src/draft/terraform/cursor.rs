//! A value of a JSON file that knows where it stands. What is wrong with it is told by its kind: the value may be a secret.

use serde_json::{Map, Value};
use watchkeeper_domain::finding::FieldPath;

/// Something that a state cannot have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StateMistake {
    pub(super) path: FieldPath,
    pub(super) found: String,
    pub(super) expected: String,
}

/// A value and its place.
#[derive(Debug, Clone)]
pub(super) struct JsonCursor<'a> {
    pub(super) value: &'a Value,
    pub(super) path: FieldPath,
}

impl<'a> JsonCursor<'a> {
    pub(super) fn root(value: &'a Value) -> Self {
        Self { value, path: FieldPath::root() }
    }

    /// What is wrong here.
    pub(super) fn wrong(&self, expected: &str) -> StateMistake {
        StateMistake { path: self.path.clone(), found: kind(self.value).to_owned(), expected: expected.to_owned() }
    }

    /// The value of a key; nothing if there is none, or `null`.
    pub(super) fn get(&self, key: &str) -> Result<Option<Self>, StateMistake> {
        let value = self.map()?.get(key).filter(|value| !value.is_null());
        Ok(value.map(|value| Self { value, path: self.path.clone().key(key) }))
    }

    /// The value of a key that has to be there.
    pub(super) fn need(&self, key: &str, expected: &str) -> Result<Self, StateMistake> {
        let missing = || StateMistake {
            path: self.path.clone(),
            found: format!("no `{key}`"),
            expected: format!("`{key}`: {expected}"),
        };
        self.get(key)?.ok_or_else(missing)
    }

    pub(super) fn map(&self) -> Result<&'a Map<String, Value>, StateMistake> {
        self.value.as_object().ok_or_else(|| self.wrong("a map"))
    }

    pub(super) fn list(&self) -> Result<Vec<Self>, StateMistake> {
        let items = self.value.as_array().ok_or_else(|| self.wrong("a list"))?;
        let item = |(index, value)| Self { value, path: self.path.clone().index(index) };
        Ok(items.iter().enumerate().map(item).collect())
    }

    pub(super) fn text(&self) -> Result<&'a str, StateMistake> {
        self.value.as_str().ok_or_else(|| self.wrong("a text"))
    }

    pub(super) fn flag(&self) -> Result<bool, StateMistake> {
        self.value.as_bool().ok_or_else(|| self.wrong("true or false"))
    }

    pub(super) fn number(&self) -> Result<f64, StateMistake> {
        self.value.as_f64().ok_or_else(|| self.wrong("a number"))
    }

    pub(super) fn count(&self) -> Result<u32, StateMistake> {
        let count = self.value.as_u64().and_then(|count| u32::try_from(count).ok());
        count.ok_or_else(|| self.wrong("a whole number from 0 to 4294967295"))
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "another number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}
