//! Mistakes of shape: what the schema refuses, in words.

use jsonschema::{ValidationError, error::ValidationErrorKind};
use serde_json::Value;
use watchkeeper_domain::estate::FORMS;
use watchkeeper_domain::finding::PathStep;
use watchkeeper_domain::value::{AccountId, TextForm};

use crate::{
    node::{NodeContent, YamlNode},
    problem::{FileMistake, describe, quote},
    schema,
};

/// How a tree is mended so that the rest of it can still be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TreeMend {
    /// Drop a key that nobody knows, with all that it holds.
    Drop(Vec<PathStep>),
    /// Take out a value that is wrong.
    Take(Vec<PathStep>),
    /// Put another value in the place of one that is wrong.
    Put(Vec<PathStep>, Value),
    /// Put a value where one is missing: the first, and for a second look the other.
    Fill(Vec<PathStep>, Value, Value),
}

/// A mistake and its mend.
pub(crate) struct ShapeFlaw {
    pub(crate) mistake: FileMistake,
    pub(crate) mend: TreeMend,
}

/// Every mistake of shape in a tree; of several about the same value only the first one.
pub(crate) fn flaws(root: &YamlNode, json: &Value) -> Vec<ShapeFlaw> {
    let mut flaws: Vec<ShapeFlaw> = Vec::new();
    for error in schema::validator().iter_errors(json) {
        for flaw in of_error(root, &error) {
            if !flaws.iter().any(|known| known.mend == flaw.mend) {
                flaws.push(flaw);
            }
        }
    }
    flaws
}

fn of_error(root: &YamlNode, error: &ValidationError<'_>) -> Vec<ShapeFlaw> {
    let path = steps(root, error);
    let owner = schema::owner(error.schema_path().as_str());
    match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            unexpected.iter().map(|key| unknown_key(root, &path, key, owner)).collect()
        }
        ValidationErrorKind::PropertyNames { error } => {
            let key = error.instance().as_str().unwrap_or_default();
            let expected = expected(schema::owner(error.schema_path().as_str()));
            vec![bad_key(root, &path, key, expected)]
        }
        ValidationErrorKind::Required { property } => {
            vec![missing(root, path, property.as_str().unwrap_or_default(), owner)]
        }
        kind => {
            let found = describe(error.instance());
            let mistake = mistake(root, &path, found, limit(kind).unwrap_or_else(|| expected(owner)));
            // An environment of an account that does not read is one of another account still, and shares nothing.
            let account = owner.get("format").and_then(Value::as_str) == Some(AccountId::FORMAT);
            let mend = if account {
                TreeMend::Put(path, format!("9{:011}", mistake.line).into())
            } else {
                TreeMend::Take(path)
            };
            vec![ShapeFlaw { mistake, mend }]
        }
    }
}

fn mistake(root: &YamlNode, path: &[PathStep], found: String, expected: String) -> FileMistake {
    let node = root.nearest(path);
    FileMistake { line: node.line, path: node.origin.clone(), found, expected }
}

/// The way to the value that an error is about.
fn steps(root: &YamlNode, error: &ValidationError<'_>) -> Vec<PathStep> {
    let mut steps = Vec::new();
    for segment in error.instance_path().segments() {
        let text = segment.to_string();
        // Whether a figure is a place or a key is up to the tree.
        let step = match (&root.nearest(&steps).content, text.parse()) {
            (NodeContent::List(_), Ok(index)) => PathStep::Index(index),
            _ => PathStep::Key(text),
        };
        steps.push(step);
    }
    steps
}

fn below(path: &[PathStep], key: &str) -> Vec<PathStep> {
    path.iter().cloned().chain([PathStep::Key(key.to_owned())]).collect()
}

fn unknown_key(root: &YamlNode, path: &[PathStep], key: &str, owner: &Value) -> ShapeFlaw {
    let Some(properties) = owner.get("properties").and_then(Value::as_object) else {
        return bad_key(root, path, key, NAME.to_owned());
    };
    let path = below(path, key);
    let known: Vec<&str> = properties.keys().map(String::as_str).collect();
    let expected = match nearest_name(key, &known) {
        Some(near) => format!("a known key; did you mean {near}?"),
        None => format!("one of the keys {}", known.join(", ")),
    };
    let mistake = mistake(root, &path, format!("the unknown key {}", quote(key)), expected);
    ShapeFlaw { mistake, mend: TreeMend::Drop(path) }
}

fn bad_key(root: &YamlNode, path: &[PathStep], key: &str, expected: String) -> ShapeFlaw {
    let path = below(path, key);
    let mistake = mistake(root, &path, format!("the key {}", quote(key)), expected);
    ShapeFlaw { mistake, mend: TreeMend::Take(path) }
}

fn missing(root: &YamlNode, path: Vec<PathStep>, key: &str, owner: &'static Value) -> ShapeFlaw {
    let property = owner.get("properties").and_then(|p| p.get(key)).map_or(&Value::Null, schema::resolved);
    let mistake = mistake(root, &path, format!("no `{key}`"), format!("`{key}`: {}", expected(property)));
    let mend = match fillers(property) {
        Some((one, other)) => TreeMend::Fill(below(&path, key), one, other),
        None => TreeMend::Take(path),
    };
    ShapeFlaw { mistake, mend }
}

/// Two different values, if there are, that a schema accepts.
fn fillers(property: &Value) -> Option<(Value, Value)> {
    let ends = |key: &str| {
        let values = property.get(key)?.as_array()?;
        Some((values.first()?.clone(), values.last()?.clone()))
    };
    let of_type = || match property.get("type").and_then(Value::as_str)? {
        "string" => Some(("left-out".into(), "left-out-too".into())),
        "integer" => Some((0.into(), 1.into())),
        "boolean" => Some((false.into(), true.into())),
        "array" => Some((Value::Array(Vec::new()), Value::Array(Vec::new()))),
        // A map may need keys of its own: they are missing in the next round.
        "object" => Some((Value::Object(serde_json::Map::new()), Value::Object(serde_json::Map::new()))),
        _ => None,
    };
    ends("examples").or_else(|| ends("enum")).or_else(of_type)
}

/// The rule of every name of a resource.
const NAME: &str = "a name of 1 to 255 letters, digits, '-', '_' or '.'";

/// What a schema wants, as the end of "expected …".
fn expected(owner: &Value) -> String {
    let text = |key: &str| owner.get(key).and_then(Value::as_str);
    if text("format").is_some_and(|format| FORMS.iter().any(|form| form.format == format))
        && let Some(description) = text("description")
    {
        return description.to_owned();
    }
    if let Some(options) = owner.get("enum").and_then(Value::as_array) {
        let options: Vec<&str> = options.iter().filter_map(Value::as_str).collect();
        return format!("one of {}", options.join(", "));
    }
    match (text("type"), text("pattern")) {
        (Some("string"), Some(_)) => NAME.to_owned(),
        (Some("string"), None) => "a text".to_owned(),
        (Some("integer"), _) => "a whole number, 0 or more".to_owned(),
        (Some("boolean"), _) => "true or false".to_owned(),
        (Some("array"), _) => "a list".to_owned(),
        (Some("object"), _) => keys(owner),
        _ => "something else".to_owned(),
    }
}

/// A map, and the keys that it has to have.
fn keys(owner: &Value) -> String {
    let required = owner.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let required: Vec<&str> = required.collect();
    if required.is_empty() { "a map".to_owned() } else { format!("a map with {}", required.join(", ")) }
}

/// A bound that a value broke, in words.
fn limit(kind: &ValidationErrorKind) -> Option<String> {
    match kind {
        ValidationErrorKind::Minimum { limit } => Some(format!("a whole number, at least {limit}")),
        ValidationErrorKind::Maximum { limit } => Some(format!("a whole number, at most {limit}")),
        ValidationErrorKind::MinItems { limit } => Some(format!("at least {limit} item")),
        _ => None,
    }
}

/// Similarity above which a name is taken for a slip of the pen; 1 is the same name.
const SIMILAR: f64 = 0.85;

fn nearest_name<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let near = known.iter().map(|k| (strsim::jaro_winkler(name, k), *k)).max_by(|a, b| a.0.total_cmp(&b.0))?;
    (near.0 >= SIMILAR).then_some(near.1)
}
