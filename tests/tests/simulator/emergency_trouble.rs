//! Emergencies in which not everything goes well: dead executions, failed deployments, quotas, and what is told of it once.

use std::time::Duration;

use jiff::SignedDuration;
use serde_json::json;
use watchkeeper_control::ports::Clock as _;
use watchkeeper_domain::capacity::Rollout;
use watchkeeper_domain::emergency::alarm::AlarmState;
use watchkeeper_domain::execution::ExecutionStatus;
use watchkeeper_domain::guardrail::CapacityQuotas;
use watchkeeper_in_memory::EmergencyRunState;
use watchkeeper_sim::{CallTrouble, FaultPlan, Operation, SimRegion, TimingSettings};

use crate::emergency_scene::{
    API, CONNECTIONS, ERRORS, alarm, by_hand, harness, id, prod, production, subjects, surging,
};
use crate::scene::at;

#[test]
fn an_execution_that_died_is_given_back_by_the_tick_when_it_expires() {
    let mut harness = harness(production());
    let original = harness.sim.capacity();
    let emergency_run = alarm(&mut harness).unwrap();
    drop(emergency_run);
    harness.tick(at("2026-11-20T16:00:00Z"));
    assert!(surging(&harness.sim.capacity()));
    harness.tick(at("2026-11-20T17:05:00Z"));
    assert_eq!(harness.sim.capacity(), original);
}

#[test]
fn a_failed_deployment_is_not_answered_with_more_tasks() {
    let mut harness = harness(production());
    harness.sim.change_rollout(&id(API), Rollout::Failed);
    let emergency_run = alarm(&mut harness).unwrap();
    assert!(matches!(emergency_run.stage, EmergencyRunState::Ended(_)), "{:?}", emergency_run.stage);
    assert_eq!(harness.sim.writes(), 0);
    let message = harness.sim.messages().pop().unwrap();
    assert!(message.text.contains("More tasks cannot help"), "{}", message.text);
    assert!(harness.sim.remembered(&prod()).unwrap().intents.is_empty(), "a refused emergency leaves nothing");
}

#[test]
fn a_person_gives_back_while_the_tasks_of_a_surge_never_start() {
    let mut harness = harness(production());
    let original = harness.sim.capacity();
    harness.sim.set_settings(TimingSettings { task_start: Duration::from_hours(100), ..TimingSettings::default() });
    // The run waits for its tasks, and holds its lease, when a person has seen enough.
    let index = harness.sim.calls_made() + 60;
    harness.sim.set_faults(FaultPlan::none().at(index, CallTrouble::CrashAfter));
    assert_eq!(alarm(&mut harness).unwrap().stage, EmergencyRunState::Crashed);
    harness.sim.set_faults(FaultPlan::none());
    assert!(surging(&harness.sim.capacity()));
    let back = by_hand(&harness, "give-back", json!({"profile": "surge", "give-back": true}));
    assert_eq!(back.stage, EmergencyRunState::Ended("done".to_owned()));
    assert_eq!(harness.sim.capacity(), original);
}

#[test]
fn a_quota_that_would_not_suffice_is_told_before_anything_is_written() {
    let quotas = CapacityQuotas { vcpu: Some(2), vcpu_used: Some(2), ..CapacityQuotas::default() };
    let mut harness = harness(production().account(quotas));
    let emergency_run = alarm(&mut harness).unwrap();
    assert!(matches!(emergency_run.stage, EmergencyRunState::Ended(_)), "{:?}", emergency_run.stage);
    assert_eq!(harness.sim.writes(), 0);
    let message = harness.sim.messages().pop().unwrap();
    assert!(message.text.contains("1 vCPUs more, the account uses 2, and the Fargate quota is 2"), "{}", message.text);
    let again = by_hand(&harness, "approved", json!({"profile": "surge", "approve": ["quota"]}));
    assert!(matches!(again.stage, EmergencyRunState::Holding(_)), "{:?}", again.stage);
    assert!(surging(&harness.sim.capacity()));
}

#[test]
fn a_deployment_holds_no_give_back_up() {
    let mut harness = harness(production());
    let original = harness.sim.capacity();
    let mut emergency_run = alarm(&mut harness).unwrap();
    harness.sim.set_settings(TimingSettings { deployment: Duration::from_mins(40), ..TimingSettings::default() });
    harness.sim.set_alarm(ERRORS, AlarmState::Ok);
    harness.sim.advance(Duration::from_mins(10));
    harness.sim.change_rollout(&id(API), Rollout::InProgress);
    emergency_run.run_out(&harness);
    assert_eq!(emergency_run.stage, EmergencyRunState::Ended("given-back".to_owned()));
    assert_eq!(harness.sim.capacity(), original);
    assert_eq!(subjects(&harness), ["clos-v2 prod is at surge", "clos-v2 prod is back at its baseline"]);
}

#[test]
fn an_alarm_that_the_surge_may_make_worse_is_told_once_and_the_surge_goes_on() {
    let mut harness = harness(production());
    let mut emergency_run = alarm(&mut harness).unwrap();
    harness.sim.set_alarm(CONNECTIONS, AlarmState::Alarm);
    for _ in 0..3 {
        emergency_run.look(&harness);
    }
    let told: Vec<String> = subjects(&harness).into_iter().filter(|subject| subject.contains("went off")).collect();
    assert_eq!(told, ["clos-v2 prod: surge holds, and clos-v2-rds-connections-high went off"]);
    assert!(surging(&harness.sim.capacity()));
    let text = harness.sim.messages().pop().unwrap().text;
    assert!(text.contains(r#""profile": "surge", "give-back": true"#), "{text}");
}

#[test]
fn a_give_back_that_is_denied_is_told_once_and_made_up_for_by_the_tick() {
    let mut harness = harness(production());
    let original = harness.sim.capacity();
    let mut emergency_run = alarm(&mut harness).unwrap();
    harness.sim.set_alarm(ERRORS, AlarmState::Ok);
    harness.sim.set_faults(FaultPlan::none().always(Operation::UpdateService, CallTrouble::Denied));
    for _ in 0..20 {
        emergency_run.look(&harness);
    }
    for minutes in [5, 10, 15] {
        harness.tick(harness.sim.now() + SignedDuration::from_mins(minutes));
    }
    let told: Vec<String> = subjects(&harness).into_iter().filter(|subject| subject.contains("but for")).collect();
    assert_eq!(told.len(), 1, "{:?}", subjects(&harness));
    assert_ne!(harness.sim.capacity(), original);
    harness.sim.set_faults(FaultPlan::none());
    harness.tick(harness.sim.now() + SignedDuration::from_mins(5));
    assert_eq!(harness.sim.capacity(), original);
    assert!(matches!(emergency_run.stage, EmergencyRunState::Ended(_)), "{:?}", emergency_run.stage);
}

/// Something that gets in the way, or goes out of it again.
type Hinder<'a> = &'a dyn Fn(&SimRegion, bool);

#[test]
fn a_give_back_that_is_denied_in_whole_or_in_part_ends_as_what_it_is() {
    let deny_all = |sim: &SimRegion, on: bool| {
        for service in sim.capacity().services.keys() {
            sim.deny_count(service, on);
            sim.deny_scaling(service, on);
        }
    };
    let deny_one = |sim: &SimRegion, on: bool| sim.deny_count(&id(API), on);
    let cases: [(Hinder<'_>, &str); 2] = [(&deny_all, "not-given-back"), (&deny_one, "partly-given-back")];
    for (deny, outcome) in cases {
        let mut harness = harness(production());
        let original = harness.sim.capacity();
        let mut emergency_run = alarm(&mut harness).unwrap();
        harness.sim.set_alarm(ERRORS, AlarmState::Ok);
        deny(&harness.sim, true);
        emergency_run.run_out(&harness);
        assert_eq!(emergency_run.stage, EmergencyRunState::Ended(outcome.to_owned()));
        assert_ne!(harness.sim.capacity(), original);
        deny(&harness.sim, false);
        harness.tick(harness.sim.now() + SignedDuration::from_mins(5));
        assert_eq!(harness.sim.capacity(), original, "{outcome}");
    }
}

#[test]
fn what_a_halt_kept_from_being_given_back_is_given_back_by_the_first_tick_after_it() {
    let mut harness = harness(production());
    let original = harness.sim.capacity();
    let mut emergency_run = alarm(&mut harness).unwrap();
    let request =
        |on: bool| json!({"estate": "clos-v2", "environment": "prod", "halt": on, "reason": "look", "by": "Anna"});
    harness.execute("halt", &halt(&request(true)));
    harness.sim.set_alarm(ERRORS, AlarmState::Ok);
    for _ in 0..12 {
        emergency_run.look(&harness);
    }
    let writes = harness.sim.writes();
    assert!(surging(&harness.sim.capacity()), "halted is halted");
    drop(emergency_run);
    harness.execute("go-on", &halt(&request(false)));
    let now = harness.sim.now();
    harness.tick(now);
    assert_eq!(harness.sim.capacity(), original, "well before the surge would have expired");
    assert!(harness.sim.writes() > writes);
}

/// The request as `reconcile` knows it today.
fn halt(request: &serde_json::Value) -> serde_json::Value {
    let mut request = request.clone();
    if serde_json::from_value::<watchkeeper_domain::request::RunRequest>(request.clone()).is_err() {
        request.as_object_mut().unwrap().remove("by");
    }
    request
}

#[test]
fn one_question_stands_at_a_time_and_a_no_lasts_as_long_as_its_cause() {
    let harness = harness(production());
    let asks = |name: &str| {
        harness.sim.set_status(name, ExecutionStatus::Running);
        by_hand(&harness, name, json!({"profile": "minimum"}))
    };
    let mut first = asks("first");
    for name in ["second", "third"] {
        assert_eq!(asks(name).stage, EmergencyRunState::Ended("nothing".to_owned()));
    }
    let questions = || subjects(&harness).iter().filter(|subject| subject.contains("approve minimum?")).count();
    assert_eq!(questions(), 1);
    // Its execution is ended by somebody: then nobody asks any more.
    harness.sim.set_status("first", ExecutionStatus::Dead("ABORTED".to_owned()));
    let mut fourth = asks("fourth");
    assert!(matches!(fourth.stage, EmergencyRunState::Asking(_)), "{:?}", fourth.stage);
    harness.sim.set_status("first", ExecutionStatus::Running);
    fourth.answer(&harness, json!({"approved": false, "by": "Anna"}));
    let unsigned = json!({"approved": true, "by": "YOUR NAME"});
    first.answer(&harness, unsigned.clone());
    assert!(
        matches!(first.stage, EmergencyRunState::Asking(_)),
        "what nobody signed is put once more: {:?}",
        first.stage
    );
    assert_eq!(questions(), 3);
    let told = harness.sim.messages().pop().unwrap().text;
    assert!(told.contains("an answer was refused, because nobody had signed it"), "{told}");
    first.answer(&harness, unsigned);
    assert_eq!(
        (first.stage, fourth.stage),
        (EmergencyRunState::Ended("declined".to_owned()), EmergencyRunState::Ended("declined".to_owned()))
    );
    assert_eq!(harness.sim.writes(), 0);
    // A person who asks again is a cause of their own.
    assert!(matches!(asks("fifth").stage, EmergencyRunState::Asking(_)));
}
