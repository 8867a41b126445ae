//! Emergencies in which not everything goes well: dead executions, failed deployments, quotas, and what is told of it once.

use std::time::Duration;

use jiff::SignedDuration;
use serde_json::json;
use watchkeeper_control::ports::Clock as _;
use watchkeeper_domain::capacity::Rollout;
use watchkeeper_domain::emergency::alarm::AlarmState;
use watchkeeper_domain::execution::ExecutionStatus;
use watchkeeper_domain::guardrail::CapacityQuotas;
use watchkeeper_sim::{CallTrouble, FaultPlan, Operation, TimingSettings};
use watchkeeper_tests::in_memory::EmergencyRunState;

use crate::emergency_scene::{
    API, CONNECTIONS, ERRORS, alarm, by_hand, id, prod, production, rehearsal, subjects, surging,
};
use crate::scene::at;

#[test]
fn an_execution_that_died_is_given_back_by_the_tick_when_it_expires() {
    let mut rehearsal = rehearsal(production());
    let original = rehearsal.world.capacity();
    let siren = alarm(&mut rehearsal).unwrap();
    drop(siren);
    rehearsal.tick(at("2026-11-20T16:00:00Z"));
    assert!(surging(&rehearsal.world.capacity()));
    rehearsal.tick(at("2026-11-20T17:05:00Z"));
    assert_eq!(rehearsal.world.capacity(), original);
}

#[test]
fn a_failed_deployment_is_not_answered_with_more_tasks() {
    let mut rehearsal = rehearsal(production());
    rehearsal.world.change_rollout(&id(API), Rollout::Failed);
    let siren = alarm(&mut rehearsal).unwrap();
    assert!(matches!(siren.stage, EmergencyRunState::Ended(_)), "{:?}", siren.stage);
    assert_eq!(rehearsal.world.writes(), 0);
    let message = rehearsal.world.messages().pop().unwrap();
    assert!(message.text.contains("More tasks cannot help"), "{}", message.text);
    assert!(rehearsal.world.remembered(&prod()).unwrap().intents.is_empty(), "a refused emergency leaves nothing");
}

#[test]
fn a_person_gives_back_while_the_tasks_of_a_surge_never_start() {
    let mut rehearsal = rehearsal(production());
    let original = rehearsal.world.capacity();
    rehearsal.world.set_settings(TimingSettings { task_start: Duration::from_hours(100), ..TimingSettings::default() });
    // The run waits for its tasks, and holds its lease, when a person has seen enough.
    let index = rehearsal.world.calls_made() + 60;
    rehearsal.world.set_faults(FaultPlan::none().at(index, CallTrouble::CrashAfter));
    assert_eq!(alarm(&mut rehearsal).unwrap().stage, EmergencyRunState::Crashed);
    rehearsal.world.set_faults(FaultPlan::none());
    assert!(surging(&rehearsal.world.capacity()));
    let back = by_hand(&rehearsal, "give-back", json!({"profile": "surge", "give-back": true}));
    assert_eq!(back.stage, EmergencyRunState::Ended("done".to_owned()));
    assert_eq!(rehearsal.world.capacity(), original);
}

#[test]
fn a_quota_that_would_not_suffice_is_told_before_anything_is_written() {
    let quotas = CapacityQuotas { vcpu: Some(2), vcpu_used: Some(2), ..CapacityQuotas::default() };
    let mut rehearsal = rehearsal(production().account(quotas));
    let siren = alarm(&mut rehearsal).unwrap();
    assert!(matches!(siren.stage, EmergencyRunState::Ended(_)), "{:?}", siren.stage);
    assert_eq!(rehearsal.world.writes(), 0);
    let message = rehearsal.world.messages().pop().unwrap();
    assert!(message.text.contains("1 vCPUs more, the account uses 2, and the Fargate quota is 2"), "{}", message.text);
    let again = by_hand(&rehearsal, "approved", json!({"profile": "surge", "approve": ["quota"]}));
    assert!(matches!(again.stage, EmergencyRunState::Holding(_)), "{:?}", again.stage);
    assert!(surging(&rehearsal.world.capacity()));
}

#[test]
fn a_plan_by_hand_shows_the_surge_and_writes_nothing() {
    let rehearsal = rehearsal(production());
    let siren = by_hand(&rehearsal, "plan", json!({"profile": "surge", "mode": "plan"}));
    let EmergencyRunState::Ended(plan) = siren.stage else { panic!("{:?}", siren.stage) };
    assert!(plan.contains("clos-v2-core-api-service: 3 -> 4 tasks"), "{plan}");
    assert!(plan.contains("bounds 3..6, nothing suspended -> 4..10, nothing suspended"), "{plan}");
    assert_eq!((rehearsal.world.writes(), rehearsal.world.ledger_writes()), (0, 0));
}

#[test]
fn a_deployment_holds_no_give_back_up() {
    let mut rehearsal = rehearsal(production());
    let original = rehearsal.world.capacity();
    let mut siren = alarm(&mut rehearsal).unwrap();
    rehearsal.world.set_settings(TimingSettings { deployment: Duration::from_mins(40), ..TimingSettings::default() });
    rehearsal.world.set_alarm(ERRORS, AlarmState::Ok);
    rehearsal.world.advance(Duration::from_mins(10));
    rehearsal.world.change_rollout(&id(API), Rollout::InProgress);
    siren.run_out(&rehearsal);
    assert_eq!(siren.stage, EmergencyRunState::Ended("given-back".to_owned()));
    assert_eq!(rehearsal.world.capacity(), original);
    assert_eq!(subjects(&rehearsal), ["clos-v2 prod is at surge", "clos-v2 prod is back at its baseline"]);
}

#[test]
fn an_alarm_that_the_surge_may_make_worse_is_told_once_and_the_surge_goes_on() {
    let mut rehearsal = rehearsal(production());
    let mut siren = alarm(&mut rehearsal).unwrap();
    rehearsal.world.set_alarm(CONNECTIONS, AlarmState::Alarm);
    for _ in 0..3 {
        siren.look(&rehearsal);
    }
    let told: Vec<String> = subjects(&rehearsal).into_iter().filter(|subject| subject.contains("went off")).collect();
    assert_eq!(told, ["clos-v2 prod: surge holds, and clos-v2-rds-connections-high went off"]);
    assert!(surging(&rehearsal.world.capacity()));
    let text = rehearsal.world.messages().pop().unwrap().text;
    assert!(text.contains(r#""profile": "surge", "give-back": true"#), "{text}");
}

#[test]
fn a_give_back_that_is_denied_is_told_once_and_made_up_for_by_the_tick() {
    let mut rehearsal = rehearsal(production());
    let original = rehearsal.world.capacity();
    let mut siren = alarm(&mut rehearsal).unwrap();
    rehearsal.world.set_alarm(ERRORS, AlarmState::Ok);
    rehearsal.world.set_faults(FaultPlan::none().always(Operation::UpdateService, CallTrouble::Denied));
    for _ in 0..20 {
        siren.look(&rehearsal);
    }
    for minutes in [5, 10, 15] {
        rehearsal.tick(rehearsal.world.now() + SignedDuration::from_mins(minutes));
    }
    let told: Vec<String> = subjects(&rehearsal).into_iter().filter(|subject| subject.contains("but for")).collect();
    assert_eq!(told.len(), 1, "{:?}", subjects(&rehearsal));
    assert_ne!(rehearsal.world.capacity(), original);
    rehearsal.world.set_faults(FaultPlan::none());
    rehearsal.tick(rehearsal.world.now() + SignedDuration::from_mins(5));
    assert_eq!(rehearsal.world.capacity(), original);
    assert!(matches!(siren.stage, EmergencyRunState::Ended(_)), "{:?}", siren.stage);
}

#[test]
fn what_a_halt_kept_from_being_given_back_is_given_back_by_the_first_tick_after_it() {
    let mut rehearsal = rehearsal(production());
    let original = rehearsal.world.capacity();
    let mut siren = alarm(&mut rehearsal).unwrap();
    let request =
        |on: bool| json!({"estate": "clos-v2", "environment": "prod", "halt": on, "reason": "look", "by": "Anna"});
    rehearsal.execute("halt", &halt(&request(true)));
    rehearsal.world.set_alarm(ERRORS, AlarmState::Ok);
    for _ in 0..12 {
        siren.look(&rehearsal);
    }
    let writes = rehearsal.world.writes();
    assert!(surging(&rehearsal.world.capacity()), "halted is halted");
    drop(siren);
    rehearsal.execute("go-on", &halt(&request(false)));
    let now = rehearsal.world.now();
    rehearsal.tick(now);
    assert_eq!(rehearsal.world.capacity(), original, "well before the surge would have expired");
    assert!(rehearsal.world.writes() > writes);
}

/// The request as the hand knows it today.
fn halt(request: &serde_json::Value) -> serde_json::Value {
    let mut request = request.clone();
    if serde_json::from_value::<watchkeeper_domain::request::RunRequest>(request.clone()).is_err() {
        request.as_object_mut().unwrap().remove("by");
    }
    request
}

#[test]
fn one_question_stands_at_a_time_and_a_no_lasts_as_long_as_its_cause() {
    let rehearsal = rehearsal(production());
    let asks = |name: &str| {
        rehearsal.world.set_status(name, ExecutionStatus::Running);
        by_hand(&rehearsal, name, json!({"profile": "minimum"}))
    };
    let mut first = asks("first");
    for name in ["second", "third"] {
        assert_eq!(asks(name).stage, EmergencyRunState::Ended("nothing".to_owned()));
    }
    let questions = || subjects(&rehearsal).iter().filter(|subject| subject.contains("approve minimum?")).count();
    assert_eq!(questions(), 1);
    // Its execution is ended by somebody: then nobody asks any more.
    rehearsal.world.set_status("first", ExecutionStatus::Dead("ABORTED".to_owned()));
    let mut fourth = asks("fourth");
    assert!(matches!(fourth.stage, EmergencyRunState::Asking(_)), "{:?}", fourth.stage);
    rehearsal.world.set_status("first", ExecutionStatus::Running);
    fourth.answer(&rehearsal, json!({"approved": false, "by": "Anna"}));
    first.answer(&rehearsal, json!({"approved": true, "by": "YOUR NAME"}));
    assert_eq!(
        (first.stage, fourth.stage),
        (EmergencyRunState::Ended("declined".to_owned()), EmergencyRunState::Ended("declined".to_owned()))
    );
    assert_eq!(rehearsal.world.writes(), 0);
    // A person who asks again is a cause of their own.
    assert!(matches!(asks("fifth").stage, EmergencyRunState::Asking(_)));
}
