//! Tables for people.

use comfy_table::{Table, presets::UTF8_FULL_CONDENSED};
use strum::VariantArray as _;
use watchkeeper_sim::CallTrouble;
use watchkeeper_years::coverage::{Coverage, Phase};
use watchkeeper_years::story::EventKind;

fn head(first: &str) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED);
    table.set_header(std::iter::once(first.to_owned()).chain(Phase::VARIANTS.iter().map(ToString::to_string)));
    table
}

fn cell((count, kinds): (u64, usize)) -> String {
    if count == 0 { "–".to_owned() } else { format!("{count} ({kinds})") }
}

/// Events by phase, and under how many kinds of faults.
pub(crate) fn coverage(coverage: &Coverage) -> Table {
    let mut table = head("event (kinds of faults about)");
    for kind in EventKind::VARIANTS {
        let cells = Phase::VARIANTS.iter().map(|phase| cell(coverage.cell(*kind, *phase)));
        table.add_row(std::iter::once(kind.to_string()).chain(cells));
    }
    table
}

/// Faults that struck, by phase, and how many operations.
pub(crate) fn faults(coverage: &Coverage) -> Table {
    let mut table = head("fault (operations struck)");
    for trouble in CallTrouble::ALL {
        let cells = Phase::VARIANTS.iter().map(|phase| cell(coverage.struck(trouble, *phase)));
        table.add_row(std::iter::once(format!("{trouble:?}")).chain(cells));
    }
    table
}

/// The most memory that this process has had, where the system tells.
pub(crate) fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.map_or_else(|| "memory unknown".to_owned(), |peak| format!("at most {} of memory", peak.trim()))
}
