//! The table, for a person.

use std::fmt::Write as _;

use comfy_table::{ContentArrangement, Table, presets};
use watchkeeper_domain::preflight::{PreflightReport, ReportRow, ReportSection, RowMark};

/// Everything, by what it is about. What is good of one thing shares a line; whatever is not has one of its own, and its
/// command below the table, unbroken, so that it can be pasted.
pub fn table(report: &PreflightReport) -> String {
    let mut text = format!("account {}, as {}\n", report.account, report.caller);
    for section in &report.sections {
        let _ = write!(text, "\n{}\n", title(section));
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
        for (mark, subject, found) in lines(&section.rows) {
            table.add_row([mark.to_string(), subject, found]);
        }
        let _ = writeln!(text, "{}", table.trim_fmt());
        for (row, command) in section.rows.iter().filter_map(|row| Some((row, row.command.as_ref()?))) {
            let _ = write!(text, "\n  {} {}, {}:\n    {command}\n", row.mark, row.subject, row.check.name());
        }
    }
    let count = |mark| report.of(mark).count();
    let (good, bad) = (count(RowMark::Good), count(RowMark::Bad));
    let (unread, untold) = (count(RowMark::Unread), count(RowMark::Untold));
    let _ = write!(text, "\n✓ {good}   ✗ {bad}   – {}", unread + untold);
    if unread > 0 {
        let _ = write!(text, " ({unread} could not be read)");
    }
    text.push('\n');
    text
}

fn title(section: &ReportSection) -> String {
    let region = section.region.as_ref().map(|region| format!(" in {region}")).unwrap_or_default();
    match (&section.estate, &section.environment) {
        (Some(estate), Some(environment)) => format!("{estate} {environment}{region}"),
        _ => format!("what would be deployed{region}"),
    }
}

fn lines(rows: &[ReportRow]) -> Vec<(RowMark, String, String)> {
    let mut lines: Vec<(RowMark, String, String)> = Vec::new();
    for row in rows {
        let expected = row.expected.as_ref().map(|expected| format!("; expected {expected}")).unwrap_or_default();
        let found = format!("{}{expected}", row.found);
        match lines.iter_mut().find(|(mark, subject, _)| *mark == RowMark::Good && *subject == row.subject) {
            Some((_, _, so_far)) if row.mark == RowMark::Good => {
                let _ = write!(so_far, "; {found}");
            }
            _ => lines.push((row.mark, row.subject.clone(), found)),
        }
    }
    lines
}
