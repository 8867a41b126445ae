//! The next days of an environment as a table for a person.

use comfy_table::{Table, presets::UTF8_FULL_CONDENSED};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use watchkeeper_domain::{
    calendar::{Calendar, Transition},
    estate::{Environment, Estate},
};

/// How far the table looks.
const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What an environment does from an instant on, for seven days.
pub fn week_of(estate: &Estate, environment: &Environment, instant: Timestamp) -> String {
    let title = format!("{} {} ({})", estate.name(), environment.name(), kind(environment));
    let Some(calendar) = environment.calendar() else { return format!("{title}: no calendar, never put to sleep\n") };
    let now = calendar.at(instant);
    let state = if now.awake { "awake" } else { "asleep" };
    let zone = calendar.zone();
    let title = format!("{title}: {state} at {}, {}", local(instant, calendar), now.why);
    let transitions = calendar.transitions(instant, instant.saturating_add(WEEK).unwrap_or(Timestamp::MAX));
    if transitions.is_empty() {
        return format!("{title}; no change within seven days\n");
    }
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED);
    table.set_header(["", &format!("local time ({zone})"), "UTC", "why"]);
    for transition in transitions {
        table.add_row(row(calendar, transition));
    }
    format!("{title}\n{table}\n")
}

fn row(calendar: &Calendar, transition: Transition) -> [String; 4] {
    let what = if transition.awake { "wake" } else { "sleep" };
    let utc = transition.at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%MZ").to_string();
    [what.to_owned(), local(transition.at, calendar), utc, calendar.at(transition.at).why.to_string()]
}

fn local(instant: Timestamp, calendar: &Calendar) -> String {
    instant.to_zoned(calendar.zone().rules().clone()).strftime("%a %Y-%m-%d %H:%M %Z").to_string()
}

fn kind(environment: &Environment) -> String {
    format!("{:?}", environment.kind()).to_lowercase()
}
