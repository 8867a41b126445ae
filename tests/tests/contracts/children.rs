//! Machines that start machines, and that ask people: a child is started once and outlived, a question is asked once.

use crate::documents::{machines, resources, strings, template, walk};
use crate::machines::{asks, machine, tasks};
use serde_json::{Value, json};

const CHILD: &str = "arn:${Partition}:states:::states:startExecution.sync:2";
/// What keeps a name the same when its task is tried again, and leaves room for what follows: 80 characters are the most
/// (Step Functions API reference, `StartExecution`).
const NAME: &str = "{% $substring($states.context.Execution.Name, 0, 68) & '-";
/// The same where the function says what follows, and so may run a child more than once.
const NAMED_BY_FUNCTION: &str = "{% $substring($states.context.Execution.Name, 0, 68) & $suffix %}";
const SUFFIX: &str = "{% $states.result.Payload.child %}";
/// Functions whose value differs from attempt to attempt.
const FLEETING: [&str; 4] = ["$now(", "$millis(", "$uuid(", "$random("];
/// After these a question may have been sent.
const PERHAPS_SENT: [&str; 7] = [
    "States.ALL",
    "States.TaskFailed",
    "States.Timeout",
    "Lambda.SdkClientException",
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.Unknown",
    "Sandbox.Timedout",
];
/// What a machine needs for a child that it waits for (Step Functions developer guide, IAM policies for nested workflows).
const NEEDED: [&str; 6] = [
    "events:DescribeRule",
    "events:PutRule",
    "events:PutTargets",
    "states:DescribeExecution",
    "states:StartExecution",
    "states:StopExecution",
];

fn children(machine: &Value) -> Vec<(&str, &Value)> {
    tasks(machine).into_iter().filter(|(_, task)| task["Resource"] == CHILD).collect()
}

/// The machine that a task runs: its placeholder is `${NameMachineArn}`.
fn child_of(task: &Value) -> Value {
    let arn = task["Arguments"]["StateMachineArn"].as_str().expect("a machine");
    let name = arn.strip_prefix("${").and_then(|rest| rest.strip_suffix("MachineArn}"));
    machine(&name.expect("a placeholder for a machine").to_lowercase())
}

fn reckless_children(parent: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let suffixed = tasks(parent).into_iter().any(|(_, task)| task["Assign"]["suffix"] == SUFFIX);
    for (state, task) in children(parent) {
        let child = child_of(task);
        let text = |field: &str| task["Arguments"][field].as_str().unwrap_or_default();
        let (name, input) = (text("Name"), text("Input"));
        let namesakes = children(parent).into_iter().filter(|(_, other)| other["Arguments"]["Name"] == name).count();
        let room = name.strip_prefix(NAME).and_then(|rest| rest.split('\'').next()).is_some_and(|word| word.len() <= 7)
            || suffixed && name == NAMED_BY_FUNCTION;
        let retried = task["Retry"].as_array().into_iter().flatten().flat_map(|retry| strings(&retry["ErrorEquals"]));
        let checks = [
            (room, "a name of the execution's own, with room for the try"),
            (namesakes == 1, "a name that no other child has"),
            (
                !FLEETING.iter().any(|it| name.contains(it) || input.contains(it)),
                "the same name and input for each attempt",
            ),
            (
                input.contains("'AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID': $states.context.Execution.Id"),
                "its parent's id",
            ),
            (task["TimeoutSeconds"].as_u64() > child["TimeoutSeconds"].as_u64(), "more time than the child takes"),
            // Whatever else fails is a child that ran, and its name is used up.
            (retried.into_iter().all(|name| name.starts_with("StepFunctions.")), "a retry of the start only"),
        ];
        found.extend(checks.into_iter().filter(|(ok, _)| !ok).map(|(_, what)| format!("{state}: {what}")));
    }
    found
}

fn careless_questions(machine: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for (state, task) in tasks(machine).into_iter().filter(|(_, task)| asks(task)) {
        let retried: Vec<&str> =
            task["Retry"].as_array().into_iter().flatten().flat_map(|retry| strings(&retry["ErrorEquals"])).collect();
        let catches = task["Catch"].as_array().cloned().unwrap_or_default();
        let token = walk(&task["Arguments"]).into_iter().any(|it| it == "{% $states.context.Task.Token %}");
        let checks = [
            (token, "the token in its arguments"),
            (
                !retried.iter().any(|name| PERHAPS_SENT.contains(name)),
                "no second question after one that was perhaps sent",
            ),
            (
                catches.first().is_some_and(|it| it["ErrorEquals"] == json!(["States.Timeout"])),
                "an answer when nobody answers",
            ),
        ];
        found.extend(checks.into_iter().filter(|(ok, _)| !ok).map(|(_, what)| format!("{state}: {what}")));
    }
    found
}

/// The actions that the role of a machine may take, log delivery aside.
fn granted<'t>(template: &'t Value, file: &str) -> Vec<&'t str> {
    let uri = format!("statemachines/{file}");
    let all = resources(template, "AWS::Serverless::StateMachine");
    let (_, resource) = all.into_iter().find(|(_, it)| it["Properties"]["DefinitionUri"] == uri.as_str()).unwrap();
    let statements = walk(&resource["Properties"]["Policies"]).into_iter().filter(|it| it["Effect"] == "Allow");
    let mut actions: Vec<&str> = statements.flat_map(|it| strings(&it["Action"])).collect();
    actions.retain(|action| !action.starts_with("logs:"));
    actions.sort_unstable();
    actions
}

#[test]
fn a_child_is_started_once_and_outlived() {
    let mut parents = Vec::new();
    for (file, parent) in machines() {
        assert_eq!(reckless_children(&parent), Vec::<String>::new(), "{file}");
        parents.extend((!children(&parent).is_empty()).then_some(file));
    }
    assert_eq!(parents, ["emergency-scale.asl.json", "failback.asl.json", "failover.asl.json"]);
}

#[test]
fn a_reckless_child_is_found() {
    let mut parent = machine("emergency-scale");
    let states = &mut parent["States"];
    states["Apply"]["Arguments"]["Name"] = json!("{% $uuid() %}");
    states["Apply"]["TimeoutSeconds"] = json!(7200);
    states["GiveBack"]["Arguments"]["Name"] = states["Preview"]["Arguments"]["Name"].clone();
    states["GiveBack"]["Arguments"]["Input"] = json!("{% $merge([$request, {'reason': $now()}]) %}");
    states["Preview"]["Retry"][0]["ErrorEquals"] = json!(["States.TaskFailed"]);
    let mut found = reckless_children(&parent);
    found.sort();
    let expected = [
        "Apply: a name of the execution's own, with room for the try",
        "Apply: more time than the child takes",
        "Apply: the same name and input for each attempt",
        "GiveBack: a name that no other child has",
        "GiveBack: its parent's id",
        "GiveBack: the same name and input for each attempt",
        "Preview: a name that no other child has",
        "Preview: a retry of the start only",
    ];
    assert_eq!(found, expected);
    let mut parent = machine("failover");
    parent["States"]["Advance"]["Assign"]["suffix"] = json!("{% $uuid() %}");
    assert_eq!(reckless_children(&parent), ["Child: a name of the execution's own, with room for the try"]);
    let mut parent = machine("failback");
    parent["States"]["Move"]["TimeoutSeconds"] = json!(7500);
    assert_eq!(reckless_children(&parent), ["Move: more time than the child takes"]);
}

#[test]
fn a_question_is_asked_once_and_answers_itself_in_the_end() {
    for (file, machine) in machines() {
        assert_eq!(careless_questions(&machine), Vec::<String>::new(), "{file}");
    }
    let mut machine = machine("emergency-scale");
    assert_eq!(tasks(&machine).into_iter().filter(|(_, task)| asks(task)).count(), 1);
    let ask = &mut machine["States"]["Ask"];
    ask["Arguments"]["Payload"]["token"] = json!("");
    ask["Retry"][0]["ErrorEquals"] = json!(["Aws.Throttled", "Sandbox.Timedout"]);
    ask["Catch"].as_array_mut().unwrap().remove(0);
    let expected = [
        "Ask: the token in its arguments",
        "Ask: no second question after one that was perhaps sent",
        "Ask: an answer when nobody answers",
    ];
    assert_eq!(careless_questions(&machine), expected);
}

#[test]
fn a_machine_may_do_what_its_children_need_and_nothing_else() {
    let template = template();
    for (file, machine) in machines() {
        let needed: &[&str] = if children(&machine).is_empty() { &[] } else { &NEEDED };
        assert_eq!(granted(&template, &file), needed, "{file}");
    }
}
