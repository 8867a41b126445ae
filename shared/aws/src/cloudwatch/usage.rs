//! How much an environment is used: requests to target groups, and the CPU of services.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_cloudwatch::types::{
    Dimension, Metric, MetricDataQuery, MetricDataResult, MetricStat, ScanBy, StandardUnit, StatusCode,
};
use watchkeeper_control::ports::{AwsError, UsageMetrics};
use watchkeeper_domain::intent::idle::{USAGE_PERIOD, UsageFigures, UsagePoint, UsageSubject, UsageWindow};

use super::CloudWatch;
use crate::fault::{failed, odd};
use crate::time::{date_time, timestamp};

const GET: &str = "GetMetricData";

/// The most metrics of one call (Amazon CloudWatch API reference, `GetMetricData`).
const METRICS_MAX: usize = 500;

/// What one metric of a subject tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    /// `RequestCount` of a group behind its load balancer, whose only meaningful statistic is the sum. Where nothing was requested
    /// there is no data point (Application Load Balancers user guide, "CloudWatch metrics for your Application Load Balancer").
    Requests,
    /// `HealthyHostCount` of the same, which comes with the health checks and not with requests (the same page, "Reporting
    /// criteria").
    Healthy,
    /// `CPUUtilization` of a service, each minute while tasks of it run (Amazon ECS developer guide, "Amazon ECS service utilization
    /// metrics").
    Cpu,
}

impl UsageMetrics for CloudWatch {
    async fn usage(&self, subjects: &BTreeSet<UsageSubject>, window: &UsageWindow) -> Result<UsageFigures, AwsError> {
        let metrics: Vec<(&UsageSubject, Told)> = subjects.iter().flat_map(metrics_of).collect();
        let mut figures: UsageFigures = subjects.iter().map(|subject| (subject.clone(), BTreeMap::new())).collect();
        for batch in metrics.chunks(METRICS_MAX) {
            let subject = format!("{} metrics of usage", batch.len());
            let queries = batch.iter().enumerate().map(|(place, metric)| query(place, *metric)).collect();
            let call = self.client.get_metric_data().set_metric_data_queries(Some(queries));
            let call = call.start_time(date_time(window.from)).end_time(date_time(window.to));
            let mut pages = call.scan_by(ScanBy::TimestampAscending).into_paginator().send();
            while let Some(page) = pages.next().await {
                let page = page.map_err(|error| failed(GET, &subject, error))?;
                for result in page.metric_data_results() {
                    read(result, batch, &mut figures).map_err(|what| odd(GET, &subject, what))?;
                }
            }
        }
        Ok(figures)
    }
}

fn metrics_of(subject: &UsageSubject) -> Vec<(&UsageSubject, Told)> {
    match subject {
        UsageSubject::Requests { .. } => vec![(subject, Told::Requests), (subject, Told::Healthy)],
        UsageSubject::Cpu(_) => vec![(subject, Told::Cpu)],
    }
}

fn query(place: usize, (subject, told): (&UsageSubject, Told)) -> MetricDataQuery {
    let dimension = |name: &str, value: &str| Dimension::builder().name(name).value(value).build();
    let metric = match subject {
        UsageSubject::Requests { balancer, group } => Metric::builder()
            .namespace("AWS/ApplicationELB")
            .dimensions(dimension("LoadBalancer", balancer))
            .dimensions(dimension("TargetGroup", group)),
        UsageSubject::Cpu(id) => Metric::builder()
            .namespace("AWS/ECS")
            .dimensions(dimension("ClusterName", id.cluster.as_str()))
            .dimensions(dimension("ServiceName", id.service.as_str())),
    };
    let (name, statistic, unit) = match told {
        Told::Requests => ("RequestCount", "Sum", StandardUnit::Count),
        Told::Healthy => ("HealthyHostCount", "Maximum", StandardUnit::Count),
        Told::Cpu => ("CPUUtilization", "Average", StandardUnit::Percent),
    };
    let period = i32::try_from(USAGE_PERIOD.as_secs()).unwrap_or(i32::MAX);
    let statistics = MetricStat::builder().metric(metric.metric_name(name).build()).stat(statistic).unit(unit);
    MetricDataQuery::builder().id(format!("m{place}")).metric_stat(statistics.period(period).build()).build()
}

/// Adds what a result tells. `Err` says what of it is not as it should be: figures that are not all there are no figures.
fn read(result: &MetricDataResult, asked: &[(&UsageSubject, Told)], into: &mut UsageFigures) -> Result<(), String> {
    let id = result.id().unwrap_or_default();
    let place = id.strip_prefix('m').and_then(|place| place.parse::<usize>().ok());
    let Some((subject, told)) = place.and_then(|place| asked.get(place)) else {
        return Err(format!("MetricDataResults: found the id {id}, expected one that was asked for"));
    };
    // `PartialData`: more of it comes with the next page.
    if !matches!(result.status_code(), Some(StatusCode::Complete | StatusCode::PartialData)) {
        let found = result.status_code().map_or("nothing", StatusCode::as_str);
        return Err(format!("StatusCode of {id}: found {found}, expected Complete or PartialData"));
    }
    let points = into.entry((*subject).clone()).or_default();
    for (at, value) in result.timestamps().iter().zip(result.values()) {
        let Some(at) = timestamp(at) else { continue };
        tell(points.entry(at).or_default(), *told, *value);
    }
    Ok(())
}

fn tell(point: &mut UsagePoint, told: Told, value: f64) {
    match told {
        Told::Requests => point.figure = whole(value),
        Told::Healthy => point.healthy = value >= 1.0,
        Told::Cpu => point.figure = whole(value * 100.0),
    }
}

/// A figure rounded up; none of one that is none.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast ends at the nearest end")]
fn whole(value: f64) -> Option<u64> {
    value.is_finite().then(|| value.max(0.0).ceil() as u64)
}

#[cfg(test)]
mod tests {
    use aws_smithy_types::DateTime;
    use watchkeeper_domain::capacity::ServiceId;

    use super::*;

    const T0: i64 = 1_795_000_200;

    fn group() -> UsageSubject {
        UsageSubject::Requests { balancer: "app/shop/1".to_owned(), group: "targetgroup/shop/2".to_owned() }
    }

    fn cpu() -> UsageSubject {
        UsageSubject::Cpu(ServiceId::try_from("shop/api".to_owned()).unwrap())
    }

    fn result(id: &str, values: &[f64]) -> MetricDataResult {
        let times = (0..).zip(values).map(|(n, _)| DateTime::from_secs(T0 + n * 300)).collect();
        let result = MetricDataResult::builder().id(id).status_code(StatusCode::Complete);
        result.set_timestamps(Some(times)).set_values(Some(values.to_vec())).build()
    }

    #[test]
    fn a_group_is_asked_for_its_requests_and_for_its_healthy_targets_and_a_service_for_its_cpu() {
        let (group, cpu) = (group(), cpu());
        let metrics: Vec<_> = [&group, &cpu].into_iter().flat_map(metrics_of).collect();
        let asked = metrics.iter().enumerate().map(|(place, metric)| query(place, *metric));
        let asked = asked.map(|query| {
            let stat = query.metric_stat().unwrap();
            let metric = stat.metric().unwrap();
            let dimensions =
                metric.dimensions().iter().map(|it| format!("{}={}", it.name().unwrap(), it.value().unwrap()));
            let (space, name) = (metric.namespace().unwrap(), metric.metric_name().unwrap());
            let (period, stat) = (stat.period().unwrap(), stat.stat().unwrap());
            format!("{space} {name} {stat} {period} {}", dimensions.collect::<Vec<_>>().join(","))
        });
        let of_group = "300 LoadBalancer=app/shop/1,TargetGroup=targetgroup/shop/2";
        assert_eq!(
            asked.collect::<Vec<_>>(),
            [
                format!("AWS/ApplicationELB RequestCount Sum {of_group}"),
                format!("AWS/ApplicationELB HealthyHostCount Maximum {of_group}"),
                "AWS/ECS CPUUtilization Average 300 ClusterName=shop,ServiceName=api".to_owned(),
            ]
        );
    }

    #[test]
    fn figures_are_read_by_their_period_and_rounded_to_the_busy_side() {
        let (group, cpu) = (group(), cpu());
        let asked = [(&group, Told::Requests), (&group, Told::Healthy), (&cpu, Told::Cpu)];
        let mut found = UsageFigures::new();
        for result in [result("m0", &[3.0]), result("m1", &[1.0, 0.0]), result("m2", &[4.321, f64::NAN])] {
            read(&result, &asked, &mut found).unwrap();
        }
        let points = |subject: &UsageSubject| found[subject].values().copied().collect::<Vec<_>>();
        let point = |figure, healthy| UsagePoint { figure, healthy };
        assert_eq!(points(&group), [point(Some(3), true), point(None, false)]);
        assert_eq!(points(&cpu), [point(Some(433), false), point(None, false)]);
        assert_eq!(found[&group].keys().next().unwrap().as_second(), T0);
    }

    #[test]
    fn a_result_that_is_not_whole_is_an_error_and_no_silence() {
        let (group, mut found) = (group(), UsageFigures::new());
        let asked = [(&group, Told::Requests)];
        for status in [Some(StatusCode::InternalError), Some(StatusCode::Forbidden), None] {
            let odd = MetricDataResult::builder().id("m0").set_status_code(status).build();
            assert!(read(&odd, &asked, &mut found).unwrap_err().starts_with("StatusCode of m0: found "));
        }
        let error = read(&result("m9", &[]), &asked, &mut found).unwrap_err();
        assert_eq!(error, "MetricDataResults: found the id m9, expected one that was asked for");
    }
}
