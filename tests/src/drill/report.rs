//! What a drill found: for a person as a table, for a program as JSON.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

/// One scenario on one environment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DrillReport {
    /// Which runbook.
    pub scenario: &'static str,
    /// Which estate.
    pub estate: String,
    /// Which environment of it.
    pub environment: String,
    /// Whether all checks passed.
    pub outcome: ReportOutcome,
    /// What was checked.
    pub checks: Vec<Check>,
    /// What was done, in order.
    pub timeline: Vec<ReportStep>,
    /// What was measured; the unit is the name's last word, or it is a count.
    pub figures: BTreeMap<&'static str, u64>,
}

/// How a scenario ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReportOutcome {
    /// Every check did.
    Passed,
    /// At least one did not.
    Failed,
}

/// One thing that had to be so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What had to be so.
    pub name: String,
    /// Whether it was.
    pub ok: bool,
    /// What was seen.
    pub detail: String,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReportStep {
    /// When, on the emulated clock.
    pub at: Timestamp,
    /// What was done.
    pub step: String,
    /// How long it took, in real milliseconds.
    pub ms: u64,
}

impl DrillReport {
    /// The beginning of a report.
    pub fn new(scenario: &'static str, estate: &str, environment: &str) -> Self {
        let (estate, environment) = (estate.to_owned(), environment.to_owned());
        let (checks, timeline, figures) = (Vec::new(), Vec::new(), BTreeMap::new());
        Self { scenario, estate, environment, outcome: ReportOutcome::Passed, checks, timeline, figures }
    }

    /// Keep what a check saw.
    pub fn check(&mut self, name: impl Into<String>, ok: bool, detail: impl Into<String>) -> &Check {
        if !ok {
            self.outcome = ReportOutcome::Failed;
        }
        self.checks.push(Check { name: name.into(), ok, detail: detail.into() });
        &self.checks[self.checks.len() - 1]
    }

    /// Keep a step.
    pub fn step(&mut self, at: Timestamp, step: impl Into<String>, took: Duration) {
        self.timeline.push(ReportStep { at, step: step.into(), ms: millis(took) });
    }

    /// How many checks passed.
    pub fn passed(&self) -> usize {
        self.checks.iter().filter(|check| check.ok).count()
    }
}

/// Whole milliseconds.
pub(super) fn millis(duration: Duration) -> u64 {
    duration.as_millis().try_into().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn one_check_that_fails_fails_the_scenario() {
        let mut report = DrillReport::new("sleep", "clos-v2", "dev");
        report.check("it sleeps", true, "0 tasks");
        assert_eq!(report.outcome, ReportOutcome::Passed);
        report.check("it wakes", false, "0 tasks");
        report.check("it is told", true, "1 message");
        assert_eq!((report.outcome, report.passed()), (ReportOutcome::Failed, 2));
    }

    #[test]
    fn a_program_reads_the_fields_that_the_design_names() {
        let mut report = DrillReport::new("sleep", "clos-v2", "dev");
        report.check("it sleeps", true, "0 tasks");
        report.step("2026-11-20T00:05:00Z".parse().unwrap(), "evening", Duration::from_millis(1500));
        report.figures.insert("asleep_ms", 1500);
        let json = serde_json::to_value(&report).unwrap();
        let expected = serde_json::json!({
            "scenario": "sleep", "estate": "clos-v2", "environment": "dev", "outcome": "passed",
            "checks": [{"name": "it sleeps", "ok": true, "detail": "0 tasks"}],
            "timeline": [{"at": "2026-11-20T00:05:00Z", "step": "evening", "ms": 1500}],
            "figures": {"asleep_ms": 1500},
        });
        assert_eq!(json, expected);
    }
}
