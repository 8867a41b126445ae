//! Quotas and usage: unknown until a test sets them.

use crate::{REGION, boot, call};
use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::error::ProvideErrorMetadata as _;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricDatum, MetricStat};
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use watchkeeper_tests::sandbox::{Emulator, PostedMetric};

async fn quota(emulator: &Emulator, operation: &str) -> (u16, Value) {
    let request = json!({ "ServiceCode": "fargate", "QuotaCode": "L-3032A538" });
    call(emulator, "servicequotas", &format!("ServiceQuotasV20190624.{operation}"), request).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quota_is_unknown_until_it_is_set_and_its_default_is_another_matter() {
    let emulator = boot().await;
    let (status, answer) = quota(&emulator, "GetServiceQuota").await;
    assert_eq!((status, &answer["__type"]), (400, &json!("NoSuchResourceException")));

    emulator.control().put_quota(REGION, "fargate", "L-3032A538", Some(64.0), None).await.unwrap();
    assert_eq!(quota(&emulator, "GetServiceQuota").await.1["Quota"]["Value"], 64.0);
    assert_eq!(quota(&emulator, "GetAWSDefaultServiceQuota").await.0, 400);
    emulator.succeeded().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn usage_is_written_by_aws_alone_and_read_newest_first() {
    let emulator = boot().await;
    let now: Timestamp = "2026-11-20T10:00:30Z".parse().unwrap();
    emulator.control().set_clock(now).await.unwrap();
    let dimensions = BTreeMap::from([("Service".to_owned(), "Fargate".to_owned())]);
    let datum = |minutes: i64, value: f64| PostedMetric {
        name: "ResourceCount".into(),
        dimensions: dimensions.clone(),
        value,
        at: Some(now - minutes.minutes()),
    };
    emulator.control().put_metrics(REGION, "AWS/Usage", &[datum(5, 10.0), datum(1, 12.5)]).await.unwrap();

    let cloudwatch = Client::new(&emulator.sdk_config(REGION));
    let service = Dimension::builder().name("Service").value("Fargate").build();
    let metric = Metric::builder().namespace("AWS/Usage").metric_name("ResourceCount").dimensions(service).build();
    let stat = MetricStat::builder().metric(metric).period(60).stat("Maximum").build();
    let query = MetricDataQuery::builder().id("usage").metric_stat(stat).build();
    let instant = |at: Timestamp| DateTime::from_secs(at.as_second());
    let data = cloudwatch.get_metric_data().metric_data_queries(query).start_time(instant(now - 10.minutes()));
    let answer = data.end_time(instant(now)).send().await.unwrap();
    assert_eq!(answer.metric_data_results()[0].values(), [12.5, 10.0]);

    let datum = MetricDatum::builder().metric_name("ResourceCount").value(1.0).build();
    let refused = cloudwatch.put_metric_data().namespace("AWS/Usage").metric_data(datum).send().await.unwrap_err();
    assert_eq!(refused.code(), Some("InvalidParameterValue"));
    emulator.succeeded().unwrap();
}
