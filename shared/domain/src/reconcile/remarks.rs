//! What people are told of what somebody else does to a scope: other schedules, what a plan writes over, what is left alone.

use std::collections::{BTreeMap, BTreeSet};

use super::assess::ScopeSituation;
use crate::capacity::{Capacity, ObservedScope, ReachedTargets, ResourceId, ScheduledAction, ServiceId};
use crate::order::StartOrder;
use crate::plan::{DiffInput, Obstacle, Plan, PlannedAction, Releases};
use crate::violation::{GuardrailCode, Severity, Violation};

/// How many resources a remark about schedules names.
const NAMED: usize = 10;

/// What is said of the schedules of somebody else, beside what is left to them. While scheduled scaling is suspended, what
/// falls due does not happen, and is not made up for afterwards (Application Auto Scaling user guide, "Suspend and resume
/// scaling").
pub(super) fn schedules(observed: &ObservedScope, plan: &Plan) -> Option<Violation> {
    let beside = |id: &ServiceId| plan.obstacle(&ResourceId::Service(id.clone())).is_none();
    let told: Vec<String> = observed.schedules.iter().filter(|(id, _)| beside(id)).map(scheduled).collect();
    let found = format!("scheduled actions of somebody else move what this calendar moves: {}", listed(&told));
    let advice = "What falls due while a service sleeps is skipped by AWS and not made up for: leave it to one calendar, and \
                  delete these scheduled actions";
    (!told.is_empty()).then(|| Violation::new(GuardrailCode::ForeignSchedule, Severity::Warn, found, advice))
}

/// What is said of resources with the tag of another scheduler: whether that acts on it is not known here.
pub(super) fn schedulers(observed: &ObservedScope, plan: &Plan) -> Option<Violation> {
    let beside = |resource: &ResourceId| !matches!(plan.obstacle(resource), Some(Obstacle::Scheduled(_)));
    let told: Vec<String> =
        observed.schedulers.iter().filter(|(id, _)| beside(id)).map(|(id, it)| format!("{id} ({it})")).collect();
    let found = format!("another scheduler may move what this calendar moves: {}", listed(&told));
    let advice = "Leave it to one calendar: take the tag away, or take the resource from the document";
    (!told.is_empty()).then(|| Violation::new(GuardrailCode::ForeignSchedule, Severity::Warn, found, advice))
}

/// As many as are named, and how many more there are.
fn listed(told: &[String]) -> String {
    let more = if told.len() > NAMED { format!(" and {} more", told.len() - NAMED) } else { String::new() };
    told.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join("; ") + &more
}

fn scheduled((id, actions): (&ServiceId, &Vec<ScheduledAction>)) -> String {
    let names: Vec<&str> = actions.iter().map(|action| action.name.as_str()).collect();
    format!("{id} ({})", names.join(", "))
}

/// What somebody else changed of services and rules since they were left, where this plan writes over it. A database that is not as it was
/// left is no news: it is started and stopped, and nothing of it is lost.
pub(super) fn overwritten(situation: &ScopeSituation<'_>, plan: &Plan) -> Vec<Violation> {
    let ReachedTargets { services, rules, .. } = situation.reached.clone();
    let left = Capacity { services, rules, ..Capacity::default() };
    let since = DiffInput {
        observed: situation.observed,
        target: &left,
        releases: &Releases::new(),
        reached: &left.resources().collect(),
        refused: &BTreeMap::new(),
        order: &StartOrder::default(),
        late: &BTreeSet::new(),
        page: None,
        reason: "",
    };
    let written: BTreeSet<ResourceId> = plan.actions().map(|action| action.change.resource()).collect();
    let changed: BTreeSet<ResourceId> = since.plan().actions().map(|action| action.change.resource()).collect();
    let found = |resource: &ResourceId| {
        let is = match resource {
            ResourceId::Service(id) => {
                let is = situation.observed.services.get(id)?.capacity;
                let bounds = is.scaling.map_or_else(String::new, |scaling| format!(" in bounds {scaling}"));
                format!("{} tasks{bounds}", is.desired)
            }
            ResourceId::Rule(id) => situation.observed.rules.get(id)?.actions.to_string(),
            ResourceId::Database(_) => return None,
        };
        let found = format!("somebody else had set it to {is}, and that is overwritten");
        let advice = "If it was meant, set it again now: what is set while nothing holds it stays";
        Some(Violation::new(GuardrailCode::Overwritten, Severity::Warn, found, advice).of(resource.clone()))
    };
    changed.intersection(&written).filter_map(found).collect()
}

pub(super) fn foreign(action: &PlannedAction) -> Violation {
    let found = format!("somebody else changed it; to be as wanted it would need {}", action.change);
    let advice = "It is left alone until the next transition, and the baseline stays what it was";
    Violation::new(GuardrailCode::Drift, Severity::Warn, found, advice).of(action.change.resource())
}
