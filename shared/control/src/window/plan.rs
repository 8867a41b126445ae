//! What would be done: for the wishes that the window offers, and for a scope as it is. Nothing is started.

use jiff::{SignedDuration, Timestamp};
use watchkeeper_domain::capacity::ObservedScope;
use watchkeeper_domain::intent::Intent;
use watchkeeper_domain::name::Scope;
use watchkeeper_domain::reconcile::assess::Assessment;
use watchkeeper_domain::reconcile::history::{ScopeHistory, TargetState};
use watchkeeper_domain::request::{RequestError, RequestedState, RunRequest, RunTrigger, Urgency};
use watchkeeper_domain::value::ProfileName;
use watchkeeper_window::facts::{EmergencyProfile, Offer, PlanFacts, Wish};

use crate::ledger::ScopeState;
use crate::reconcile::preview;
use crate::scoped::ScopedEnvironment;

/// What a tick would do now.
pub(super) fn of_tick(
    scoped: &ScopedEnvironment,
    seen: &ScopeState,
    observed: &ObservedScope,
    now: Timestamp,
) -> Result<Assessment, RequestError> {
    preview(scoped, &RunRequest::of_tick(&scoped.scope, now), (seen, observed), now)
}

/// What a wish comes to.
pub(super) fn offer(
    scoped: &ScopedEnvironment,
    seen: &ScopeState,
    observed: &ObservedScope,
    (wish, history): (Wish, &ScopeHistory),
    now: Timestamp,
) -> Result<Offer, RequestError> {
    let assessment = preview(scoped, &request(&scoped.scope, &wish), (seen, observed), now)?;
    let took_seconds = took(history, &assessment.deciding);
    Ok(Offer { wish, plan: PlanFacts::from(assessment), took_seconds })
}

/// What a profile of an emergency comes to.
pub(super) fn profile(
    scoped: &ScopedEnvironment,
    seen: &ScopeState,
    observed: &ObservedScope,
    profile: &EmergencyProfile,
    now: Timestamp,
) -> Result<PlanFacts, RequestError> {
    let lasts = SignedDuration::from_secs(i64::try_from(profile.lasts_seconds).unwrap_or(i64::MAX));
    let until = now.saturating_add(lasts).unwrap_or(Timestamp::MAX);
    let urgency = Urgency::Scale { profile: profile.name.clone(), until, alarms: [].into(), by: None };
    Ok(preview(scoped, &of_emergency(&scoped.scope, urgency), (seen, observed), now)?.into())
}

/// The request that a wish stands for.
pub(super) fn request(scope: &Scope, wish: &Wish) -> RunRequest {
    let by_hand = RunRequest::of_person(scope);
    let until = |until: &Timestamp| Some(until.to_string());
    match wish {
        Wish::Awake { until: end } => RunRequest { want: Some(RequestedState::Awake), until: until(end), ..by_hand },
        Wish::Asleep { until: end } => RunRequest { want: Some(RequestedState::Asleep), until: until(end), ..by_hand },
        Wish::AsScheduled => RunRequest { want: Some(RequestedState::AsScheduled), ..by_hand },
        Wish::GiveBack { profile } => of_emergency(scope, give_back(profile)),
    }
}

fn give_back(profile: &ProfileName) -> Urgency {
    Urgency::GiveBack { profile: profile.clone(), by: None }
}

fn of_emergency(scope: &Scope, urgency: Urgency) -> RunRequest {
    RunRequest { trigger: RunTrigger::Emergency, emergency: Some(urgency), ..RunRequest::of_person(scope) }
}

/// How long the last run took that brought about the same and wrote something, in seconds.
pub(super) fn took(history: &ScopeHistory, deciding: &[Intent]) -> Option<u32> {
    let target = TargetState::of(deciding);
    let same = |ending: &&_| {
        let ending: &watchkeeper_domain::reconcile::history::RunEnding = ending;
        ending.reached() && ending.writes > 0 && ending.target == target
    };
    let last = history.endings.iter().rev().find(same)?;
    u32::try_from(last.at.duration_since(last.began).as_secs()).ok()
}
