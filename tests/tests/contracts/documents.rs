//! Reads the files of the repository: the template with its tags as JSON, the machines, the names of crates.

use saphyr::{LoadableYamlNode, Scalar, Tag, Yaml};
use serde_json::{Map, Value, json};
use std::fs;
use std::path::{Path, PathBuf};

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

pub(crate) fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The entries of a folder, sorted.
pub(crate) fn names_in(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(root().join(folder)).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// The names of the functions: one crate each, beside the page about all of them.
pub(crate) fn functions() -> Vec<String> {
    names_in("functions").into_iter().filter(|name| root().join("functions").join(name).is_dir()).collect()
}

/// Every Rust source under a folder, as one text.
pub(crate) fn sources_under(folder: &str) -> String {
    let mut text = String::new();
    for name in names_in(folder) {
        let path = format!("{folder}/{name}");
        if root().join(&path).is_dir() {
            text += &sources_under(&path);
        } else if Path::new(&path).extension().is_some_and(|it| it == "rs") {
            text += &read(&path);
        }
    }
    text
}

/// The state machines: file name and definition.
pub(crate) fn machines() -> Vec<(String, Value)> {
    let names = names_in("statemachines").into_iter().filter(|name| name.ends_with(".asl.json"));
    let machines: Vec<_> = names
        .map(|name| (name.clone(), serde_json::from_str(&read(format!("statemachines/{name}"))).unwrap()))
        .collect();
    assert!(!machines.is_empty(), "no state machine found");
    machines
}

/// The template, with `!Ref x` as `{"Ref": "x"}`, `!GetAtt a.b` as `{"Fn::GetAtt": ["a", "b"]}` and so on.
pub(crate) fn template() -> Value {
    parse(&read("template.yaml"))
}

/// Another template, read in the same way.
pub(crate) fn parse(text: &str) -> Value {
    let documents = Yaml::load_from_str(text).unwrap();
    to_json(&documents[0])
}

/// The resources of one type: logical id and resource.
pub(crate) fn resources<'t>(template: &'t Value, kind: &str) -> Vec<(&'t str, &'t Value)> {
    let all = template["Resources"].as_object().unwrap();
    all.iter().filter(|(_, it)| it["Type"] == kind).map(|(id, it)| (id.as_str(), it)).collect()
}

/// Every value inside, depth first.
pub(crate) fn walk(value: &Value) -> Vec<&Value> {
    let inner: Vec<&Value> = match value {
        Value::Array(items) => items.iter().collect(),
        Value::Object(fields) => fields.values().collect(),
        _ => Vec::new(),
    };
    std::iter::once(value).chain(inner.into_iter().flat_map(walk)).collect()
}

/// One string, or a list of them.
pub(crate) fn strings(value: &Value) -> Vec<&str> {
    value.as_str().into_iter().chain(value.as_array().into_iter().flatten().filter_map(Value::as_str)).collect()
}

fn to_json(node: &Yaml<'_>) -> Value {
    match node {
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Value(Scalar::Boolean(flag)) => json!(flag),
        Yaml::Value(Scalar::Integer(number)) => json!(number),
        Yaml::Value(Scalar::FloatingPoint(number)) => json!(number.into_inner()),
        Yaml::Value(Scalar::String(text)) => json!(text),
        Yaml::Sequence(items) => items.iter().map(to_json).collect(),
        Yaml::Mapping(fields) => {
            let named =
                fields.iter().map(|(key, value)| (key.as_str().expect("a text as key").to_owned(), to_json(value)));
            Value::Object(named.collect::<Map<_, _>>())
        }
        Yaml::Tagged(tag, inner) => intrinsic(tag, &to_json(inner)),
        Yaml::Representation(text, _, Some(tag)) => intrinsic(tag, &json!(text)),
        other => panic!("a node that a template should not have: {other:?}"),
    }
}

fn intrinsic(tag: &Tag, argument: &Value) -> Value {
    match (tag.suffix.as_str(), argument) {
        ("Ref" | "Condition", _) => json!({ tag.suffix.as_str(): argument }),
        ("GetAtt", Value::String(path)) => {
            let (resource, attribute) = path.split_once('.').expect("resource.attribute");
            json!({ "Fn::GetAtt": [resource, attribute] })
        }
        _ => json!({ format!("Fn::{}", tag.suffix): argument }),
    }
}

#[test]
fn tags_become_functions() {
    let document = parse("a: !Ref B\nc: !GetAtt D.Arn\ne: !Sub\n  - x${Y}\n  - {Y: !If [C, 1, !Ref Z]}\n");
    let expected = json!({
        "a": {"Ref": "B"},
        "c": {"Fn::GetAtt": ["D", "Arn"]},
        "e": {"Fn::Sub": ["x${Y}", {"Y": {"Fn::If": ["C", 1, {"Ref": "Z"}]}}]},
    });
    assert_eq!(document, expected);
}
