//! Nights and mornings, foreign changes, overrides.

use jiff::SignedDuration;
use watchkeeper_domain::capacity::{DatabaseState, ObservedScope, ReachedTargets, ServiceCapacity};
use watchkeeper_domain::failover::{PlacedService, Placement};
use watchkeeper_domain::guardrail::GuardrailCode;
use watchkeeper_domain::intent::{DesiredState, Layer, RequestedProfile};
use watchkeeper_domain::plan::{CapacityChange, PlannedAction};
use watchkeeper_domain::reconcile::assess::{DATABASE_RESTART, Verdict};

use super::scene::*;

#[test]
fn the_first_evening_learns_the_baseline_and_goes_to_sleep() {
    let decided = Scene::evening().decide();
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
    assert_eq!(Scene::night().decide().verdict, Verdict::Nothing);
}

#[test]
fn asleep_but_not_recorded_is_an_empty_plan_to_finish() {
    let decided = Scene { reached: ReachedTargets::default(), ..Scene::night() }.decide();
    assert_eq!((decided.verdict, decided.plan.is_empty()), (Verdict::Apply, true));
}

#[test]
fn in_the_morning_the_baseline_is_given_back_databases_first() {
    let decided = Scene { intents: Vec::new(), ..Scene::night() }.decide();
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
    let mut scene = Scene::night();
    scene.observed.services.get_mut(&service_id("engine")).unwrap().capacity.desired = 5;
    let decided = scene.decide();
    assert_eq!(decided.verdict, Verdict::Drift);
    assert!(decided.plan.is_empty());
    assert_eq!(decided.violations.iter().map(|v| v.code).collect::<Vec<_>>(), [GuardrailCode::Drift]);
    assert_eq!(decided.baseline.capacity, awake().capacity());
}

#[test]
fn after_a_foreign_change_the_morning_restores_the_baseline_exactly() {
    let mut scene = Scene { intents: Vec::new(), ..Scene::night() };
    scene.observed.services.get_mut(&service_id("engine")).unwrap().capacity.desired = 5;
    assert!(changes(&scene.decide()).contains(&"clos-v2-cluster/engine: 5 -> 1 tasks".to_owned()));
}

#[test]
fn a_database_that_a_human_started_is_left_alone_and_one_that_aws_started_is_put_back() {
    let mut scene = Scene::night();
    scene.observed.databases.insert(database_id(), database(DatabaseState::Available));
    scene.instant = evening() + SignedDuration::from_hours(20);
    assert_eq!(scene.decide().verdict, Verdict::Drift);
    scene.instant = evening() + DATABASE_RESTART;
    let decided = scene.decide();
    assert_eq!(decided.verdict, Verdict::Apply);
    assert_eq!(changes(&decided), ["aurora:clos-v2-db-cluster: stop"]);
}

#[test]
fn when_aws_restarts_the_database_a_foreign_count_is_still_left_alone() {
    let mut scene = Scene::night();
    scene.observed.databases.insert(database_id(), database(DatabaseState::Available));
    scene.observed.services.get_mut(&service_id("engine")).unwrap().capacity.desired = 5;
    scene.instant = evening() + DATABASE_RESTART;
    let decided = scene.decide();
    assert_eq!(changes(&decided), ["aurora:clos-v2-db-cluster: stop"]);
    assert!(decided.violations.iter().any(|violation| violation.code == GuardrailCode::Drift));
}

#[test]
fn an_override_wins_over_the_schedule_until_it_expires() {
    let until = evening() + SignedDuration::from_hours(3);
    let mut scene = Scene::night();
    scene.intents.push(intent(Layer::Override, DesiredState::Awake, Some(until)));
    assert_eq!(scene.decide().target, awake().capacity());
    scene.instant = until;
    assert_eq!(scene.decide().target, asleep().capacity());
}

#[test]
fn a_service_that_is_new_in_the_document_is_learnt_and_put_to_sleep() {
    let mut scene = Scene::night();
    scene.observed.services.insert(service_id("new"), service(1, None));
    let decided = scene.decide();
    assert!(decided.learnt);
    assert_eq!(changes(&decided), ["clos-v2-cluster/new: 1 -> 0 tasks"]);
}

#[test]
fn a_protected_service_is_never_in_the_target() {
    let mut scene = Scene::evening();
    scene.allowance.protected.insert("engine".to_owned());
    let decided = scene.decide();
    assert_eq!(decided.verdict, Verdict::Apply);
    assert!(!changes(&decided).iter().any(|change| change.contains("engine")));
}

#[test]
fn a_count_that_the_autoscaler_moved_within_its_bounds_is_no_difference() {
    let profile = serde_json::from_value(serde_json::json!({"desired": 2, "max": 5, "for": "1h"})).unwrap();
    let requested = RequestedProfile::of(&"surge".parse().unwrap(), &profile, 0, [].into());
    let surge = intent(Layer::Emergency, DesiredState::Scaled(requested), None);
    let mut scene = Scene { intents: vec![surge], ..Scene::evening() };
    let target = scene.decide().target;
    let count = |scene: &mut Scene, desired| {
        let api = scene.observed.services.get_mut(&service_id("api")).unwrap();
        api.capacity = ServiceCapacity { desired, scaling: target.services[&service_id("api")].scaling };
        let decided = scene.decide();
        let of_api = |action: &&PlannedAction| action.change.is_of(&service_id("api"));
        decided.plan.actions().find(of_api).map(|action| action.change.clone())
    };
    scene.baseline = Some(Scene::night().baseline.unwrap());
    assert!(
        matches!(count(&mut scene, 3), Some(CapacityChange::Count { from: 3, to: 2, .. })),
        "on the way there it is"
    );
    scene.reached = ReachedTargets::all(&target, evening());
    assert_eq!(count(&mut scene, 3), None);
    assert_eq!(count(&mut scene, 9), None, "what is no autoscaler's doing is a person's");
    assert!(scene.decide().violations.iter().any(|violation| violation.code == GuardrailCode::Drift));
}

#[test]
fn an_empty_selection_is_refused_and_never_everything() {
    let decided = Scene { observed: ObservedScope::default(), ..Scene::evening() }.decide();
    assert_eq!(decided.verdict, Verdict::Refused);
    assert_eq!(decided.violations[0].code, GuardrailCode::EmptySelection);
    assert!(decided.plan.is_empty());
}

#[test]
fn what_was_held_and_is_gone_altogether_is_forgotten_in_the_morning() {
    let mut scene = Scene { intents: Vec::new(), ..Scene::night() };
    let held: Vec<_> = scene.baseline.as_ref().unwrap().capacity.resources().collect();
    scene.observed = ObservedScope::default();
    assert_eq!(scene.decide().verdict, Verdict::Refused, "not seen is not gone");
    scene.observed.missing = held.into_iter().collect();
    let decided = scene.decide();
    assert_eq!((decided.verdict, decided.plan.is_empty()), (Verdict::Apply, true));
    scene.intents = Scene::night().intents;
    assert_eq!(scene.decide().verdict, Verdict::Refused, "and what sleeps has to exist");
}

#[test]
fn what_was_approved_for_an_intent_is_not_asked_again_when_it_is_applied_again() {
    let mut scene = Scene::evening();
    scene.allowance.blast_radius_percent = 10;
    assert_eq!(scene.decide().verdict, Verdict::Refused);
    scene.intents[0].approved.insert(GuardrailCode::BlastRadius);
    let again = scene.decide();
    assert_eq!(again.verdict, Verdict::Apply);
    assert!(again.violations.iter().any(|violation| violation.code == GuardrailCode::BlastRadius), "it is still told");
}

#[test]
fn what_a_person_stopped_at_home_so_that_it_could_start_elsewhere_is_not_remembered_as_nothing() {
    let mut scene = Scene::evening();
    let id = scene.observed.services.keys().next().unwrap().clone();
    scene.observed.services.get_mut(&id).unwrap().capacity.desired = 0;
    let down =
        Placement { epoch: 1, services: [(id.service.clone(), PlacedService::Down)].into(), promised: [].into() };
    scene.intents = vec![intent(Layer::Failover, DesiredState::Placed(down), None)];
    let remembered = |scene: &Scene| scene.decide().baseline.capacity.services[&id].desired;
    assert_eq!(remembered(&scene), 0, "in the standby nothing is its own figure");
    scene.allowance.at_home = [(id.service.clone(), 1)].into();
    assert_eq!(remembered(&scene), 1);
    scene.observed.services.get_mut(&id).unwrap().capacity.desired = 3;
    assert_eq!(remembered(&scene), 3, "what runs is what it was");
}
