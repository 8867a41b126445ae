//! Alarms: each change of state is one event, composites follow their children, metrics move an alarm when asked to.

use crate::{REGION, boot, eventually, inputs, notifications};
use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{
    AlarmType, ComparisonOperator, Dimension, Metric, MetricDataQuery, MetricDatum, MetricStat, StateValue, Statistic,
};
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde_json::{Value, json};
use watchkeeper_tests::sandbox::EmulatorSettings;

const ALARM: &str = "clos-v2-alb-5xx-errors";

fn service(name: &str) -> Dimension {
    Dimension::builder().name("Service").value(name).build()
}

/// An alarm on more than five errors a minute, twice in a row.
async fn put(cloudwatch: &Client, name: &str) {
    let alarm = cloudwatch.put_metric_alarm().alarm_name(name).namespace("sandbox").metric_name("Errors");
    let alarm = alarm.statistic(Statistic::Sum).period(60).evaluation_periods(2).dimensions(service("api"));
    alarm.threshold(5.0).comparison_operator(ComparisonOperator::GreaterThanThreshold).send().await.unwrap();
}

async fn set(cloudwatch: &Client, name: &str, state: StateValue) {
    let request = cloudwatch.set_alarm_state().alarm_name(name).state_value(state);
    request.state_reason("the test says so").send().await.unwrap();
}

async fn state(cloudwatch: &Client, name: &str) -> StateValue {
    let wanted = cloudwatch.describe_alarms().alarm_names(name).alarm_types(AlarmType::MetricAlarm);
    let found = wanted.alarm_types(AlarmType::CompositeAlarm).send().await.unwrap();
    let metric = found.metric_alarms().first().and_then(|alarm| alarm.state_value());
    metric.or_else(|| found.composite_alarms().first()?.state_value()).unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_change_of_state_is_an_event_and_it_says_what_was_before() {
    let emulator = boot().await;
    let sfn = aws_sdk_sfn::Client::new(&emulator.sdk_config(REGION));
    let cloudwatch = Client::new(&emulator.sdk_config(REGION));
    let now: Timestamp = "2026-11-20T10:00:00.250Z".parse().unwrap();
    emulator.control().set_clock(now).await.unwrap();
    let notifications = notifications(&emulator, "aws.cloudwatch").await;
    put(&cloudwatch, ALARM).await;
    for state in [StateValue::Alarm, StateValue::Alarm, StateValue::Ok] {
        set(&cloudwatch, ALARM, state).await;
    }
    eventually(2, async || inputs(&sfn, &notifications).await.len()).await;

    let events = inputs(&sfn, &notifications).await;
    let states = |event: &Value| {
        let value = |name: &str| event["detail"][name]["value"].as_str().unwrap().to_owned();
        (value("previousState"), value("state"))
    };
    let expected = [("INSUFFICIENT_DATA", "ALARM"), ("ALARM", "OK")].map(|(old, new)| (old.to_owned(), new.to_owned()));
    assert_eq!([states(&events[0]), states(&events[1])], expected);
    assert_eq!(events[0]["detail-type"], "CloudWatch Alarm State Change");
    assert_eq!(events[0]["resources"][0], format!("arn:aws:cloudwatch:{REGION}:123456789012:alarm:{ALARM}"));
    let stat = &events[0]["detail"]["configuration"]["metrics"][0]["metricStat"];
    assert_eq!(stat["metric"]["dimensions"], json!({ "Service": "api" }));
    let stamp = events[0]["detail"]["state"]["timestamp"].as_str().unwrap();
    let (instant, offset) = stamp.split_at(stamp.len() - 5);
    assert_eq!((offset, instant.len()), ("+0000", "2026-11-20T10:00:00.250".len()));
    let since = format!("{instant}Z").parse::<Timestamp>().unwrap().duration_since(now);
    assert!(since >= SignedDuration::ZERO && since < SignedDuration::from_mins(5), "{stamp}");
    emulator.succeeded().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_moment_of_the_transition_outlasts_a_state_that_is_set_again() {
    let emulator = boot().await;
    let cloudwatch = Client::new(&emulator.sdk_config(REGION));
    let now: Timestamp = "2026-11-20T10:00:00.250Z".parse().unwrap();
    emulator.control().set_clock(now).await.unwrap();
    put(&cloudwatch, ALARM).await;
    let metric = Metric::builder().namespace("sandbox").metric_name("Errors").build();
    let stat = MetricStat::builder().metric(metric).period(300).stat("Sum").build();
    let band = MetricDataQuery::builder().id("band").expression("ANOMALY_DETECTION_BAND(errors, 2)").build();
    let anomaly = cloudwatch.put_metric_alarm().alarm_name("anomaly").threshold_metric_id("band").metrics(band);
    let anomaly = anomaly.metrics(MetricDataQuery::builder().id("errors").metric_stat(stat).return_data(true).build());
    let operator = ComparisonOperator::GreaterThanUpperThreshold;
    anomaly.evaluation_periods(1).comparison_operator(operator).send().await.unwrap();
    set(&cloudwatch, ALARM, StateValue::Alarm).await;
    emulator.control().set_clock(now + 1.hour()).await.unwrap();
    set(&cloudwatch, ALARM, StateValue::Alarm).await;

    let found = cloudwatch.describe_alarms().send().await.unwrap();
    let [other, alarm] = found.metric_alarms() else { panic!("two alarms were made: {found:?}") };
    assert_eq!((other.metrics().len(), other.threshold_metric_id(), other.threshold()), (2, Some("band"), None));
    let apart = alarm.state_updated_timestamp().unwrap().secs() - alarm.state_transitioned_timestamp().unwrap().secs();
    assert!((3500..=3600).contains(&apart), "{alarm:?}");
    assert_ne!(alarm.state_transitioned_timestamp().unwrap().subsec_nanos(), 0);
    emulator.succeeded().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_composite_alarm_follows_its_children_and_says_which() {
    let emulator = boot().await;
    let sfn = aws_sdk_sfn::Client::new(&emulator.sdk_config(REGION));
    let cloudwatch = Client::new(&emulator.sdk_config(REGION));
    put(&cloudwatch, "one").await;
    put(&cloudwatch, "other").await;
    let rule = "ALARM(one) AND NOT ALARM(other)";
    cloudwatch.put_composite_alarm().alarm_name("both").alarm_rule(rule).send().await.unwrap();
    assert_eq!(state(&cloudwatch, "both").await, StateValue::Ok);
    let notifications = notifications(&emulator, "aws.cloudwatch").await;
    set(&cloudwatch, "one", StateValue::Alarm).await;
    assert_eq!(state(&cloudwatch, "both").await, StateValue::Alarm);
    set(&cloudwatch, "other", StateValue::Alarm).await;
    assert_eq!(state(&cloudwatch, "both").await, StateValue::Ok);

    eventually(4, async || inputs(&sfn, &notifications).await.len()).await;
    let events = inputs(&sfn, &notifications).await;
    let composite: Vec<_> = events.iter().filter(|event| event["detail"]["alarmName"] == "both").collect();
    assert_eq!(composite.len(), 2);
    assert_eq!(composite[0]["detail"]["configuration"], json!({ "alarmRule": rule }));
    let data: Value = serde_json::from_str(composite[0]["detail"]["state"]["reasonData"].as_str().unwrap()).unwrap();
    assert_eq!(data["triggeringAlarms"][0]["state"]["value"], "ALARM");
    emulator.succeeded().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_move_an_alarm_only_when_evaluation_is_on() {
    let emulator = boot().await;
    let cloudwatch = Client::new(&emulator.sdk_config(REGION));
    let now: Timestamp = "2026-11-20T10:00:10Z".parse().unwrap();
    emulator.control().set_clock(now).await.unwrap();
    put(&cloudwatch, ALARM).await;
    let datum = |minute: i64, name: &str| {
        let at = DateTime::from_secs((now + minute.minutes()).as_second());
        MetricDatum::builder().metric_name("Errors").value(9.0).timestamp(at).dimensions(service(name)).build()
    };
    let data = vec![datum(0, "api"), datum(1, "api"), datum(2, "another"), datum(3, "another")];
    cloudwatch.put_metric_data().namespace("sandbox").set_metric_data(Some(data)).send().await.unwrap();
    emulator.control().set_clock(now + 2.minutes()).await.unwrap();
    assert_eq!(state(&cloudwatch, ALARM).await, StateValue::InsufficientData);

    let settings = EmulatorSettings { alarm_evaluation: Some(true), ..EmulatorSettings::default() };
    emulator.control().change(&settings).await.unwrap();
    eventually(StateValue::Alarm, async || state(&cloudwatch, ALARM).await).await;
    // The other service's errors are of another metric.
    emulator.control().set_clock(now + 30.minutes()).await.unwrap();
    eventually(StateValue::InsufficientData, async || state(&cloudwatch, ALARM).await).await;
    emulator.succeeded().unwrap();
}
