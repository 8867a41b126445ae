//! Every function crate is deployed, under its own name, with the variables that its code reads.

use crate::documents::{functions, resources, sources_under, template};
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn binaries(template: &Value) -> BTreeSet<String> {
    let functions = resources(template, "AWS::Serverless::Function");
    functions
        .iter()
        .map(|(id, it)| it["Metadata"]["BuildProperties"]["Binary"].as_str().unwrap_or(id).to_owned())
        .collect()
}

fn variables(template: &Value, function: &Value) -> BTreeSet<String> {
    let everybody = &template["Globals"]["Function"]["Environment"]["Variables"];
    let own = &function["Properties"]["Environment"]["Variables"];
    [everybody, own].into_iter().filter_map(Value::as_object).flat_map(|map| map.keys().cloned()).collect()
}

/// String literals that are written like the name of a variable; Lambda itself sets those of AWS.
fn variables_read(source: &str) -> BTreeSet<String> {
    let is_variable = |text: &&str| {
        text.contains('_')
            && !text.starts_with("AWS_")
            && text.starts_with(|c: char| c.is_ascii_uppercase())
            && text.chars().all(|c| c.is_ascii_uppercase() || c == '_')
    };
    source.split('"').filter(is_variable).map(str::to_owned).collect()
}

fn unset_or_unread(binary: &str, set: &BTreeSet<String>, own: &str, shared: &str) -> Vec<String> {
    let read: BTreeSet<String> = variables_read(own).union(&variables_read(shared)).cloned().collect();
    let unset =
        variables_read(own).difference(set).map(|name| format!("{binary}: {name} is not set")).collect::<Vec<_>>();
    let unread = set.difference(&read).map(|name| format!("{binary}: nothing reads {name}"));
    unset.into_iter().chain(unread).collect()
}

#[test]
fn every_function_crate_is_deployed_under_its_name() {
    let crates: BTreeSet<String> = functions().into_iter().collect();
    let mut template = template();
    assert_eq!(binaries(&template), crates);
    template["Resources"]["Reconcile"]["Metadata"]["BuildProperties"]["Binary"] = json!("reconciler");
    assert_ne!(binaries(&template), crates);
}

#[test]
fn functions_get_the_variables_that_they_read() {
    let template = template();
    let shared = sources_under("shared/lambda/src");
    let mut anybody = BTreeSet::new();
    for (_, function) in resources(&template, "AWS::Serverless::Function") {
        let binary = function["Metadata"]["BuildProperties"]["Binary"].as_str().unwrap();
        let own = sources_under(&format!("functions/{binary}/src"));
        let set = variables(&template, function);
        assert_eq!(unset_or_unread(binary, &set, &own, &shared), Vec::<String>::new());
        anybody.extend(set);
    }
    let unset: Vec<_> = variables_read(&shared).difference(&anybody).cloned().collect();
    assert_eq!(unset, Vec::<String>::new(), "read by shared/lambda and set for no function");
}

#[test]
fn a_variable_that_is_unset_or_unread_is_found() {
    let set = BTreeSet::from(["LEDGER_TABLE".to_owned(), "OLD_NAME".to_owned()]);
    let found = unset_or_unread("f", &set, r#"get("TOPIC_ARN")"#, r#"get("LEDGER_TABLE"); get("AWS_REGION")"#);
    assert_eq!(found, ["f: TOPIC_ARN is not set", "f: nothing reads OLD_NAME"]);
}

#[test]
fn functions_are_alike_where_it_matters() {
    let template = template();
    let common = &template["Globals"]["Function"];
    assert_eq!(common["Runtime"], "provided.al2023");
    assert_eq!(common["Architectures"], json!(["arm64"]));
    for (id, function) in resources(&template, "AWS::Serverless::Function") {
        assert_eq!(function["Metadata"]["BuildMethod"], "rust-cargolambda", "{id}");
        assert_eq!(function["Properties"]["LoggingConfig"]["LogFormat"], "JSON", "{id}");
        let group =
            function["Properties"]["LoggingConfig"]["LogGroup"]["Ref"].as_str().expect("a log group of its own");
        assert!(template["Resources"][group]["Properties"]["RetentionInDays"].is_object(), "{group} is kept for ever");
    }
}
