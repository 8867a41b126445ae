//! Which intents the window offers for a scope.

use jiff::{SignedDuration, Timestamp};
use watchkeeper_domain::estate::EnvironmentKind;
use watchkeeper_domain::intent::{DesiredState, Intent, Layer, deciding};

use crate::facts::{EnvironmentCalendar, OfferedIntent, ScopeFacts, TroubleKind};

/// For how long a button wakes an environment, or keeps it awake longer.
pub const AWAKE_FOR: SignedDuration = SignedDuration::from_hours(2);

/// What a person is offered for a scope: at most one of a kind, and the one that its button is for comes first. None
/// where the pointer of a pair decides; what moves is moved back, not overridden.
pub fn offered_intents(
    kind: EnvironmentKind,
    calendar: Option<&EnvironmentCalendar>,
    ledger: &ScopeFacts,
    now: Timestamp,
) -> Vec<OfferedIntent> {
    let chosen = deciding(&ledger.intents, now);
    if chosen.iter().any(|intent| intent.layer == Layer::Failover) {
        return Vec::new();
    }
    let given_back = chosen.iter().filter_map(|intent| match &intent.want {
        DesiredState::Scaled(requested) => Some(OfferedIntent::GiveBack { profile: requested.profile.clone() }),
        _ => None,
    });
    let given_back: Vec<OfferedIntent> = given_back.collect();
    if !given_back.is_empty() {
        return given_back;
    }
    // A person takes back what a person said: a release ends by its own id.
    let over = chosen.iter().any(|intent| intent.layer == Layer::Override && intent.for_release.is_none());
    let asleep = chosen.iter().any(|intent| intent.want == DesiredState::Asleep);
    let mut offered: Vec<OfferedIntent> = over.then_some(OfferedIntent::AsScheduled).into_iter().collect();
    if kind == EnvironmentKind::Production {
        return offered;
    }
    // What drifts while it should sleep is put back by the same intent anew.
    let drifts = ledger.trouble.as_ref().is_some_and(|trouble| trouble.kind == TroubleKind::Drift);
    if asleep
        && drifts
        && let Some(until) = ends(calendar, &chosen, now)
    {
        offered.push(OfferedIntent::Asleep { until });
    }
    if let Some(until) = awake_until(calendar, &chosen, asleep, now) {
        offered.push(OfferedIntent::Awake { until });
    }
    if !asleep && let Some(until) = calendar.and_then(|it| it.calendar().wakes_after(now)) {
        offered.push(OfferedIntent::Asleep { until });
    }
    offered
}

/// Until when a button wakes an environment, or keeps it awake; nothing where it is awake for good.
fn awake_until(
    calendar: Option<&EnvironmentCalendar>,
    chosen: &[&Intent],
    asleep: bool,
    now: Timestamp,
) -> Option<Timestamp> {
    let from = if asleep { now } else { ends(calendar, chosen, now)? };
    from.checked_add(AWAKE_FOR).ok()
}

/// When what it is ends by itself: with the override, else with the calendar.
fn ends(calendar: Option<&EnvironmentCalendar>, chosen: &[&Intent], now: Timestamp) -> Option<Timestamp> {
    let expiry = chosen.iter().filter(|intent| intent.layer == Layer::Override).find_map(|intent| intent.expires);
    let idle = chosen.iter().any(|intent| intent.is_idle());
    let turns = |it: &EnvironmentCalendar| {
        let calendar = it.calendar();
        if idle { calendar.wakes_after(now) } else { calendar.at(now).until }
    };
    expiry.or_else(|| calendar.and_then(turns))
}
