//! Alarms, what they measure, and what their dimensions name.

use watchkeeper_domain::value::AlarmName;

use super::StateReader;
use super::arn::Arn;
use super::attributes::Attributes;
use super::cursor::StateMistake;
use crate::draft::facts::{AlarmFacts, AlarmSubject};

impl StateReader<'_> {
    pub(super) fn metric_alarm(&mut self, resource: &Attributes<'_>) -> Result<(), StateMistake> {
        let mut about = subjects(resource, "dimensions")?;
        about.extend(subjects(resource, "metric_query.metric.dimensions")?);
        about.sort();
        about.dedup();
        let measures = measures(resource)?;
        self.alarm(resource, measures, about)
    }

    pub(super) fn composite_alarm(&mut self, resource: &Attributes<'_>) -> Result<(), StateMistake> {
        self.alarm(resource, Some("composite".to_owned()), Vec::new())
    }

    fn alarm(
        &mut self,
        resource: &Attributes<'_>,
        measures: Option<String>,
        about: Vec<AlarmSubject>,
    ) -> Result<(), StateMistake> {
        let arn = resource.text("arn")?.and_then(Arn::parse);
        let name = resource.text("alarm_name")?.and_then(|name| name.parse::<AlarmName>().ok());
        let facts = name.map(|name| AlarmFacts { name, measures, about });
        let found = self.found(resource, arn.as_ref(), facts)?;
        self.facts.alarms.extend(found);
        Ok(())
    }
}

/// Namespace, metric and threshold, such as `AWS/ECS CPUUtilization above 80`; nothing for an expression.
fn measures(resource: &Attributes<'_>) -> Result<Option<String>, StateMistake> {
    let plain =
        |text: &&str| text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-' | '.' | ' '));
    let (namespace, metric) = (resource.text("namespace")?.filter(plain), resource.text("metric_name")?.filter(plain));
    let Some((namespace, metric)) = namespace.zip(metric) else { return Ok(None) };
    let threshold = resource.number("threshold")?.map(|threshold| threshold.to_string()).unwrap_or_default();
    // The four that compare with a number (Amazon CloudWatch API reference, PutMetricAlarm, ComparisonOperator).
    let compared = match resource.text("comparison_operator")? {
        Some("GreaterThanOrEqualToThreshold") => format!(" at least {threshold}"),
        Some("GreaterThanThreshold") => format!(" above {threshold}"),
        Some("LessThanThreshold") => format!(" below {threshold}"),
        Some("LessThanOrEqualToThreshold") => format!(" at most {threshold}"),
        _ => String::new(),
    };
    Ok(Some(format!("{namespace} {metric}{compared}")))
}

/// What the dimensions name. Their names: "Services that publish CloudWatch metrics" (Amazon CloudWatch user guide), the page of
/// each service.
fn subjects(resource: &Attributes<'_>, dimensions: &str) -> Result<Vec<AlarmSubject>, StateMistake> {
    let named = |dimension: &str| resource.texts(&format!("{dimensions}.{dimension}"));
    let own = |text: &str| text.to_owned();
    let mut found = Vec::new();
    let services = named("ServiceName")?;
    found.extend(
        named("ClusterName")?
            .into_iter()
            .zip(services)
            .map(|(cluster, name)| AlarmSubject::Service(own(cluster), own(name))),
    );
    for dimension in ["DBInstanceIdentifier", "DBClusterIdentifier"] {
        found.extend(named(dimension)?.into_iter().map(|name| AlarmSubject::Database(name.to_ascii_lowercase())));
    }
    found.extend(named("QueueName")?.into_iter().map(|name| AlarmSubject::Queue(own(name))));
    found.extend(named("TableName")?.into_iter().map(|name| AlarmSubject::Table(own(name))));
    found.extend(named("TargetGroup")?.into_iter().map(|name| AlarmSubject::TargetGroup(own(name))));
    found.extend(named("LoadBalancer")?.into_iter().map(|name| AlarmSubject::Balancer(own(name))));
    Ok(found)
}
