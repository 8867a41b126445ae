//! Releases beside a sleep: which counts are a baseline, as far as the facts of AWS tell.

use jiff::{SignedDuration, Timestamp};
use rstest::rstest;
use watchkeeper_domain::capacity::{DeploymentTimes, Rollout};
use watchkeeper_domain::guardrail::GuardrailCode;
use watchkeeper_domain::intent::{DesiredState, Layer};
use watchkeeper_domain::reconcile::assess::{Assessment, Verdict};
use watchkeeper_domain::reconcile::releases::{Released, ScopeLeft};

use super::scene::{Scene, change, changes, evening, intent, obstacles, service_id};

fn after(seconds: i64) -> Timestamp {
    evening() + SignedDuration::from_secs(seconds)
}

/// What a tick ten minutes later makes of `engine` at three tasks.
fn found(rollout: Rollout, deployed: DeploymentTimes) -> Assessment {
    let mut scene = Scene { instant: after(600), ..Scene::night() };
    change(&mut scene, "engine", |engine| {
        (engine.capacity.desired, engine.rollout, engine.deployed) = (3, rollout, Some(deployed));
    });
    scene.decide()
}

fn times(created: i64, updated: i64, ended: Option<i64>) -> DeploymentTimes {
    DeploymentTimes { created: after(created), updated: after(updated), ended: ended.map(after) }
}

fn tells(decided: &Assessment, code: GuardrailCode) -> bool {
    decided.violations.iter().any(|violation| violation.code == code)
}

#[rstest]
#[case::both_in_one_call(Rollout::Completed, times(300, 300, None))]
#[case::within_the_minute(Rollout::Completed, times(300, 360, None))]
#[case::its_deployment_goes_on(Rollout::InProgress, times(300, 500, None))]
#[case::untouched_since_it_has_ended(Rollout::Completed, times(100, 280, Some(279)))]
fn a_count_that_came_with_a_deployment_is_the_baseline(#[case] rollout: Rollout, #[case] deployed: DeploymentTimes) {
    let decided = found(rollout, deployed);
    assert_eq!(decided.verdict, Verdict::Apply);
    assert_eq!(decided.baseline.capacity.services[&service_id("engine")].desired, 3);
    assert!(decided.learnt && tells(&decided, GuardrailCode::Released));
    assert!(!tells(&decided, GuardrailCode::Drift) && !tells(&decided, GuardrailCode::Overwritten));
    if rollout == Rollout::InProgress {
        assert_eq!(changes(&decided), Vec::<String>::new(), "nothing is put to sleep under its release");
        assert!(obstacles(&decided).iter().any(|(resource, _)| resource.ends_with("/engine")));
    } else {
        assert_eq!(changes(&decided), ["clos-v2-cluster/engine: 3 -> 0 tasks"]);
    }
}

#[rstest]
#[case::no_deployment_since(Rollout::Completed, times(-300, -300, None))]
#[case::long_after_its_deployment(Rollout::Completed, times(100, 280, None))]
#[case::long_after_it_had_ended(Rollout::Completed, times(100, 280, Some(105)))]
fn a_count_alone_is_drift(#[case] rollout: Rollout, #[case] deployed: DeploymentTimes) {
    let decided = found(rollout, deployed);
    assert_eq!(decided.verdict, Verdict::Drift);
    assert_eq!(decided.baseline.capacity.services[&service_id("engine")].desired, 1);
    assert!(tells(&decided, GuardrailCode::Drift) && !tells(&decided, GuardrailCode::Released));
}

#[test]
fn a_release_right_before_a_wake_comes_up_with_its_own_count() {
    let mut scene = Scene { instant: after(600), intents: Vec::new(), ..Scene::night() };
    change(&mut scene, "engine", |engine| {
        (engine.capacity.desired, engine.deployed) = (3, Some(times(590, 590, None)));
    });
    let decided = scene.decide();
    assert_eq!(decided.target.services[&service_id("engine")].desired, 3);
    assert!(!changes(&decided).iter().any(|change| change.contains("engine")), "{:?}", changes(&decided));
}

#[test]
fn in_an_emergency_the_count_of_a_moment_is_no_baseline() {
    let placed = intent(
        Layer::Failover,
        DesiredState::Placed(watchkeeper_domain::intent::Placement {
            epoch: 1,
            services: [].into(),
            promised: [].into(),
        }),
        None,
    );
    let mut scene = Scene { instant: after(600), ..Scene::night() };
    scene.intents.push(placed);
    change(&mut scene, "engine", |engine| {
        (engine.capacity.desired, engine.deployed) = (3, Some(times(300, 300, None)));
    });
    assert_eq!(scene.decide().baseline.capacity.services[&service_id("engine")].desired, 1);
}

#[test]
fn no_tasks_at_all_are_no_count_to_come_back_to() {
    let mut scene = Scene { instant: after(600), intents: Vec::new(), ..Scene::night() };
    scene.reached.services.get_mut(&service_id("engine")).unwrap().desired = 1;
    change(&mut scene, "engine", |engine| {
        (engine.capacity.desired, engine.deployed) = (0, Some(times(590, 590, None)));
    });
    assert_eq!(scene.decide().baseline.capacity.services[&service_id("engine")].desired, 1);
}

#[rstest]
#[case::before_our_last_write(300, false)]
#[case::after_it(500, true)]
fn a_count_is_explained_only_by_a_deployment_after_our_own_last_write(#[case] deployed: i64, #[case] joins: bool) {
    let mut scene = Scene { instant: after(600), ..Scene::night() };
    // As a look has it that is a second old: the emergency's count, beside a release of before.
    change(&mut scene, "engine", |engine| {
        (engine.capacity.desired, engine.deployed) = (10, Some(times(deployed, deployed, None)));
    });
    let left = ScopeLeft {
        at: evening(),
        services: scene.reached.services.clone(),
        sent: [(service_id("engine"), after(400))].into(),
    };
    let kept = scene.baseline.clone().unwrap();
    let released = Released::of(&left, &kept, &scene.observed, &[], scene.instant);
    assert_eq!(released.joined.contains_key(&service_id("engine")), joins);
}
