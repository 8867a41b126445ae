//! The strip of an environment: what it was in the last 24 hours, and what it will be by itself in the next 48.

use jiff::{SignedDuration, Timestamp};
use watchkeeper_domain::intent::{DesiredState, Layer, deciding};
use watchkeeper_domain::reconcile::history::{RunEnding, TargetState};
use watchkeeper_domain::reconcile::run::RunOutcome;

use crate::facts::EnvironmentCalendar;
use crate::state::{Calm, EnvironmentState, Matter};

/// How far it goes back, in minutes.
pub const BACK: i64 = 24 * 60;
/// How far it goes ahead, in minutes.
pub const AHEAD: i64 = 48 * 60;
/// All of it, in minutes.
pub const WIDTH: i64 = BACK + AHEAD;

/// What an environment was, or will be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Was {
    /// Awake.
    Awake,
    /// Asleep.
    Asleep,
    /// At the capacity of an emergency.
    Emergency,
    /// Served from the region that is not its home.
    Away,
    /// Nobody knows.
    Unknown,
}

/// A stretch of time, in minutes from the left end of the strip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// Where it begins.
    pub from: i64,
    /// Where it ends.
    pub to: i64,
    /// What it was.
    pub was: Was,
}

/// A strip.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Strip {
    /// What it was, up to now, without a gap.
    pub back: Vec<Stretch>,
    /// What it will be by itself, from now on, without a gap.
    pub ahead: Vec<Stretch>,
    /// When an override holds.
    pub overrides: Vec<(i64, i64)>,
    /// When it is halted.
    pub halted: Option<(i64, i64)>,
    /// When it was halted before.
    pub halts: Vec<(i64, i64)>,
    /// The days of the calendar on which nothing starts.
    pub holidays: Vec<(i64, i64)>,
    /// When something happened that the state tells of.
    pub mark: Option<i64>,
}

/// Whether a run left its scope as it was to be, but for what could not be changed.
pub(crate) fn reached(outcome: RunOutcome) -> bool {
    matches!(outcome, RunOutcome::Done | RunOutcome::PartlyDone)
}

/// Where an instant lies, in minutes from the left end; beyond it where it is outside. The strip begins on a whole minute.
pub(crate) fn minute(now: Timestamp, at: Timestamp) -> i64 {
    at.as_second().div_euclid(60) - now.as_second().div_euclid(60) + BACK
}

/// The instant of a minute of the strip.
pub(crate) fn instant(now: Timestamp, minute: i64) -> Timestamp {
    let whole = SignedDuration::from_secs(now.as_second().rem_euclid(60));
    now.checked_add(SignedDuration::from_mins(minute - BACK) - whole).unwrap_or(now)
}

/// The strip of an environment.
pub fn strip(state: &EnvironmentState<'_>) -> Strip {
    let now = state.now;
    let clamp = |at: Timestamp| minute(now, at).clamp(0, WIDTH);
    let Some(ledger) = state.ledger else {
        let unknown = |from, to| vec![Stretch { from, to, was: Was::Unknown }];
        return Strip {
            back: unknown(0, BACK),
            ahead: unknown(BACK, WIDTH),
            holidays: holidays(state),
            ..Strip::default()
        };
    };
    let over = ledger.intents.iter().filter(|it| it.layer == Layer::Override);
    let over = over.map(|it| (clamp(it.declared), it.expires.map_or(WIDTH, clamp)));
    let halted = state.halt.map(|halt| (clamp(halt.since), WIDTH));
    let halts = ledger.halts.iter().map(|halt| (clamp(halt.since), clamp(halt.until)));
    let mark = match &state.matter {
        Some(Matter::Asks) => state.questions().map(|it| it.asked).min(),
        Some(Matter::Trouble(..)) => ledger.trouble.as_ref().map(|it| it.since),
        Some(Matter::Moving(_)) => state.pair.map(|pair| pair.pointer.since),
        _ => match state.calm {
            Calm::ServingFrom(_) => state.pair.map(|pair| pair.pointer.since),
            _ => None,
        },
    };
    Strip {
        back: back(state),
        ahead: ahead(state),
        overrides: over.filter(|(from, to)| from < to).collect(),
        halted: halted.filter(|(from, to)| from < to),
        halts: halts.filter(|(from, to)| from < to).collect(),
        holidays: holidays(state),
        mark: mark.map(|at| minute(now, at)).filter(|it| (0..=WIDTH).contains(it)),
    }
}

/// What it was: from the runs that reached their target. Before the first of them nobody knows, but of production, which
/// never sleeps, and of what nothing of ours has ever been in.
fn back(state: &EnvironmentState<'_>) -> Vec<Stretch> {
    let Some(ledger) = state.ledger else { return Vec::new() };
    let has_reached = |it: &RunEnding| reached(it.outcome);
    let held = ledger.baseline.is_some() || !ledger.intents.is_empty() || ledger.history.iter().any(has_reached);
    let untouched = state.is_production() || !held;
    let mut points: Vec<(i64, Was)> = vec![(0, if untouched { Was::Awake } else { Was::Unknown })];
    for entry in &ledger.history {
        if !reached(entry.outcome) || entry.at > state.now {
            continue;
        }
        let was = match entry.target {
            TargetState::Asleep => Was::Asleep,
            TargetState::At(_) => Was::Emergency,
            TargetState::Awake | TargetState::Serving | TargetState::StandingBy => Was::Awake,
        };
        points.push((minute(state.now, entry.at).max(0), was));
    }
    if let Some(pair) = state.pair.filter(|pair| pair.pointer.active != state.facts.home) {
        let since = minute(state.now, pair.pointer.since).max(0);
        points = vec![(0, Was::Awake), (since, Was::Away)];
    }
    stretches(&points, BACK)
}

/// What it will be by itself, as calendar, intents and pointer say now.
fn ahead(state: &EnvironmentState<'_>) -> Vec<Stretch> {
    let Some(ledger) = state.ledger else { return Vec::new() };
    let (now, end) = (state.now, instant(state.now, WIDTH));
    let away = state.pair.is_some_and(|pair| pair.pointer.active != state.facts.home);
    let calendar = state.facts.calendar.as_ref().map(EnvironmentCalendar::calendar);
    let (idle, wakes) = (state.idle().is_some(), calendar.and_then(|it| it.wakes_after(now)));
    let turns = calendar.map(|it| it.transitions(now, end)).unwrap_or_default();
    let ends = ledger.intents.iter().filter_map(|it| it.expires).filter(|it| now < *it && *it < end);
    let mut instants: Vec<Timestamp> = turns.iter().map(|it| it.at).chain(ends).chain([now]).collect();
    instants.sort_unstable();
    let was = |at: Timestamp| {
        if away {
            return Was::Away;
        }
        // The schedule's own intent is as old as its last tick; what it will want, the calendar says.
        let stronger = deciding(&ledger.intents, at).into_iter().filter(|it| it.layer > Layer::Schedule);
        let wanted = stronger.map(|it| &it.want).find(|want| !matches!(want, DesiredState::Placed(_)));
        match wanted {
            Some(DesiredState::Scaled(_)) => Was::Emergency,
            Some(DesiredState::Asleep) => Was::Asleep,
            // It sleeps on until the calendar wakes it the next time.
            None if idle && wakes.is_none_or(|wakes| at < wakes) => Was::Asleep,
            None if calendar.is_some_and(|it| !it.says(at).0) => Was::Asleep,
            Some(_) | None => Was::Awake,
        }
    };
    let points: Vec<(i64, Was)> = instants.into_iter().map(|at| (minute(now, at).max(BACK), was(at))).collect();
    stretches(&points, WIDTH)
}

/// Stretches from points in order to an end, none of them empty, and no two alike beside each other.
fn stretches(points: &[(i64, Was)], end: i64) -> Vec<Stretch> {
    let mut all: Vec<Stretch> = Vec::new();
    for (place, (from, was)) in points.iter().enumerate() {
        let to = points.get(place + 1).map_or(end, |(next, _)| (*next).min(end));
        match all.last_mut() {
            Some(last) if last.was == *was => last.to = to.max(last.to),
            _ if *from < to => all.push(Stretch { from: *from, to, was: *was }),
            _ => {}
        }
    }
    all
}

/// The holidays of its calendar within the strip, by its own days.
fn holidays(state: &EnvironmentState<'_>) -> Vec<(i64, i64)> {
    let Some(calendar) = &state.facts.calendar else { return Vec::new() };
    let rules = calendar.calendar().zone().rules();
    let days = calendar.hours().holidays.iter().filter_map(|day| {
        let date = day.date();
        let begins = date.to_zoned(rules.clone()).ok()?.timestamp();
        let ends = date.tomorrow().ok()?.to_zoned(rules.clone()).ok()?.timestamp();
        let (from, to) = (minute(state.now, begins).clamp(0, WIDTH), minute(state.now, ends).clamp(0, WIDTH));
        (from < to).then_some((from, to))
    });
    days.collect()
}
