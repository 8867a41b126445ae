//! What an environment does in the next seven days, freezes included.

use jiff::{SignedDuration, Timestamp};
use watchkeeper_domain::estate::{Environment, FreezeWindow};
use watchkeeper_domain::schedule::{Calendar, CalendarRule};

/// How far it looks.
const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Seven days of an environment.
pub(super) struct WeekFigures<'a> {
    pub(super) environment: &'a Environment,
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    /// What the calendar makes of them; nothing without one.
    pub(super) nights: Option<WeekNights<'a>>,
}

/// When an environment with a calendar is awake.
pub(super) struct WeekNights<'a> {
    pub(super) calendar: &'a Calendar,
    /// Whether it is awake at the beginning.
    pub(super) awake: bool,
    /// Whether a freeze is why.
    pub(super) held: bool,
    /// The rule of the calendar that holds at the beginning.
    pub(super) why: CalendarRule,
    pub(super) changes: Vec<WeekChange>,
}

/// Something that happens.
pub(super) struct WeekChange {
    pub(super) at: Timestamp,
    /// Whether it is awake from then on.
    pub(super) awake: bool,
    /// Whether it only stays what it is, because a freeze lets nothing go to sleep.
    pub(super) stays: bool,
    pub(super) why: String,
}

impl<'a> WeekFigures<'a> {
    /// The seven days after an instant.
    pub(super) fn of(environment: &'a Environment, from: Timestamp) -> Self {
        let to = from.saturating_add(WEEK).unwrap_or(Timestamp::MAX);
        let nights = environment.calendar().map(|calendar| {
            let (awake, now) = (awake_at(environment, calendar, from), calendar.at(from));
            let changes = changes(environment, calendar, from, to, awake);
            WeekNights { calendar, awake, held: awake != now.awake, why: now.why, changes }
        });
        Self { environment, from, to, nights }
    }

    /// The freezes of these days.
    pub(super) fn freezes(&self) -> impl Iterator<Item = &'a FreezeWindow> {
        let (from, to) = (self.from, self.to);
        self.environment.limits().freezes.iter().filter(move |freeze| freeze.from < to && from < freeze.to)
    }
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
fn changes(
    environment: &Environment,
    calendar: &Calendar,
    from: Timestamp,
    to: Timestamp,
    mut awake: bool,
) -> Vec<WeekChange> {
    let stops = || environment.limits().freezes.iter().filter(|freeze| freeze.calendar);
    let ends = stops().map(|freeze| freeze.to).filter(|end| from < *end && *end < to);
    let transitions = calendar.transitions(from, to).into_iter().map(|transition| transition.at);
    let mut instants: Vec<Timestamp> = transitions.chain(ends).collect();
    instants.sort_unstable();
    instants.dedup();
    let mut changes = Vec::new();
    for at in instants {
        let (wanted, freeze) = (calendar.at(at), environment.limits().freeze_at(at));
        let stopped = freeze.filter(|freeze| freeze.calendar && awake && !wanted.awake);
        if wanted.awake == awake && at > from {
            continue;
        }
        let why = match (stopped, freeze) {
            (Some(freeze), _) => format!("frozen: {}", freeze.reason),
            (None, Some(freeze)) => format!("{}; goes on in the freeze: {}", wanted.why, freeze.reason),
            (None, None) => wanted.why.to_string(),
        };
        awake = stopped.is_some() || wanted.awake;
        changes.push(WeekChange { at, awake, stays: stopped.is_some(), why });
    }
    changes
}
