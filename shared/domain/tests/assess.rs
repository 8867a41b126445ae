//! The whole decision, as a table of situations.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use watchkeeper_domain::capacity::{
    Baseline, DatabaseId, DatabaseState, ObservedDatabase, ObservedScope, ObservedService, ReachedTargets, ResourceId,
    Rollout, ScalingState, ServiceCapacity, ServiceId, Suspensions,
};
use watchkeeper_domain::failover::{PlacedService, Placement};
use watchkeeper_domain::guardrail::{Allowance, CapacityQuotas, GuardrailCode, OpenFreeze};
use watchkeeper_domain::intent::{DesiredState, Intent, Layer, RequestedProfile};
use watchkeeper_domain::plan::{CapacityChange, Obstacle, PlannedAction, Releases};
use watchkeeper_domain::reconcile::assess::{Assessment, DATABASE_RESTART, ScopeSituation, Verdict, assess};

fn evening() -> Timestamp {
    "2026-11-20T00:05:00Z".parse().unwrap()
}

fn service_id(name: &str) -> ServiceId {
    ServiceId::try_from(format!("clos-v2-cluster/{name}")).unwrap()
}

fn database_id() -> DatabaseId {
    DatabaseId::try_from("aurora:clos-v2-db-cluster".to_owned()).unwrap()
}

fn service(desired: u32, scaling: Option<ScalingState>) -> ObservedService {
    ObservedService {
        capacity: ServiceCapacity { desired, scaling },
        running: desired,
        pending: 0,
        managed: true,
        rollout: Rollout::Completed,
        rollout_since: None,
        task_definition: None,
        daemon: false,
    }
}

fn database(state: DatabaseState) -> ObservedDatabase {
    ObservedDatabase { state, managed: true, cannot_stop: None }
}

fn awake() -> ObservedScope {
    let scaling = ScalingState { min: 1, max: 3, suspended: Suspensions::NONE };
    ObservedScope {
        services: [(service_id("api"), service(2, Some(scaling))), (service_id("engine"), service(1, None))].into(),
        databases: [(database_id(), database(DatabaseState::Available))].into(),
        ..ObservedScope::default()
    }
}

fn asleep() -> ObservedScope {
    let scaling = ScalingState { min: 0, max: 3, suspended: Suspensions::ALL };
    ObservedScope {
        services: [(service_id("api"), service(0, Some(scaling))), (service_id("engine"), service(0, None))].into(),
        databases: [(database_id(), database(DatabaseState::Stopped))].into(),
        ..ObservedScope::default()
    }
}

fn intent(layer: Layer, want: DesiredState, expires: Option<Timestamp>) -> Intent {
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
    intent(Layer::Schedule, DesiredState::Asleep, None)
}

/// A scope at an instant; `decide` asks what is to be done about it.
struct World {
    baseline: Option<Baseline>,
    intents: Vec<Intent>,
    observed: ObservedScope,
    reached: ReachedTargets,
    declares: bool,
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
        Self {
            baseline: None,
            intents: vec![night()],
            observed: awake(),
            reached: ReachedTargets::default(),
            declares: false,
            allowance,
            instant: evening(),
        }
    }

    /// Asleep, seen and recorded.
    fn night() -> Self {
        let before = Self::evening().decide();
        let reached = ReachedTargets::all(&before.target, evening());
        Self { baseline: Some(before.baseline), observed: asleep(), reached, ..Self::evening() }
    }

    fn decide(&self) -> Assessment {
        assess(&ScopeSituation {
            baseline: self.baseline.as_ref(),
            intents: &self.intents,
            observed: &self.observed,
            reached: &self.reached,
            declares: self.declares,
            releases: &Releases::new(),
            quotas: &CapacityQuotas::default(),
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
    let decided = World { reached: ReachedTargets::default(), ..World::night() }.decide();
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
    assert_eq!(decided.violations.iter().map(|v| v.code).collect::<Vec<_>>(), [GuardrailCode::Drift]);
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
    assert!(decided.violations.iter().any(|violation| violation.code == GuardrailCode::Drift));
}

#[test]
fn an_override_wins_over_the_schedule_until_it_expires() {
    let until = evening() + SignedDuration::from_hours(3);
    let mut world = World::night();
    world.intents.push(intent(Layer::Override, DesiredState::Awake, Some(until)));
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
    let profile = serde_json::from_value(serde_json::json!({"desired": 2, "max": 5, "for": "1h"})).unwrap();
    let demand = RequestedProfile::of(&"surge".parse().unwrap(), &profile, 0, [].into());
    let surge = intent(Layer::Emergency, DesiredState::Scaled(demand), None);
    let mut world = World { intents: vec![surge], ..World::evening() };
    let target = world.decide().target;
    let count = |world: &mut World, desired| {
        let api = world.observed.services.get_mut(&service_id("api")).unwrap();
        api.capacity = ServiceCapacity { desired, scaling: target.services[&service_id("api")].scaling };
        let decided = world.decide();
        let of_api = |action: &&PlannedAction| action.change.is_of(&service_id("api"));
        decided.plan.actions().find(of_api).map(|action| action.change.clone())
    };
    world.baseline = Some(World::night().baseline.unwrap());
    assert!(
        matches!(count(&mut world, 3), Some(CapacityChange::Count { from: 3, to: 2, .. })),
        "on the way there it is"
    );
    world.reached = ReachedTargets::all(&target, evening());
    assert_eq!(count(&mut world, 3), None);
    assert_eq!(count(&mut world, 9), None, "what is no autoscaler's doing is a person's");
    assert!(world.decide().violations.iter().any(|violation| violation.code == GuardrailCode::Drift));
}

#[test]
fn an_empty_selection_is_refused_and_never_everything() {
    let decided = World { observed: ObservedScope::default(), ..World::evening() }.decide();
    assert_eq!(decided.verdict, Verdict::Refused);
    assert_eq!(decided.violations[0].code, GuardrailCode::EmptySelection);
    assert!(decided.plan.is_empty());
}

#[test]
fn what_was_approved_for_an_intent_is_not_asked_again_when_it_is_applied_again() {
    let mut world = World::evening();
    world.allowance.blast_radius_percent = 10;
    assert_eq!(world.decide().verdict, Verdict::Refused);
    world.intents[0].approved.insert(GuardrailCode::BlastRadius);
    let again = world.decide();
    assert_eq!(again.verdict, Verdict::Apply);
    assert!(again.violations.iter().any(|violation| violation.code == GuardrailCode::BlastRadius), "it is still told");
}

#[test]
fn what_a_person_stopped_at_home_so_that_it_could_start_elsewhere_is_not_remembered_as_nothing() {
    let mut world = World::evening();
    let id = world.observed.services.keys().next().unwrap().clone();
    world.observed.services.get_mut(&id).unwrap().capacity.desired = 0;
    let down =
        Placement { epoch: 1, services: [(id.service.clone(), PlacedService::Down)].into(), promised: [].into() };
    world.intents = vec![intent(Layer::Failover, DesiredState::Placed(down), None)];
    let remembered = |world: &World| world.decide().baseline.capacity.services[&id].desired;
    assert_eq!(remembered(&world), 0, "in the standby nothing is its own figure");
    world.allowance.at_home = [(id.service.clone(), 1)].into();
    assert_eq!(remembered(&world), 1);
    world.observed.services.get_mut(&id).unwrap().capacity.desired = 3;
    assert_eq!(remembered(&world), 3, "what runs is what it was");
}

fn change(world: &mut World, service: &str, change: impl FnOnce(&mut ObservedService)) {
    change(world.observed.services.get_mut(&service_id(service)).unwrap());
}

fn obstacles(decided: &Assessment) -> Vec<(String, Obstacle)> {
    decided.plan.obstacles.iter().map(|(resource, obstacle)| (resource.to_string(), obstacle.clone())).collect()
}

#[test]
fn what_cannot_be_changed_is_named_and_the_rest_goes_on() {
    let mut world = World::evening();
    change(&mut world, "engine", |engine| engine.daemon = true);
    change(&mut world, "api", |api| api.managed = false);
    world.observed.services.insert(service_id("web"), service(3, None));
    world.observed.services.insert(service_id("parked"), ObservedService { managed: false, ..service(0, None) });
    let decided = world.decide();
    assert_eq!(decided.verdict, Verdict::Apply);
    assert_eq!(changes(&decided), ["clos-v2-cluster/web: 3 -> 0 tasks"], "the database has a service that stays");
    assert_eq!(
        obstacles(&decided),
        [
            ("clos-v2-cluster/api".to_owned(), Obstacle::Untagged),
            ("clos-v2-cluster/engine".to_owned(), Obstacle::Daemon),
            ("aurora:clos-v2-db-cluster".to_owned(), Obstacle::InUse("clos-v2-cluster/api".to_owned())),
        ]
    );
    let kept: Vec<_> = decided.baseline.capacity.resources().map(|resource| resource.to_string()).collect();
    assert_eq!(kept, ["clos-v2-cluster/web", "aurora:clos-v2-db-cluster"], "what is not ours has no baseline");
}

#[test]
fn a_daemon_keeps_no_database_up_and_a_service_without_tasks_neither() {
    let mut world = World::evening();
    change(&mut world, "engine", |engine| engine.daemon = true);
    change(&mut world, "api", |api| *api = ObservedService { managed: false, running: 0, ..api.clone() });
    let stop = "aurora:clos-v2-db-cluster: stop".to_owned();
    assert!(changes(&world.decide()).contains(&stop));
}

#[test]
fn what_is_left_out_is_nothing_new_once_the_rest_is_there() {
    let mut world = World::night();
    world.observed.services.insert(service_id("agent"), ObservedService { daemon: true, ..service(3, None) });
    let decided = world.decide();
    assert_eq!((decided.verdict, decided.plan.is_empty()), (Verdict::Hindered, true));
}

#[test]
fn states_of_a_database_have_meanings() {
    let decided = |intents: Vec<Intent>, status: &str| {
        let mut world = World { intents, reached: ReachedTargets::default(), ..World::night() };
        world.observed.databases.insert(database_id(), database(DatabaseState::of(status)));
        world.decide()
    };
    let raise = |status| {
        let decided = decided(Vec::new(), status);
        let waits = decided.plan.steps.iter().any(|step| !step.waits_for.is_empty());
        (waits, obstacles(&decided).len(), changes(&decided).contains(&"aurora:clos-v2-db-cluster: start".to_owned()))
    };
    for status in ["available", "storage-optimization", "backing-up", "modifying", "configuring-log-exports"] {
        assert_eq!(raise(status), (false, 0, false), "{status} serves");
    }
    assert_eq!(raise("rebooting"), (true, 0, false));
    assert_eq!(raise("inaccessible-encryption-credentials-recoverable"), (true, 0, true), "startable");
    assert_eq!(raise("storage-full"), (false, 1, false), "nothing waits for a person");
    let stop = |status| {
        let decided = decided(vec![night()], status);
        (changes(&decided), obstacles(&decided).pop().map(|(_, obstacle)| obstacle), decided.plan.awaited.len())
    };
    assert_eq!(stop("available"), (vec!["aurora:clos-v2-db-cluster: stop".to_owned()], None, 0));
    assert_eq!(stop("backing-up"), (vec![], None, 1));
    let lasting = "storage-optimization".to_owned();
    assert_eq!(stop("storage-optimization"), (vec![], Some(Obstacle::NotNow(lasting)), 0));
    assert_eq!(stop("failed"), (vec![], Some(Obstacle::Broken("failed".to_owned())), 0));
}

#[test]
fn a_database_that_could_not_be_stopped_yet_is_stopped_when_it_can_be() {
    let mut world = World::night();
    world.reached.databases.clear();
    for (status, verdict) in [("storage-optimization", Verdict::Hindered), ("available", Verdict::Apply)] {
        world.observed.databases.insert(database_id(), database(DatabaseState::of(status)));
        assert_eq!(world.decide().verdict, verdict, "{status}");
    }
}

#[test]
fn what_becomes_protected_while_we_hold_it_is_given_back_and_then_protected() {
    let mut world = World::night();
    world.allowance.protected.extend(["engine".to_owned(), "CLOS-V2-DB-Cluster".to_owned()]);
    let decided = world.decide();
    assert_eq!(decided.verdict, Verdict::Apply);
    assert_eq!(changes(&decided), ["aurora:clos-v2-db-cluster: start", "clos-v2-cluster/engine: 0 -> 1 tasks"]);
    assert!(decided.violations.iter().all(|violation| violation.code == GuardrailCode::ProtectedResource));
    let mut baseline = world.baseline.unwrap();
    let given_back = [ResourceId::Service(service_id("engine")), ResourceId::Database(database_id())].into();
    baseline = baseline.without(&given_back).unwrap();
    world.baseline = Some(baseline);
    change(&mut world, "engine", |engine| *engine = service(1, None));
    world.observed.databases.insert(database_id(), database(DatabaseState::Available));
    assert_eq!(world.decide().verdict, Verdict::Nothing);
}

#[test]
fn a_freeze_lets_everything_out_and_nothing_new_in() {
    let mut world = World::night();
    world.allowance.frozen = Some(OpenFreeze { reason: "year's end".to_owned(), calendar: true });
    world.observed.services.insert(service_id("new"), service(1, None));
    world.allowance.protected.insert("engine".to_owned());
    let decided = world.decide();
    assert_eq!(decided.verdict, Verdict::Apply);
    assert_eq!(changes(&decided), ["clos-v2-cluster/engine: 0 -> 1 tasks"], "given back");
    assert_eq!(decided.held, [ResourceId::Service(service_id("new"))].into(), "nothing new");
    world.declares = true;
    assert_eq!(world.decide().verdict, Verdict::Refused, "a wish is whole or not at all");
    world.declares = false;
    world.intents.clear();
    assert_eq!(world.decide().verdict, Verdict::Apply, "and in the morning everything wakes");
}

#[test]
fn a_calendar_goes_on_in_a_freeze_unless_the_document_says_otherwise() {
    let mut world = World::evening();
    let mut frozen = |calendar| {
        world.allowance.frozen = Some(OpenFreeze { reason: "year's end".to_owned(), calendar });
        world.decide().verdict
    };
    assert_eq!((frozen(false), frozen(true)), (Verdict::Apply, Verdict::Refused));
}

#[test]
fn the_first_of_two_demands_is_given_back_while_the_second_holds() {
    let profile = serde_json::json!({"desired": 4, "max": 10, "for": "2h", "only": ["engine"]});
    let profile = serde_json::from_value(profile).unwrap();
    let want = DesiredState::Scaled(RequestedProfile::of(&"pay-day".parse().unwrap(), &profile, 0, [].into()));
    let mut world = World { intents: vec![intent(Layer::Emergency, want, None)], ..World::evening() };
    world.baseline = Some(World::night().baseline.unwrap());
    (world.allowance.blast_radius_percent, world.allowance.floor) = (10, 3);
    change(&mut world, "api", |api| api.capacity.desired = 6);
    let decided = world.decide();
    assert_eq!(decided.verdict, Verdict::Apply, "{:?}", decided.violations);
    assert!(changes(&decided).contains(&"clos-v2-cluster/api: 6 -> 2 tasks".to_owned()), "{:?}", changes(&decided));
    assert!(decided.violations.iter().any(|violation| violation.code == GuardrailCode::BelowFloor), "it is told");
}
