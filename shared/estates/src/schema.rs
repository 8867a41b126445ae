//! The JSON Schema of an estate document, generated from the types, and the check against it.

use std::sync::LazyLock;

use jsonschema::Validator;
use schemars::{Schema, generate::SchemaSettings, transform::RecursiveTransform};
use serde_json::{Value, json};
use watchkeeper_domain::estate::{EstateDocument, FORMS};

static SCHEMA: LazyLock<Value> = LazyLock::new(generate);

#[expect(clippy::expect_used, reason = "the schema is made from our own types; a test builds it")]
static VALIDATOR: LazyLock<Validator> = LazyLock::new(|| {
    let options = jsonschema::options().should_validate_formats(true);
    let options = FORMS
        .iter()
        .fold(options, |options, form| options.with_format(form.format, move |text: &str| (form.check)(text).is_ok()));
    options.build(&SCHEMA).expect("the generated schema is valid")
});

/// The schema that stands beside the documents.
pub fn schema() -> &'static Value {
    &SCHEMA
}

/// The schema as text, as `estate.schema.json` holds it.
pub fn schema_text() -> String {
    let mut sorted = SCHEMA.clone();
    sorted.sort_all_objects();
    format!("{sorted:#}\n")
}

/// The schema as a check.
pub(crate) fn validator() -> &'static Validator {
    &VALIDATOR
}

fn generate() -> Value {
    let settings = SchemaSettings::draft2020_12()
        .with_transform(RecursiveTransform(absent_is_not_null))
        .with_transform(RecursiveTransform(one_enum))
        .with_transform(RecursiveTransform(keys_have_a_form))
        .with_transform(RecursiveTransform(no_machine_formats));
    let mut schema = settings.into_generator().into_root_schema_for::<EstateDocument>();
    schema.insert("title".to_owned(), json!("An estate document of Watchkeeper"));
    schema.to_value()
}

/// An optional field is left out, never `null`: so no "any of", and a plain message.
fn absent_is_not_null(schema: &mut Schema) {
    let null = json!({"type": "null"});
    if let Some(Value::Array(any)) = schema.get("anyOf")
        && let [Value::Object(other), last] = any.as_slice()
        && *last == null
    {
        let other = other.clone();
        schema.remove("anyOf");
        for (key, value) in other {
            schema.ensure_object().entry(key).or_insert(value);
        }
    }
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|kind| kind != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            schema.insert("type".to_owned(), only);
        }
    }
}

/// Variants with a description each become one `enum`, with the descriptions where editors look for them.
fn one_enum(schema: &mut Schema) {
    let Some(Value::Array(variants)) = schema.get("oneOf") else { return };
    let constant = |variant: &Value| Some((variant.get("const")?.clone(), variant.get("description")?.clone()));
    let Some(pairs) = variants.iter().map(constant).collect::<Option<Vec<_>>>() else { return };
    let (names, descriptions): (Vec<Value>, Vec<Value>) = pairs.into_iter().unzip();
    schema.remove("oneOf");
    schema.insert("type".to_owned(), json!("string"));
    schema.insert("enum".to_owned(), Value::Array(names));
    schema.insert("markdownEnumDescriptions".to_owned(), Value::Array(descriptions));
}

/// A pattern of keys knows no dates and no days of the week: the form that it stands for is checked instead.
fn keys_have_a_form(schema: &mut Schema) {
    let Some(Value::Object(patterns)) = schema.get("patternProperties") else { return };
    let Some((pattern, values)) = patterns.iter().next().filter(|_| patterns.len() == 1) else { return };
    let Some(form) = FORMS.iter().find(|form| form.pattern == pattern) else { return };
    let values = values.clone();
    let keys = json!({
        "type": "string", "description": form.expected, "format": form.format, "pattern": form.pattern,
    });
    schema.remove("patternProperties");
    schema.insert("propertyNames".to_owned(), keys);
    schema.insert("additionalProperties".to_owned(), values);
}

/// `uint32` and the like mean nothing to an editor; the bound that they stand for does.
fn no_machine_formats(schema: &mut Schema) {
    if schema.get("format") == Some(&json!("uint32")) {
        schema.insert("maximum".to_owned(), json!(u32::MAX));
    }
    if schema.get("format").and_then(Value::as_str).is_some_and(|format| format.starts_with("uint")) {
        schema.remove("format");
    }
}

/// The schema that a keyword at `pointer` belongs to.
pub(crate) fn owner(pointer: &str) -> &'static Value {
    let above = pointer.rsplit_once('/').map_or("", |(above, _)| above);
    SCHEMA.pointer(above).unwrap_or(&Value::Null)
}

/// A schema, references followed.
pub(crate) fn resolved(schema: &'static Value) -> &'static Value {
    let target = schema.get("$ref").and_then(Value::as_str).and_then(|r| r.strip_prefix('#'));
    target.and_then(|pointer| SCHEMA.pointer(pointer)).unwrap_or(schema)
}
