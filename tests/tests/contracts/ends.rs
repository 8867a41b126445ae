//! Every way in which an execution of any machine can end either told a person or had nothing to tell.

use crate::documents::{machines, template, walk};
use crate::machines::machine;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The steps of our functions that tell people what they have to hear; what leaves one of them in order has been told.
const TELL: [&str; 7] = ["advance", "ask", "finish", "finish-restore", "report", "tell", "tell-restore"];

/// Ends that are reached without a word, each with its reason: a machine, and the last step towards the end.
const SILENT: &[(&str, &str, &str)] = &[
    ("backup", "Begin -> Refused", "the halt switch is on, which was told when it was turned"),
    ("backup", "Begun -> Nothing", "no backup is due, or the plan was the answer"),
    ("backup", "TellFailed -> Failed", "the next tick tells that it failed: the topic does not answer"),
    (
        "daily-unblock",
        "Begin -> Refused",
        "a person's own undo under the halt switch, which was told when it was turned",
    ),
    ("daily-unblock", "Onward -> Done", "a run that was closed before this execution took it up again"),
    ("daily-unblock", "TellFailed -> Failed", "the next tick tells that it failed: the topic does not answer"),
    ("emergency-scale", "Ended -> Declined", "its answer was no: whoever gave it knows"),
    ("emergency-scale", "Ended -> Nothing", "there was nothing to do"),
    (
        "emergency-scale",
        "Ended -> Refused",
        "the message that could not be sent is in the execution, and the next tick tells that it failed",
    ),
    ("emergency-scale", "Previewed -> Nothing", "there was nothing to do"),
    ("emergency-scale", "Previewed -> Planned", "a plan is its own answer, read by whoever asked for it"),
    ("emergency-scale", "TellFailed -> Failed", "the next tick tells that it failed: the topic does not answer"),
    ("failback", "Readied -> Refused", "a person's own input is refused, and the execution says why"),
    ("failback", "Tell -> Refused", "the next tick tells that it failed: the topic does not answer"),
    ("failback", "TellFailed -> Failed", "the next tick tells that it failed: the topic does not answer"),
    ("failback", "TellNotReady -> NotReady", "the next tick tells that it failed: the topic does not answer"),
    ("failover", "TellFailed -> Failed", "the next tick tells that it failed: the topic does not answer"),
    ("reconcile", "TellFailed -> Failed", "the next tick tells that it failed: the topic does not answer"),
    ("reconcile", "Begun -> Nothing", "the world is at its target, or was told before"),
    ("reconcile", "Begun -> Planned", "a plan is its own answer, read by whoever asked for it"),
    ("restore-drill", "Begin -> Refused", "the halt switch is on, which was told when it was turned"),
    ("restore-drill", "TellFailed -> Failed", "the next tick tells that it failed: the topic does not answer"),
];

/// The states of a machine and of the maps in it, with where each goes: whether in order, and to which state.
fn graph(states: &Value) -> BTreeMap<String, Vec<(bool, String)>> {
    let mut all = BTreeMap::new();
    for (name, state) in states.as_object().into_iter().flatten() {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let choices = state["Choices"].as_array().into_iter().flatten().map(|choice| &choice["Next"]);
        let in_order = [&state["Next"], &state["Default"]].into_iter().chain(choices).filter_map(text);
        let caught = state["Catch"].as_array().into_iter().flatten().filter_map(|catch| text(&catch["Next"]));
        let next = in_order.map(|next| (true, next)).chain(caught.map(|next| (false, next)));
        all.insert(name.clone(), next.collect());
    }
    all
}

fn is_end(state: &Value) -> bool {
    state["Type"] == "Fail" || state["End"] == true
}

fn tells(state: &Value) -> bool {
    state["Arguments"]["Payload"]["step"].as_str().is_some_and(|step| TELL.contains(&step))
}

/// A child tells all its own ends; one that was asked for its plan alone has no news.
fn is_telling_child(state: &Value) -> bool {
    let input = state["Arguments"]["Input"].as_str().unwrap_or_default();
    state["Resource"] == "arn:${Partition}:states:::states:startExecution.sync:2" && !input.contains("'mode': 'plan'")
}

/// The last steps of the ways from the start to an end on which nobody was told.
fn silent_ends(machine: &Value) -> BTreeSet<String> {
    let (states, graph) = (&machine["States"], graph(&machine["States"]));
    let start = machine["StartAt"].as_str().unwrap().to_owned();
    let (mut seen, mut open, mut found) = (BTreeSet::new(), vec![start], BTreeSet::new());
    while let Some(name) = open.pop() {
        if !seen.insert(name.clone()) {
            continue;
        }
        let (told, child) = (tells(&states[&name]), is_telling_child(&states[&name]));
        for (in_order, next) in graph.get(&name).into_iter().flatten() {
            if child || told && *in_order {
                continue;
            }
            if is_end(&states[next]) {
                found.insert(format!("{name} -> {next}"));
            } else {
                open.push(next.clone());
            }
        }
        if is_end(&states[&name]) {
            found.insert(name);
        }
    }
    found
}

fn unexplained(file: &str, machine: &Value) -> Vec<String> {
    let name = file.trim_end_matches(".asl.json");
    let explained: BTreeSet<String> =
        SILENT.iter().filter(|(of, ..)| *of == name).map(|(_, end, _)| (*end).to_owned()).collect();
    silent_ends(machine).symmetric_difference(&explained).map(|end| format!("{name}: {end}")).collect()
}

#[test]
fn every_end_was_told_or_had_nothing_to_tell() {
    let found: Vec<String> = machines().iter().flat_map(|(file, machine)| unexplained(file, machine)).collect();
    assert_eq!(found, Vec::<String>::new());
    assert!(SILENT.iter().all(|(_, _, reason)| reason.split(' ').count() >= 4), "each with its reason");
    // Where the next tick stands in for a word, it has to look at that very machine's failures.
    let template = template();
    let statements = walk(&template["Resources"]["Tick"]["Properties"]["Policies"]);
    let looked_at = statements.iter().find(|it| it["Sid"] == "FindFailures").unwrap()["Resource"].as_array().unwrap();
    let uri = |of: &Value| &template["Resources"][of["Ref"].as_str().unwrap()]["Properties"]["DefinitionUri"];
    for (machine, end, _) in SILENT.iter().filter(|(_, _, reason)| reason.contains("the next tick tells")) {
        let file = format!("statemachines/{machine}.asl.json");
        assert!(looked_at.iter().any(|of| *uri(of) == file), "{machine}: {end}");
    }
}

#[test]
fn an_end_that_tells_nobody_is_found_and_so_is_a_reason_without_an_end() {
    let mut reconcile = machine("reconcile");
    reconcile["States"]["Begin"]["Catch"][1]["Next"] = "Failed".into();
    assert_eq!(unexplained("reconcile.asl.json", &reconcile), ["reconcile: Begin -> Failed"]);
    let mut reconcile = machine("reconcile");
    reconcile["States"]["Begun"]["Choices"][0]["Next"] = "Finish".into();
    assert_eq!(unexplained("reconcile.asl.json", &reconcile), ["reconcile: Begun -> Planned"]);
}

#[test]
fn a_failed_execution_says_why_in_words() {
    for (file, machine) in machines() {
        let fails = machine["States"].as_object().unwrap().iter().filter(|(_, state)| state["Type"] == "Fail");
        for (name, state) in fails {
            let cause = state["Cause"].as_str().unwrap_or_default();
            // What was caught is JSON of Lambda's, unless it was read where it was caught.
            let caught = walk(&machine).into_iter().filter_map(|it| it["Assign"]["error"].as_str());
            let read = caught.filter(|text| text.contains("errorOutput.Cause")).all(|text| text.contains("$parse("));
            assert!(!cause.contains("$error.Cause") || read, "{file}: {name}: {cause}");
        }
    }
}
