//! One function a guardrail.

use jiff::SignedDuration;

use super::{
    DEPLOYMENT_PATIENCE, GuardrailCase, GuardrailCode, MAX_EVENT_AGE, Severity, Violation, capacity, promised, urgent,
};
use crate::capacity::{EnvironmentTag, ObservedService, ResourceId, Rollout, ServiceId};
use crate::intent::{DesiredState, Layer, gives_back, placed};
use crate::plan::{CapacityChange, Obstacle, PlannedAction};
use crate::value::rounded;

/// Every violation of a case, in the order of [`GuardrailCode::ALL`]. What a human approved beforehand is still told, as a
/// warning.
pub fn judge(case: &GuardrailCase<'_>) -> Vec<Violation> {
    let mut found: Vec<Violation> = CHECKS.iter().flat_map(|check| check(case)).collect();
    for violation in &mut found {
        if violation.severity == Severity::Ask && case.approved.contains(&violation.code) {
            violation.severity = Severity::Warn;
        }
    }
    found
}

type Check = fn(&GuardrailCase<'_>) -> Vec<Violation>;

const CHECKS: [Check; 12] = [
    halted,
    stale_event,
    empty_selection,
    production_never_sleeps,
    protected_resource,
    freeze_window,
    below_floor,
    capacity::above_ceiling,
    capacity::quota,
    blast_radius,
    deployment_in_progress,
    obstacles,
];

/// What these checks, and only these, say of a plan: one that is not among the violations of a run was silent.
pub const JUDGED: &[GuardrailCode] = &[
    GuardrailCode::Halted,
    GuardrailCode::StaleEvent,
    GuardrailCode::EmptySelection,
    GuardrailCode::ProductionNeverSleeps,
    GuardrailCode::ProtectedResource,
    GuardrailCode::NotManaged,
    GuardrailCode::FreezeWindow,
    GuardrailCode::BelowFloor,
    GuardrailCode::AboveCeiling,
    GuardrailCode::Quota,
    GuardrailCode::BlastRadius,
    GuardrailCode::DeploymentInProgress,
    GuardrailCode::DatabaseCannotStop,
    GuardrailCode::NotScalable,
    GuardrailCode::ForeignSchedule,
    GuardrailCode::DatabaseBroken,
    GuardrailCode::WakePage,
    GuardrailCode::WriteRefused,
    GuardrailCode::NotFound,
];

/// Whether the pointer of a pair decides: then no floor, no blast radius and no deployment holds up what goes down here,
/// because another region runs it, or is to.
fn moved(case: &GuardrailCase<'_>) -> bool {
    placed(case.deciding).is_some()
}

fn halted(case: &GuardrailCase<'_>) -> Vec<Violation> {
    let Some(halt) = case.halt.filter(|_| !case.plan.is_empty()) else { return Vec::new() };
    // What a dead man's switch has promised stops all the same: the other region counts on it unseen.
    let kept = case.plan.actions().all(|action| promised(&action.change, case.deciding));
    vec![Violation::new(
        GuardrailCode::Halted,
        if kept { Severity::Warn } else { Severity::Refuse },
        halt.to_string(),
        "Start the reconcile machine with \"halt\": false to go on",
    )]
}

fn stale_event(case: &GuardrailCase<'_>) -> Vec<Violation> {
    let age = case.now.duration_since(case.instant);
    if age.abs() <= MAX_EVENT_AGE {
        return Vec::new();
    }
    let found = format!("the event is of {}, {:#} from now, more than {MAX_EVENT_AGE:#}", case.instant, age.abs());
    vec![Violation::new(
        GuardrailCode::StaleEvent,
        Severity::Refuse,
        found,
        "The next tick decides anew; nothing is needed",
    )]
}

fn empty_selection(case: &GuardrailCase<'_>) -> Vec<Violation> {
    let nothing_there = case.observed.services.is_empty() && case.observed.databases.is_empty();
    let all_gone = case.target.resources().all(|resource| case.observed.missing.contains(&resource));
    let holds_what_is_gone = all_gone && case.baseline.resources().next().is_some();
    let allowed = if gives_back(case.deciding) {
        // What was held and exists no more is to be forgotten: there is nothing to give it back to.
        !nothing_there || holds_what_is_gone
    } else {
        !nothing_there && !all_gone
    };
    let tagged = case.observed.empty.iter().map(|cluster| {
        let found = format!("no service of the cluster {cluster} has the tag watchkeeper:managed = true");
        let advice = "The rest goes on; tag its services, or name them in the estate document";
        Violation::new(GuardrailCode::EmptySelection, Severity::Warn, found, advice)
    });
    let untagged = case.observed.no_database.iter().map(|tag| {
        let found = format!("no database has the tags watchkeeper:managed = true and {} = {tag}", EnvironmentTag::KEY);
        let advice = "The rest goes on; tag its databases, or name them in the estate document";
        Violation::new(GuardrailCode::EmptySelection, Severity::Warn, found, advice)
    });
    let mut found: Vec<Violation> = tagged.chain(untagged).collect();
    if allowed {
        return found;
    }
    let nothing = "no service and no database is selected that exists";
    let advice = "Name the environment's clusters, services and databases of this region in its estate document";
    found.push(Violation::new(GuardrailCode::EmptySelection, Severity::Refuse, nothing, advice));
    found
}

fn production_never_sleeps(case: &GuardrailCase<'_>) -> Vec<Violation> {
    let sleeps = case.deciding.iter().find(|intent| intent.want == DesiredState::Asleep);
    let Some(intent) = sleeps.filter(|_| case.allowance.production) else { return Vec::new() };
    let found = intent.to_string();
    let advice = "A production environment cannot be put to sleep; nothing was changed";
    vec![Violation::new(GuardrailCode::ProductionNeverSleeps, Severity::Refuse, found, advice)]
}

fn protected_resource(case: &GuardrailCase<'_>) -> Vec<Violation> {
    let broken = |resource: ResourceId| {
        let back = |action: &&PlannedAction| action.change.resource() != resource || case.gives_back(&action.change);
        let (severity, advice) = if case.plan.actions().all(|action| back(&action)) {
            (Severity::Warn, "It is given back what it had, and left alone after that")
        } else {
            (Severity::Refuse, "Take it from `protected` in the estate document if it may be changed")
        };
        Violation::new(GuardrailCode::ProtectedResource, severity, "it is protected", advice).of(resource)
    };
    let touched = case.plan.written().into_iter();
    let held = |resource: &ResourceId| case.baseline.resources().any(|kept| kept == *resource);
    let kept = |resource: &ResourceId| case.allowance.keeps(case.deciding, held(resource), resource);
    touched.filter(kept).map(broken).collect()
}

fn freeze_window(case: &GuardrailCase<'_>) -> Vec<Violation> {
    let Some(frozen) = case.allowance.frozen.as_ref().filter(|_| !case.plan.is_empty()) else { return Vec::new() };
    let calendar = case.deciding.iter().all(|intent| intent.layer == Layer::Schedule);
    let back = case.plan.actions().all(|action| case.gives_back(&action.change));
    if calendar && !back && !frozen.calendar {
        return Vec::new();
    }
    // An emergency or a failover is what a freeze must not stop; it is still told.
    let severity = if urgent(case) || back { Severity::Warn } else { Severity::Refuse };
    let found = format!("frozen: {}", frozen.reason);
    vec![Violation::new(
        GuardrailCode::FreezeWindow,
        severity,
        found,
        "Nothing new goes in until the window has closed",
    )]
}

fn below_floor(case: &GuardrailCase<'_>) -> Vec<Violation> {
    let floor = case.allowance.floor;
    let broken = |change: &CapacityChange| match change {
        CapacityChange::Count { service, from, to } if *to < floor && to < from => {
            // What is given back was there before us: its baseline is exact, also where somebody had it below the floor.
            let told = case.gives_back(change) || moved(case);
            let severity = if told { Severity::Warn } else { Severity::Refuse };
            let found = format!("{to} tasks, and the floor is {floor}");
            let advice = "Lower `guardrails.floor` in the estate document if this is meant";
            let broken = Violation::new(GuardrailCode::BelowFloor, severity, found, advice);
            Some(broken.of(ResourceId::Service(service.clone())))
        }
        _ => None,
    };
    case.plan.actions().filter_map(|action| broken(&action.change)).collect()
}

fn blast_radius(case: &GuardrailCase<'_>) -> Vec<Violation> {
    let hindered = |id: &ServiceId| case.plan.obstacle(&ResourceId::Service(id.clone())).is_some();
    let all = case.observed.services.keys().filter(|id| !hindered(id)).count();
    let goes_down = |change: &CapacityChange| {
        matches!(change, CapacityChange::Count { from, to, .. } if to < from) && !case.gives_back(change)
    };
    let reduced = case.plan.actions().filter(|action| goes_down(&action.change)).count();
    let limit = case.allowance.blast_radius_percent as usize;
    if moved(case) || reduced * 100 <= limit * all {
        return Vec::new();
    }
    let found = format!("{reduced} of {all} services would be reduced at once, and the limit is {limit} %");
    vec![Violation::new(
        GuardrailCode::BlastRadius,
        Severity::Ask,
        found,
        "Start it again with \"approve\": [\"blast-radius\"]",
    )]
}

fn deployment_in_progress(case: &GuardrailCase<'_>) -> Vec<Violation> {
    let broken = |change: &CapacityChange| {
        let CapacityChange::Count { service, from, to } = change else { return None };
        let observed = case.observed.services.get(service)?;
        let held_up = young(case, observed) && to < from && !moved(case) && !case.gives_back(change);
        let while_young = if held_up { Severity::Refuse } else { Severity::Warn };
        let (severity, found, advice) = match observed.rollout {
            Rollout::Completed => return None,
            // Without a completed deployment ECS launches nothing that stays: more tasks cannot help.
            Rollout::Failed if urgent(case) && to > from && !case.gives_back(change) => {
                let advice = "More tasks cannot help. Start the emergency-scale machine with \"roll-back\": true, or go on \
                              with \"approve\": [\"deployment-in-progress\"]";
                (Severity::Ask, "its last deployment failed".to_owned(), advice)
            }
            Rollout::Failed => {
                (Severity::Warn, "its last deployment failed".to_owned(), "Check or roll back the service")
            }
            Rollout::Paused => {
                let advice = "Continue it or roll it back (aws ecs continue-service-deployment); after half an hour it holds \
                              nothing up, and goes on waiting meanwhile";
                (while_young, format!("a deployment waits in a lifecycle hook{}", lasting(case, observed)), advice)
            }
            Rollout::InProgress => {
                let advice = "The next tick tries again; a deployment older than half an hour holds nothing up";
                (while_young, format!("a deployment is in progress{}", lasting(case, observed)), advice)
            }
        };
        let broken = Violation::new(GuardrailCode::DeploymentInProgress, severity, found, advice);
        Some(broken.of(ResourceId::Service(service.clone())))
    };
    case.plan.actions().filter_map(|action| broken(&action.change)).collect()
}

/// How long its newest deployment has been what it is.
fn rollout_age(case: &GuardrailCase<'_>, service: &ObservedService) -> Option<SignedDuration> {
    service.rollout_since.map(|since| case.now.duration_since(since))
}

fn young(case: &GuardrailCase<'_>, service: &ObservedService) -> bool {
    rollout_age(case, service).is_none_or(|age| age < DEPLOYMENT_PATIENCE)
}

fn lasting(case: &GuardrailCase<'_>, service: &ObservedService) -> String {
    rollout_age(case, service).map_or_else(String::new, |age| format!(" for {}", rounded(age)))
}

fn obstacles(case: &GuardrailCase<'_>) -> Vec<Violation> {
    let told = |(resource, obstacle): &(ResourceId, Obstacle)| obstacle.violation(resource);
    let mut found: Vec<Violation> = case.plan.obstacles.iter().map(told).collect();
    found.sort_by_key(|violation| violation.code);
    found
}
