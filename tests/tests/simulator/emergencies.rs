//! Emergencies in the simulator: alarms, people, calendars and other emergencies over one environment.

use std::time::Duration;

use serde_json::json;
use watchkeeper_control::ledger::Ledger as _;
use watchkeeper_control::ports::Clock as _;
use watchkeeper_domain::capacity::{ScalingState, Suspensions};
use watchkeeper_domain::emergency::alarm::AlarmState;
use watchkeeper_domain::intent::{DesiredState, Intent, Layer};
use watchkeeper_in_memory::{EmergencyRunState, InMemoryHarness};
use watchkeeper_sim::{CallTrouble, FaultPlan, Operation, alarm_event};

use crate::emergency_scene::{
    ACCOUNT, API, CONNECTIONS, ERRORS, REGION, alarm, by_hand, event, figures, harness, id, prod, production,
    requested, subjects, surging,
};
use crate::scene::{afternoon, asleep, dev, evening, minutes, morning};

#[test]
fn a_second_emergency_of_the_same_profile_takes_over_and_the_first_one_ends() {
    let mut harness = harness(production());
    let original = harness.sim.capacity();
    let mut first = alarm(&mut harness).unwrap();
    let writes = harness.sim.writes();
    let mut second = by_hand(&harness, "by-hand", json!({"profile": "surge", "for": "3h"}));
    assert_eq!(harness.sim.writes(), writes, "extended, not stacked");
    first.look(&harness);
    assert_eq!(first.stage, EmergencyRunState::Ended("over".to_owned()));
    harness.sim.set_alarm(ERRORS, AlarmState::Ok);
    second.run_out(&harness);
    assert_eq!(second.stage, EmergencyRunState::Ended("given-back".to_owned()));
    assert_eq!(harness.sim.capacity(), original);
}

#[test]
fn a_drift_in_an_emergency_is_left_alone_when_it_is_extended_and_gone_when_it_ends() {
    let mut harness = harness(production());
    let original = harness.sim.capacity();
    let mut emergency_run = alarm(&mut harness).unwrap();
    let bounds = ScalingState { min: 5, max: 9, suspended: Suspensions::NONE };
    harness.sim.change_scaling(&id(API), Some(bounds));
    harness.sim.change_count(&id(API), 5);
    let mut again = by_hand(&harness, "again", json!({"profile": "surge"}));
    assert_eq!(figures(&harness.sim.capacity(), API), (5, 5, 9));
    emergency_run.look(&harness);
    harness.sim.set_alarm(ERRORS, AlarmState::Ok);
    again.run_out(&harness);
    assert_eq!(harness.sim.capacity(), original);
}

#[test]
fn minimum_asks_and_only_a_yes_goes_on() {
    for (answer, outcome) in [
        (json!({"approved": true, "by": "Anna"}), None),
        (json!({"approved": false, "by": "Anna"}), Some("declined")),
        (json!({"expired": true}), Some("declined")),
        (json!("yes"), Some("declined")),
    ] {
        let harness = harness(production());
        let original = harness.sim.capacity();
        let mut emergency_run = by_hand(&harness, "minimum", json!({"profile": "minimum"}));
        assert!(matches!(emergency_run.stage, EmergencyRunState::Asking(_)), "{:?}", emergency_run.stage);
        assert_eq!((harness.sim.writes(), harness.sim.capacity()), (0, original.clone()));
        let question = harness.sim.messages().pop().unwrap().text;
        assert!(question.contains("clos-v2-core-api-service: 3 -> 1 tasks"), "{question}");
        emergency_run.answer(&harness, answer);
        match outcome {
            None => {
                assert_eq!(figures(&harness.sim.capacity(), API), (1, 1, 2));
                emergency_run.run_out(&harness);
                assert_eq!(emergency_run.stage, EmergencyRunState::Ended("given-back".to_owned()));
            }
            Some(outcome) => assert_eq!(emergency_run.stage, EmergencyRunState::Ended(outcome.to_owned())),
        }
        assert_eq!(harness.sim.capacity(), original);
    }
}

#[test]
fn surge_and_minimum_together_go_by_the_documents_order_and_the_message_says_so() {
    let harness = harness(production());
    let mut minimum = by_hand(&harness, "minimum", json!({"profile": "minimum"}));
    minimum.answer(&harness, json!({"approved": true, "by": "Anna"}));
    assert_eq!(figures(&harness.sim.capacity(), API), (1, 1, 2));
    let mut surge = by_hand(&harness, "surge", json!({"profile": "surge", "for": "30m"}));
    assert!(surging(&harness.sim.capacity()));
    let told = harness.sim.messages().pop().unwrap().text;
    assert!(told.contains("at minimum holds too and comes after it in the document's order"), "{told}");
    surge.run_out(&harness);
    assert_eq!(figures(&harness.sim.capacity(), API), (1, 1, 2), "minimum still holds");
    minimum.run_out(&harness);
    assert_eq!(figures(&harness.sim.capacity(), API), (3, 3, 6));
}

#[test]
fn an_emergency_wakes_a_sleeping_environment_and_a_failover_is_stronger_than_both() {
    let mut harness = afternoon();
    let original = harness.sim.capacity();
    harness.tick(evening());
    assert!(asleep(&harness.sim.capacity()));
    let declare = |harness: &InMemoryHarness, intent: &Intent| {
        watchkeeper_sim::run_until_done_or_crash(&harness.sim, harness.sim.declare(&dev(), intent)).unwrap().unwrap();
    };
    harness.sim.set_now(evening() + minutes(30));
    declare(&harness, &Intent { layer: Layer::Emergency, ..requested(&harness, Layer::Emergency, 5) });
    harness.tick(evening() + minutes(35));
    let up = harness.sim.capacity();
    assert!(up.services.values().all(|service| service.desired == 2), "{up:?}");
    assert!(up.databases.values().all(|power| *power == watchkeeper_domain::capacity::DatabasePower::On));
    declare(&harness, &Intent { want: DesiredState::Awake, ..requested(&harness, Layer::Failover, 2) });
    harness.tick(evening() + minutes(40));
    assert_eq!(harness.sim.capacity(), original, "the failover decides");
    harness.tick(evening() + minutes(200));
    assert!(harness.sim.capacity().services.values().all(|service| service.desired == 2), "the emergency again");
    harness.tick(evening() + minutes(400));
    assert!(asleep(&harness.sim.capacity()), "the night is left");
    harness.tick(morning());
    assert_eq!(harness.sim.capacity(), original);
}

fn sweep(harness: &mut InMemoryHarness, minutes: u64) -> usize {
    harness.sim.advance(Duration::from_mins(minutes));
    harness.sweeps().unwrap().unwrap();
    harness.emergency_runs().len()
}

#[test]
fn an_alarm_that_is_muted_or_has_its_actions_disabled_is_not_acted_on_until_that_is_known_to_be_over() {
    for by_mute in [true, false] {
        let mut harness = harness(production());
        let switch = |harness: &InMemoryHarness, on: bool| {
            if by_mute { harness.sim.mute(ERRORS, on) } else { harness.sim.disable_actions(ERRORS, on) }
        };
        switch(&harness, true);
        assert!(alarm(&mut harness).is_none(), "the event");
        for minutes in [5, 5, 30, 300] {
            assert_eq!(sweep(&mut harness, minutes), 0, "the sweep");
        }
        let told = subjects(&harness).into_iter().filter(|subject| subject.starts_with("clos-v2 prod")).count();
        assert_eq!((harness.sim.writes(), told), (0, 0), "it was done on purpose");
        switch(&harness, false);
        assert_eq!(sweep(&mut harness, 5), 1);
        assert!(surging(&harness.sim.capacity()));
        assert_eq!(sweep(&mut harness, 5), 0);
    }
}

#[test]
fn a_mute_that_cannot_be_read_keeps_nothing_back_but_what_was_told_to_be_muted() {
    let denied = || FaultPlan::none().always(Operation::ListAlarmMuteRules, CallTrouble::Denied);
    let mut told = harness(production());
    told.sim.set_faults(denied());
    told.sim.set_alarm(ERRORS, AlarmState::Alarm);
    let mut muted = event(&told, "ALARM");
    muted["detail"]["muteDetail"] = json!({"mutedBy": "maintenance"});
    told.hears(&muted).unwrap().unwrap();
    assert_eq!(sweep(&mut told, 5), 0, "it came muted, and nobody knows that the mute is over");
    told.sim.set_faults(FaultPlan::none());
    assert_eq!(sweep(&mut told, 5), 1);
    let mut other = harness(production());
    other.sim.set_faults(denied());
    assert!(alarm(&mut other).is_some());
}

#[test]
fn a_veto_that_does_not_exist_is_told_in_plan_message_and_record_and_by_the_sweep_once() {
    let mut harness = harness(production());
    harness.sim.remove_alarm(CONNECTIONS);
    let emergency_run = alarm(&mut harness).unwrap();
    assert!(matches!(emergency_run.stage, EmergencyRunState::Holding(_)), "{:?}", emergency_run.stage);
    let unknown = format!("{CONNECTIONS}, which would forbid it, does not exist here");
    let intents = harness.sim.remembered(&prod()).unwrap().intents;
    assert!(intents.iter().any(|intent| intent.reason.contains(&unknown)), "{intents:?}");
    let told = harness.sim.messages().pop().unwrap();
    assert!(told.text.contains(&unknown), "{}", told.text);
    let plan = by_hand(&harness, "plan", json!({"profile": "surge", "mode": "plan"}));
    assert!(matches!(&plan.stage, EmergencyRunState::Ended(text) if text.contains(&unknown)), "{:?}", plan.stage);
    for minutes in [5, 5, 60] {
        sweep(&mut harness, minutes);
    }
    // The other estate of this account has none of its alarms in this world.
    let missing = subjects(&harness).into_iter().filter(|subject| subject.starts_with("clos-v2 prod: 1 alarm"));
    assert_eq!(missing.collect::<Vec<_>>(), ["clos-v2 prod: 1 alarm of its document not found in us-east-1"]);
}

#[test]
fn what_is_about_no_alarm_of_ours_is_ignored_with_a_reason_and_never_an_error() {
    let mut harness = harness(production());
    let sns =
        |message: serde_json::Value| json!({"Records": [{"EventSource": "aws:sns", "Sns": {"Message": message}}]});
    let mut foreign = alarm_event("somebody-elses", (ACCOUNT, REGION), "ALARM", harness.sim.now());
    let whole = foreign.clone();
    foreign["detail"]["state"]["value"] = json!("BROKEN");
    let mut contributor = alarm_event(ERRORS, (ACCOUNT, REGION), "ALARM", harness.sim.now());
    contributor["detail"]["alarmContributor"] = json!({"id": "6d442278dba546f6"});
    let text =
        json!({"AlarmName": ERRORS, "NewStateValue": "ALARM", "AlarmContributorId": "6d442278dba546f6"}).to_string();
    for (message, why) in [
        (sns(json!("this is a test")), "no-alarm"),
        (sns(json!("{\"budget\": \"80 %\"}")), "no-alarm"),
        (sns(json!(text)), "contributor"),
        (json!({"Records": [{"eventSource": "aws:s3", "s3": {}}]}), "no-alarm"),
        (json!({"source": "aws.health", "detail-type": "AWS Health Event", "detail": {}}), "no-alarm"),
        (json!({"hello": "world"}), "no-alarm"),
        (contributor, "contributor"),
        (whole, "not-ours"),
        (foreign, "not-ours"),
    ] {
        let handled = harness.hears(&message).unwrap().unwrap();
        assert_eq!(handled.passed.iter().map(|passed| passed.why.name()).collect::<Vec<_>>(), [why], "{message}");
        assert!(handled.lines.is_empty());
    }
    let mut broken = alarm_event(ERRORS, (ACCOUNT, REGION), "ALARM", harness.sim.now());
    broken["detail"]["state"]["value"] = json!("BROKEN");
    assert!(harness.hears(&broken).unwrap().is_err(), "an alarm of ours that cannot be read may be unanswered");
}
