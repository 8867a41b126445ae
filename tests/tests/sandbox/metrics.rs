//! Metrics that functions write to their logs.

use crate::{REGION, boot, eventually, send};
use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{ComparisonOperator, Dimension, Metric, MetricDataQuery, MetricStat, Statistic};
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};
use watchkeeper_tests::sandbox::{Emulator, EmulatorSettings, LossOrder};

/// An archive with one file, `bootstrap`: a Python program that prints each event, and answers `{}`.
const ECHO: &str = "UEsDBBQAAAAIAAAAIVDyq6ON6QAAACEBAAAJAAAAYm9vdHN0cmFwTY9BS8QwFITv/RUxXlraJK2CyEIPLXoo7IrUFQ+L\
    lHb7pIE2iS/JriL+d8P24lxnhvnm+kp4i2KQSoA6EfPtJq1uI7kYjY5om3mcZzlwhE8P1pHeEh/VJZ2cMxshaKotD0WJ\
    Wh1o9fbSbatd/VB17evTvtk9dtVzQ99TKm7y4p7ldywvBHrl5AJCqpM+9k5qJWh0nuQMpNhEJAhLz8OuNqDiOqUKvhxN\
    Lo5BqVyMAacf44SPcNQjxEn2MXs7lXv0sOb+95FPIQ1oD3TbL8PYs3YlYNXZsnY9xprxwolgjVYWaDbQn9+w+gdQSwEC\
    FAMUAAAACAAAACFQ8qujjekAAAAhAQAACQAAAAAAAAAAAAAA7YEAAAAAYm9vdHN0cmFwUEsFBgAAAAABAAEANwAAABAB\
    AAAAAA==";

async fn make_echo(emulator: &Emulator) {
    let request = json!({
        "FunctionName": "echo", "Runtime": "provided.al2023", "Handler": "bootstrap",
        "Role": "arn:aws:iam::123456789012:role/sandbox", "Code": {"ZipFile": ECHO},
    });
    let (status, made) = send(emulator, "lambda", "POST", "/2015-03-31/functions", "", request).await;
    assert_eq!(status, 201, "{made}");
}

/// A document with the metric `Lag` in seconds.
fn document(at: Timestamp, lag: f64) -> Value {
    let metric = json!({ "Name": "Lag", "Unit": "Seconds" });
    let directive = json!({ "Namespace": "Watchkeeper", "Dimensions": [["Estate"]], "Metrics": [metric] });
    json!({
        "_aws": {"Timestamp": at.as_millisecond(), "CloudWatchMetrics": [directive]}, "Estate": "fleet", "Lag": lag,
    })
}

fn estate() -> Dimension {
    Dimension::builder().name("Estate").value("fleet").build()
}

/// What is known of `Lag` in the minutes around `at`.
async fn lags(cloudwatch: &Client, at: Timestamp) -> Vec<f64> {
    let metric = Metric::builder().namespace("Watchkeeper").metric_name("Lag").dimensions(estate()).build();
    let stat = MetricStat::builder().metric(metric).period(60).stat("Maximum").build();
    let query = MetricDataQuery::builder().id("lag").metric_stat(stat).build();
    let instant = |at: Timestamp| DateTime::from_secs(at.as_second());
    let data = cloudwatch.get_metric_data().metric_data_queries(query).start_time(instant(at - 10.minutes()));
    let answer = data.end_time(instant(at + 10.minutes())).send().await.unwrap();
    answer.metric_data_results()[0].values().to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_in_the_log_of_a_function_reach_cloudwatch_and_move_an_alarm() {
    let emulator = boot().await;
    let now: Timestamp = "2026-11-20T10:00:30Z".parse().unwrap();
    emulator.control().set_clock(now).await.unwrap();
    make_echo(&emulator).await;
    let cloudwatch = Client::new(&emulator.sdk_config(REGION));
    let alarm = cloudwatch.put_metric_alarm().alarm_name("lag").namespace("Watchkeeper").metric_name("Lag");
    let alarm = alarm.dimensions(estate()).statistic(Statistic::Maximum).period(60).evaluation_periods(1);
    let alarm = alarm.threshold(5.0).comparison_operator(ComparisonOperator::GreaterThanThreshold);
    alarm.send().await.unwrap();

    let path = "/2015-03-31/functions/echo/invocations";
    let (status, answer) = send(&emulator, "lambda", "POST", path, "", document(now, 7.0)).await;
    assert_eq!((status, answer), (200, json!({})));
    eventually(vec![7.0], || lags(&cloudwatch, now)).await;

    let watching = EmulatorSettings { alarm_evaluation: Some(true), ..EmulatorSettings::default() };
    emulator.control().change(&watching).await.unwrap();
    emulator.control().set_clock(now + 1.minutes()).await.unwrap();
    let state = async || {
        let answer = cloudwatch.describe_alarms().alarm_names("lag").send().await.unwrap();
        answer.metric_alarms()[0].state_value().unwrap().as_str().to_owned()
    };
    eventually("ALARM".to_owned(), state).await;
    emulator.succeeded().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_begins_in_no_lost_region_and_its_events_wait_until_it_is_regained() {
    let emulator = boot().await;
    let now: Timestamp = "2026-11-20T10:00:30Z".parse().unwrap();
    emulator.control().set_clock(now).await.unwrap();
    make_echo(&emulator).await;
    let cloudwatch = Client::new(&emulator.sdk_config(REGION));
    emulator.control().lose(REGION, LossOrder::fail()).await.unwrap();
    let path = "/2015-03-31/functions/echo/invocations";
    assert_eq!(send(&emulator, "lambda", "POST", path, "", document(now, 3.0)).await.0, 429);
    let asynchronous = async |lag| {
        let call = crate::signed(REGION, "lambda", "app/test").method("POST");
        let call = call.uri(format!("{}{path}", emulator.endpoint())).header("x-amz-invocation-type", "Event");
        crate::exchange(call.body(document(now, lag).to_string()).unwrap()).await.0
    };
    assert_eq!(asynchronous(9.0).await, 202);
    assert_eq!(lags(&cloudwatch, now).await, [0.0; 0]);
    emulator.control().regain(REGION).await.unwrap();
    eventually(vec![9.0], || lags(&cloudwatch, now)).await;
    emulator.succeeded().unwrap();
}
