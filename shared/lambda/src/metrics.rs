//! Metrics in CloudWatch's embedded metric format: a line on stdout, which Lambda's logs turn into metrics.
//!
//! The documents have two fixed shapes, so they are written out here with serde. The libraries that know this format
//! bring a queue, samplers and histograms along (some fifty crates), none of which a handful of counters needs.

mod backup;
mod pair;

use std::io::{self, Write};

use jiff::Timestamp;
use serde_json::{Value, json};
use watchkeeper_domain::emergency::alarm::IgnoreReason;
use watchkeeper_domain::name::Scope;

pub use self::backup::BackupFigures;
pub use self::pair::PairFigures;

/// Where metrics go.
#[derive(Debug, Clone)]
pub struct Metrics {
    namespace: String,
}

/// What became of a message about an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlarmFigure {
    /// An execution was started for it.
    Answered,
    /// It led to nothing, for this reason.
    Ignored(IgnoreReason),
}

/// What is counted of a run.
#[derive(Debug, Clone, Copy)]
pub struct RunFigures<'a> {
    /// Where it worked.
    pub scope: &'a Scope,
    /// How it ended, in the words of its outcome.
    pub outcome: &'a str,
    /// Writes to AWS.
    pub writes: u32,
    /// From its start to its end, in milliseconds.
    pub took_ms: i64,
    /// Resources that somebody else had changed.
    pub drift: usize,
    /// Guardrails that stopped it.
    pub refusals: usize,
}

impl Metrics {
    /// Metrics of this namespace.
    pub fn new(namespace: impl Into<String>) -> Self {
        Self { namespace: namespace.into() }
    }

    /// Counts a tick of a function: an alarm is raised where none has come for a while.
    pub fn tick(&self, function: &str, at: Timestamp) {
        emit(&self.tick_document(function, at));
    }

    /// Counts a run that has ended.
    pub fn run(&self, figures: &RunFigures<'_>, at: Timestamp) {
        emit(&self.run_document(figures, at));
    }

    /// Counts a message about an alarm that an environment answers to.
    pub fn alarm(&self, scope: &Scope, figure: AlarmFigure, at: Timestamp) {
        emit(&self.alarm_document(scope, figure, at));
    }

    /// Counts a message to the alarms' function that is about no alarm of ours.
    pub fn passed(&self, reason: &str, at: Timestamp) {
        emit(&self.passed_document(reason, at));
    }

    fn passed_document(&self, reason: &str, at: Timestamp) -> Value {
        let directive = self.directive(&[&["Reason"]], &[("AlarmIgnored", "Count")]);
        json!({ "_aws": metadata(at, &[directive]), "Reason": reason, "AlarmIgnored": 1 })
    }

    fn alarm_document(&self, scope: &Scope, figure: AlarmFigure, at: Timestamp) -> Value {
        let (estate, environment) = (scope.estate.as_str(), scope.environment.as_str());
        match figure {
            AlarmFigure::Answered => {
                let directive = self.directive(&[&["Estate", "Environment"]], &[("AlarmAnswered", "Count")]);
                json!({
                    "_aws": metadata(at, &[directive]),
                    "Estate": estate,
                    "Environment": environment,
                    "AlarmAnswered": 1,
                })
            }
            AlarmFigure::Ignored(why) => {
                let by_reason: &[&[&str]] = &[&["Reason"], &["Estate", "Environment", "Reason"]];
                let directive = self.directive(by_reason, &[("AlarmIgnored", "Count")]);
                json!({
                    "_aws": metadata(at, &[directive]),
                    "Estate": estate,
                    "Environment": environment,
                    "Reason": why.name(),
                    "AlarmIgnored": 1,
                })
            }
        }
    }

    fn tick_document(&self, function: &str, at: Timestamp) -> Value {
        let directives = [self.directive(&[&["Function"]], &[("Tick", "Count")])];
        json!({ "_aws": metadata(at, &directives), "Function": function, "Tick": 1 })
    }

    fn run_document(&self, figures: &RunFigures<'_>, at: Timestamp) -> Value {
        let RunFigures { scope, outcome, writes, took_ms, drift, refusals } = *figures;
        let amounts: &[(&str, &str)] =
            &[("Writes", "Count"), ("DurationMs", "Milliseconds"), ("DriftFound", "Count"), ("Refusals", "Count")];
        // Runs are counted over all environments too: one alarm on failed runs, not one for each environment.
        let by_outcome: &[&[&str]] = &[&["Outcome"], &["Estate", "Environment", "Outcome"]];
        let directives =
            [self.directive(by_outcome, &[("Runs", "Count")]), self.directive(&[&["Estate", "Environment"]], amounts)];
        json!({
            "_aws": metadata(at, &directives),
            "Estate": scope.estate.as_str(),
            "Environment": scope.environment.as_str(),
            "Outcome": outcome,
            "Runs": 1,
            "Writes": writes,
            "DurationMs": took_ms,
            "DriftFound": drift,
            "Refusals": refusals,
        })
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

    use rstest::rstest;
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

    fn run() -> Value {
        let scope = scope();
        let figures = RunFigures { scope: &scope, outcome: "done", writes: 5, took_ms: 1200, drift: 1, refusals: 0 };
        Metrics::new("Watchkeeper").run_document(&figures, AT)
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
    fn a_tick_is_counted_for_its_function() {
        let tick = Metrics::new("Watchkeeper").tick_document("auto-shutdown", AT);
        assert_eq!(
            tick,
            json!({
                "_aws": { "Timestamp": 1_795_000_000_500_i64, "CloudWatchMetrics": [{
                    "Namespace": "Watchkeeper",
                    "Dimensions": [["Function"]],
                    "Metrics": [{ "Name": "Tick", "Unit": "Count" }],
                }]},
                "Function": "auto-shutdown",
                "Tick": 1,
            })
        );
    }

    #[test]
    fn a_message_that_led_to_nothing_is_counted_with_its_reason() {
        let document =
            Metrics::new("Watchkeeper").alarm_document(&scope(), AlarmFigure::Ignored(IgnoreReason::CoolDown), AT);
        assert_eq!((&document["Reason"], &document["AlarmIgnored"]), (&json!("cool-down"), &json!(1)));
        let dimensions = &document["_aws"]["CloudWatchMetrics"][0]["Dimensions"];
        assert_eq!(dimensions, &json!([["Reason"], ["Estate", "Environment", "Reason"]]));
        assert_eq!((&document["Estate"], &document["Environment"]), (&json!("clos-v2"), &json!("dev")));
    }

    #[test]
    fn a_message_that_was_answered_is_counted_for_its_environment() {
        let document = Metrics::new("Watchkeeper").alarm_document(&scope(), AlarmFigure::Answered, AT);
        assert_eq!(document["AlarmAnswered"], json!(1));
        assert_eq!(document["_aws"]["CloudWatchMetrics"][0]["Dimensions"], json!([["Estate", "Environment"]]));
        assert_eq!(document.get("Reason"), None);
    }

    #[rstest]
    #[case::run(run())]
    #[case::answered(Metrics::new("Watchkeeper").alarm_document(&scope(), AlarmFigure::Answered, AT))]
    #[case::backup(Metrics::new("Watchkeeper").backup_sample(AT))]
    #[case::stale(Metrics::new("Watchkeeper").stale_document(2, AT))]
    #[case::passed(Metrics::new("Watchkeeper").passed_document("contributor", AT))]
    #[case::ignored(Metrics::new("Watchkeeper").alarm_document(&scope(), AlarmFigure::Ignored(IgnoreReason::Duplicate), AT))]
    fn every_metric_and_dimension_has_a_value_beside_it(#[case] run: Value) {
        assert_whole(&run);
    }

    #[test]
    fn the_figures_of_a_run_are_its_own() {
        let run = run();
        assert_eq!((&run["Outcome"], &run["Writes"], &run["DurationMs"]), (&json!("done"), &json!(5), &json!(1200)));
        assert_eq!((&run["DriftFound"], &run["Refusals"], &run["Runs"]), (&json!(1), &json!(0), &json!(1)));
    }
}
