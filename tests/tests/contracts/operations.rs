//! What keeps the watch itself alive: retries, dead letters, alarms, encryption, retention, outputs.

use crate::documents::{machines, read, resources, template, walk};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use watchkeeper_control::tick::{Tick, TickPart};

/// Kinds of events that deliver at their own time, and so can fail to.
const DELIVERED: [&str; 4] = ["Schedule", "ScheduleV2", "EventBridgeRule", "CloudWatchEvent"];

fn undeliverable(template: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let all = template["Resources"].as_object().unwrap();
    let events =
        all.iter().flat_map(|(id, it)| it["Properties"]["Events"].as_object().into_iter().map(move |map| (id, map)));
    for (id, (name, event)) in events.flat_map(|(id, map)| map.iter().map(move |event| (id, event))) {
        let kind = event["Type"].as_str().unwrap_or_default();
        let retry = &event["Properties"]["RetryPolicy"];
        if DELIVERED.contains(&kind)
            && !(retry["MaximumEventAgeInSeconds"].is_u64() && retry["MaximumRetryAttempts"].is_u64())
        {
            found.push(format!("{id}.{name}: RetryPolicy"));
        }
        if DELIVERED.contains(&kind) && event["Properties"]["DeadLetterConfig"]["Arn"].is_null() {
            found.push(format!("{id}.{name}: DeadLetterConfig"));
        }
    }
    for (id, rule) in resources(template, "AWS::Events::Rule") {
        for target in rule["Properties"]["Targets"].as_array().into_iter().flatten() {
            if target["RetryPolicy"].is_null() || target["DeadLetterConfig"]["Arn"].is_null() {
                found.push(format!("{id}: RetryPolicy and DeadLetterConfig"));
            }
        }
    }
    for (id, function) in resources(template, "AWS::Serverless::Function") {
        let asynchronous = function["Properties"]["Events"].is_object();
        let kept = &function["Properties"]["EventInvokeConfig"];
        if asynchronous
            && (kept["DestinationConfig"]["OnFailure"].is_null() || !kept["MaximumEventAgeInSeconds"].is_u64())
        {
            found.push(format!("{id}: EventInvokeConfig"));
        }
    }
    found
}

fn silent_alarms(template: &Value) -> Vec<&str> {
    let told = |alarm: &Value| {
        alarm["Properties"]["AlarmActions"] == json!([{ "Ref": "Topic" }])
            && alarm["Properties"]["TreatMissingData"].is_string()
            && alarm["Properties"]["AlarmDescription"].is_string()
    };
    resources(template, "AWS::CloudWatch::Alarm").into_iter().filter(|(_, it)| !told(it)).map(|(id, _)| id).collect()
}

#[test]
fn whatever_is_delivered_is_retried_and_kept() {
    let mut template = template();
    assert_eq!(undeliverable(&template), Vec::<String>::new());
    let function = &mut template["Resources"]["Tick"]["Properties"];
    function["Events"]["Schedule"]["Properties"]["RetryPolicy"] = json!({});
    function["Events"]["Schedule"]["Properties"]["DeadLetterConfig"] = json!({});
    function["EventInvokeConfig"] = json!({});
    let expected = ["Tick.Schedule: RetryPolicy", "Tick.Schedule: DeadLetterConfig", "Tick: EventInvokeConfig"];
    assert_eq!(undeliverable(&template), expected);
}

/// The parts that the tick's input has, with the conditions as they hold.
fn parts(template: &Value, calendars: bool, copies: bool, evidence: bool) -> BTreeSet<TickPart> {
    let schedule = &template["Resources"]["Tick"]["Properties"]["Events"]["Schedule"]["Properties"];
    let filled = &schedule["Input"]["Fn::Sub"];
    let mut text = filled[0].as_str().unwrap().replace("<aws.scheduler.scheduled-time>", "2026-11-27T14:05:00Z");
    for (name, holds) in [("Calendars", calendars), ("Copies", copies), ("Evidence", evidence)] {
        let choice = filled[1][name]["Fn::If"][if holds { 1 } else { 2 }].as_str().unwrap();
        text = text.replace(&format!("${{{name}}}"), choice);
    }
    let tick: Tick = serde_json::from_str(&text).expect("what the function reads");
    assert_eq!(tick.time.to_string(), "2026-11-27T14:05:00Z");
    tick.parts
}

#[test]
fn one_schedule_carries_its_instant_and_the_parts_that_are_turned_on() {
    use TickPart::{Backup, Emergency, Failures, Reports, Schedule, Unblock};
    let template = template();
    let all = [Emergency, Schedule, Backup, Unblock, Failures, Reports];
    assert_eq!(parts(&template, true, true, true), BTreeSet::from(all));
    assert_eq!(parts(&template, true, false, false), BTreeSet::from([Emergency, Schedule, Unblock, Failures]));
    // Lost events are made up for, and failures told, whether calendars are followed or not.
    assert_eq!(parts(&template, false, false, false), BTreeSet::from([Emergency, Failures]));
    let schedule = &template["Resources"]["Tick"]["Properties"]["Events"]["Schedule"]["Properties"];
    assert_eq!((&schedule["ScheduleExpression"], &schedule["State"]), (&json!("rate(5 minutes)"), &Value::Null));
}

#[test]
fn every_alarm_tells_somebody() {
    let mut template = template();
    assert_eq!(silent_alarms(&template), Vec::<&str>::new());
    template["Resources"]["Trouble"]["Properties"]["AlarmActions"] = json!([]);
    assert_eq!(silent_alarms(&template), ["Trouble"]);
}

/// What could fail without a word: a machine whose executions the tick does not look at, a function that nobody calls again and
/// whose events are not kept, a queue without an alarm.
fn untold(template: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let policies = walk(&template["Resources"]["Tick"]["Properties"]["Policies"]);
    let looked_at =
        policies.iter().find(|it| it["Sid"] == "FindFailures").map_or(Value::Null, |it| it["Resource"].clone());
    let told = read("shared/lambda/src/context.rs");
    let variables = template["Resources"]["Tick"]["Properties"]["Environment"]["Variables"].as_object().unwrap();
    for (id, _) in resources(template, "AWS::Serverless::StateMachine") {
        let arn = json!({ "Ref": id });
        let variable = variables.iter().find(|(_, value)| **value == arn).map(|(name, _)| name.to_lowercase());
        let named = variable.is_some_and(|it| told.contains(&format!("self.machine(FunctionSettings::{it})")));
        if !named || !looked_at.as_array().is_some_and(|all| all.contains(&arn)) {
            found.push(format!("{id}: its failures"));
        }
    }
    let called = machines().into_iter().map(|(_, machine)| machine.to_string()).collect::<String>();
    for (id, function) in resources(template, "AWS::Serverless::Function") {
        let kept = !function["Properties"]["EventInvokeConfig"]["DestinationConfig"]["OnFailure"].is_null();
        if !kept && !LOOKED_AT.contains(&id) && !called.contains(&format!("${{{id}FunctionArn}}")) {
            found.push(format!("{id}: its errors"));
        }
    }
    let alarms = resources(template, "AWS::CloudWatch::Alarm");
    for (id, _) in resources(template, "AWS::SQS::Queue") {
        let name = json!({ "Fn::GetAtt": [id, "QueueName"] });
        let watched = |alarm: &Value| {
            alarm["MetricName"] == "ApproximateNumberOfMessagesVisible" && alarm["Dimensions"][0]["Value"] == name
        };
        if !alarms.iter().any(|(_, it)| watched(&it["Properties"])) {
            found.push(format!("{id}: what waits there"));
        }
    }
    found
}

#[test]
fn each_own_failure_is_told() {
    let mut template = template();
    assert_eq!(untold(&template), Vec::<String>::new());
    let tick = &mut template["Resources"]["Tick"]["Properties"];
    tick["Environment"]["Variables"]["BACKUP_MACHINE_ARN"] = json!("none");
    tick["EventInvokeConfig"] = json!({});
    template["Resources"]["DeadLettersWaiting"]["Properties"]["Dimensions"] = json!([]);
    assert_eq!(untold(&template), ["BackupMachine: its failures", "Tick: its errors", "DeadLetters: what waits there"]);
}

#[test]
fn a_tick_that_is_missing_for_a_quarter_of_an_hour_raises_an_alarm() {
    let template = template();
    let alarm = &template["Resources"]["TickMissing"]["Properties"];
    assert!(template["Resources"]["TickMissing"]["Condition"].is_null());
    assert_eq!((&alarm["Namespace"], &alarm["MetricName"]), (&json!("AWS/Lambda"), &json!("Invocations")));
    assert_eq!(alarm["Dimensions"], json!([{"Name": "FunctionName", "Value": {"Ref": "Tick"}}]));
    assert_eq!(alarm["Period"].as_u64().unwrap() * alarm["EvaluationPeriods"].as_u64().unwrap(), 15 * 60);
    assert_eq!(alarm["TreatMissingData"], "breaching");
}

#[test]
fn what_is_amiss_and_lasts_raises_one_alarm_and_its_end_is_told() {
    let template = template();
    let alarm = &template["Resources"]["Trouble"]["Properties"];
    assert_eq!((&alarm["MetricName"], &alarm["Dimensions"]), (&json!("Trouble"), &Value::Null));
    assert_eq!(alarm["OKActions"], json!([{ "Ref": "Topic" }]));
    assert!(read("shared/lambda/src/metrics.rs").contains("\"Trouble\""));
}

/// Alarms on a figure of ours that take its absence for something, or for trouble: only what is amiss has a figure.
fn alarmed_by_silence(template: &Value) -> Vec<&str> {
    let alarms = resources(template, "AWS::CloudWatch::Alarm").into_iter();
    let ours = alarms.filter(|(_, it)| it["Properties"]["Namespace"] == json!({"Ref": "AWS::StackName"}));
    ours.filter(|(_, it)| it["Properties"]["TreatMissingData"] != "notBreaching").map(|(id, _)| id).collect()
}

#[test]
fn no_alarm_needs_a_metric_of_what_is_in_order() {
    let mut template = template();
    assert_eq!(alarmed_by_silence(&template), Vec::<&str>::new());
    template["Resources"]["Trouble"]["Properties"]["TreatMissingData"] = json!("breaching");
    assert_eq!(alarmed_by_silence(&template), ["Trouble"]);
}

#[test]
fn queues_are_encrypted_topics_where_a_key_is_given_and_no_log_is_kept_for_ever() {
    let template = template();
    for (id, queue) in resources(&template, "AWS::SQS::Queue") {
        assert_eq!(queue["Properties"]["SqsManagedSseEnabled"], true, "{id}");
    }
    for (id, topic) in resources(&template, "AWS::SNS::Topic") {
        // Never the key that AWS manages for SNS: CloudWatch may not use it.
        let key = json!({"Fn::If": ["TellingByKey", {"Ref": "TopicKeyArn"}, {"Ref": "AWS::NoValue"}]});
        assert_eq!(topic["Properties"]["KmsMasterKeyId"], key, "{id}");
    }
    for (id, group) in resources(&template, "AWS::Logs::LogGroup") {
        assert!(!group["Properties"]["RetentionInDays"].is_null(), "{id}");
    }
}

/// Functions that a person calls who looks at the answer: the console shows an error in the place of the widget, and a load balancer in
/// the place of the page.
const LOOKED_AT: [&str; 3] = ["WakePage", "Window", "WindowAct"];

/// The longest names: of a function (AWS Lambda API reference, `CreateFunction`), of a schedule (EventBridge Scheduler API reference, `CreateSchedule`), of a state machine (Step
/// Functions API reference, `CreateStateMachine`), of a log group and of a dashboard; in characters.
const LONGEST: [(&str, &str, usize); 5] = [
    ("AWS::Serverless::Function", "FunctionName", 64),
    ("ScheduleV2", "Name", 64),
    ("AWS::Serverless::StateMachine", "Name", 80),
    ("AWS::Logs::LogGroup", "LogGroupName", 512),
    ("AWS::CloudWatch::Dashboard", "DashboardName", 255),
];
/// The longest name of a region, such as `ap-southeast-1`, in characters.
const REGION: usize = 14;
/// What ends with `Name` and tells nothing apart.
const NO_NAMES: [&str; 2] = ["DisplayName", "MetricName"];

/// Names that another stack of this template in the same account and region would have as well: of resources and of their
/// events, which neither contain the stack's nor are left to CloudFormation.
fn shared_names(template: &Value) -> Vec<String> {
    let all = template["Resources"].as_object().unwrap();
    let own = all.iter().map(|(id, it)| (id, &it["Properties"]));
    let events = all.iter().flat_map(|(id, it)| {
        let events = it["Properties"]["Events"].as_object().into_iter().flat_map(|events| events.values());
        events.map(move |event| (id, &event["Properties"]))
    });
    let mut found = Vec::new();
    for (id, properties) in own.chain(events) {
        for (key, value) in properties.as_object().into_iter().flatten() {
            let told_apart = value.to_string().contains("AWS::StackName") || value["Ref"].is_string();
            if key.ends_with("Name") && !NO_NAMES.contains(&key.as_str()) && !told_apart {
                found.push(format!("{id}: {key}"));
            }
        }
    }
    found
}

/// How long the name of a stack may be, so that every name that is made of it is one.
fn longest_stack_name(template: &Value) -> usize {
    let texts = |kind: &str, key: &str| -> Vec<String> {
        let all = walk(&template["Resources"]).into_iter().filter(|it| it["Type"] == kind);
        all.filter_map(|it| it["Properties"][key]["Fn::Sub"].as_str().map(str::to_owned)).collect()
    };
    let left = LONGEST.iter().flat_map(|(kind, key, longest)| {
        texts(kind, key).into_iter().map(move |text| {
            let rest = text.replace("${AWS::StackName}", "").replace("${AWS::Region}", &"x".repeat(REGION));
            longest - rest.chars().count()
        })
    });
    left.min().expect("names made of the stack's")
}

#[test]
fn two_stacks_in_one_region_share_no_name_and_no_metric() {
    let mut template = template();
    assert_eq!(shared_names(&template), Vec::<String>::new());
    for (id, alarm) in resources(&template, "AWS::CloudWatch::Alarm") {
        let namespace = &alarm["Properties"]["Namespace"];
        let of_aws = namespace.as_str().is_some_and(|it| it.starts_with("AWS/"));
        assert!(of_aws || *namespace == json!({"Ref": "AWS::StackName"}), "{id}: {namespace}");
    }
    let variables = &template["Globals"]["Function"]["Environment"]["Variables"];
    assert_eq!(variables["METRICS_NAMESPACE"], json!({"Ref": "AWS::StackName"}));
    template["Resources"]["EventBus"]["Properties"]["Name"] = json!("watchkeeper");
    template["Resources"]["Failover"]["Properties"]["Events"]["Watch"]["Properties"]["Name"] = json!("watch");
    assert_eq!(shared_names(&template), ["EventBus: Name", "Failover: Name"]);
}

#[test]
fn the_papers_say_how_long_the_name_of_a_stack_may_be() {
    let longest = longest_stack_name(&template());
    assert_eq!(longest, 53);
    for page in ["README.md", "functions/README.md"] {
        let words: Vec<String> = read(page).split_whitespace().map(str::to_owned).collect();
        assert!(words.join(" ").contains(&format!("at most {longest} characters")), "{page}: {longest}");
    }
}

#[test]
fn the_ledger_outlives_the_stack() {
    let template = template();
    let ledger = &template["Resources"]["Ledger"];
    assert_eq!((&ledger["DeletionPolicy"], &ledger["UpdateReplacePolicy"]), (&json!("Retain"), &json!("Retain")));
    let properties = &ledger["Properties"];
    assert_eq!(properties["TimeToLiveSpecification"], json!({"AttributeName": "ttl", "Enabled": true}));
    let replicas = properties["Replicas"].as_array().unwrap();
    for replica in replicas.iter().map(|it| if it["Fn::If"].is_null() { it } else { &it["Fn::If"][1] }) {
        assert_eq!(replica["DeletionProtectionEnabled"], true, "{replica}");
        assert_eq!(replica["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], true, "{replica}");
    }
}

#[test]
fn the_outputs_are_those_that_others_read() {
    let template = template();
    let outputs: BTreeSet<&str> = template["Outputs"].as_object().unwrap().keys().map(String::as_str).collect();
    let expected = [
        "AlarmResponseFunction",
        "AlarmRule",
        "BackupMachineArn",
        "BackupsFunction",
        "ChatTopicArn",
        "DailyUnblockFunction",
        "DeadLetterQueueUrl",
        "EmergencyMachineArn",
        "EmergencyScaleFunction",
        "EventBusName",
        "FailbackMachineArn",
        "FailoverFunction",
        "FailoverMachineArn",
        "LedgerTable",
        "ReconcileFunction",
        "ReconcileMachineArn",
        "ReportBucketName",
        "RestoreMachineArn",
        "TickFunction",
        "TickSchedule",
        "TopicArn",
        "UnblockMachineArn",
        "WakePageFunction",
        "WakePageFunctionArn",
        "WatchSchedule",
        "WindowActFunction",
        "WindowFunction",
    ];
    assert_eq!(outputs, BTreeSet::from(expected));
}
