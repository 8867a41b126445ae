//! What is caught, read: the Cause of an error may be Lambda's JSON, that of an execution, a person's own words, or nothing at all. No
//! expression fails over it, for an expression that fails in a Catch ends the execution, and nobody is told.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use watchkeeper_sim::machine::RecordedEvaluation;

use crate::documents::{machines, walk};
use crate::machines::{machine, states};

/// Causes that there may be: where the words that are to be read are others than the cause, they stand beside it.
fn causes() -> Vec<(Value, Option<&'static str>)> {
    let lambda = json!({"errorMessage": "it said so", "errorType": "Aws.Denied"}).to_string();
    let spaced = r#"{"errorType": "Aws.Denied", "errorMessage": "it said so"}"#;
    let (bare, child) =
        (r#"{"Name":"r-1","Status":"ABORTED"}"#, r#"{"Name":"r-1","Status":"FAILED","Error":"A.B","Cause":"{no}"}"#);
    let others = [
        "",
        "free text",
        "{enough of it}",
        "{",
        "}",
        "{}",
        "[1]",
        "null",
        "{\"a\":1}",
        "\"a\"",
        "{\"errorMessage\":1}",
    ];
    let others = others.into_iter().map(|cause| (json!(cause), None));
    let read = [(json!(lambda), Some("it said so")), (json!(spaced), Some("it said so"))];
    let long = (json!("x".repeat(40_000)), None);
    others.chain(read).chain([(Value::Null, None), (json!(bare), None), (json!(child), None), long]).collect()
}

/// What an expression gives that sees these variables and this of `$states`.
fn given(text: &str, variables: Value, more: Value) -> Result<Value, String> {
    let object = |value: Value| value.as_object().cloned().unwrap_or_default();
    let run = json!({"estate": "clos-v2", "environment": "dev", "region": "us-east-1", "id": "r-1"});
    let mut known = object(json!({
        "run": run, "what": "surge", "summary": "so far", "backs": 1, "advances": 7, "tries": 1, "looks": 1, "profile": null,
        "phase": "scale", "failure": null, "then": "failed",
    }));
    known.extend(object(variables));
    let execution = json!({"Name": "r-1", "StartTime": "2026-11-21T00:05:00Z", "Input": {}});
    let mut states = object(json!({ "context": { "Execution": execution, "State": {"Name": "S"} }, "input": {} }));
    states.extend(object(more));
    let evaluation = json!({
        "expression": text.trim_start_matches("{%").trim_end_matches("%}"), "variables": known, "states": states,
        "now": "2026-11-21T00:05:01Z", "error": null,
    });
    serde_json::from_value::<RecordedEvaluation>(evaluation).unwrap().in_memory()
}

fn assigned(catch: &Value) -> impl Iterator<Item = (&String, &str)> {
    let all = catch["Assign"].as_object().into_iter().flatten();
    all.filter_map(|(name, text)| text.as_str().map(|text| (name, text)))
        .filter(|(_, text)| text.contains("errorOutput"))
}

/// What is wrong with an expression of a Catch for one cause, and what it gives.
fn caught(text: &str, error: &Value, cause: &Value, words: Option<&str>) -> Result<Value, String> {
    let output = json!({"errorOutput": {"Error": "A.B", "Cause": cause}});
    let found = given(text, json!({"error": error}), output)?;
    // An error in words, or the words alone.
    let said = if found.is_object() { &found["Cause"] } else { &found };
    let (Some(said), true) = (said.as_str(), found.is_string() || found["Error"].is_string()) else {
        return Err(format!("no words: {found}"));
    };
    // What a function said; a machine's error has none of it.
    let raw = text.contains("errorMessage") && words.is_some_and(|words| said != words && !said.ends_with(words));
    if raw || said.chars().count() > 9_000 { Err(format!("not as it was said: {said:.80}")) } else { Ok(found) }
}

/// What is wrong in a machine.
fn wrong(machine: &Value) -> BTreeSet<String> {
    let (mut found, mut errors) = (BTreeSet::new(), Map::new());
    for (state, definition) in states(machine) {
        for catch in definition["Catch"].as_array().into_iter().flatten() {
            for (name, text) in assigned(catch) {
                let before = json!({"Error": "C.D", "Cause": "before"});
                let known = if text.contains("$type($error)") { vec![Value::Null, before] } else { vec![before] };
                for (error, (cause, words)) in
                    known.iter().flat_map(|error| causes().into_iter().map(move |it| (error, it)))
                {
                    match caught(text, error, &cause, words) {
                        Ok(value) => {
                            let all = errors.entry(name.clone()).or_insert_with(|| json!([]));
                            all.as_array_mut().unwrap().push(value);
                        }
                        Err(why) => drop(found.insert(format!("{state}: {name} of {cause:.60}: {why}"))),
                    }
                }
            }
        }
        // What was read where it was caught is words, and may look like anything.
        for text in texts(definition, &["Catch", "States", "ItemProcessor"]) {
            if text.contains("$parse") {
                found.insert(format!("{state}: a cause is read where it is caught, and nowhere else"));
            }
        }
    }
    for (state, definition) in states(machine) {
        for text in texts(definition, &["Catch", "Choices", "States", "ItemProcessor"]) {
            for (name, values) in errors.iter().filter(|(name, _)| text.contains(&format!("${name}."))) {
                // A variable of this name may be words elsewhere in the machine.
                for value in values.as_array().into_iter().flatten().filter(|value| value.is_object()) {
                    match given(&text, json!({ name.as_str(): value }), json!({})) {
                        Ok(Value::String(_)) => {}
                        other => drop(found.insert(format!("{state}: {text:.60} of {value}: {other:?}"))),
                    }
                }
            }
        }
    }
    found
}

/// The expressions of a state, but for those under these fields.
fn texts(state: &Value, but: &[&str]) -> Vec<String> {
    let fields = state.as_object().into_iter().flatten().filter(|(name, _)| !but.contains(&name.as_str()));
    let all: Vec<Value> = fields.map(|(_, value)| value.clone()).collect();
    let all = Value::Array(all);
    let nested = walk(&all).into_iter().flat_map(|it| match it {
        Value::Object(fields) => fields.values().cloned().collect(),
        Value::Array(items) => items.clone(),
        _ => Vec::new(),
    });
    nested.filter_map(|it| it.as_str().filter(|it| it.starts_with("{%")).map(str::to_owned)).collect()
}

#[test]
fn a_cause_of_any_kind_is_read_and_no_expression_fails_over_it() {
    let mut read = 0;
    for (file, machine) in machines() {
        assert_eq!(wrong(&machine), BTreeSet::new(), "{file}");
        read += machine.to_string().matches("$parse(").count();
    }
    assert!(read > 20, "{read} causes are read");
}

#[test]
fn a_cause_that_is_read_for_what_it_may_not_be_is_found() {
    let mut failed = machine("failback");
    failed["States"]["Failed"]["Cause"] =
        json!("{% $substring($error.Cause, 0, 1) = '{' ? $parse($error.Cause).errorMessage : $error.Cause %}");
    let found = wrong(&failed);
    assert!(found.contains("Failed: a cause is read where it is caught, and nowhere else"), "{found:?}");
    assert!(found.iter().any(|it| it.contains("{enough of it}")), "{found:?}");
    let mut ready = machine("failback");
    ready["States"]["Ready"]["Catch"][0]["Assign"]["error"] =
        json!("{% {'Error': $states.errorOutput.Error, 'Cause': $substring($states.errorOutput.Cause, 0, 4000)} %}");
    let found = wrong(&ready);
    assert!(found.iter().any(|it| it.starts_with("Ready: error of null")), "{found:?}");
}
