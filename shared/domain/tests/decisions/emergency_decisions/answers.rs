//! What a person's answer does, and how long a question stands.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use rstest::rstest;
use serde_json::{Value, json};
use watchkeeper_domain::emergency::{
    DecisionInputs, EmergencyDecision, EmergencyStep, LastQuestion, PersonReply, decide,
};
use watchkeeper_domain::guardrail::GuardrailCode;
use watchkeeper_domain::request::Urgency;

use super::scene::{QUIET, T0, decided, emergency, request, scope, states};

#[test]
fn a_yes_goes_on_with_what_the_question_named_and_says_who_said_it() {
    let asked: BTreeSet<GuardrailCode> = [GuardrailCode::BlastRadius].into();
    let yes = PersonReply::read(&json!({"approved": true, "by": "Anna"}), &asked);
    let decision = decided(json!({"profile": "minimum"}), &[], Some(&yes)).unwrap();
    assert_eq!(decision.step, EmergencyStep::Apply);
    let request = decision.request.unwrap();
    assert_eq!(request.approve, asked);
    assert_eq!(request.reason.as_deref(), Some("asked for by hand, approved by Anna"));
}

#[rstest]
#[case::no(json!({"approved": false, "by": "Anna"}), "refused by Anna")]
#[case::nobody(json!({"expired": true}), "nobody answered in time")]
#[case::text(json!("yes"), "is not understood")]
#[case::empty(json!({}), "is not understood")]
#[case::misspelt(json!({"aproved": true}), "is not understood")]
#[case::null(json!(null), "is not understood")]
#[case::by_position(json!([true, "Anna"]), "is not understood")]
fn anything_but_a_clear_yes_is_a_no(#[case] answer: Value, #[case] says: &str) {
    let reply = PersonReply::read(&answer, &BTreeSet::new());
    let decision = decided(json!({"profile": "minimum"}), &[], Some(&reply)).unwrap();
    assert_eq!((decision.step, decision.request), (EmergencyStep::Declined, None));
    assert!(decision.summary.contains(says), "{}", decision.summary);
}

#[rstest]
#[case::pasted_as_it_was_sent(json!({"approved": true, "by": "YOUR NAME"}), "found \"YOUR NAME\", expected the name of a person")]
#[case::of_nobody(json!({"approved": true}), "found nothing, expected the name of a person")]
#[case::of_a_blank(json!({"approved": true, "by": " "}), "found nothing, expected the name of a person")]
#[case::a_no_of_nobody(json!({"approved": false, "by": "your name"}), "found \"your name\"")]
fn an_answer_that_nobody_signed_is_refused_by_name_and_the_question_put_once_more(
    #[case] answer: Value,
    #[case] says: &str,
) {
    let reply = PersonReply::read(&answer, &BTreeSet::new());
    let first = decided_after(json!({"profile": "minimum"}), &reply, &own(false));
    assert_eq!(first.step, EmergencyStep::Ask);
    assert!(first.summary.contains(says), "{}", first.summary);
    let second = decided_after(json!({"profile": "minimum"}), &reply, &own(true));
    assert_eq!((second.step, second.request), (EmergencyStep::Declined, None));
    assert!(second.summary.contains(says), "{}", second.summary);
}

fn asked(minute: i64, refused: Option<i64>) -> LastQuestion {
    let at = |minute| T0 + SignedDuration::from_mins(minute);
    let alarms = ["5xx".parse().unwrap()].into();
    let refused = refused.map(|minute| ("Anna".to_owned(), at(minute)));
    LastQuestion { execution: "e-0".to_owned(), until: at(minute), alarms, refused, again: false }
}

/// The question of the execution itself, put again or not.
fn own(again: bool) -> LastQuestion {
    LastQuestion { execution: "e-1".to_owned(), again, ..asked(10, None) }
}

/// What follows from an answer to this question.
fn decided_after(fields: Value, reply: &PersonReply, asked: &LastQuestion) -> EmergencyDecision {
    let (scope, emergency, states) = (scope(), emergency(), states(&QUIET));
    let known = DecisionInputs {
        scope: &scope,
        emergency: &emergency,
        intents: &[],
        states: &states,
        execution: "e-1",
        started: T0,
        reply: Some(reply),
        asked: Some(asked),
        now: T0,
    };
    decide(&request(fields), &known).unwrap()
}

#[rstest]
#[case::it_stands(json!({"profile": "minimum"}), asked(10, None), EmergencyStep::Nothing)]
#[case::it_is_over(json!({"profile": "minimum"}), asked(-1, None), EmergencyStep::Ask)]
#[case::a_person_asks_again_after_a_no(json!({"profile": "minimum"}), asked(-1, Some(-1)), EmergencyStep::Ask)]
#[case::the_alarm_lasts_after_a_no(by_alarm_asking("5xx", -20), asked(-1, Some(-1)), EmergencyStep::Nothing)]
#[case::it_came_back_at_once(by_alarm_asking("5xx", 8), asked(-1, Some(-1)), EmergencyStep::Nothing)]
#[case::it_was_quiet_for_long(by_alarm_asking("5xx", 9), asked(-1, Some(-1)), EmergencyStep::Ask)]
#[case::another_alarm(by_alarm_asking("slow", -20), asked(-1, Some(-1)), EmergencyStep::Ask)]
#[case::a_plan_asks_nobody(json!({"profile": "minimum", "mode": "plan"}), asked(10, None), EmergencyStep::Plan)]
fn one_question_stands_and_a_no_is_remembered_while_its_cause_lasts(
    #[case] fields: Value,
    #[case] asked: LastQuestion,
    #[case] step: EmergencyStep,
) {
    let (scope, emergency, states) = (scope(), emergency(), states(&QUIET));
    let known = DecisionInputs {
        scope: &scope,
        emergency: &emergency,
        intents: &[],
        states: &states,
        execution: "e-1",
        started: T0,
        reply: None,
        asked: Some(&asked),
        now: T0,
    };
    assert_eq!(decide(&request(fields), &known).unwrap().step, step);
}

/// An alarm that comes and goes, in ALARM since a minute: a person is asked.
fn by_alarm_asking(alarm: &str, minute: i64) -> Value {
    let since = (T0 + SignedDuration::from_mins(minute)).to_string();
    json!({"profile": "surge", "alarm": alarm, "since": since, "ask": "it comes and goes"})
}

#[test]
fn an_alarm_that_called_for_it_while_it_was_asked_holds_it_as_well() {
    let yes = PersonReply::read(&json!({"approved": true, "by": "Anna"}), &BTreeSet::new());
    let own = own(false).joined(&"slow".parse().unwrap());
    let decision = decided_after(by_alarm_asking("5xx", 0), &yes, &own);
    let Some(Urgency::Scale { alarms, .. }) = decision.request.unwrap().emergency else { panic!("no surge") };
    assert_eq!(alarms.len(), 2);
    assert_eq!(own.answered(&yes, T0).refused, None);
}
