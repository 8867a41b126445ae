//! The tables at the end, one a runbook.

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{ContentArrangement, Table};

use super::report::{DrillReport, ReportOutcome};

/// A figure of the reports as a column.
struct FigureColumn {
    head: &'static str,
    figure: &'static str,
    unit: FigureUnit,
}

/// How a figure is written.
#[derive(Clone, Copy)]
enum FigureUnit {
    Seconds,
    Count,
}

const fn seconds(head: &'static str, figure: &'static str) -> FigureColumn {
    FigureColumn { head, figure, unit: FigureUnit::Seconds }
}

const fn count(head: &'static str, figure: &'static str) -> FigureColumn {
    FigureColumn { head, figure, unit: FigureUnit::Count }
}

const SLEEP: &[FigureColumn] = &[
    seconds("asleep after", "asleep_after_ms"),
    seconds("awake after", "awake_after_ms"),
    count("writes down", "writes_to_sleep"),
    count("writes up", "writes_to_wake"),
    count("services", "services"),
];

const SURGE: &[FigureColumn] = &[
    seconds("surge after", "surge_after_ms"),
    seconds("back after", "back_after_ms"),
    seconds("rollback after", "rollback_after_ms"),
    count("writes up", "writes_to_surge"),
    count("writes back", "writes_to_give_back"),
    count("messages", "messages"),
    count("services", "services"),
];

const UNBLOCK: &[FigureColumn] = &[
    seconds("unblocked after", "unblocked_after_ms"),
    count("locks released", "locks_released"),
    count("letters redriven", "letters_redriven"),
];

const BACKUP: &[FigureColumn] = &[
    count("days", "days"),
    count("runs", "runs"),
    count("copies", "copies"),
    seconds("slowest run", "slowest_run_ms"),
    seconds("drill", "drill_ms"),
];

/// The columns of a runbook.
fn columns(scenario: &str) -> &'static [FigureColumn] {
    match scenario {
        "surge" => SURGE,
        "failover" => FAILOVER,
        "rehearse" => REHEARSE,
        "backup" => BACKUP,
        "unblock" => UNBLOCK,
        _ => SLEEP,
    }
}

const FAILOVER: &[FigureColumn] = &[
    seconds("RTO", "rto_ms"),
    seconds("own share", "own_ms"),
    seconds("waited", "waited_ms"),
    seconds("detected after", "detected_after_ms"),
    seconds("scaled in", "scale_ms"),
    seconds("verified in", "verify_ms"),
    seconds("longest step", "longest_step_ms"),
    seconds("home after", "home_after_ms"),
    count("ticks to stand by", "standby_after_ticks"),
];

const REHEARSE: &[FigureColumn] = &[
    count("tasks proved", "tasks_proved"),
    count("waves", "waves"),
    seconds("RTO that follows", "rto_that_follows_ms"),
    seconds("RTO with one up", "rto_rehearsing_ms"),
    seconds("RTO without", "rto_without_ms"),
    seconds("home after", "home_after_ms"),
    count("writes where it serves", "writes_where_it_serves"),
];

/// A table for each runbook, in the order in which they were played.
pub(super) fn tables(reports: &[DrillReport]) -> String {
    let of_one = |reports: &[DrillReport]| table(reports, columns(reports[0].scenario));
    let runbooks = reports.chunk_by(|one, other| one.scenario == other.scenario);
    runbooks.map(of_one).collect::<Vec<_>>().join("\n")
}

/// A line a scenario: checks passed, and what was measured.
fn table(reports: &[DrillReport], columns: &[FigureColumn]) -> String {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic);
    let heads = columns.iter().map(|column| column.head);
    table.set_header(["runbook", "estate", "environment", "checks"].into_iter().chain(heads).chain(["result"]));
    for report in reports {
        let own = [
            report.scenario.to_owned(),
            report.estate.clone(),
            report.environment.clone(),
            format!("{}/{}", report.passed(), report.checks.len()),
        ];
        let figures = columns.iter().map(|column| {
            report.figures.get(column.figure).map_or_else(|| "–".to_owned(), |figure| written(*figure, column.unit))
        });
        let result = if report.outcome == ReportOutcome::Passed { "✓ passed" } else { "✗ failed" };
        table.add_row(own.into_iter().chain(figures).chain([result.to_owned()]));
    }
    table.to_string()
}

/// A count as it is; milliseconds as seconds with one decimal.
fn written(figure: u64, unit: FigureUnit) -> String {
    match unit {
        FigureUnit::Count => figure.to_string(),
        FigureUnit::Seconds => format!("{}.{} s", figure / 1000, figure % 1000 / 100),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_runbook_has_a_table_of_its_own_with_its_own_figures() {
        let mut reports = [DrillReport::new("sleep", "clos-v2", "dev"), DrillReport::new("surge", "clos-v2", "prod")];
        reports[0].figures.insert("asleep_after_ms", 1560);
        reports[1].figures.insert("writes_to_surge", 4);
        reports[1].check("it surges", false, "3 tasks");
        let text = tables(&reports);
        let (sleep, surge) = text.split_once("surge after").map_or((text.as_str(), ""), |parts| parts);
        assert!(sleep.contains("1.5 s") && sleep.contains("✓ passed") && !sleep.contains("✗ failed"), "{text}");
        assert!(surge.contains(" 4 ") && surge.contains("✗ failed") && surge.contains('–'), "{text}");
    }
}
