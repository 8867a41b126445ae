//! One function a guardrail.

use jiff::SignedDuration;

use super::{Case, Code, DEPLOYMENT_PATIENCE, MAX_EVENT_AGE, Severity, Violation, emergency};
use crate::assess::{gives_back, promised};
use crate::capacity::{ObservedService, ResourceId, Rollout};
use crate::intent::{Layer, Want, placed};
use crate::plan::{Change, Obstacle};
use crate::report::rounded;

/// Every violation of a case, in the order of [`Code::ALL`]. What a human approved beforehand is still told, as a
/// warning.
pub fn judge(case: &Case<'_>) -> Vec<Violation> {
    let mut found: Vec<Violation> = CHECKS.iter().flat_map(|check| check(case)).collect();
    for violation in &mut found {
        if violation.severity == Severity::Ask && case.approved.contains(&violation.code) {
            violation.severity = Severity::Warn;
        }
    }
    found
}

type Check = fn(&Case<'_>) -> Vec<Violation>;

const CHECKS: [Check; 14] = [
    halted,
    stale_event,
    empty_selection,
    production_never_sleeps,
    protected_resource,
    not_managed,
    freeze_window,
    below_floor,
    emergency::above_ceiling,
    emergency::quota,
    blast_radius,
    deployment_in_progress,
    database_cannot_stop,
    not_found,
];

/// Whether the pointer of a pair decides: then no floor, no blast radius and no deployment holds up what goes down here,
/// because another region runs it, or is to.
fn moved(case: &Case<'_>) -> bool {
    placed(case.deciding).is_some()
}

/// Whether an emergency or a failover decides.
pub(super) fn urgent(case: &Case<'_>) -> bool {
    case.deciding.iter().any(|intent| intent.layer >= Layer::Emergency)
}

fn halted(case: &Case<'_>) -> Vec<Violation> {
    let Some(halt) = case.halt.filter(|_| !case.plan.is_empty()) else { return Vec::new() };
    let found = format!("halted since {} by {}: {}", halt.since, halt.by, halt.reason);
    // What a dead man's switch has promised stops all the same: the other region counts on it unseen.
    let kept = case.plan.actions().all(|action| promised(&action.change, case.deciding));
    vec![Violation::new(
        Code::Halted,
        if kept { Severity::Warn } else { Severity::Refuse },
        found,
        "Start the reconcile machine with \"halt\": false to go on",
    )]
}

fn stale_event(case: &Case<'_>) -> Vec<Violation> {
    let age = case.now.duration_since(case.instant);
    if age.abs() <= MAX_EVENT_AGE {
        return Vec::new();
    }
    let found = format!("the event is of {}, {:#} from now, more than {MAX_EVENT_AGE:#}", case.instant, age.abs());
    vec![Violation::new(Code::StaleEvent, Severity::Refuse, found, "The next tick decides anew; nothing is needed")]
}

fn empty_selection(case: &Case<'_>) -> Vec<Violation> {
    if case.target.resources().any(|resource| !case.observed.missing.contains(&resource)) {
        return Vec::new();
    }
    let found = "no service and no database is selected that exists";
    let advice = "Name the environment's clusters, services and databases of this region in its estate document";
    vec![Violation::new(Code::EmptySelection, Severity::Refuse, found, advice)]
}

fn production_never_sleeps(case: &Case<'_>) -> Vec<Violation> {
    let sleeps = case.deciding.iter().find(|intent| intent.want == Want::Asleep);
    let Some(intent) = sleeps.filter(|_| case.allowance.production) else { return Vec::new() };
    let found = intent.to_string();
    let advice = "A production environment cannot be put to sleep; nothing was changed";
    vec![Violation::new(Code::ProductionNeverSleeps, Severity::Refuse, found, advice)]
}

fn protected_resource(case: &Case<'_>) -> Vec<Violation> {
    let name = |resource: &ResourceId| match resource {
        ResourceId::Service(id) => id.service.to_string(),
        ResourceId::Database(id) => id.name().to_string(),
    };
    let broken = |resource: ResourceId| {
        case.allowance.protected.contains(&name(&resource)).then(|| {
            let advice = "Take it from `protected` in the estate document if it may be changed";
            Violation::new(Code::ProtectedResource, Severity::Refuse, "it is protected", advice).of(resource)
        })
    };
    touched(case).into_iter().filter_map(broken).collect()
}

fn not_managed(case: &Case<'_>) -> Vec<Violation> {
    let managed = |resource: &ResourceId| match resource {
        ResourceId::Service(id) => case.observed.services.get(id).is_some_and(|service| service.managed),
        ResourceId::Database(id) => case.observed.databases.get(id).is_some_and(|database| database.managed),
    };
    let broken = |resource: ResourceId| {
        let found = "it lacks the tag watchkeeper:managed = true";
        Violation::new(Code::NotManaged, Severity::Refuse, found, "Tag it, or take it from the document").of(resource)
    };
    touched(case).into_iter().filter(|resource| !managed(resource)).map(broken).collect()
}

fn freeze_window(case: &Case<'_>) -> Vec<Violation> {
    let Some(reason) = case.allowance.frozen.as_ref().filter(|_| !case.plan.is_empty()) else { return Vec::new() };
    // An emergency or a failover is what a freeze must not stop; it is still told.
    let severity = if urgent(case) { Severity::Warn } else { Severity::Refuse };
    vec![Violation::new(
        Code::FreezeWindow,
        severity,
        format!("frozen: {reason}"),
        "It goes on when the window has closed",
    )]
}

fn below_floor(case: &Case<'_>) -> Vec<Violation> {
    let floor = case.allowance.floor;
    // What is given back was there before us: its baseline is exact, also where somebody had it below the floor.
    let severity = if gives_back(case.deciding) || moved(case) { Severity::Warn } else { Severity::Refuse };
    let broken = |change: &Change| match change {
        Change::Count { service, from, to } if *to < floor && to < from => {
            let found = format!("{to} tasks, and the floor is {floor}");
            let advice = "Lower `guardrails.floor` in the estate document if this is meant";
            let broken = Violation::new(Code::BelowFloor, severity, found, advice);
            Some(broken.of(ResourceId::Service(service.clone())))
        }
        _ => None,
    };
    case.plan.actions().filter_map(|action| broken(&action.change)).collect()
}

fn blast_radius(case: &Case<'_>) -> Vec<Violation> {
    let all = case.observed.services.len();
    let goes_down = |change: &Change| matches!(change, Change::Count { from, to, .. } if to < from);
    let reduced = case.plan.actions().filter(|action| goes_down(&action.change)).count();
    let limit = case.allowance.blast_radius_percent as usize;
    if gives_back(case.deciding) || moved(case) || reduced * 100 <= limit * all {
        return Vec::new();
    }
    let found = format!("{reduced} of {all} services would be reduced at once, and the limit is {limit} %");
    vec![Violation::new(Code::BlastRadius, Severity::Ask, found, "Start it again with \"approve\": [\"blast-radius\"]")]
}

fn deployment_in_progress(case: &Case<'_>) -> Vec<Violation> {
    let broken = |change: &Change| {
        let Change::Count { service, from, to } = change else { return None };
        let observed = case.observed.services.get(service)?;
        let (severity, found, advice) = match observed.rollout {
            Rollout::Completed => return None,
            // Without a completed deployment ECS launches nothing that stays: more tasks cannot help.
            Rollout::Failed if urgent(case) && to > from => {
                let advice = "More tasks cannot help. Start the emergency-scale machine with \"roll-back\": true, or go on \
                              with \"approve\": [\"deployment-in-progress\"]";
                (Severity::Ask, "its last deployment failed".to_owned(), advice)
            }
            Rollout::Failed => {
                (Severity::Warn, "its last deployment failed".to_owned(), "Check or roll back the service")
            }
            Rollout::Paused => {
                let severity =
                    if young(case, observed) && to < from && !moved(case) { Severity::Refuse } else { Severity::Warn };
                let advice = "Continue it or roll it back (aws ecs continue-service-deployment); after half an hour it holds \
                              nothing up, and goes on waiting meanwhile";
                (severity, format!("a deployment waits in a lifecycle hook{}", lasting(case, observed)), advice)
            }
            Rollout::InProgress => {
                let severity =
                    if young(case, observed) && to < from && !moved(case) { Severity::Refuse } else { Severity::Warn };
                let advice = "The next tick tries again; a deployment older than half an hour holds nothing up";
                (severity, format!("a deployment is in progress{}", lasting(case, observed)), advice)
            }
        };
        let broken = Violation::new(Code::DeploymentInProgress, severity, found, advice);
        Some(broken.of(ResourceId::Service(service.clone())))
    };
    case.plan.actions().filter_map(|action| broken(&action.change)).collect()
}

/// How long its newest deployment has been what it is.
fn rollout_age(case: &Case<'_>, service: &ObservedService) -> Option<SignedDuration> {
    service.rollout_since.map(|since| case.now.duration_since(since))
}

fn young(case: &Case<'_>, service: &ObservedService) -> bool {
    rollout_age(case, service).is_none_or(|age| age < DEPLOYMENT_PATIENCE)
}

fn lasting(case: &Case<'_>, service: &ObservedService) -> String {
    rollout_age(case, service).map_or_else(String::new, |age| format!(" for {}", rounded(age)))
}

fn database_cannot_stop(case: &Case<'_>) -> Vec<Violation> {
    let broken = |(resource, obstacle): &(ResourceId, Obstacle)| match obstacle {
        Obstacle::CannotStop(why) => {
            let advice = "It stays up and the rest goes on; protect it in the document to silence this";
            Some(Violation::new(Code::DatabaseCannotStop, Severity::Warn, why.clone(), advice).of(resource.clone()))
        }
        Obstacle::Missing => None,
    };
    case.plan.obstacles.iter().filter_map(broken).collect()
}

fn not_found(case: &Case<'_>) -> Vec<Violation> {
    let missing = case.plan.obstacles.iter().filter(|(_, obstacle)| *obstacle == Obstacle::Missing);
    let broken = |resource: &ResourceId| {
        let advice = "The rest goes on; correct its name in the estate document";
        Violation::new(Code::NotFound, Severity::Warn, "AWS does not know it in this region", advice)
            .of(resource.clone())
    };
    missing.map(|(resource, _)| broken(resource)).collect()
}

/// Every resource that the plan writes to, once.
fn touched(case: &Case<'_>) -> std::collections::BTreeSet<ResourceId> {
    case.plan.actions().map(|action| action.change.resource()).collect()
}
