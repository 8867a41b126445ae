//! The whole decision, as a table of situations.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use watchkeeper_domain::assess::{Assessment, DATABASE_RESTART, Situation, Verdict, assess};
use watchkeeper_domain::capacity::{
    Baseline, DatabaseId, DatabaseState, Observed, ObservedDatabase, ObservedService, Rollout, Scaling,
    ServiceCapacity, ServiceId, Suspensions,
};
use watchkeeper_domain::failover::{Placed, Placement};
use watchkeeper_domain::guardrail::{Allowance, Code, Quotas};
use watchkeeper_domain::intent::{Intent, Layer, Want};
use watchkeeper_domain::plan::{Change, Releases};

fn evening() -> Timestamp {
    "2026-11-20T00:05:00Z".parse().unwrap()
}

fn service_id(name: &str) -> ServiceId {
    ServiceId::try_from(format!("clos-v2-cluster/{name}")).unwrap()
}

fn database_id() -> DatabaseId {
    DatabaseId::try_from("aurora:clos-v2-db-cluster".to_owned()).unwrap()
}

fn service(desired: u32, scaling: Option<Scaling>) -> ObservedService {
    ObservedService {
        capacity: ServiceCapacity { desired, scaling },
        running: desired,
        pending: 0,
        managed: true,
        rollout: Rollout::Completed,
        rollout_since: None,
        task_definition: None,
    }
}

fn database(state: DatabaseState) -> ObservedDatabase {
    ObservedDatabase { state, managed: true, cannot_stop: None }
}

fn awake() -> Observed {
    let scaling = Scaling { min: 1, max: 3, suspended: Suspensions::NONE };
    Observed {
        services: [(service_id("api"), service(2, Some(scaling))), (service_id("engine"), service(1, None))].into(),
        databases: [(database_id(), database(DatabaseState::Available))].into(),
        missing: BTreeSet::new(),
    }
}

fn asleep() -> Observed {
    let scaling = Scaling { min: 0, max: 3, suspended: Suspensions::ALL };
    Observed {
        services: [(service_id("api"), service(0, Some(scaling))), (service_id("engine"), service(0, None))].into(),
        databases: [(database_id(), database(DatabaseState::Stopped))].into(),
        missing: BTreeSet::new(),
    }
}

fn intent(layer: Layer, want: Want, expires: Option<Timestamp>) -> Intent {
    Intent {
        layer,
        want,
        reason: "test".to_owned(),
        by: "test".to_owned(),
        declared: evening(),
        expires,
        approved: [].into(),
    }
}

fn night() -> Intent {
    intent(Layer::Schedule, Want::Asleep, None)
}

/// A scope at an instant; `decide` asks what is to be done about it.
struct World {
    baseline: Option<Baseline>,
    intents: Vec<Intent>,
    observed: Observed,
    settled: Option<(String, Timestamp)>,
    allowance: Allowance,
    instant: Timestamp,
}

impl World {
    /// Before the first night.
    fn evening() -> Self {
        let allowance = Allowance {
            production: false,
            floor: 0,
            ceiling: None,
            blast_radius_percent: 100,
            protected: BTreeSet::new(),
            frozen: None,
            at_home: [].into(),
        };
        Self { baseline: None, intents: vec![night()], observed: awake(), settled: None, allowance, instant: evening() }
    }

    /// Asleep, seen and recorded.
    fn night() -> Self {
        let before = Self::evening().decide();
        let settled = Some((before.target.fingerprint(), evening()));
        Self { baseline: Some(before.baseline), observed: asleep(), settled, ..Self::evening() }
    }

    fn decide(&self) -> Assessment {
        assess(&Situation {
            baseline: self.baseline.as_ref(),
            intents: &self.intents,
            observed: &self.observed,
            settled: self.settled.as_ref().map(|(mark, at)| (mark.as_str(), *at)),
            releases: &Releases::new(),
            quotas: &Quotas::default(),
            allowance: &self.allowance,
            instant: self.instant,
            now: self.instant,
            halt: None,
            approved: &BTreeSet::new(),
        })
    }
}

fn changes(assessment: &Assessment) -> Vec<String> {
    assessment.plan.actions().map(|action| action.change.to_string()).collect()
}

#[test]
fn the_first_evening_learns_the_baseline_and_goes_to_sleep() {
    let decided = World::evening().decide();
    assert_eq!(decided.verdict, Verdict::Apply);
    assert!(decided.learnt);
    assert_eq!(decided.baseline.capacity, awake().capacity());
    insta::assert_snapshot!(changes(&decided).join("\n"), @r"
    clos-v2-cluster/api: bounds 1..3, nothing suspended -> 0..3, all suspended
    clos-v2-cluster/api: 2 -> 0 tasks
    clos-v2-cluster/engine: 1 -> 0 tasks
    aurora:clos-v2-db-cluster: stop
    ");
}

#[test]
fn asleep_and_settled_is_nothing_to_do() {
    assert_eq!(World::night().decide().verdict, Verdict::Nothing);
}

#[test]
fn asleep_but_not_recorded_is_an_empty_plan_to_finish() {
    let decided = World { settled: None, ..World::night() }.decide();
    assert_eq!((decided.verdict, decided.plan.is_empty()), (Verdict::Apply, true));
}

#[test]
fn in_the_morning_the_baseline_is_given_back_databases_first() {
    let decided = World { intents: Vec::new(), ..World::night() }.decide();
    assert_eq!(decided.verdict, Verdict::Apply);
    insta::assert_snapshot!(changes(&decided).join("\n"), @r"
    aurora:clos-v2-db-cluster: start
    clos-v2-cluster/api: 0 -> 2 tasks
    clos-v2-cluster/engine: 0 -> 1 tasks
    clos-v2-cluster/api: bounds 0..3, all suspended -> 1..3, nothing suspended
    ");
}

#[test]
fn a_foreign_change_in_the_night_is_drift_and_the_baseline_stays() {
    let mut world = World::night();
    world.observed.services.get_mut(&service_id("engine")).unwrap().capacity.desired = 5;
    let decided = world.decide();
    assert_eq!(decided.verdict, Verdict::Drift);
    assert!(decided.plan.is_empty());
    assert_eq!(decided.violations.iter().map(|v| v.code).collect::<Vec<_>>(), [Code::Drift]);
    assert_eq!(decided.baseline.capacity, awake().capacity());
}

#[test]
fn after_a_foreign_change_the_morning_restores_the_baseline_exactly() {
    let mut world = World { intents: Vec::new(), ..World::night() };
    world.observed.services.get_mut(&service_id("engine")).unwrap().capacity.desired = 5;
    assert!(changes(&world.decide()).contains(&"clos-v2-cluster/engine: 5 -> 1 tasks".to_owned()));
}

#[test]
fn a_database_that_a_human_started_is_left_alone_and_one_that_aws_started_is_put_back() {
    let mut world = World::night();
    world.observed.databases.insert(database_id(), database(DatabaseState::Available));
    world.instant = evening() + SignedDuration::from_hours(20);
    assert_eq!(world.decide().verdict, Verdict::Drift);
    world.instant = evening() + DATABASE_RESTART;
    let decided = world.decide();
    assert_eq!(decided.verdict, Verdict::Apply);
    assert_eq!(changes(&decided), ["aurora:clos-v2-db-cluster: stop"]);
}

#[test]
fn when_aws_restarts_the_database_a_foreign_count_is_still_left_alone() {
    let mut world = World::night();
    world.observed.databases.insert(database_id(), database(DatabaseState::Available));
    world.observed.services.get_mut(&service_id("engine")).unwrap().capacity.desired = 5;
    world.instant = evening() + DATABASE_RESTART;
    let decided = world.decide();
    assert_eq!(changes(&decided), ["aurora:clos-v2-db-cluster: stop"]);
    assert!(decided.violations.iter().any(|violation| violation.code == Code::Drift));
}

#[test]
fn an_override_wins_over_the_schedule_until_it_expires() {
    let until = evening() + SignedDuration::from_hours(3);
    let mut world = World::night();
    world.intents.push(intent(Layer::Override, Want::Awake, Some(until)));
    assert_eq!(world.decide().target, awake().capacity());
    world.instant = until;
    assert_eq!(world.decide().target, asleep().capacity());
}

#[test]
fn a_service_that_is_new_in_the_document_is_learnt_and_put_to_sleep() {
    let mut world = World::night();
    world.observed.services.insert(service_id("new"), service(1, None));
    let decided = world.decide();
    assert!(decided.learnt);
    assert_eq!(changes(&decided), ["clos-v2-cluster/new: 1 -> 0 tasks"]);
}

#[test]
fn a_protected_service_is_never_in_the_target() {
    let mut world = World::evening();
    world.allowance.protected.insert("engine".to_owned());
    let decided = world.decide();
    assert_eq!(decided.verdict, Verdict::Apply);
    assert!(!changes(&decided).iter().any(|change| change.contains("engine")));
}

#[test]
fn a_count_that_the_autoscaler_moved_within_its_bounds_is_no_difference() {
    let mut world = World { intents: Vec::new(), baseline: Some(World::night().baseline.unwrap()), ..World::evening() };
    world.observed.services.get_mut(&service_id("api")).unwrap().capacity.desired = 3;
    assert!(world.decide().plan.is_empty());
    world.observed.services.get_mut(&service_id("api")).unwrap().capacity.desired = 4;
    let decided = world.decide();
    let action = decided.plan.actions().next().unwrap();
    assert!(matches!(action.change, Change::Count { from: 4, to: 2, .. }));
}

#[test]
fn an_empty_selection_is_refused_and_never_everything() {
    let decided = World { observed: Observed::default(), ..World::evening() }.decide();
    assert_eq!(decided.verdict, Verdict::Refused);
    assert_eq!(decided.violations[0].code, Code::EmptySelection);
    assert!(decided.plan.is_empty());
}

#[test]
fn what_was_approved_for_an_intent_is_not_asked_again_when_it_is_applied_again() {
    let mut world = World::evening();
    world.allowance.blast_radius_percent = 10;
    assert_eq!(world.decide().verdict, Verdict::Refused);
    world.intents[0].approved.insert(Code::BlastRadius);
    let again = world.decide();
    assert_eq!(again.verdict, Verdict::Apply);
    assert!(again.violations.iter().any(|violation| violation.code == Code::BlastRadius), "it is still told");
}

#[test]
fn what_a_person_stopped_at_home_so_that_it_could_start_elsewhere_is_not_remembered_as_nothing() {
    let mut world = World::evening();
    let id = world.observed.services.keys().next().unwrap().clone();
    world.observed.services.get_mut(&id).unwrap().capacity.desired = 0;
    let down = Placement { epoch: 1, services: [(id.service.clone(), Placed::Down)].into(), promised: [].into() };
    world.intents = vec![intent(Layer::Failover, Want::Placed(down), None)];
    let remembered = |world: &World| world.decide().baseline.capacity.services[&id].desired;
    assert_eq!(remembered(&world), 0, "in the standby nothing is its own figure");
    world.allowance.at_home = [(id.service.clone(), 1)].into();
    assert_eq!(remembered(&world), 1);
    world.observed.services.get_mut(&id).unwrap().capacity.desired = 3;
    assert_eq!(remembered(&world), 3, "what runs is what it was");
}
