//! Rollbacks in the simulator: what is suspect goes back, what is not stays, and nothing is guessed.

use std::time::Duration;

use serde_json::json;
use watchkeeper_control::ports::Clock as _;
use watchkeeper_domain::capacity::{Rollout, ServiceId};
use watchkeeper_domain::emergency::alarm::AlarmState;
use watchkeeper_in_memory::{EmergencyRunState, InMemoryHarness, documents};
use watchkeeper_sim::{SimRegion, SimRegionBuilder, alarm_event, rds, service, store, task_definition};

/// Two services whose document lets a rollback run by itself, within half an hour of a deployment.
fn harness(sim: SimRegionBuilder) -> InMemoryHarness {
    let folder = tempfile::tempdir().unwrap();
    let document = "estate: shop\nenvironments:\n  prod:\n    kind: production\n    \
        regions: { primary: us-east-1 }\n    clusters: { us-east-1: { shop: [api, web] } }\n    emergency:\n      \
        profiles: { surge: { desired: 4, for: 1h } }\n      \
        rollback: { alarms: [errors], within: 30m, ask: false }\n";
    std::fs::write(folder.path().join("shop.yaml"), document).unwrap();
    InMemoryHarness::over(sim.build(), documents(folder.path()), "us-east-1")
}

fn sim() -> SimRegionBuilder {
    SimRegion::builder()
        .at("2026-11-20T15:00:00Z")
        .with(service("shop/api").desired(2).released("api:1").released("api:2"))
        .with(service("shop/web").desired(2).released("web:7").released("web:8"))
        .alarm("errors", AlarmState::Ok)
}

fn id(name: &str) -> ServiceId {
    ServiceId::try_from(format!("shop/{name}")).unwrap()
}

fn releases(harness: &InMemoryHarness) -> [String; 2] {
    ["api", "web"].map(|name| harness.sim.service(&id(name)).unwrap().task_definition.unwrap().to_string())
}

/// The alarm goes off, so long after now.
fn errors(harness: &mut InMemoryHarness, after: Duration) -> EmergencyRunState {
    harness.sim.advance(after);
    harness.sim.set_alarm("errors", AlarmState::Alarm);
    let event = alarm_event("errors", ("123456789012", "us-east-1"), "ALARM", harness.sim.now());
    harness.hears(&event).unwrap().unwrap();
    harness.emergency_runs().pop().unwrap().stage
}

#[test]
fn only_the_service_that_was_deployed_a_moment_ago_goes_back_and_by_itself_where_the_document_allows_it() {
    let mut harness = harness(sim());
    harness.sim.advance(Duration::from_hours(2));
    harness.sim.release(&id("api"), "api:3", Rollout::Completed);
    assert_eq!(errors(&mut harness, Duration::from_mins(10)), EmergencyRunState::Ended("done".to_owned()));
    assert_eq!(releases(&harness), ["api:2", "web:8"]);
    assert_eq!(harness.sim.writes(), 1);
    let told = harness.sim.messages().pop().unwrap();
    assert_eq!(told.subject, "shop prod is rolled back in 1 service");
}

#[test]
fn a_deployment_that_is_long_ago_is_not_suspect() {
    let mut harness = harness(sim());
    harness.sim.release(&id("api"), "api:3", Rollout::Completed);
    let stage = errors(&mut harness, Duration::from_mins(31));
    assert!(matches!(stage, EmergencyRunState::Ended(_)), "{stage:?}");
    assert_eq!(releases(&harness), ["api:3", "web:8"]);
    assert_eq!(harness.sim.writes(), 0);
}

#[test]
fn a_failed_release_is_no_release_to_go_back_to() {
    let mut harness = harness(sim());
    harness.sim.advance(Duration::from_hours(2));
    harness.sim.release(&id("api"), "api:3", Rollout::Failed);
    harness.sim.release(&id("api"), "api:4", Rollout::Failed);
    assert_eq!(errors(&mut harness, Duration::from_mins(5)), EmergencyRunState::Ended("done".to_owned()));
    assert_eq!(releases(&harness), ["api:2", "web:8"]);
}

#[test]
fn a_service_that_cannot_go_back_keeps_no_other_from_going_back_and_is_named() {
    let member = SimRegion::builder()
        .at("2026-11-20T15:00:00Z")
        .with(service("shop/api").desired(2).released("api:1").released("api:2"))
        .with(service("shop/web").desired(2).released("web:7"))
        .alarm("errors", AlarmState::Ok);
    let harness = harness(member);
    let request = json!({"estate": "shop", "environment": "prod", "roll-back": true, "services": ["api", "web"]});
    assert_eq!(harness.emergency_run("by-hand", request).stage, EmergencyRunState::Ended("partly-done".to_owned()));
    assert_eq!(releases(&harness), ["api:1", "web:7"]);
    let told = harness.sim.messages().pop().unwrap();
    assert_eq!(told.subject, "shop prod is rolled back in 1 service, but for 1 resource");
    assert!(told.text.contains("no-good-release: shop/web"), "{}", told.text);
}

#[test]
fn where_no_earlier_release_is_known_it_is_refused_and_told() {
    let first = SimRegion::builder()
        .at("2026-11-20T15:00:00Z")
        .with(service("shop/api").desired(2).released("api:1"))
        .with(service("shop/web").desired(2).deployed_elsewhere())
        .alarm("errors", AlarmState::Ok);
    let mut harness = harness(first);
    let stage = errors(&mut harness, Duration::from_mins(5));
    assert!(matches!(stage, EmergencyRunState::Ended(_)), "{stage:?}");
    assert_eq!(harness.sim.writes(), 0);
    let told = harness.sim.messages().pop().unwrap();
    assert!(told.text.contains("no-good-release: shop/api"), "{}", told.text);
}

#[test]
fn what_was_deployed_by_another_controller_is_refused_with_who_can_take_it_back() {
    let elsewhere = SimRegion::builder()
        .at("2026-11-20T15:00:00Z")
        .with(service("shop/api").desired(2).released("api:1").released("api:2"))
        .with(service("shop/web").desired(2).released("web:7").deployed_elsewhere());
    let harness = harness(elsewhere);
    let request =
        json!({"estate": "shop", "environment": "prod", "roll-back": true, "services": ["web"], "reason": "broken"});
    let stage = harness.emergency_run("by-hand", request).stage;
    assert!(matches!(&stage, EmergencyRunState::Ended(said) if said.starts_with("Guardrail.Refused: ")), "{stage:?}");
    assert_eq!(harness.sim.writes(), 0);
    let told = harness.sim.messages().pop().unwrap();
    assert!(told.text.contains("no-good-release: shop/web"), "{}", told.text);
    assert!(told.text.contains("CodeDeploy"), "{}", told.text);
}

#[test]
fn by_hand_it_takes_the_services_that_are_named_and_refuses_unknown_ones() {
    let harness = harness(sim());
    let by_hand = |name: &str, services: serde_json::Value| {
        harness.emergency_run(
            name,
            json!({"estate": "shop", "environment": "prod", "roll-back": true, "services": services}),
        )
    };
    assert!(matches!(by_hand("typo", json!(["apy"])).stage, EmergencyRunState::Ended(_)));
    assert_eq!(harness.sim.writes(), 0);
    assert_eq!(by_hand("web", json!(["web"])).stage, EmergencyRunState::Ended("done".to_owned()));
    assert_eq!(releases(&harness), ["api:2", "web:7"]);
}

#[test]
fn before_a_release_is_taken_back_a_document_may_ask_for_a_fresh_backup() {
    let folder = tempfile::tempdir().unwrap();
    let document = "estate: shop\nenvironments:\n  prod:\n    kind: production\n    \
        regions: { primary: us-east-1 }\n    clusters: { us-east-1: { shop: [api, web] } }\n    \
        databases: [{ rds: shop-db }]\n    guardrails: { fresh-backup: 24h }\n    emergency:\n      \
        profiles: { surge: { desired: 4, for: 1h } }\n      \
        rollback: { alarms: [errors], within: 30m, ask: false }\n    backups:\n      zone: Etc/UTC\n      \
        jobs: [{ rds: shop-db, schedule: { at: \"03:00\" }, retention: { daily: 2 } }]\n";
    std::fs::write(folder.path().join("shop.yaml"), document).unwrap();
    let sim = sim().with(rds("shop-db")).build();
    sim.put_store(store("rds:shop-db"));
    let harness = InMemoryHarness::over(sim, documents(folder.path()), "us-east-1");
    let before = releases(&harness);
    let request =
        json!({"estate": "shop", "environment": "prod", "roll-back": true, "services": ["api"], "reason": "broken"});
    let refused = harness.emergency_run("by-hand", request.clone()).stage;
    let EmergencyRunState::Ended(said) = refused else { panic!("{refused:?}") };
    assert!(said.starts_with("Guardrail.Refused: shop prod was not changed: stale-backup"), "{said}");
    assert_eq!(releases(&harness), before);
    // With a backup there is nothing in the way.
    let backup = json!({"estate": "shop", "environment": "prod"});
    assert_eq!(harness.backup_run("backup", &backup).outcome(), "done");
    assert_eq!(harness.emergency_run("by-hand-again", request).stage, EmergencyRunState::Ended("done".to_owned()));
    assert_ne!(releases(&harness), before);
}

#[test]
fn a_release_that_was_deregistered_is_named_with_what_to_do_and_nothing_is_written() {
    let mut harness = harness(sim());
    harness.sim.advance(Duration::from_hours(2));
    harness.sim.release(&id("api"), "api:3", Rollout::Completed);
    harness.sim.deregister(&task_definition("api:2"));
    let stage = errors(&mut harness, Duration::from_mins(10));
    assert!(matches!(stage, EmergencyRunState::Ended(_)), "{stage:?}");
    assert_eq!(releases(&harness), ["api:3", "web:8"]);
    assert_eq!(harness.sim.writes(), 0);
    let told = harness.sim.messages().pop().unwrap();
    assert!(told.text.contains("no-good-release: shop/api: api:2, the last release"), "{}", told.text);
    assert!(told.text.contains("aws ecs describe-task-definition --task-definition api:2"), "{}", told.text);
}

#[test]
fn what_was_released_after_the_question_is_not_taken_back_by_its_answer() {
    let harness = harness(sim());
    let request =
        json!({"estate": "shop", "environment": "prod", "roll-back": true, "services": ["api"], "ask": "look"});
    let mut emergency_run = harness.emergency_run("by-hand", request);
    assert!(matches!(emergency_run.stage, EmergencyRunState::Asking(_)), "{:?}", emergency_run.stage);
    harness.sim.advance(Duration::from_mins(10));
    harness.sim.release(&id("api"), "api:3", Rollout::Completed);
    harness.sim.advance(Duration::from_mins(5));
    emergency_run.answer(&harness, json!({"approved": true, "by": "Anna"}));
    assert_eq!(releases(&harness), ["api:3", "web:8"]);
    let told = harness.sim.messages().pop().unwrap();
    assert!(told.text.contains("after it was asked about a release before it"), "{}", told.text);
}
