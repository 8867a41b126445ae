//! Every task can be waited for, tried again and caught; every error name exists; every substitution is given.

use crate::documents::{machines, resources, strings, template, walk};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use watchkeeper_control::runbook::ErrorName;

/// What Lambda itself may answer for a moment (Step Functions developer guide, "Handle Lambda service exceptions").
const PASSING: [&str; 5] = [
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
];
/// Namespaces of errors that AWS itself defines.
const AWS_DEFINED: [&str; 3] = ["States.", "Lambda.", "StepFunctions."];

pub(crate) fn states(machine: &Value) -> Vec<(&str, &Value)> {
    let maps = walk(machine).into_iter().filter_map(|value| value["States"].as_object());
    maps.flatten().map(|(name, state)| (name.as_str(), state)).collect()
}

pub(crate) fn tasks(machine: &Value) -> Vec<(&str, &Value)> {
    states(machine).into_iter().filter(|(_, state)| state["Type"] == "Task").collect()
}

/// The one of a file, to be corrupted.
pub(crate) fn machine(name: &str) -> Value {
    let file = format!("{name}.asl.json");
    machines().into_iter().find_map(|(found, machine)| (found == file).then_some(machine)).unwrap()
}

/// Whether a task waits for somebody's answer; then its time-out may depend on the question.
pub(crate) fn asks(task: &Value) -> bool {
    task["Resource"].as_str().is_some_and(|resource| resource.ends_with(".waitForTaskToken"))
}

fn unguarded_tasks(machine: &Value) -> Vec<String> {
    let missing = |(name, task): (&str, &Value)| {
        let retries = task["Retry"].as_array().cloned().unwrap_or_default();
        let calm = |retry: &Value| retry["JitterStrategy"] == "FULL" && retry["MaxDelaySeconds"].is_u64();
        let caught = task["Catch"]
            .as_array()
            .is_some_and(|all| all.iter().any(|catch| strings(&catch["ErrorEquals"]).contains(&"States.ALL")));
        let matched: Vec<&str> = retries.iter().flat_map(|retry| strings(&retry["ErrorEquals"])).collect();
        // A question is not sent twice, a function of ours may be called again.
        let calls = task["Resource"].as_str().is_some_and(|resource| resource.ends_with(":lambda:invoke"));
        let checks = [
            (!calls || PASSING.iter().all(|name| matched.contains(name)), "Retry of what passes at Lambda"),
            (task["TimeoutSeconds"].is_u64() || asks(task) && task["TimeoutSeconds"].is_string(), "TimeoutSeconds"),
            (!retries.is_empty() && retries.iter().all(calm), "Retry with jitter and a longest delay"),
            (caught, "Catch of States.ALL"),
        ];
        checks.into_iter().filter(|(ok, _)| !ok).map(|(_, what)| format!("{name}: {what}")).collect::<Vec<_>>()
    };
    let mut found: Vec<String> = tasks(machine).into_iter().flat_map(missing).collect();
    found.sort();
    found
}

/// Whatever looks like an error name, in a field or quoted within an expression.
fn error_names(machine: &Value) -> BTreeSet<String> {
    let texts = walk(machine).into_iter().filter_map(Value::as_str);
    let is_name = |word: &&str| {
        let part =
            |part: &str| part.starts_with(|c: char| c.is_ascii_uppercase()) && part.chars().all(char::is_alphanumeric);
        word.split_once('.').is_some_and(|(group, name)| part(group) && part(name))
    };
    texts.flat_map(|text| text.split('\'')).filter(is_name).map(str::to_owned).collect()
}

/// The names that functions return; `shared/control/src/runbook` is the one place that spells them.
fn unknown_errors(machine: &Value) -> Vec<String> {
    let ours = |name: &String| ErrorName::ALL.iter().any(|known| known.name() == name);
    let known = |name: &String| AWS_DEFINED.iter().any(|group| name.starts_with(group)) || ours(name);
    error_names(machine).into_iter().filter(|name| !known(name)).collect()
}

fn placeholders(machine: &Value) -> BTreeSet<String> {
    let texts = walk(machine).into_iter().filter_map(Value::as_str);
    let inside = |text: &str| {
        let parts = text.split("${").skip(1).filter_map(|rest| rest.split_once('}'));
        parts.map(|(name, _)| name.to_owned()).collect::<Vec<_>>()
    };
    texts.flat_map(inside).collect()
}

fn substitutions_amiss(file: &str, machine: &Value, template: &Value) -> Vec<String> {
    let uri = format!("statemachines/{file}");
    let all = resources(template, "AWS::Serverless::StateMachine");
    let Some((_, resource)) = all.into_iter().find(|(_, it)| it["Properties"]["DefinitionUri"] == uri.as_str()) else {
        return vec![format!("{file}: no state machine in the template")];
    };
    let given = resource["Properties"]["DefinitionSubstitutions"].as_object();
    let given: BTreeSet<String> = given.into_iter().flat_map(|map| map.keys().cloned()).collect();
    given.symmetric_difference(&placeholders(machine)).map(|name| format!("{file}: {name}")).collect()
}

/// Time-outs of tasks in seconds, which have to leave the function time to end by its own.
fn impatient_tasks(machine: &Value, template: &Value) -> Vec<String> {
    let functions = resources(template, "AWS::Serverless::Function");
    let longest = functions.iter().filter_map(|(_, it)| it["Properties"]["Timeout"].as_u64()).max().unwrap();
    let tasks = tasks(machine).into_iter().filter(|(_, task)| !asks(task));
    tasks
        .filter(|(_, task)| task["TimeoutSeconds"].as_u64() <= Some(longest))
        .map(|(name, _)| name.to_owned())
        .collect()
}

#[test]
fn every_task_has_a_timeout_a_retry_and_a_catch() {
    for (file, machine) in machines() {
        assert_eq!(unguarded_tasks(&machine), Vec::<String>::new(), "{file}");
        assert!(!tasks(&machine).is_empty(), "{file} has no task");
    }
    let mut machine = machine("reconcile");
    machine["States"]["Apply"].as_object_mut().unwrap().remove("TimeoutSeconds");
    machine["States"]["Begin"]["Retry"][0]["ErrorEquals"] = json!(["Lambda.SdkClientException"]);
    machine["States"]["Verify"]["Retry"] = json!([]);
    machine["States"]["Finish"]["Catch"][0]["ErrorEquals"] = json!(["Lease.Lost"]);
    let expected = [
        "Apply: TimeoutSeconds",
        "Begin: Retry of what passes at Lambda",
        "Finish: Catch of States.ALL",
        "Verify: Retry of what passes at Lambda",
        "Verify: Retry with jitter and a longest delay",
    ];
    assert_eq!(unguarded_tasks(&machine), expected);
}

#[test]
fn every_error_name_exists() {
    for (file, machine) in machines() {
        assert_eq!(unknown_errors(&machine), Vec::<String>::new(), "{file}");
        assert!(error_names(&machine).contains("Guardrail.Refused"), "{file}");
    }
    let mut machine = machine("reconcile");
    machine["States"]["Begin"]["Catch"][0]["ErrorEquals"] = json!(["Lease.Hold"]);
    machine["States"]["Finish"]["Assign"]["failure"] = json!("{% $x ? 'Run.Unproved' : 'Run.Unverified' %}");
    assert_eq!(unknown_errors(&machine), ["Lease.Hold", "Run.Unproved"]);
}

#[test]
fn every_substitution_is_given_and_used() {
    let template = template();
    for (file, machine) in machines() {
        assert_eq!(substitutions_amiss(&file, &machine, &template), Vec::<String>::new());
    }
    let (file, mut machine) = ("reconcile.asl.json", machine("reconcile"));
    machine["States"]["Apply"]["Arguments"]["FunctionName"] = json!("${OtherArn}");
    assert_eq!(substitutions_amiss(file, &machine, &template), [format!("{file}: OtherArn")]);
    let defined = resources(&template, "AWS::Serverless::StateMachine").len();
    assert_eq!(defined, machines().len(), "machines in the template and files in statemachines/");
}

/// ARNs that hold in one partition only.
fn partitioned(document: &Value) -> Vec<&str> {
    walk(document).into_iter().filter_map(Value::as_str).filter(|text| text.starts_with("arn:aws")).collect()
}

#[test]
fn nothing_is_bound_to_one_partition() {
    let template = template();
    // A parameter's text may show an example.
    assert_eq!(partitioned(&template["Resources"]), Vec::<&str>::new());
    for (file, mut machine) in machines() {
        assert_eq!(partitioned(&machine), Vec::<&str>::new(), "{file}");
        for (name, task) in tasks(&machine) {
            assert!(task["Resource"].as_str().unwrap().starts_with("arn:${Partition}:states:::"), "{file}: {name}");
        }
        machine["StartAt"] = json!("arn:aws:states:::lambda:invoke");
        assert_eq!(partitioned(&machine), ["arn:aws:states:::lambda:invoke"]);
    }
    for (id, machine) in resources(&template, "AWS::Serverless::StateMachine") {
        let partition = &machine["Properties"]["DefinitionSubstitutions"]["Partition"];
        assert_eq!(*partition, json!({"Ref": "AWS::Partition"}), "{id}");
    }
}

#[test]
fn machines_end_and_explain_themselves() {
    for (file, machine) in machines() {
        assert!(machine["TimeoutSeconds"].is_u64(), "{file} may run for a year");
        assert_eq!(machine["QueryLanguage"], "JSONata", "{file}");
        assert!(machine["Comment"].is_string(), "{file}");
        for (name, state) in states(&machine) {
            assert!(state["Comment"].is_string(), "{file}: {name} says nothing of itself");
            // The output of a Succeed state is not the same everywhere; a Pass says it.
            assert_ne!(state["Type"], "Succeed", "{file}: {name}");
        }
    }
}

#[test]
fn a_function_times_out_before_its_task() {
    let template = template();
    for (file, machine) in machines() {
        assert_eq!(impatient_tasks(&machine, &template), Vec::<String>::new(), "{file}");
    }
    let mut machine = machine("reconcile");
    machine["States"]["Begin"]["TimeoutSeconds"] = json!(60);
    assert_eq!(impatient_tasks(&machine, &template), ["Begin"]);
}
