//! Pairs of regions: who may touch the other one, who moves the pointer, what watches, and how a move is handed on.

use crate::documents::{read, strings, template, walk};
use crate::machines::{machine, states};
use crate::permissions::{PROMOTIONS, statements};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use watchkeeper_control::runbook::ErrorName;

/// What may be asked of the other region, whose answer nothing waits for longer than a bound.
const LOOKS: [&str; 7] = [
    "cloudwatch:DescribeAlarms",
    "cloudwatch:GetMetricStatistics",
    "ecs:DescribeServices",
    "ecs:DescribeTasks",
    "ecs:ListTasks",
    "events:DescribeRule",
    "lambda:ListEventSourceMappings",
];
/// What switches event sources, where they have the tag: those of the region that is left go off with the move.
const SWITCHES: [&str; 3] = ["events:DisableRule", "events:EnableRule", "lambda:UpdateEventSourceMapping"];
/// What a caught failure of a question has to be asked before it is taken for a text.
const NAMED: &str = "$type($states.errorOutput.Error) = 'string'";
const EXPLAINED: &str = "$type($states.errorOutput.Cause) = 'string'";
const PARTITION: &str = "PAIR#fleet-orchestration#prod";

fn names_the_peer(value: &Value) -> bool {
    let is_peer =
        |it: &&Value| it["Ref"] == "PeerRegion" || it.as_str().is_some_and(|text| text.contains("${PeerRegion}"));
    walk(value).iter().any(is_peer)
}

/// What the functions may do in the other region beyond looks, moves of a writer (which concern the clusters of both), switches of
/// tagged event sources, and asking its own hand.
fn reaching_over(template: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for (owner, statement) in statements(template).into_iter().filter(|(_, it)| names_the_peer(it)) {
        let arns = walk(&statement["Resource"]).into_iter().filter_map(Value::as_str);
        let hand_only = arns.filter(|arn| arn.contains("${PeerRegion}")).all(|arn| arn.ends_with("-reconcile"));
        for action in strings(&statement["Action"]) {
            let asks_the_hand = action == "states:StartExecution" && hand_only;
            let tagged = statement["Condition"]["StringEquals"]["aws:ResourceTag/watchkeeper:managed"] == "true";
            let switches = SWITCHES.contains(&action) && tagged;
            if !(LOOKS.contains(&action) || PROMOTIONS.contains(&action) || switches || asks_the_hand) {
                found.push(format!("{owner}: {action}"));
            }
        }
    }
    found
}

fn admits(statement: &Value, operator: &str, partition: &str) -> bool {
    let keys = &statement["Condition"][operator]["dynamodb:LeadingKeys"];
    let fits = |pattern: &str| match pattern.strip_suffix('*') {
        Some(start) => partition.starts_with(start),
        None => pattern == partition,
    };
    keys.is_null() || strings(keys).into_iter().any(fits)
}

/// The functions and machines that an action on a partition of the ledger is open to.
fn may<'t>(template: &'t Value, action: &str, partition: &str) -> BTreeSet<&'t str> {
    let (mut allowed, mut denied) = (BTreeSet::new(), BTreeSet::new());
    for (owner, statement) in statements(template) {
        // Tables of estates are none of the ledger's.
        let of_ledger = statement["Resource"].to_string().contains("LedgerTableName");
        if of_ledger && strings(&statement["Action"]).contains(&action) {
            if statement["Effect"] == "Deny" && admits(statement, "ForAnyValue:StringLike", partition) {
                denied.insert(owner);
            } else if statement["Effect"] == "Allow" && admits(statement, "ForAllValues:StringLike", partition) {
                allowed.insert(owner);
            }
        }
    }
    allowed.difference(&denied).copied().collect()
}

/// The public fields of a struct, or the fields of a variant.
fn fields(source: &str, head: &str) -> BTreeSet<String> {
    let (_, rest) = source.split_once(head).expect("what the machine talks to");
    let body = rest.split("\n}").next().unwrap().split("\n    },").next().unwrap();
    let field = |line: &str| {
        let (name, _) = line.trim().trim_start_matches("pub ").split_once(": ")?;
        name.chars().all(|c| c.is_ascii_lowercase() || c == '_').then(|| name.to_owned())
    };
    body.lines().filter_map(field).collect()
}

/// The fields that a machine sends with a step, but those of every step.
fn fields_sent(machine: &Value, state: &str) -> BTreeSet<String> {
    let payload = machine["States"][state]["Arguments"]["Payload"].as_object().unwrap();
    payload.keys().filter(|name| !["step", "now"].contains(&name.as_str())).cloned().collect()
}

#[test]
fn in_the_other_region_only_event_sources_are_switched_and_its_own_hand_is_asked() {
    let mut template = template();
    assert_eq!(reaching_over(&template), Vec::<String>::new());
    let of_the_peer = statements(&template).into_iter().filter(|(_, it)| names_the_peer(it));
    assert_eq!(of_the_peer.map(|(owner, _)| owner).collect::<Vec<_>>(), ["Failover"; 6]);
    let own = template["Resources"]["Failover"]["Properties"]["Policies"][0]["Statement"].as_array_mut().unwrap();
    let actions = ["ecs:UpdateService", "states:StartExecution", "events:DisableRule"];
    own.push(json!({"Effect": "Allow", "Action": actions,
        "Resource": [{"Fn::Sub": "arn:aws:states:${PeerRegion}:1:stateMachine:s-failover"}]}));
    assert_eq!(reaching_over(&template), actions.map(|action| format!("Failover: {action}")));
}

#[test]
fn only_a_failover_moves_the_pointer_and_whoever_follows_it_may_read_it() {
    let mut template = template();
    for action in ["dynamodb:PutItem", "dynamodb:DeleteItem"] {
        let movers: &[&str] = if action == "dynamodb:PutItem" { &["Failover"] } else { &[] };
        assert_eq!(may(&template, action, PARTITION), movers.iter().copied().collect(), "{action}");
    }
    assert_eq!(
        may(&template, "dynamodb:Query", PARTITION),
        BTreeSet::from(["Backups", "Failover", "Reconcile", "Tick", "Window", "WindowAct"])
    );
    // What a region reached and how its runs went, a failover reads and never writes.
    for partition in ["SCOPE#fleet-orchestration#prod#us-west-2", "RUNS#fleet-orchestration#prod#us-west-2"] {
        assert!(may(&template, "dynamodb:GetItem", partition).contains("Failover"), "{partition}");
        assert!(!may(&template, "dynamodb:PutItem", partition).contains("Failover"), "{partition}");
    }
    let reconcile =
        template["Resources"]["Reconcile"]["Properties"]["Policies"][0]["Statement"].as_array_mut().unwrap();
    reconcile.retain(|statement| statement["Effect"] != "Deny");
    assert_eq!(may(&template, "dynamodb:DeleteItem", PARTITION), BTreeSet::from(["Reconcile"]));
}

#[test]
fn roles_name_partitions_that_the_ledger_has() {
    let keys = read("shared/control/src/ledger/key.rs");
    let template = template();
    let conditions = statements(&template).into_iter().flat_map(|(_, it)| walk(&it["Condition"]));
    let named = conditions.flat_map(|it| strings(&it["dynamodb:LeadingKeys"]));
    let unknown: BTreeSet<&str> =
        named.filter(|it| !keys.contains(&format!("\"{}", it.trim_end_matches('*')))).collect();
    assert_eq!(unknown, BTreeSet::new());
}

#[test]
fn the_watch_runs_every_minute_in_both_regions_of_a_pair() {
    let template = template();
    let watch = &template["Resources"]["Failover"]["Properties"]["Events"]["Watch"]["Properties"];
    let input: Value = serde_json::from_str(watch["Input"].as_str().unwrap()).unwrap();
    assert_eq!(input, json!({"source": "watchkeeper.schedule", "time": "<aws.scheduler.scheduled-time>"}));
    assert_eq!(watch["ScheduleExpression"], "rate(1 minute)");
    assert_eq!(watch["State"], json!({"Fn::If": ["Watching", "ENABLED", "DISABLED"]}));
}

#[test]
fn a_watch_that_is_missing_for_five_minutes_raises_an_alarm_in_a_pair() {
    let template = template();
    let missing = &template["Resources"]["WatchMissing"];
    assert_eq!(missing["Condition"], "Watching");
    let alarm = &missing["Properties"];
    assert_eq!((&alarm["Namespace"], &alarm["MetricName"]), (&json!("AWS/Lambda"), &json!("Invocations")));
    assert_eq!(alarm["Dimensions"], json!([{"Name": "FunctionName", "Value": {"Ref": "Failover"}}]));
    assert_eq!(alarm["TreatMissingData"], "breaching");
    assert_eq!(alarm["Period"].as_u64().unwrap() * alarm["EvaluationPeriods"].as_u64().unwrap(), 5 * 60);
}

#[test]
fn the_machines_send_what_the_function_takes() {
    let (failover, failback) = (machine("failover"), machine("failback"));
    let calls = read("shared/control/src/failover/call.rs");
    assert_eq!(fields_sent(&failover, "Advance"), fields(&calls, "    Advance {"));
    let shared = read("shared/control/src/runbook/event.rs");
    for (machine, state, step) in [
        (&failover, "Ask", "pub struct Ask {"),
        (&failback, "Ready", "pub struct Begin {"),
        (&failback, "Tell", "pub struct Tell {"),
        (&failback, "TellFailed", "pub struct Tell {"),
        (&failback, "TellNotReady", "pub struct Tell {"),
        (&failover, "TellFailed", "pub struct Tell {"),
        (&failover, "TellUnfinished", "pub struct Tell {"),
    ] {
        assert_eq!(fields_sent(machine, state), fields(&shared, step), "{state}");
    }
}

#[test]
fn each_bad_ending_of_a_move_has_its_own_state_and_name() {
    let machine = machine("failover");
    let fails = states(&machine).into_iter().filter(|(_, it)| it["Type"] == "Fail");
    let named: BTreeSet<&str> =
        fails.filter_map(|(_, it)| it["Error"].as_str()).filter(|it| !it.contains('{')).collect();
    let bad = [
        ErrorName::FailoverCompensated,
        ErrorName::FailoverDeclined,
        ErrorName::FailoverHeld,
        ErrorName::GuardrailRefused,
    ];
    assert_eq!(named, bad.into_iter().map(ErrorName::name).collect());
    for choice in machine["States"]["Ended"]["Choices"].as_array().unwrap() {
        let error = machine["States"][choice["Next"].as_str().unwrap()]["Error"].as_str().unwrap();
        assert_eq!(choice["Condition"], format!("{{% $failure = '{error}' %}}"));
    }
}

/// Ends of which the function has told already, or that a child has told of: what leads there needs no message of its own.
const TOLD: [&str; 8] = ["Compensated", "Held", "Declined", "Refused", "Done", "Move", "Tell", "Ended"];

/// The states that lead to an end of which nobody has been told.
fn untold(machine: &Value) -> Vec<String> {
    let ends: BTreeSet<&str> =
        states(machine).into_iter().filter(|(_, it)| it["Type"] == "Fail").map(|(name, _)| name).collect();
    let leads = |state: &Value| -> Vec<String> {
        let all = walk(state).into_iter().filter_map(Value::as_object);
        let next = all.flat_map(|it| it.iter()).filter(|(key, _)| ["Next", "Default"].contains(&key.as_str()));
        next.filter_map(|(_, to)| to.as_str())
            .filter(|to| ends.contains(to) && !TOLD.contains(to))
            .map(str::to_owned)
            .collect()
    };
    let silent = states(machine).into_iter().filter(|(name, _)| !name.starts_with("Tell") && !TOLD.contains(name));
    silent.flat_map(|(name, state)| leads(state).into_iter().map(move |to| format!("{name}: {to}"))).collect()
}

#[test]
fn every_bad_end_of_a_move_and_of_the_way_home_is_told() {
    for name in ["failover", "failback"] {
        assert_eq!(untold(&machine(name)), Vec::<String>::new(), "{name}");
    }
    let mut machine = machine("failover");
    machine["States"]["Stumbled"]["Choices"][0]["Next"] = json!("Failed");
    assert_eq!(untold(&machine), ["Stumbled: Failed"]);
}

#[test]
fn what_a_step_is_told_it_is_told_once_and_an_error_goes_back_to_the_function_before_it_ends_the_move() {
    let machine = machine("failover");
    let (advance, stumbled) = (&machine["States"]["Advance"], &machine["States"]["Stumbled"]);
    for told in ["answer", "child", "error"] {
        assert_eq!(advance["Assign"][told], Value::Null, "{told}");
        assert!(advance["Assign"].get(told).is_some(), "{told} stays");
    }
    assert_eq!(advance["Catch"][0]["Next"], "Stumbled");
    assert_eq!(advance["Catch"][0]["Assign"]["hopeless"], "{% $type($error) = 'object' %}");
    assert_eq!((&stumbled["Choices"][0]["Next"], &stumbled["Default"]), (&json!("TellFailed"), &json!("Advance")));
    // A person's no may come without a name and without a cause.
    let no = machine["States"]["Ask"]["Catch"][1]["Assign"]["error"].as_str().unwrap();
    assert!(no.contains(NAMED) && no.contains(EXPLAINED), "{no}");
    // A question that could not be sent, and a child that failed, are for the function to judge.
    for state in ["Ask", "Child"] {
        for catch in machine["States"][state]["Catch"].as_array().unwrap() {
            assert_eq!(catch["Next"], "Advance", "{state}");
        }
    }
}
