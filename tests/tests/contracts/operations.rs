//! What keeps the watch itself alive: retries, dead letters, alarms, encryption, retention, outputs.

use crate::documents::{read, resources, template, walk};
use serde_json::{Value, json};
use std::collections::BTreeSet;

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
    let function = &mut template["Resources"]["AutoShutdown"]["Properties"];
    function["Events"]["Tick"]["Properties"]["RetryPolicy"] = json!({});
    function["Events"]["Tick"]["Properties"]["DeadLetterConfig"] = json!({});
    function["EventInvokeConfig"] = json!({});
    let expected =
        ["AutoShutdown.Tick: RetryPolicy", "AutoShutdown.Tick: DeadLetterConfig", "AutoShutdown: EventInvokeConfig"];
    assert_eq!(undeliverable(&template), expected);
}

#[test]
fn the_tick_carries_its_own_instant() {
    let template = template();
    let tick = &template["Resources"]["AutoShutdown"]["Properties"]["Events"]["Tick"]["Properties"];
    let input: Value = serde_json::from_str(tick["Input"].as_str().unwrap()).unwrap();
    assert_eq!(input, json!({"source": "watchkeeper.schedule", "time": "<aws.scheduler.scheduled-time>"}));
}

#[test]
fn every_alarm_tells_somebody() {
    let mut template = template();
    assert_eq!(silent_alarms(&template), Vec::<&str>::new());
    template["Resources"]["RunsFailed"]["Properties"]["AlarmActions"] = json!([]);
    assert_eq!(silent_alarms(&template), ["RunsFailed"]);
}

#[test]
fn each_own_failure_has_an_alarm() {
    let template = template();
    let alarms = resources(&template, "AWS::CloudWatch::Alarm");
    let watched = |metric: &str, dimension: Value| {
        alarms.iter().any(|(_, it)| {
            it["Properties"]["MetricName"] == metric && it["Properties"]["Dimensions"][0]["Value"] == dimension
        })
    };
    for (id, _) in resources(&template, "AWS::Serverless::Function") {
        assert!(watched("Errors", json!({ "Ref": id })), "{id}: errors");
        assert!(watched("Throttles", json!({ "Ref": id })), "{id}: throttles");
    }
    for (id, _) in resources(&template, "AWS::Serverless::StateMachine") {
        assert!(watched("ExecutionsFailed", json!({ "Ref": id })), "{id}: failed");
        assert!(watched("ExecutionsTimedOut", json!({ "Ref": id })), "{id}: timed out");
    }
    for (id, _) in resources(&template, "AWS::SQS::Queue") {
        assert!(watched("ApproximateNumberOfMessagesVisible", json!({ "Fn::GetAtt": [id, "QueueName"] })), "{id}");
    }
}

#[test]
fn a_tick_that_is_missing_for_a_quarter_of_an_hour_raises_an_alarm() {
    let template = template();
    for (alarm, function) in [
        ("TickMissing", "AutoShutdown"),
        ("SweepMissing", "AlarmResponse"),
        ("BackupTickMissing", "Backups"),
        ("UnblockTickMissing", "DailyUnblock"),
    ] {
        let alarm = &template["Resources"][alarm]["Properties"];
        assert_eq!((&alarm["Namespace"], &alarm["MetricName"]), (&json!("AWS/Lambda"), &json!("Invocations")));
        assert_eq!(alarm["Dimensions"], json!([{"Name": "FunctionName", "Value": {"Ref": function}}]));
        assert_eq!(alarm["Period"].as_u64().unwrap() * alarm["EvaluationPeriods"].as_u64().unwrap(), 15 * 60);
        assert_eq!(alarm["TreatMissingData"], "breaching");
    }
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
    template["Resources"]["BackupsStale"]["Properties"]["TreatMissingData"] = json!("breaching");
    assert_eq!(alarmed_by_silence(&template), ["BackupsStale"]);
}

#[test]
fn a_stale_backup_raises_an_alarm() {
    let template = template();
    let alarm = &template["Resources"]["BackupsStale"]["Properties"];
    assert_eq!(
        (&alarm["MetricName"], &alarm["Namespace"]),
        (&json!("StaleBackups"), &json!({"Ref": "AWS::StackName"}))
    );
    assert_eq!(alarm["Dimensions"], json!([{"Name": "Function", "Value": "backups"}]));
    assert_eq!((&alarm["TreatMissingData"], &alarm["Statistic"]), (&json!("notBreaching"), &json!("Maximum")));
    let tick = &template["Resources"]["Backups"]["Properties"]["Events"]["Tick"]["Properties"];
    let input: Value = serde_json::from_str(tick["Input"].as_str().unwrap()).unwrap();
    assert_eq!(input, json!({"source": "watchkeeper.schedule", "time": "<aws.scheduler.scheduled-time>"}));
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

/// The longest names: of a schedule (EventBridge Scheduler API reference, `CreateSchedule`), of a state machine (Step
/// Functions API reference, `CreateStateMachine`), of a log group and of a dashboard; in characters.
const LONGEST: [(&str, &str, usize); 4] = [
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
    assert_eq!(longest, 51);
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
        "AlarmSweepSchedule",
        "AutoShutdownFunction",
        "BackupMachineArn",
        "BackupTickSchedule",
        "BackupsFunction",
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
        "RestoreMachineArn",
        "TickSchedule",
        "TopicArn",
        "UnblockMachineArn",
        "UnblockSchedule",
        "WatchSchedule",
    ];
    assert_eq!(outputs, BTreeSet::from(expected));
}
