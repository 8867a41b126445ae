//! The attributes of a resource that may be looked at, and no others.

use std::collections::BTreeSet;

use serde_json::Value;

use super::allowed::allowed;
use super::cursor::{JsonCursor, StateMistake};
use super::shape::StateResource;
use crate::draft::known::ENVIRONMENT_TAGS;

/// Characters of an address that a comment repeats.
const SHOWN: usize = 120;

/// A resource, seen through the table of what may be looked at.
pub(super) struct Attributes<'a> {
    kind: &'a str,
    address: String,
    allowed: &'static [&'static str],
    sensitive: BTreeSet<String>,
    root: JsonCursor<'a>,
}

impl<'a> Attributes<'a> {
    /// The attributes of a resource; nothing if it is of a type that no document has a place for.
    pub(super) fn of(resource: &StateResource<'a>) -> Result<Option<Self>, StateMistake> {
        let Some(allowed) = allowed(resource.kind) else { return Ok(None) };
        resource.attributes.map()?;
        let sensitive = resource.sensitive.as_ref().map(sensitive).transpose()?.unwrap_or_default();
        let printable = |c: char| if c.is_control() { '\u{fffd}' } else { c };
        let address = resource.address.chars().map(printable).take(SHOWN).collect();
        Ok(Some(Self { kind: resource.kind, address, allowed, sensitive, root: resource.attributes.clone() }))
    }

    pub(super) fn kind(&self) -> &'a str {
        self.kind
    }

    /// What Terraform calls the resource.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// The values of an attribute: none if it is missing, sensitive or not in the table, several if its blocks are.
    pub(super) fn values(&self, name: &str) -> Result<Vec<JsonCursor<'a>>, StateMistake> {
        if self.allowed.contains(&name) { self.walk(name) } else { Ok(Vec::new()) }
    }

    fn walk(&self, name: &str) -> Result<Vec<JsonCursor<'a>>, StateMistake> {
        if name.split('.').next().is_some_and(|first| self.sensitive.contains(first)) {
            return Ok(Vec::new());
        }
        let mut found = vec![self.root.clone()];
        for key in name.split('.') {
            let mut below = Vec::new();
            for value in found {
                if let Some(value) = value.get(key)? {
                    flatten(value, &mut below)?;
                }
            }
            found = below;
        }
        Ok(found)
    }

    fn first<T>(
        &self,
        name: &str,
        read: impl Fn(&JsonCursor<'a>) -> Result<T, StateMistake>,
    ) -> Result<Option<T>, StateMistake> {
        self.values(name)?.first().map(read).transpose()
    }

    /// A text; an empty one is none.
    pub(super) fn text(&self, name: &str) -> Result<Option<&'a str>, StateMistake> {
        Ok(self.first(name, JsonCursor::text)?.filter(|text| !text.is_empty()))
    }

    pub(super) fn texts(&self, name: &str) -> Result<Vec<&'a str>, StateMistake> {
        self.values(name)?.iter().map(JsonCursor::text).collect()
    }

    pub(super) fn count(&self, name: &str) -> Result<Option<u32>, StateMistake> {
        self.first(name, JsonCursor::count)
    }

    pub(super) fn number(&self, name: &str) -> Result<Option<f64>, StateMistake> {
        self.first(name, JsonCursor::number)
    }

    pub(super) fn flag(&self, name: &str) -> Result<bool, StateMistake> {
        Ok(self.first(name, JsonCursor::flag)?.unwrap_or(false))
    }

    /// The environment that a tag of the resource names; the provider's `default_tags` count, too.
    pub(super) fn environment_tag(&self) -> Result<Option<String>, StateMistake> {
        for tags in ["tags_all", "tags"] {
            for key in ENVIRONMENT_TAGS {
                if let Some(tag) = self.walk(&format!("{tags}.{key}"))?.first() {
                    return Ok(Some(tag.text()?.to_owned()).filter(|tag| !tag.is_empty()));
                }
            }
        }
        Ok(None)
    }
}

/// The items of a list, of a list in it, and so on; what is no list is its own item.
fn flatten<'a>(value: JsonCursor<'a>, into: &mut Vec<JsonCursor<'a>>) -> Result<(), StateMistake> {
    if !value.value.is_array() {
        into.push(value);
        return Ok(());
    }
    for item in value.list()?.into_iter().filter(|item| !item.value.is_null()) {
        flatten(item, into)?;
    }
    Ok(())
}

/// The attributes in which something is marked as sensitive: by paths (`[[{"type": "get_attr", "value": NAME}, …], …]`) or by a
/// tree that has `true` where something is.
fn sensitive(marks: &JsonCursor<'_>) -> Result<BTreeSet<String>, StateMistake> {
    if let Ok(tree) = marks.map() {
        return Ok(tree.iter().filter(|(_, below)| has_true(below)).map(|(name, _)| name.clone()).collect());
    }
    let mut names = BTreeSet::new();
    for path in marks.list()? {
        if let Some(first) = path.list()?.first() {
            names.insert(first.need("value", "the name of an attribute")?.text()?.to_owned());
        }
    }
    Ok(names)
}

fn has_true(tree: &Value) -> bool {
    match tree {
        Value::Bool(flag) => *flag,
        Value::Array(items) => items.iter().any(has_true),
        Value::Object(fields) => fields.values().any(has_true),
        _ => false,
    }
}
