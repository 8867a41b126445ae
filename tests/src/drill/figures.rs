//! The table at the end.

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{ContentArrangement, Table};

use super::report::{Outcome, Report};

/// A line a scenario: checks passed, and what was measured.
pub(super) fn table(reports: &[Report]) -> String {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header([
        "runbook",
        "estate",
        "environment",
        "checks",
        "asleep after",
        "awake after",
        "writes down",
        "writes up",
        "services",
        "result",
    ]);
    for report in reports {
        let seconds = |name| report.figures.get(name).map_or_else(|| "–".to_owned(), |ms| seconds(*ms));
        let count = |name| report.figures.get(name).map_or_else(|| "–".to_owned(), u64::to_string);
        table.add_row([
            report.scenario.to_owned(),
            report.estate.clone(),
            report.environment.clone(),
            format!("{}/{}", report.passed(), report.checks.len()),
            seconds("asleep_after_ms"),
            seconds("awake_after_ms"),
            count("writes_to_sleep"),
            count("writes_to_wake"),
            count("services"),
            if report.outcome == Outcome::Passed { "✓ passed" } else { "✗ failed" }.to_owned(),
        ]);
    }
    table.to_string()
}

/// Milliseconds as seconds with one decimal.
fn seconds(ms: u64) -> String {
    format!("{}.{} s", ms / 1000, ms % 1000 / 100)
}
