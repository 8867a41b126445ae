//! The report as a person reads it, and as `tests/README.md` has it.

use super::{BenchReport, BenchRow};

/// The rows as a table of Markdown.
pub fn table(report: &BenchReport) -> String {
    let head = ["| row | what | measured | goal | runs |".to_owned(), "|---|---|---|---|---|".to_owned()];
    head.into_iter().chain(report.rows.iter().map(line)).collect::<Vec<_>>().join("\n")
}

fn line(row: &BenchRow) -> String {
    let BenchRow { row: name, what, measured, goal, met, runs, .. } = row;
    let goal = match met {
        None => "–".to_owned(),
        Some(true) => format!("{goal}: met"),
        Some(false) => format!("{goal}: **missed**"),
    };
    format!("| `{name}` | {what} | {measured} | {goal} | {runs} |")
}
