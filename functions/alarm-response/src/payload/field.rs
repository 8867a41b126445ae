//! A field of a payload, read with the tolerance that AWS's messages need: what is not asked for does not matter.

use std::borrow::Cow;

use serde_json::Value;
use watchkeeper_domain::finding::FieldPath;

use super::PayloadError;

/// A place in a payload, and what is there.
#[derive(Debug, Clone)]
pub(super) struct Field<'a> {
    path: FieldPath,
    value: Option<&'a Value>,
}

impl<'a> Field<'a> {
    /// The root of an event.
    pub(super) const fn root(event: &'a Value) -> Self {
        Self { path: FieldPath::root(), value: Some(event) }
    }

    /// The JSON that the text of this field holds, as if it lay below the field.
    pub(super) const fn inside(path: FieldPath, value: &Value) -> Field<'_> {
        Field { path, value: Some(value) }
    }

    /// Where it is.
    pub(super) const fn path(&self) -> &FieldPath {
        &self.path
    }

    /// A member of it; of anything but an object, a field where nothing is.
    pub(super) fn key(&self, key: &str) -> Self {
        Self {
            path: self.path.clone().key(key),
            value: self.value.and_then(Value::as_object).and_then(|it| it.get(key)),
        }
    }

    /// Whether there is something, and not null.
    pub(super) fn is_there(&self) -> bool {
        !matches!(self.value, None | Some(Value::Null))
    }

    /// An object, whatever is in it.
    pub(super) fn object(self, expected: &str) -> Result<Self, PayloadError> {
        if self.value.is_some_and(Value::is_object) { Ok(self) } else { Err(self.wrong(expected)) }
    }

    /// The items of a list; none where there is no list.
    pub(super) fn items(&self) -> impl Iterator<Item = Self> {
        let items = self.value.and_then(Value::as_array).into_iter().flatten().enumerate();
        items.map(|(place, item)| Self { path: self.path.clone().index(place), value: Some(item) })
    }

    /// Its text, if it is one.
    pub(super) fn text(&self) -> Option<&'a str> {
        self.value.and_then(Value::as_str)
    }

    /// What its text says; nothing where it is missing or null.
    pub(super) fn read<T>(
        &self,
        expected: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, PayloadError> {
        if !self.is_there() {
            return Ok(None);
        }
        self.text().and_then(parse).map(Some).ok_or_else(|| self.wrong(expected))
    }

    /// What its text says; it must be there.
    pub(super) fn need<T>(&self, expected: &str, parse: impl FnOnce(&str) -> Option<T>) -> Result<T, PayloadError> {
        self.read(expected, parse)?.ok_or_else(|| self.wrong(expected))
    }

    /// The error that something else belongs here.
    pub(super) fn wrong<'t>(&self, expected: impl Into<Cow<'t, str>>) -> PayloadError {
        PayloadError::new(&self.path, self.value, expected.into())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn number(text: &str) -> Option<u8> {
        text.parse().ok()
    }

    #[test]
    fn what_is_missing_or_null_is_nothing_and_what_is_wrong_is_an_error() {
        let event = json!({"right": "7", "null": null, "wrong": "x", "other": [7]});
        let root = Field::root(&event);
        assert_eq!(root.key("right").read("a number", number), Ok(Some(7)));
        assert_eq!(root.key("null").read("a number", number), Ok(None));
        assert_eq!(root.key("missing").read("a number", number), Ok(None));
        for key in ["wrong", "other"] {
            assert_eq!(root.key(key).read("a number", number).unwrap_err().field, FieldPath::root().key(key));
        }
    }

    #[test]
    fn what_must_be_there_says_so() {
        let event = json!({"a": {"b": null}});
        let error = Field::root(&event).key("a").key("b").need("a number", number).unwrap_err();
        assert_eq!(error.to_string(), "a.b: found null, expected a number");
        let error = Field::root(&event).key("a").key("c").key("d").need("a number", number).unwrap_err();
        assert_eq!(error.to_string(), "a.c.d: found nothing, expected a number");
    }

    #[test]
    fn only_a_list_has_items() {
        let event = json!({"list": ["x", "y"], "text": "x"});
        let root = Field::root(&event);
        let paths: Vec<String> = root.key("list").items().map(|item| item.path().to_string()).collect();
        assert_eq!(paths, ["list[0]", "list[1]"]);
        assert_eq!(root.key("text").items().count(), 0);
    }
}
