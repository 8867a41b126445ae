//! Alarms, what they measure, and what their dimensions name.

use watchkeeper_domain::value::AlarmName;

use super::StateReader;
use super::attributes::Attributes;
use super::cursor::StateMistake;
use crate::draft::arn::Arn;
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

fn measures(resource: &Attributes<'_>) -> Result<Option<String>, StateMistake> {
    let metric = resource.text("namespace")?.zip(resource.text("metric_name")?);
    let Some((namespace, metric)) = metric else { return Ok(None) };
    let (operator, threshold) = (resource.text("comparison_operator")?, resource.number("threshold")?);
    let threshold = threshold.map(|threshold| threshold.to_string()).unwrap_or_default();
    Ok(AlarmFacts::measure(namespace, metric, operator, &threshold))
}

/// What the dimensions name.
fn subjects(resource: &Attributes<'_>, dimensions: &str) -> Result<Vec<AlarmSubject>, StateMistake> {
    let named = |dimension: &str| resource.texts(&format!("{dimensions}.{dimension}"));
    let services = named("ServiceName")?;
    let clusters = named("ClusterName")?.into_iter();
    let mut found: Vec<AlarmSubject> = clusters
        .zip(services)
        .map(|(cluster, name)| AlarmSubject::Service(cluster.to_owned(), name.to_owned()))
        .collect();
    for dimension in AlarmSubject::DIMENSIONS {
        found.extend(named(dimension)?.into_iter().filter_map(|name| AlarmSubject::of_dimension(dimension, name)));
    }
    Ok(found)
}
