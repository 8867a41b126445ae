//! What cannot be changed, what is protected, and what a freeze holds.

use watchkeeper_domain::capacity::{DatabaseState, ObservedService, ReachedTargets, ResourceId};
use watchkeeper_domain::guardrail::{GuardrailCode, OpenFreeze};
use watchkeeper_domain::intent::{DesiredState, Intent, Layer, RequestedProfile};
use watchkeeper_domain::plan::Obstacle;
use watchkeeper_domain::reconcile::assess::Verdict;

use super::scene::*;

#[test]
fn what_cannot_be_changed_is_named_and_the_rest_goes_on() {
    let mut scene = Scene::evening();
    change(&mut scene, "engine", |engine| engine.daemon = true);
    change(&mut scene, "api", |api| api.managed = false);
    scene.observed.services.insert(service_id("web"), service(3, None));
    scene.observed.services.insert(service_id("parked"), ObservedService { managed: false, ..service(0, None) });
    let decided = scene.decide();
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
    let mut scene = Scene::evening();
    change(&mut scene, "engine", |engine| engine.daemon = true);
    change(&mut scene, "api", |api| *api = ObservedService { managed: false, running: 0, ..api.clone() });
    let stop = "aurora:clos-v2-db-cluster: stop".to_owned();
    assert!(changes(&scene.decide()).contains(&stop));
}

#[test]
fn what_is_left_out_is_nothing_new_once_the_rest_is_there() {
    let mut scene = Scene::night();
    scene.observed.services.insert(service_id("agent"), ObservedService { daemon: true, ..service(3, None) });
    let decided = scene.decide();
    assert_eq!((decided.verdict, decided.plan.is_empty()), (Verdict::Hindered, true));
}

#[test]
fn states_of_a_database_have_meanings() {
    let decided = |intents: Vec<Intent>, status: &str| {
        let mut scene = Scene { intents, reached: ReachedTargets::default(), ..Scene::night() };
        scene.observed.databases.insert(database_id(), database(DatabaseState::of(status)));
        scene.decide()
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
    let mut scene = Scene::night();
    scene.reached.databases.clear();
    for (status, verdict) in [("storage-optimization", Verdict::Hindered), ("available", Verdict::Apply)] {
        scene.observed.databases.insert(database_id(), database(DatabaseState::of(status)));
        assert_eq!(scene.decide().verdict, verdict, "{status}");
    }
}

#[test]
fn what_becomes_protected_while_we_hold_it_is_given_back_and_then_protected() {
    let mut scene = Scene::night();
    scene.allowance.protected.extend(["engine".to_owned(), "CLOS-V2-DB-Cluster".to_owned()]);
    let decided = scene.decide();
    assert_eq!(decided.verdict, Verdict::Apply);
    assert_eq!(changes(&decided), ["aurora:clos-v2-db-cluster: start", "clos-v2-cluster/engine: 0 -> 1 tasks"]);
    assert!(decided.violations.iter().all(|violation| violation.code == GuardrailCode::ProtectedResource));
    let mut baseline = scene.baseline.unwrap();
    let given_back = [ResourceId::Service(service_id("engine")), ResourceId::Database(database_id())].into();
    baseline = baseline.without(&given_back).unwrap();
    scene.baseline = Some(baseline);
    change(&mut scene, "engine", |engine| *engine = service(1, None));
    scene.observed.databases.insert(database_id(), database(DatabaseState::Available));
    assert_eq!(scene.decide().verdict, Verdict::Nothing);
}

#[test]
fn a_freeze_lets_everything_out_and_nothing_new_in() {
    let mut scene = Scene::night();
    scene.allowance.frozen = Some(OpenFreeze { reason: "year's end".to_owned(), calendar: true });
    scene.observed.services.insert(service_id("new"), service(1, None));
    scene.allowance.protected.insert("engine".to_owned());
    let decided = scene.decide();
    assert_eq!(decided.verdict, Verdict::Apply);
    assert_eq!(changes(&decided), ["clos-v2-cluster/engine: 0 -> 1 tasks"], "given back");
    assert_eq!(decided.held, [ResourceId::Service(service_id("new"))].into(), "nothing new");
    scene.declares = true;
    assert_eq!(scene.decide().verdict, Verdict::Refused, "a wish is whole or not at all");
    scene.declares = false;
    scene.intents.clear();
    assert_eq!(scene.decide().verdict, Verdict::Apply, "and in the morning everything wakes");
}

#[test]
fn a_calendar_goes_on_in_a_freeze_unless_the_document_says_otherwise() {
    let mut scene = Scene::evening();
    let mut frozen = |calendar| {
        scene.allowance.frozen = Some(OpenFreeze { reason: "year's end".to_owned(), calendar });
        scene.decide().verdict
    };
    assert_eq!((frozen(false), frozen(true)), (Verdict::Apply, Verdict::Refused));
}

#[test]
fn the_first_of_two_demands_is_given_back_while_the_second_holds() {
    let profile = serde_json::json!({"desired": 4, "max": 10, "for": "2h", "only": ["engine"]});
    let profile = serde_json::from_value(profile).unwrap();
    let want = DesiredState::Scaled(RequestedProfile::of(&"pay-day".parse().unwrap(), &profile, 0, [].into()));
    let mut scene = Scene { intents: vec![intent(Layer::Emergency, want, None)], ..Scene::evening() };
    scene.baseline = Some(Scene::night().baseline.unwrap());
    (scene.allowance.blast_radius_percent, scene.allowance.floor) = (10, 3);
    change(&mut scene, "api", |api| api.capacity.desired = 6);
    let decided = scene.decide();
    assert_eq!(decided.verdict, Verdict::Apply, "{:?}", decided.violations);
    assert!(changes(&decided).contains(&"clos-v2-cluster/api: 6 -> 2 tasks".to_owned()), "{:?}", changes(&decided));
    assert!(decided.violations.iter().any(|violation| violation.code == GuardrailCode::BelowFloor), "it is told");
}
