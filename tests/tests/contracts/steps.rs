//! One form of steps: what a function answers has every field that a machine reads, in this release's definitions and in those of
//! the release before, whose executions go on for days with functions that are newer than they are.

use std::collections::{BTreeMap, BTreeSet};

use crate::answers::answers;
use crate::documents::{machines, walk};
use crate::machines::{machine, states, tasks};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use watchkeeper_control::runbook::StepCall;
use watchkeeper_control::{backup, emergency, failover, reconcile, unblock};

/// What each task of a machine of the release before sends, which fields of the answer it reads, and which words of them its
/// definition compares.
fn samples() -> Vec<Value> {
    serde_json::from_str(include_str!("samples/steps.json")).unwrap()
}

fn unread<S: DeserializeOwned>(event: &Value) -> Option<String> {
    serde_json::from_value::<StepCall<S>>(event.clone()).err().map(|error| error.to_string())
}

/// What is amiss between a task of the release before and the functions of this one.
fn against_the_sample(sample: &Value) -> Vec<String> {
    let (machine, event) = (sample["machine"].as_str().unwrap(), &sample["event"]);
    let unread = match machine {
        "reconcile" => unread::<reconcile::Step>(event),
        "emergency-scale" => unread::<emergency::Step>(event),
        "failover" | "failback" => unread::<failover::Step>(event),
        "backup" | "restore-drill" => unread::<backup::Step>(event),
        _ => unread::<unblock::Step>(event),
    };
    let step = event["step"].as_str().unwrap();
    let told = |what: String| format!("{machine}: {step}: {what}");
    let mut found: Vec<String> = unread.into_iter().map(told).collect();
    let reads = sample["reads"].as_array().unwrap();
    if reads.is_empty() {
        return found;
    }
    let answers = answers(machine, step);
    for field in reads.iter().filter_map(Value::as_str) {
        found.extend(answers.iter().any(|answer| answer.get(field).is_none()).then(|| told(field.to_owned())));
    }
    for (field, words) in sample["words"].as_object().unwrap() {
        let given: Vec<&Value> = answers.iter().map(|answer| &answer[field]).collect();
        let missing = words.as_array().unwrap().iter().filter(|word| !given.contains(word));
        found.extend(missing.map(|word| told(format!("{field} is never {word}"))));
    }
    found
}

#[test]
fn an_execution_of_the_release_before_goes_on_with_the_functions_of_this_one() {
    let samples = samples();
    assert_eq!(samples.len(), 35, "every task that calls a function");
    let found: Vec<String> = samples.iter().flat_map(against_the_sample).collect();
    assert_eq!(found, Vec::<String>::new());
    let sample = json!({
        "machine": "reconcile", "event": {"step": "verify", "now": "2026-11-21T00:05:00Z"}, "reads": ["next", "pace"],
        "words": {"next": ["verify", "rest"]},
    });
    let expected =
        ["missing field `run`", "pace", "next is never \"rest\""].map(|it| format!("reconcile: verify: {it}"));
    assert_eq!(against_the_sample(&sample), expected);
}

/// The fields that every answer has, and the one variable that each is kept in; within a Map, where names are the machine's own,
/// with `job_` before it.
const KEPT: [(&str, &str); 12] = [
    ("run", "run"),
    ("then", "then"),
    ("step", "step"),
    ("wait_seconds", "wait"),
    ("request", "request"),
    ("child", "suffix"),
    ("why", "why"),
    ("plan", "plan"),
    ("answer_seconds", "answer_seconds"),
    ("outcome", "outcome"),
    ("summary", "summary"),
    ("tell", "tell"),
];

/// The fields of the answer that a task reads, each with the variables that it is kept in.
fn read(task: &Value) -> BTreeMap<String, BTreeSet<String>> {
    let mut read = BTreeMap::<String, BTreeSet<String>>::new();
    for (variable, value) in task["Assign"].as_object().into_iter().flatten() {
        for part in value.to_string().split("$states.result.Payload.").skip(1) {
            let field: String = part.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            read.entry(field).or_default().insert(variable.clone());
        }
    }
    read
}

/// What a definition reads otherwise than the others, or in vain.
fn read_otherwise(name: &str, machine: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for (state, task) in tasks(machine) {
        let (read, step) = (read(task), task["Arguments"]["Payload"]["step"].as_str().unwrap_or_default());
        for (field, variables) in &read {
            let known = answers(name, step).iter().all(|answer| answer.get(field).is_some());
            // Turning the halt switch has no plan, and the definition knows what to do then.
            if !known {
                found.push(format!("{name}: {state}: nothing answers {field}"));
            }
            let kept = KEPT.iter().find(|(shared, _)| shared == field).map(|(_, variable)| *variable);
            for variable in variables.iter().filter(|it| kept.is_some_and(|kept| it.trim_start_matches("job_") != kept))
            {
                // The sentence of a failure is also its cause.
                if (field.as_str(), variable.as_str()) != ("summary", "error") {
                    found.push(format!("{name}: {state}: {field} is kept as {variable}"));
                }
            }
        }
    }
    found.extend(unknown_words(name, machine));
    found
}

/// Words that a definition compares what follows with, and that no function says.
fn unknown_words(name: &str, machine: &Value) -> Vec<String> {
    let steps: BTreeSet<&str> =
        tasks(machine).into_iter().filter_map(|(_, task)| task["Arguments"]["Payload"]["step"].as_str()).collect();
    let then = ["again", "child", "ask", "done", "failed"];
    let texts = walk(machine).into_iter().filter_map(|it| it["Condition"].as_str());
    let compared = texts.flat_map(|text| ["then", "step"].into_iter().flat_map(move |field| words(text, field)));
    let known = |field: &str, word: &str| if field == "then" { then.contains(&word) } else { steps.contains(word) };
    compared
        .filter(|(field, word)| !known(field, word))
        .map(|(field, word)| format!("{name}: {field} is {word}"))
        .collect()
}

/// The words that a condition compares a variable with.
fn words<'t>(text: &'t str, field: &'static str) -> Vec<(&'static str, &'t str)> {
    let mut found = Vec::new();
    for part in text.split(&format!("{field} ")).skip(1) {
        let quoted = part.strip_prefix("in [").map_or_else(
            || part.split('\'').skip(1).take(1).collect::<Vec<_>>(),
            |list| list.split(']').next().unwrap_or_default().split('\'').skip(1).step_by(2).collect(),
        );
        found.extend(quoted.into_iter().map(|word| (field, word)));
    }
    found
}

#[test]
fn every_machine_reads_what_follows_in_one_form() {
    let name = |file: &str| file.trim_end_matches(".asl.json").to_owned();
    let found: Vec<String> = machines().iter().flat_map(|(file, it)| read_otherwise(&name(file), it)).collect();
    assert_eq!(found, Vec::<String>::new());
    for (file, machine) in machines() {
        let told = states(&machine).into_iter().filter(|(_, it)| it["Type"] == "Choice");
        assert!(told.flat_map(|(_, it)| walk(it)).any(|it| it.to_string().contains("then = ")), "{file}");
    }
    let mut other = machine("reconcile");
    other["States"]["Apply"]["Assign"] = json!({"pause": "{% $states.result.Payload.wait_seconds %}"});
    other["States"]["Verify"]["Assign"] = json!({"step": "{% $states.result.Payload.stage %}"});
    other["States"]["Onward"]["Choices"][1]["Condition"] = json!("{% $step = 'write' %}");
    let expected = [
        "reconcile: Apply: wait_seconds is kept as pause",
        "reconcile: Verify: nothing answers stage",
        "reconcile: step is write",
    ];
    assert_eq!(read_otherwise("reconcile", &other), expected);
}
