//! What a drill found: for a person as a table, for a program as JSON.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use super::choice::SkippedEnvironment;
use crate::scenarios::{Unplayed, millis};

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
    /// What of the scenario was left out, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<LeftOutPart>,
    /// What was done, in order.
    pub timeline: Vec<ReportStep>,
    /// What was measured; the unit is the name's last word, or it is a count.
    pub figures: BTreeMap<&'static str, u64>,
}

/// A part of a scenario that the document does not provide for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOutPart {
    /// Which part.
    pub part: String,
    /// What it would need.
    #[serde(flatten)]
    pub why: Unplayed,
}

/// What came of all that was asked for.
#[derive(Debug, Default)]
pub struct DrillResults {
    /// What was played.
    pub reports: Vec<DrillReport>,
    /// What was not.
    pub skipped: Vec<SkippedEnvironment>,
}

impl DrillResults {
    /// With those of another scenario.
    pub fn extend(&mut self, more: Self) {
        self.reports.extend(more.reports);
        self.skipped.extend(more.skipped);
    }

    /// Whether something was played, and every check passed.
    pub fn are_good(&self) -> bool {
        !self.reports.is_empty() && self.reports.iter().all(|report| report.outcome == ReportOutcome::Passed)
    }

    /// What was played, passed, failed and skipped, each thing that was not played with its reason.
    pub fn summary(&self) -> String {
        let failed = self.reports.iter().filter(|report| report.outcome == ReportOutcome::Failed).count();
        let played = self.reports.len();
        let parts: usize = self.reports.iter().map(|report| report.left_out.len()).sum();
        let mut lines = Vec::new();
        for report in &self.reports {
            let of = format!("{} of {} {}", report.scenario, report.estate, report.environment);
            lines.extend(report.left_out.iter().map(|left| format!("left out of {of}: {}: {}", left.part, left.why)));
        }
        lines.extend(self.skipped.iter().map(|skipped| format!("skipped: {skipped}")));
        let head = if played == 0 { "nothing was played: " } else { "" };
        lines.push(format!(
            "{head}{played} played, {} passed, {failed} failed, {} skipped, {parts} parts left out",
            played - failed,
            self.skipped.len()
        ));
        lines.join("\n")
    }
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
        Self {
            scenario,
            estate,
            environment,
            outcome: ReportOutcome::Passed,
            checks: Vec::new(),
            left_out: Vec::new(),
            timeline: Vec::new(),
            figures: BTreeMap::new(),
        }
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

    /// For a test: everything was played, and every check passed.
    ///
    /// # Panics
    /// With the checks that did not, and what was left out.
    pub fn assert_passed(&self) {
        let failed: Vec<&Check> = self.checks.iter().filter(|check| !check.ok).collect();
        assert!(failed.is_empty() && self.left_out.is_empty(), "{failed:#?} {:#?}", self.left_out);
        assert!(!self.checks.is_empty(), "nothing was checked");
    }

    /// How many checks passed.
    pub fn passed(&self) -> usize {
        self.checks.iter().filter(|check| check.ok).count()
    }
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
    fn what_is_not_played_is_named_with_what_would_make_it_play() {
        let why = Unplayed::new("no `backups`", "`backups` with a job");
        let skipped = SkippedEnvironment {
            scenario: "backup",
            estate: "nia".to_owned(),
            environment: "kdev".to_owned(),
            why: why.clone(),
        };
        let mut results = DrillResults { reports: Vec::new(), skipped: vec![skipped] };
        let line = "skipped: backup of nia kdev: no `backups`; it plays with `backups` with a job";
        let none = "nothing was played: 0 played, 0 passed, 0 failed, 1 skipped, 0 parts left out";
        assert_eq!((results.summary(), results.are_good()), (format!("{line}\n{none}"), false));

        let mut report = DrillReport::new("surge", "nia", "ptl");
        report.check("it surges", true, "4 tasks");
        report.left_out.push(LeftOutPart { part: "an alarm".to_owned(), why });
        results.reports.push(report);
        let summary = results.summary();
        assert!(summary.starts_with("left out of surge of nia ptl: an alarm: no `backups`;"), "{summary}");
        assert!(summary.ends_with("1 played, 1 passed, 0 failed, 1 skipped, 1 parts left out") && results.are_good());
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
