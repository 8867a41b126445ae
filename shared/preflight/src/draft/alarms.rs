//! Alarms, what they measure, and what their dimensions name.

use std::collections::BTreeSet;

use aws_sdk_cloudwatch::types::{AlarmType, ComparisonOperator, Dimension, Metric, MetricAlarm};
use watchkeeper_aws::failed;
use watchkeeper_control::ports::AwsError;
use watchkeeper_estates::draft::facts::{AlarmFacts, AlarmSubject};

use super::AccountReader;

impl AccountReader<'_> {
    pub(super) async fn alarms(&mut self) -> Result<(), AwsError> {
        let kinds = vec![AlarmType::MetricAlarm, AlarmType::CompositeAlarm];
        let mut pages = self.clients.cloudwatch.describe_alarms().set_alarm_types(Some(kinds)).into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| failed("cloudwatch:DescribeAlarms", self.region, error))?;
            let metric = page.metric_alarms().iter().map(|it| (it.alarm_name(), measure(it), about(it)));
            let composite = page.composite_alarms().iter();
            let composite = composite.map(|it| (it.alarm_name(), Some("composite".to_owned()), Vec::new()));
            for (name, measures, about) in metric.chain(composite) {
                let Some(name) = name.filter(|name| !self.is_own(name)).and_then(|name| name.parse().ok()) else {
                    continue;
                };
                let found = self.found(AlarmFacts { name, measures, about }, []);
                self.facts.alarms.push(found);
            }
        }
        Ok(())
    }
}

fn measure(alarm: &MetricAlarm) -> Option<String> {
    let operator = alarm.comparison_operator().map(ComparisonOperator::as_str);
    let threshold = alarm.threshold().map(|threshold| threshold.to_string()).unwrap_or_default();
    AlarmFacts::measure(alarm.namespace()?, alarm.metric_name()?, operator, &threshold)
}

/// What the dimensions of its metric, and of those of its expression, name.
fn about(alarm: &MetricAlarm) -> Vec<AlarmSubject> {
    let queries = alarm.metrics().iter().filter_map(|query| query.metric_stat()?.metric());
    let all = std::iter::once(alarm.dimensions()).chain(queries.map(Metric::dimensions));
    all.flat_map(subjects).collect::<BTreeSet<_>>().into_iter().collect()
}

fn subjects(dimensions: &[Dimension]) -> Vec<AlarmSubject> {
    let named = |wanted: &str| dimensions.iter().find(|it| it.name() == Some(wanted)).and_then(Dimension::value);
    let service = named("ClusterName").zip(named("ServiceName"));
    let service = service.map(|(cluster, name)| AlarmSubject::Service(cluster.to_owned(), name.to_owned()));
    let others = dimensions.iter().filter_map(|it| AlarmSubject::of_dimension(it.name()?, it.value()?));
    service.into_iter().chain(others).collect()
}
