//! What all machines share: one policy of trying again, and one name for the same thing.

use crate::documents::{machines, walk};
use crate::machines::{asks, machine, states, tasks};
use serde_json::{Value, json};

/// What passes at Lambda: the call was not carried out, or may be repeated.
const LAMBDA: [&str; 5] = [
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.TooManyRequestsException",
];
/// What Lambda answers before a function has begun: a question that may have been sent is not sent twice.
const UNSENT: [&str; 3] = ["Lambda.ServiceException", "Lambda.AWSLambdaException", "Lambda.TooManyRequestsException"];
/// What passes at AWS, by our names.
const AWS: [&str; 2] = ["Aws.Throttled", "Aws.Unavailable"];
/// What passes at Step Functions, where a child is started.
const CHILD: [&str; 3] = [
    "StepFunctions.ExecutionLimitExceededException",
    "StepFunctions.AWSStepFunctionsException",
    "StepFunctions.SdkClientException",
];
/// The steps that nobody takes again once the execution has ended.
const LAST: [&str; 5] = ["finish", "finish-restore", "report", "tell", "tell-restore"];
/// Where a crash is tried again too: at night the next machine is behind it, and each step begins from the record.
const BY_NIGHT: [&str; 3] = ["work", "skip", "report"];

fn tried_again(errors: &[&str], interval: u64, attempts: u64, longest: u64) -> Value {
    json!({
        "ErrorEquals": errors,
        "IntervalSeconds": interval,
        "BackoffRate": 2,
        "MaxAttempts": attempts,
        "MaxDelaySeconds": longest,
        "JitterStrategy": "FULL",
    })
}

/// The policy, by what a task is: a step four times, the last word six times, a question and a child four times.
fn policy(file: &str, task: &Value, onward: &Value) -> Value {
    if asks(task) {
        return json!([tried_again(&[&UNSENT[..], &AWS].concat(), 2, 4, 15)]);
    }
    let Some(step) = task["Arguments"]["Payload"]["step"].as_str() else {
        return json!([tried_again(&CHILD, 2, 4, 15)]);
    };
    let passing = [&LAMBDA[..], &AWS, &["Ledger.Conflict"]].concat();
    // A word that is followed by a pause is said again after it.
    let is_last = LAST.contains(&step) && onward["Type"] != "Wait";
    let usual = if is_last { tried_again(&passing, 2, 6, 30) } else { tried_again(&passing, 2, 4, 15) };
    if file.starts_with("daily-unblock") && BY_NIGHT.contains(&step) {
        return json!([usual, tried_again(&["States.TaskFailed", "States.Timeout"], 5, 2, 30)]);
    }
    json!([usual])
}

fn against_the_policy(file: &str, machine: &Value) -> Vec<String> {
    let onward = |task: &Value| {
        let next = task["Next"].as_str().unwrap_or_default();
        states(machine).into_iter().find_map(|(name, state)| (name == next).then_some(state)).unwrap_or(&Value::Null)
    };
    let amiss = |(_, task): &(&str, &Value)| task["Retry"] != policy(file, task, onward(task));
    tasks(machine).into_iter().filter(amiss).map(|(name, _)| format!("{file}: {name}: Retry")).collect()
}

/// The name a state has to have by what it does, if every machine that does it shares one: the first is the usual one.
fn shared_names(state: &Value) -> &'static [&'static str] {
    let text = |value: &'_ Value| value.as_str().unwrap_or_default().to_owned();
    match (text(&state["Type"]).as_str(), text(&state["Arguments"]["Payload"]["step"]).as_str()) {
        ("Task", "begin" | "begin-restore") => &["Begin"],
        ("Task", "finish" | "finish-restore") => &["Finish"],
        ("Task", "report") => &["Report"],
        ("Task", _) if asks(state) => &["Ask"],
        // What the function said, or that the execution failed; which may have names of their own.
        ("Task", "tell" | "tell-restore") if state["Arguments"]["Payload"]["error"].is_string() => &["TellFailed"],
        ("Task", "tell") => &["Tell", "TellFailed", "TellHeld", "TellNotReady", "TellUnfinished", "TellWorse"],
        ("Wait", _) => &["Pause", "AwaitLease", "Breathe", "Confirm"],
        ("Fail", _) => match text(&state["Error"]).as_str() {
            "Guardrail.Refused" => &["Refused"],
            "{% $error.Error %}" => &["Failed"],
            _ => &[],
        },
        ("Pass", _) if state["End"] == true => match text(&state["Output"]["outcome"]).as_str() {
            "done" | "{% $outcome %}" => &["Done"],
            "nothing" => &["Nothing"],
            "planned" => &["Planned"],
            "declined" => &["Declined"],
            _ => &[],
        },
        _ => &[],
    }
}

fn named_otherwise(file: &str, machine: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for (name, state) in states(machine) {
        let names = shared_names(state);
        if !names.is_empty() && !names.contains(&name) {
            found.push(format!("{file}: {name}: {}", names[0]));
        }
        // What is asked of the answer is named after the step that gave it.
        let answered = [("Begin", "Begun"), ("Finish", "Finished")].into_iter().find(|(step, _)| *step == name);
        let next = states(machine).into_iter().find(|(next, _)| state["Next"] == *next);
        if let (Some((_, answer)), Some((next, it))) = (answered, next)
            && it["Type"] == "Choice"
            && !["Onward", answer].contains(&next)
        {
            found.push(format!("{file}: {next}: {answer}"));
        }
    }
    found
}

#[test]
fn every_machine_tries_again_by_one_policy() {
    let found: Vec<String> = machines().iter().flat_map(|(file, it)| against_the_policy(file, it)).collect();
    assert_eq!(found, Vec::<String>::new());
    let mut reconcile = machine("reconcile");
    reconcile["States"]["Apply"]["Retry"][0]["MaxAttempts"] = json!(3);
    assert_eq!(against_the_policy("reconcile", &reconcile), ["reconcile: Apply: Retry"]);
    let mut failover = machine("failover");
    failover["States"]["Child"]["Retry"] = failover["States"]["Advance"]["Retry"].clone();
    assert_eq!(against_the_policy("failover", &failover), ["failover: Child: Retry"]);
}

#[test]
fn the_same_thing_has_the_same_name_in_every_machine() {
    let found: Vec<String> = machines().iter().flat_map(|(file, it)| named_otherwise(file, it)).collect();
    assert_eq!(found, Vec::<String>::new());
    let text =
        machine("reconcile").to_string().replace("\"Finished\"", "\"Outcome\"").replace("\"Failed\"", "\"Unmade\"");
    let other: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(named_otherwise("reconcile", &other), ["reconcile: Outcome: Finished", "reconcile: Unmade: Failed"]);
    assert!(walk(&other).len() == walk(&machine("reconcile")).len(), "only names differ");
}
