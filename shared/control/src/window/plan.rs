//! What would be done: for what the window offers, and for a scope as it is. Nothing is started.

use jiff::{SignedDuration, Timestamp};
use watchkeeper_domain::capacity::ObservedScope;
use watchkeeper_domain::intent::Intent;
use watchkeeper_domain::name::Scope;
use watchkeeper_domain::reconcile::assess::Assessment;
use watchkeeper_domain::reconcile::history::{RunEnding, ScopeHistory, TargetState};
use watchkeeper_domain::request::{RequestError, RequestedState, RunRequest, RunTrigger, Urgency};
use watchkeeper_domain::value::ProfileName;
use watchkeeper_window::facts::{EmergencyProfile, Offer, OfferedIntent, PlanFacts};

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

/// What an intent comes to that a person is offered.
pub(super) fn offer(
    scoped: &ScopedEnvironment,
    seen: &ScopeState,
    observed: &ObservedScope,
    (intent, history): (OfferedIntent, &ScopeHistory),
    now: Timestamp,
) -> Result<Offer, RequestError> {
    let assessment = preview(scoped, &request(&scoped.scope, &intent), (seen, observed), now)?;
    let took_seconds = took(history, &assessment.deciding);
    Ok(Offer { intent, plan: PlanFacts::from(assessment), took_seconds })
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

/// The request that it stands for.
pub(super) fn request(scope: &Scope, intent: &OfferedIntent) -> RunRequest {
    let by_hand = RunRequest::of_person(scope);
    let until = |until: &Timestamp| Some(until.to_string());
    match intent {
        OfferedIntent::Awake { until: end } => {
            RunRequest { want: Some(RequestedState::Awake), until: until(end), ..by_hand }
        }
        OfferedIntent::Asleep { until: end } => {
            RunRequest { want: Some(RequestedState::Asleep), until: until(end), ..by_hand }
        }
        OfferedIntent::AsScheduled => RunRequest { want: Some(RequestedState::AsScheduled), ..by_hand },
        OfferedIntent::GiveBack { profile } => of_emergency(scope, give_back(profile)),
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
    let same = |ending: &&RunEnding| ending.reached() && ending.writes > 0 && ending.target == target;
    let last = history.endings.iter().rev().find(same)?;
    u32::try_from(last.at.duration_since(last.began).as_secs()).ok()
}
