//! Metrics in CloudWatch's embedded metric format: a line on stdout, which Lambda's logs turn into metrics.
//!
//! Only what is not as it should be becomes one, and once a day how long an environment has slept: CloudWatch bills a metric for
//! each hour in which it has a value. Other figures of what is in order are fields of the log.

mod pair;

use std::io::{self, Write};

use jiff::Timestamp;
use serde_json::{Value, json};
use watchkeeper_domain::name::Scope;

pub use self::pair::PairFigures;

/// Where metrics go.
#[derive(Debug, Clone)]
pub struct Metrics {
    namespace: String,
}

impl Metrics {
    /// Metrics of this namespace.
    pub fn new(namespace: impl Into<String>) -> Self {
        Self { namespace: namespace.into() }
    }

    /// Counts that something is amiss that lasts, and logs what: one alarm is over all of it, and says when it is over.
    pub fn trouble(&self, what: &str, at: Timestamp) {
        tracing::warn!(what, "trouble");
        emit(&self.trouble_document(at));
    }

    /// Says how long an environment has slept in this month: a figure of what is in order, and therefore once a day only.
    pub fn asleep(&self, scope: &Scope, seconds: u64, at: Timestamp) {
        emit(&self.asleep_document(scope, seconds, at));
    }

    fn asleep_document(&self, scope: &Scope, seconds: u64, at: Timestamp) -> Value {
        let directive = self.directive(&[&["Estate", "Environment"]], &[("HoursAsleep", "None")]);
        json!({
            "_aws": metadata(at, &[directive]),
            "HoursAsleep": seconds / 3600,
            "Estate": scope.estate,
            "Environment": scope.environment,
        })
    }

    fn trouble_document(&self, at: Timestamp) -> Value {
        // One set without a dimension: whoever counts it, it is one metric.
        let directive = self.directive(&[&[]], &[("Trouble", "Count")]);
        json!({ "_aws": metadata(at, &[directive]), "Trouble": 1 })
    }

    fn directive(&self, dimensions: &[&[&str]], metrics: &[(&str, &str)]) -> Value {
        let metrics: Vec<Value> = metrics.iter().map(|(name, unit)| json!({ "Name": name, "Unit": unit })).collect();
        json!({ "Namespace": self.namespace, "Dimensions": dimensions, "Metrics": metrics })
    }
}

/// The part that makes a log line a metric; its time is in milliseconds since 1970.
fn metadata(at: Timestamp, directives: &[Value]) -> Value {
    json!({ "Timestamp": at.as_millisecond(), "CloudWatchMetrics": directives })
}

/// A metric that cannot be written stops nothing: what is counted has happened all the same.
fn emit(document: &Value) {
    if let Err(error) = writeln!(io::stdout().lock(), "{document}") {
        tracing::warn!(%error, "a metric could not be written");
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeSet;

    use watchkeeper_domain::name::{EnvironmentName, EstateName, Region};

    use super::*;

    pub(super) const AT: Timestamp = Timestamp::constant(1_795_000_000, 500_000_000);

    pub(super) fn scope() -> Scope {
        Scope {
            estate: EstateName::new("clos-v2").unwrap(),
            environment: EnvironmentName::new("dev").unwrap(),
            region: Region::new("us-east-1").unwrap(),
        }
    }

    /// Every metric and dimension of a document has a value beside it, and there is nothing else.
    pub(super) fn assert_whole(document: &Value) {
        let names = |key: &str| -> BTreeSet<String> {
            let directives = document["_aws"]["CloudWatchMetrics"].as_array().unwrap().iter();
            let lists = directives.flat_map(|directive| directive[key].as_array().unwrap());
            match key {
                "Metrics" => lists.map(|metric| metric["Name"].as_str().unwrap().to_owned()).collect(),
                _ => lists.flat_map(|set| set.as_array().unwrap()).map(|n| n.as_str().unwrap().to_owned()).collect(),
            }
        };
        for metric in names("Metrics") {
            assert!(document[&metric].is_number(), "{metric}");
        }
        for dimension in names("Dimensions") {
            assert!(document[&dimension].is_string(), "{dimension}");
        }
        let beside = document.as_object().unwrap().keys().filter(|key| *key != "_aws").cloned();
        assert_eq!(beside.collect::<BTreeSet<_>>(), &names("Metrics") | &names("Dimensions"));
    }

    #[test]
    fn the_hours_asleep_are_a_figure_of_the_environment() {
        let document = Metrics::new("Watchkeeper").asleep_document(&scope(), 412 * 3600 + 1800, AT);
        assert_eq!((&document["HoursAsleep"], &document["Environment"]), (&json!(412), &json!("dev")));
        assert_whole(&document);
    }

    #[test]
    fn trouble_is_one_metric_whoever_counts_it() {
        let document = Metrics::new("Watchkeeper").trouble_document(AT);
        assert_eq!(
            document,
            json!({
                "_aws": { "Timestamp": 1_795_000_000_500_i64, "CloudWatchMetrics": [{
                    "Namespace": "Watchkeeper",
                    "Dimensions": [[]],
                    "Metrics": [{ "Name": "Trouble", "Unit": "Count" }],
                }]},
                "Trouble": 1,
            })
        );
        assert_whole(&document);
    }
}
