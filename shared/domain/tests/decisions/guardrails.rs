//! Guardrails: the example is clean, and each fact corrupted alone breaks exactly its own guardrail.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use watchkeeper_domain::capacity::{
    Capacity, DatabaseId, DatabaseState, ObservedDatabase, ObservedScope, ObservedService, ResourceId, Rollout,
    ScalingState, ServiceCapacity, ServiceId, Suspensions,
};
use watchkeeper_domain::estate::Emergency;
use watchkeeper_domain::guardrail::{
    Allowance, CapacityQuotas, DEPLOYMENT_PATIENCE, GuardrailCase, GuardrailCode, HaltSwitch, JUDGED, MAX_EVENT_AGE,
    OpenFreeze, Severity, Violation, judge, stops,
};
use watchkeeper_domain::intent::{DesiredState, Intent, Layer, RequestedProfile, resolve};
use watchkeeper_domain::plan::diff;

/// Everything that a case is made of, to be corrupted one fact at a time.
struct Facts {
    observed: ObservedScope,
    intent: Intent,
    allowance: Allowance,
    quotas: CapacityQuotas,
    instant: Timestamp,
    now: Timestamp,
    halt: Option<HaltSwitch>,
    approved: BTreeSet<GuardrailCode>,
}

fn api() -> ServiceId {
    ServiceId::try_from("clos-v2-cluster/clos-v2-core-api-service".to_owned()).unwrap()
}

fn database() -> DatabaseId {
    DatabaseId::try_from("aurora:clos-v2-db-cluster".to_owned()).unwrap()
}

fn evening() -> Timestamp {
    "2026-11-20T00:05:00Z".parse().unwrap()
}

fn clean() -> Facts {
    let scaling = Some(ScalingState { min: 1, max: 3, suspended: Suspensions::NONE });
    let service = ObservedService {
        capacity: ServiceCapacity { desired: 2, scaling },
        running: 2,
        pending: 0,
        managed: true,
        rollout: Rollout::Completed,
        rollout_since: None,
        deployed: None,
        task_definition: None,
        daemon: false,
        target_groups: Vec::new(),
        scheduler: None,
    };
    let aurora =
        ObservedDatabase { state: DatabaseState::Available, managed: true, cannot_stop: None, scheduler: None };
    Facts {
        observed: ObservedScope {
            services: [(api(), service)].into(),
            databases: [(database(), aurora)].into(),
            ..ObservedScope::default()
        },
        intent: Intent {
            layer: Layer::Schedule,
            want: DesiredState::Asleep,
            reason: "outside 08:00-19:00".to_owned(),
            by: "tick".to_owned(),
            declared: evening(),
            expires: None,
            approved: [].into(),
            for_release: None,
        },
        allowance: Allowance {
            production: false,
            floor: 0,
            ceiling: None,
            blast_radius_percent: 100,
            protected: BTreeSet::new(),
            frozen: None,
            at_home: [].into(),
            order: watchkeeper_domain::order::StartOrder::default(),
            page: None,
        },
        quotas: CapacityQuotas::default(),
        instant: evening(),
        now: evening(),
        halt: None,
        approved: BTreeSet::new(),
    }
}

fn violations(facts: &Facts) -> Vec<Violation> {
    let baseline = facts.observed.capacity();
    let target = resolve(&baseline, std::slice::from_ref(&facts.intent), facts.instant);
    let plan = diff(&facts.observed, &target, "test");
    let found = judge(&GuardrailCase {
        plan: &plan,
        observed: &facts.observed,
        target: &target,
        baseline: &baseline,
        deciding: std::slice::from_ref(&facts.intent),
        quotas: &facts.quotas,
        allowance: &facts.allowance,
        instant: facts.instant,
        now: facts.now,
        halt: facts.halt.as_ref(),
        approved: &facts.approved,
    });
    // The window tells which guardrails were silent: those of this list that said nothing.
    assert!(found.iter().all(|violation| JUDGED.contains(&violation.code)), "{found:?}");
    found
}

fn frozen() -> OpenFreeze {
    OpenFreeze { reason: "year's end".to_owned(), calendar: true }
}

fn halt(facts: &mut Facts) {
    facts.halt = Some(HaltSwitch { by: "me".to_owned(), reason: "migration".to_owned(), since: evening() });
}

fn api_of(facts: &mut Facts) -> &mut ObservedService {
    facts.observed.services.get_mut(&api()).unwrap()
}

fn aurora_of(facts: &mut Facts) -> &mut ObservedDatabase {
    facts.observed.databases.get_mut(&database()).unwrap()
}

/// A hook holds its deployment since then.
fn paused(facts: &mut Facts, since: SignedDuration) {
    deploying(facts, since);
    api_of(facts).rollout = Rollout::Paused;
}

fn deploying(facts: &mut Facts, since: SignedDuration) {
    let now = facts.now;
    let service = api_of(facts);
    service.rollout = Rollout::InProgress;
    service.rollout_since = Some(now - since);
}

#[test]
fn the_example_is_clean() {
    assert_eq!(violations(&clean()), []);
}

type Corruption = (&'static str, fn(&mut Facts), GuardrailCode, Severity);

const CORRUPTIONS: &[Corruption] = &[
    ("halted", halt, GuardrailCode::Halted, Severity::Refuse),
    (
        "late",
        |f| f.now = f.instant + MAX_EVENT_AGE + SignedDuration::from_secs(1),
        GuardrailCode::StaleEvent,
        Severity::Refuse,
    ),
    (
        "early",
        |f| f.instant = f.now + MAX_EVENT_AGE + SignedDuration::from_secs(1),
        GuardrailCode::StaleEvent,
        Severity::Refuse,
    ),
    ("empty", |f| f.observed = ObservedScope::default(), GuardrailCode::EmptySelection, Severity::Refuse),
    ("production", |f| f.allowance.production = true, GuardrailCode::ProductionNeverSleeps, Severity::Refuse),
    (
        "protected_service",
        |f| _ = f.allowance.protected.insert("clos-v2-core-api-service".to_owned()),
        GuardrailCode::ProtectedResource,
        Severity::Refuse,
    ),
    (
        "protected_database",
        |f| _ = f.allowance.protected.insert("clos-v2-db-cluster".to_owned()),
        GuardrailCode::ProtectedResource,
        Severity::Refuse,
    ),
    ("untagged_database", |f| aurora_of(f).managed = false, GuardrailCode::NotManaged, Severity::Warn),
    ("daemon", |f| api_of(f).daemon = true, GuardrailCode::NotScalable, Severity::Warn),
    ("broken", |f| aurora_of(f).state = DatabaseState::of("failed"), GuardrailCode::DatabaseBroken, Severity::Warn),
    ("freeze", |f| f.allowance.frozen = Some(frozen()), GuardrailCode::FreezeWindow, Severity::Refuse),
    (
        "freeze_in_an_emergency",
        |f| {
            f.allowance.frozen = Some(frozen());
            f.intent.layer = Layer::Emergency;
        },
        GuardrailCode::FreezeWindow,
        Severity::Warn,
    ),
    ("floor", |f| f.allowance.floor = 1, GuardrailCode::BelowFloor, Severity::Refuse),
    ("radius", |f| f.allowance.blast_radius_percent = 99, GuardrailCode::BlastRadius, Severity::Ask),
    (
        "radius_approved",
        |f| {
            f.allowance.blast_radius_percent = 99;
            f.approved.insert(GuardrailCode::BlastRadius);
        },
        GuardrailCode::BlastRadius,
        Severity::Warn,
    ),
    (
        "deployment",
        |f| deploying(f, SignedDuration::from_mins(5)),
        GuardrailCode::DeploymentInProgress,
        Severity::Refuse,
    ),
    (
        "deployment_of_unknown_age",
        |f| api_of(f).rollout = Rollout::InProgress,
        GuardrailCode::DeploymentInProgress,
        Severity::Refuse,
    ),
    ("stuck_deployment", |f| deploying(f, DEPLOYMENT_PATIENCE), GuardrailCode::DeploymentInProgress, Severity::Warn),
    (
        "paused_deployment",
        |f| paused(f, SignedDuration::from_mins(5)),
        GuardrailCode::DeploymentInProgress,
        Severity::Refuse,
    ),
    ("long_paused_deployment", |f| paused(f, DEPLOYMENT_PATIENCE), GuardrailCode::DeploymentInProgress, Severity::Warn),
    ("failed_deployment", |f| api_of(f).rollout = Rollout::Failed, GuardrailCode::DeploymentInProgress, Severity::Warn),
    (
        "replica",
        |f| aurora_of(f).cannot_stop = Some("it is a read replica".to_owned()),
        GuardrailCode::DatabaseCannotStop,
        Severity::Warn,
    ),
    (
        "missing",
        |f| _ = f.observed.missing.insert(ResourceId::Database(DatabaseId::try_from("rds:gone".to_owned()).unwrap())),
        GuardrailCode::NotFound,
        Severity::Warn,
    ),
];

#[test]
fn one_corrupted_fact_breaks_exactly_its_guardrail() {
    for (name, corrupt, code, severity) in CORRUPTIONS {
        let mut facts = clean();
        corrupt(&mut facts);
        let found = violations(&facts);
        let codes: Vec<(GuardrailCode, Severity)> =
            found.iter().map(|violation| (violation.code, violation.severity)).collect();
        assert_eq!(codes, [(*code, *severity)], "{name}");
        assert_eq!(stops(&found), *severity > Severity::Warn, "{name}");
    }
}

/// A surge of the example, from 2 tasks of 1 to 3 to 4 tasks of 4 to 10.
fn surging() -> Facts {
    let emergency: Emergency = serde_json::from_value(serde_json::json!({
        "profiles": {"surge": {"desired": 4, "max": 10, "for": "2h"}},
    }))
    .unwrap();
    let surge = "surge".parse().unwrap();
    let want = DesiredState::Scaled(RequestedProfile::of(&surge, &emergency.profiles[&surge], 0, BTreeSet::new()));
    let clean = clean();
    let intent = Intent { layer: Layer::Emergency, want, ..clean.intent };
    let cpu_units = [(api(), 1024)].into();
    let quotas = CapacityQuotas { vcpu: Some(10), vcpu_used: Some(8), tasks_per_service: Some(4), cpu_units };
    let allowance =
        Allowance { ceiling: Some(10), floor: 1, production: true, blast_radius_percent: 50, ..clean.allowance };
    Facts { intent, allowance, quotas, ..clean }
}

const SURGE_CORRUPTIONS: &[Corruption] = &[
    ("ceiling_of_the_count", |f| f.allowance.ceiling = Some(3), GuardrailCode::AboveCeiling, Severity::Refuse),
    ("ceiling_of_the_maximum", |f| f.allowance.ceiling = Some(9), GuardrailCode::AboveCeiling, Severity::Refuse),
    ("vcpu_of_the_account", |f| f.quotas.vcpu_used = Some(9), GuardrailCode::Quota, Severity::Ask),
    ("larger_tasks", |f| _ = f.quotas.cpu_units.insert(api(), 2048), GuardrailCode::Quota, Severity::Ask),
    (
        "vcpu_of_this_environment_alone",
        |f| {
            f.quotas.vcpu_used = None;
            f.quotas.vcpu = Some(3);
        },
        GuardrailCode::Quota,
        Severity::Ask,
    ),
    ("tasks_of_a_service", |f| f.quotas.tasks_per_service = Some(3), GuardrailCode::Quota, Severity::Ask),
    (
        "quota_approved",
        |f| {
            f.quotas.tasks_per_service = Some(3);
            f.approved.insert(GuardrailCode::Quota);
        },
        GuardrailCode::Quota,
        Severity::Warn,
    ),
    ("failed_deployment", |f| api_of(f).rollout = Rollout::Failed, GuardrailCode::DeploymentInProgress, Severity::Ask),
    ("deployment", |f| deploying(f, SignedDuration::from_mins(5)), GuardrailCode::DeploymentInProgress, Severity::Warn),
];

#[test]
fn a_surge_is_clean_and_each_corrupted_fact_breaks_its_guardrail() {
    assert_eq!(violations(&surging()), []);
    for (name, corrupt, code, severity) in SURGE_CORRUPTIONS {
        let mut facts = surging();
        corrupt(&mut facts);
        let found = violations(&facts);
        assert!(!found.is_empty(), "{name}");
        assert!(found.iter().all(|v| (v.code, v.severity) == (*code, *severity)), "{name}: {found:?}");
    }
}

#[test]
fn a_failed_deployment_offers_the_rollback_instead_of_more_tasks() {
    let mut facts = surging();
    api_of(&mut facts).rollout = Rollout::Failed;
    assert!(violations(&facts)[0].advice.contains("\"roll-back\": true"));
}

#[test]
fn giving_back_is_never_held_up_by_floor_ceiling_or_radius() {
    let facts = Facts {
        allowance: Allowance { floor: 3, ceiling: Some(1), blast_radius_percent: 1, ..surging().allowance },
        ..surging()
    };
    let baseline = facts.observed.capacity();
    let mut surged = facts.observed.clone();
    let service = surged.services.get_mut(&api()).unwrap();
    service.capacity =
        ServiceCapacity { desired: 4, scaling: service.capacity.scaling.map(|s| ScalingState { min: 4, ..s }) };
    let plan = diff(&surged, &baseline, "test");
    assert!(!plan.is_empty());
    let found = judge(&GuardrailCase {
        plan: &plan,
        observed: &surged,
        target: &baseline,
        baseline: &baseline,
        deciding: &[],
        quotas: &facts.quotas,
        allowance: &facts.allowance,
        instant: facts.instant,
        now: facts.now,
        halt: None,
        approved: &facts.approved,
    });
    assert!(!stops(&found), "{found:?}");
    assert_eq!(found[0].code, GuardrailCode::BelowFloor, "it is told");
}

#[test]
fn an_approval_answers_what_asks_and_nothing_that_refuses() {
    let mut facts = clean();
    facts.approved = GuardrailCode::ALL.iter().copied().collect();
    facts.allowance.production = true;
    assert!(stops(&violations(&facts)));
}

#[test]
fn nothing_is_said_of_a_freeze_or_a_halt_when_nothing_would_be_changed() {
    let mut facts = clean();
    facts.observed.services.clear();
    aurora_of(&mut facts).state = DatabaseState::Stopped;
    halt(&mut facts);
    facts.allowance.frozen = Some(frozen());
    assert_eq!(violations(&facts), []);
}

#[test]
fn every_code_has_a_name_that_reads_back() {
    for code in GuardrailCode::ALL.iter().copied() {
        assert_eq!(serde_json::to_value(code).unwrap(), code.name());
    }
}

#[test]
fn a_violation_reads_as_a_sentence_with_its_resource_and_its_figure() {
    let mut facts = clean();
    facts.allowance.floor = 1;
    insta::assert_snapshot!(violations(&facts)[0], @"below-floor: clos-v2-cluster/clos-v2-core-api-service: 0 tasks, and the floor is 1. Lower `guardrails.floor` in the estate document if this is meant");
}

#[test]
fn capacity_is_empty_without_resources() {
    assert_eq!(Capacity::default().resources().count(), 0);
}
