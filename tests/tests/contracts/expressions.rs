//! Expressions of machines: what they may name where (AWS Step Functions developer guide, transforming data with JSONata,
//! and passing data between states with variables). Step Functions refuses some of it when the machine is made, and the
//! rest ends an execution, in a Catch too, where nothing catches it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::documents::machines;
use crate::machines::machine;

/// The longest name of a state and of a variable, in characters: quotas of Step Functions.
const LONGEST: usize = 80;
/// Functions that JSONata has and Step Functions has not.
const MISSING: [&str; 1] = ["eval"];
/// Kinds of states that have a result.
const WITH_RESULT: [&str; 3] = ["Task", "Map", "Parallel"];

type Names = BTreeSet<String>;

/// An expression: where it stands within its state, and its text.
fn expressions(value: &Value, place: &str) -> Vec<(String, String)> {
    match value {
        Value::String(text) if text.starts_with("{%") && text.ends_with("%}") => vec![(place.to_owned(), text.clone())],
        Value::Array(items) => {
            let each = items.iter().enumerate();
            each.flat_map(|(at, item)| expressions(item, &format!("{place}/{at}"))).collect()
        }
        Value::Object(fields) => {
            let own = fields.iter().filter(|(name, _)| !["ItemProcessor", "Branches"].contains(&name.as_str()));
            own.flat_map(|(name, item)| expressions(item, &format!("{place}/{name}"))).collect()
        }
        _ => Vec::new(),
    }
}

/// An expression with nothing in its quotes.
fn unquoted(text: &str) -> String {
    text.split('\'').step_by(2).collect::<Vec<_>>().join("''")
}

/// The names after `$` in an expression: what is called, and what is read. What it binds itself is left out.
fn named(code: &str) -> (Names, Names) {
    let (mut called, mut read, mut bound) = (Names::new(), Names::new(), Names::new());
    let mut parameters = false;
    for (at, part) in code.split('$').enumerate() {
        let end = part.find(|it: char| !it.is_alphanumeric() && it != '_').unwrap_or(part.len());
        let (name, rest) = part.split_at(end);
        let rest = rest.trim_start();
        if at > 0 && !name.is_empty() {
            let names = if rest.starts_with(":=") || parameters {
                &mut bound
            } else if rest.starts_with('(') {
                &mut called
            } else {
                &mut read
            };
            names.insert(name.to_owned());
        }
        // `function($a, $b)`: names until the parenthesis closes.
        parameters = part.trim_end().ends_with("function(") || (parameters && !rest.starts_with(')'));
    }
    (called, read.difference(&bound).filter(|it| *it != "states").cloned().collect())
}

/// The places of a state at which variables are assigned, with the state that follows.
fn exits(state: &Value) -> Vec<(&Value, Option<&str>)> {
    let nested = ["Catch", "Choices"].into_iter().filter_map(|list| state[list].as_array()).flatten();
    let nested = nested.map(|it| (&it["Assign"], it["Next"].as_str()));
    let own = ["Next", "Default"].into_iter().map(|next| (&state["Assign"], state[next].as_str()));
    nested.chain(own).collect()
}

fn keys(assign: &Value) -> impl Iterator<Item = String> {
    assign.as_object().into_iter().flat_map(|all| all.keys().cloned())
}

/// What surely has a value at the entry of each state of a scope, whatever way led there.
fn settled(scope: &Value, before: &Names) -> BTreeMap<String, Names> {
    let mut known: BTreeMap<String, Names> = BTreeMap::new();
    let mut ways = vec![(scope["StartAt"].as_str().unwrap().to_owned(), before.clone())];
    while let Some((name, here)) = ways.pop() {
        let here = match known.get(&name) {
            Some(old) if old.is_subset(&here) => continue,
            Some(old) => old.intersection(&here).cloned().collect(),
            None => here,
        };
        for (assign, next) in exits(&scope["States"][&name]) {
            ways.extend(next.map(|next| (next.to_owned(), here.iter().cloned().chain(keys(assign)).collect())));
        }
        known.insert(name, here);
    }
    known
}

/// What is wrong with a state of which this is settled at its entry.
fn wrong_in(name: &str, state: &Value, settled: &Names) -> Vec<String> {
    let mut found = Vec::new();
    let kind = state["Type"].as_str().unwrap_or_default();
    let asks = state["Resource"].as_str().is_some_and(|it| it.ends_with(".waitForTaskToken"));
    for (place, text) in expressions(state, name) {
        let field = place.split('/').nth(1).unwrap_or_default();
        let caught = field == "Catch" && ["Assign", "Output"].contains(&place.split('/').nth(3).unwrap_or_default());
        let after = WITH_RESULT.contains(&kind) && ["Assign", "Output"].contains(&field);
        let text = unquoted(&text);
        let (called, read) = named(&text);
        let rules = [
            (!text.contains("$states.result") || after, "there is no $states.result"),
            (!text.contains("$states.errorOutput") || caught, "there is no $states.errorOutput"),
            (!text.contains("$states.context.Task") || asks, "there is no token"),
            (!text.contains("$states.context.Map") || field == "ItemSelector", "there is no item"),
        ];
        found.extend(rules.into_iter().filter(|(ok, _)| !ok).map(|(_, why)| format!("{place}: {why}")));
        found.extend(read.difference(settled).map(|it| format!("{place}: ${it} may have no value yet")));
        let missing = called.iter().filter(|it| MISSING.contains(&it.as_str()));
        found.extend(missing.map(|it| format!("{place}: Step Functions has no ${it}")));
    }
    let assigned = exits(state).into_iter().flat_map(|(assign, _)| keys(assign)).collect::<Names>();
    let ill =
        |it: &&String| *it == "states" || it.chars().count() > LONGEST || it.starts_with(|c: char| !c.is_alphabetic());
    found.extend(assigned.iter().filter(ill).map(|it| format!("{name}: no variable can be named {it}")));
    if name.chars().count() > LONGEST {
        found.push(format!("{name}: a name of more than {LONGEST} characters"));
    }
    found
}

/// What is wrong in a scope, and in those within it.
fn wrong(scope: &Value, before: &Names) -> Vec<String> {
    let known = settled(scope, before);
    let mut found = Vec::new();
    for (name, state) in scope["States"].as_object().unwrap() {
        let Some(here) = known.get(name) else {
            found.push(format!("{name}: no way leads there"));
            continue;
        };
        found.extend(wrong_in(name, state, here));
        let inner = state["Branches"].as_array().into_iter().flatten().chain(state.get("ItemProcessor"));
        found.extend(inner.flat_map(|scope| wrong(scope, here)));
    }
    found
}

#[test]
fn expressions_name_only_what_is_there() {
    let mut seen = 0;
    for (file, machine) in machines() {
        assert_eq!(wrong(&machine, &Names::new()), Vec::<String>::new(), "{file}");
        seen += crate::machines::states(&machine).iter().map(|(name, it)| expressions(it, name).len()).sum::<usize>();
    }
    assert!(seen > 300, "{seen} expressions");
}

#[test]
fn what_is_not_there_is_found() {
    let mut machine = machine("reconcile");
    let states = machine["States"].as_object_mut().unwrap();
    let start = states["Begin"].clone();
    states.insert("Lost".into(), start);
    states["Begin"]["Arguments"]["Payload"] = json!("{% $states.result %}");
    states["Begin"]["Assign"]["states"] = json!("{% $eval('1') %}");
    states["Apply"]["Output"] =
        json!("{% ($own := 1; $map([1], function($v, $i) { $v + $i + $own })[0] + $nowhere) %}");
    states["Apply"]["Assign"]["2nd"] = json!("{% $states.errorOutput.Error %}");
    states["Apply"]["Arguments"]["Payload"] =
        json!("{% 'the text $states.errorOutput and $nothing' & $states.context.Task.Token %}");
    let found = wrong(&machine, &Names::new());
    let expected = [
        "Apply/Arguments/Payload: there is no token",
        "Apply/Assign/2nd: there is no $states.errorOutput",
        "Apply/Output: $nowhere may have no value yet",
        "Apply: no variable can be named 2nd",
        "Begin/Arguments/Payload: there is no $states.result",
        "Begin/Assign/states: Step Functions has no $eval",
        "Begin: no variable can be named states",
        "Lost: no way leads there",
    ];
    assert_eq!(found.into_iter().collect::<Names>(), expected.map(str::to_owned).into());
}
