//! The next days of an environment as a table for a person.

use comfy_table::{Table, presets::UTF8_FULL_CONDENSED};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use watchkeeper_domain::estate::{Environment, Estate};
use watchkeeper_domain::schedule::Calendar;

/// How far the table looks.
const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What an environment does from an instant on, for seven days, freezes included.
pub fn week_of(estate: &Estate, environment: &Environment, instant: Timestamp) -> String {
    let title = format!("{} {} ({})", estate.name(), environment.name(), kind(environment));
    let end = instant.saturating_add(WEEK).unwrap_or(Timestamp::MAX);
    let freezes = freezes(environment, instant, end);
    let Some(calendar) = environment.calendar() else {
        return format!("{title}: no calendar, never put to sleep\n{freezes}");
    };
    let awake = awake_at(environment, calendar, instant);
    let (now, zone) = (calendar.at(instant), calendar.zone());
    let state = if awake { "awake" } else { "asleep" };
    let why = if awake == now.awake { now.why.to_string() } else { format!("held by a freeze; {}", now.why) };
    let title = format!("{title}: {state} at {}, {why}", local(instant, calendar));
    let rows = rows(environment, calendar, instant, end, awake);
    if rows.is_empty() {
        return format!("{title}; no change within seven days\n{freezes}");
    }
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED);
    table.set_header(["", &format!("local time ({zone})"), "UTC", "why"]);
    for row in rows {
        table.add_row(row);
    }
    format!("{title}\n{table}\n{freezes}")
}

/// Whether it is awake at an instant: what slept when a freeze opened that stops the calendar sleeps on until it is woken.
fn awake_at(environment: &Environment, calendar: &Calendar, instant: Timestamp) -> bool {
    let Some(freeze) = environment.limits().freeze_at(instant).filter(|freeze| freeze.calendar) else {
        return calendar.at(instant).awake;
    };
    let woken = calendar.transitions(freeze.from, instant).iter().any(|transition| transition.awake);
    calendar.at(freeze.from).awake || calendar.at(instant).awake || woken
}

/// What happens, in order: a freeze that stops the calendar lets nothing go to sleep, and what it kept awake goes to sleep
/// at its end.
fn rows(
    environment: &Environment,
    calendar: &Calendar,
    from: Timestamp,
    to: Timestamp,
    mut awake: bool,
) -> Vec<[String; 4]> {
    let stops = || environment.limits().freezes.iter().filter(|freeze| freeze.calendar);
    let ends = stops().map(|freeze| freeze.to).filter(|end| from < *end && *end < to);
    let changes = calendar.transitions(from, to).into_iter().map(|transition| transition.at);
    let mut instants: Vec<Timestamp> = changes.chain(ends).collect();
    instants.sort_unstable();
    instants.dedup();
    let mut rows = Vec::new();
    for at in instants {
        let (wanted, freeze) = (calendar.at(at), environment.limits().freeze_at(at));
        let stopped = freeze.filter(|freeze| freeze.calendar && awake && !wanted.awake);
        if wanted.awake == awake && at > from {
            continue;
        }
        let (what, why) = match (stopped, freeze) {
            (Some(freeze), _) => ("stay awake", format!("frozen: {}", freeze.reason)),
            (None, Some(freeze)) => {
                (verb(wanted.awake), format!("{}; goes on in the freeze: {}", wanted.why, freeze.reason))
            }
            (None, None) => (verb(wanted.awake), wanted.why.to_string()),
        };
        awake = if stopped.is_some() { awake } else { wanted.awake };
        let utc = at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%MZ").to_string();
        rows.push([what.to_owned(), local(at, calendar), utc, why]);
    }
    rows
}

fn verb(awake: bool) -> &'static str {
    if awake { "wake" } else { "sleep" }
}

/// The freezes of these days, and what they let through.
fn freezes(environment: &Environment, from: Timestamp, to: Timestamp) -> String {
    let zone = environment.zone();
    let local = |at: Timestamp| at.to_zoned(zone.rules().clone()).strftime("%a %Y-%m-%d %H:%M %Z").to_string();
    let open = environment.limits().freezes.iter().filter(|freeze| freeze.from < to && from < freeze.to);
    let line = |freeze: &watchkeeper_domain::estate::FreezeWindow| {
        let calendar = match (environment.calendar(), freeze.calendar) {
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
    open.map(line).collect()
}

fn local(instant: Timestamp, calendar: &Calendar) -> String {
    instant.to_zoned(calendar.zone().rules().clone()).strftime("%a %Y-%m-%d %H:%M %Z").to_string()
}

fn kind(environment: &Environment) -> String {
    format!("{:?}", environment.kind()).to_lowercase()
}
