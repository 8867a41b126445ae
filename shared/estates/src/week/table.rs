//! The next days of an environment as a table for a person.

use comfy_table::{Table, presets::UTF8_FULL_CONDENSED};
use jiff::{Timestamp, tz::TimeZone};
use watchkeeper_domain::estate::{Environment, Estate, FreezeWindow};
use watchkeeper_domain::schedule::Calendar;

use super::figures::{WeekChange, WeekFigures};

/// What an environment does from an instant on, for seven days, freezes included.
pub fn week_of(estate: &Estate, environment: &Environment, instant: Timestamp) -> String {
    let title = format!("{} {} ({})", estate.name(), environment.name(), kind(environment));
    let figures = WeekFigures::of(environment, instant);
    let freezes = freezes(&figures);
    let Some(nights) = &figures.nights else {
        return format!("{title}: no calendar, never put to sleep\n{freezes}");
    };
    let zone = nights.calendar.zone();
    let state = if nights.awake { "awake" } else { "asleep" };
    let why = if nights.held { format!("held by a freeze; {}", nights.why) } else { nights.why.to_string() };
    let title = format!("{title}: {state} at {}, {why}", local(instant, nights.calendar));
    if nights.changes.is_empty() {
        return format!("{title}; no change within seven days\n{freezes}");
    }
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED);
    table.set_header(["", &format!("local time ({zone})"), "UTC", "why"]);
    for change in &nights.changes {
        let utc = change.at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%MZ").to_string();
        table.add_row([verb(change), &local(change.at, nights.calendar), &utc, &change.why]);
    }
    format!("{title}\n{table}\n{freezes}")
}

fn verb(change: &WeekChange) -> &'static str {
    match (change.stays, change.awake) {
        (true, _) => "stay awake",
        (false, true) => "wake",
        (false, false) => "sleep",
    }
}

/// The freezes of these days, and what they let through.
fn freezes(figures: &WeekFigures<'_>) -> String {
    let zone = figures.environment.zone();
    let local = |at: Timestamp| at.to_zoned(zone.rules().clone()).strftime("%a %Y-%m-%d %H:%M %Z").to_string();
    let line = |freeze: &FreezeWindow| {
        let calendar = match (&figures.nights, freeze.calendar) {
            (None, _) => "",
            (Some(_), true) => ", and puts nothing to sleep",
            (Some(_), false) => "; the calendar goes on",
        };
        let (opens, closes) = (local(freeze.from), local(freeze.to));
        format!(
            "frozen from {opens} to {closes} ({}): lets nothing new in and everything out{calendar}\n",
            freeze.reason
        )
    };
    figures.freezes().map(line).collect()
}

fn local(instant: Timestamp, calendar: &Calendar) -> String {
    instant.to_zoned(calendar.zone().rules().clone()).strftime("%a %Y-%m-%d %H:%M %Z").to_string()
}

/// The kind of an environment, in a word.
pub(super) fn kind(environment: &Environment) -> String {
    format!("{:?}", environment.kind()).to_lowercase()
}
