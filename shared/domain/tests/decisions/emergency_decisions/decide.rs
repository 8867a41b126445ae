//! Which step a request leads to: apply, ask, refuse, only plan.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use rstest::rstest;
use serde_json::{Value, json};
use watchkeeper_domain::emergency::alarm::AlarmState;
use watchkeeper_domain::emergency::{EmergencyStep, PersonReply};
use watchkeeper_domain::guardrail::GuardrailCode;
use watchkeeper_domain::request::Urgency;

use super::scene::{BUSY, QUIET, T0, by_alarm, decided};

#[test]
fn an_alarm_starts_the_profile_until_it_expires_and_names_who_gives_it_back() {
    let decision = decided(by_alarm("5xx"), &QUIET, None).unwrap();
    assert_eq!((decision.step, decision.holds), (EmergencyStep::Apply, true));
    let request = decision.request.unwrap();
    let Some(Urgency::Scale { until, alarms, by, .. }) = request.emergency else { panic!("{request:?}") };
    assert_eq!((until, by.as_deref()), (T0 + SignedDuration::from_hours(2), Some("e-1")));
    assert_eq!(alarms.len(), 1);
    assert_eq!(request.reason.as_deref(), Some("5xx is in ALARM"));
}

#[rstest]
#[case::an_alarm_is_refused(by_alarm("5xx"), EmergencyStep::Refused)]
#[case::a_person_is_asked(json!({"profile": "surge"}), EmergencyStep::Ask)]
#[case::a_person_who_says_so_goes_on(json!({"profile": "surge", "approve": ["dependency-veto"]}), EmergencyStep::Apply)]
fn the_databases_own_alarm_forbids_more_tasks(#[case] fields: Value, #[case] step: EmergencyStep) {
    let decision = decided(fields, &BUSY, None).unwrap();
    assert_eq!(decision.step, step);
    assert_eq!(decision.violations[0].code, GuardrailCode::DependencyVeto);
    assert!(decision.violations[0].found.contains("connections is in ALARM"));
}

#[test]
fn an_alarm_has_to_last_for_its_confirmation_window() {
    let fields = |minutes: i64| json!({"profile": "surge", "alarm": "slow", "since": (T0 - SignedDuration::from_mins(minutes)).to_string()});
    let decision = decided(fields(2), &[("slow", AlarmState::Alarm, -2)], None).unwrap();
    assert_eq!((decision.step, decision.wait), (EmergencyStep::Wait, SignedDuration::from_mins(3)));
    assert_eq!(decided(fields(5), &[("slow", AlarmState::Alarm, -5)], None).unwrap().step, EmergencyStep::Apply);
    let gone = decided(fields(5), &[("slow", AlarmState::Ok, -1)], None).unwrap();
    assert_eq!(gone.step, EmergencyStep::Nothing);
    assert!(gone.summary.contains("slow is OK by now"), "{}", gone.summary);
}

#[test]
fn what_the_document_asks_for_is_asked_with_its_own_time() {
    let decision = decided(json!({"profile": "minimum"}), &[], None).unwrap();
    assert_eq!((decision.step, decision.wait), (EmergencyStep::Ask, SignedDuration::from_mins(20)));
    assert!(decision.summary.contains("the document asks for it"), "{}", decision.summary);
}

#[test]
fn a_yes_does_not_go_on_over_a_veto_that_came_after_the_question() {
    let yes = PersonReply::read(&json!({"approved": true, "by": "Anna"}), &BTreeSet::new());
    let decision = decided(json!({"profile": "surge", "ask": "flap"}), &BUSY, Some(&yes)).unwrap();
    assert_eq!(decision.step, EmergencyStep::Ask, "the new question names it");
}

#[test]
fn a_rollback_proposes_the_releases_of_the_last_half_hour() {
    let decision = decided(json!({"roll-back": true, "alarm": "errors", "since": T0.to_string()}), &[], None).unwrap();
    assert_eq!((decision.step, decision.holds), (EmergencyStep::Ask, false));
    let Some(Urgency::RollBack { suspect, .. }) = decision.request.unwrap().emergency else { panic!("no rollback") };
    assert_eq!(suspect, Some((T0 - SignedDuration::from_mins(30), T0)));
}

#[test]
fn a_yes_to_a_rollback_is_about_what_was_released_when_it_was_asked_and_not_about_an_alarm_that_is_over() {
    let yes = PersonReply::read(&json!({"approved": true, "by": "Anna"}), &BTreeSet::new());
    let asked = |fields: Value, alarms: &[(&str, AlarmState, i64)], reply| {
        let decision = decided(fields, alarms, reply).unwrap();
        match decision.request.and_then(|request| request.emergency) {
            Some(Urgency::RollBack { asked, .. }) => (decision.step, asked),
            _ => (decision.step, None),
        }
    };
    let by_hand = json!({"roll-back": true, "services": ["api"]});
    assert_eq!(asked(by_hand.clone(), &[], None), (EmergencyStep::Ask, None));
    assert_eq!(asked(by_hand, &[], Some(&yes)), (EmergencyStep::Apply, Some(T0)));
    let by_alarm = json!({"roll-back": true, "alarm": "errors", "since": T0.to_string()});
    assert_eq!(
        asked(by_alarm.clone(), &[("errors", AlarmState::Alarm, 0)], Some(&yes)),
        (EmergencyStep::Apply, Some(T0))
    );
    assert_eq!(asked(by_alarm, &[("errors", AlarmState::Ok, 1)], Some(&yes)), (EmergencyStep::Nothing, None));
}

#[test]
fn a_plan_only_shows_also_where_somebody_would_be_asked() {
    assert_eq!(decided(json!({"profile": "minimum", "mode": "plan"}), &[], None).unwrap().step, EmergencyStep::Plan);
    assert_eq!(
        decided(json!({"profile": "surge", "give-back": true}), &[], None).unwrap().step,
        EmergencyStep::Nothing
    );
}
