//! What an execution of the emergency runbook decides, asks, and how long it holds.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use rstest::rstest;
use serde_json::{Value, json};
use watchkeeper_domain::emergency::alarm::{AlarmState, AlarmStates, AlarmStatus};
use watchkeeper_domain::emergency::{
    DecisionInputs, EmergencyDecision, EmergencyHold, EmergencyRequest, EmergencyStep, HoldAction, LastQuestion,
    PersonReply, ask, decide, hold, not_done, still_called_for,
};
use watchkeeper_domain::estate::Emergency;
use watchkeeper_domain::guardrail::GuardrailCode;
use watchkeeper_domain::intent::{DesiredState, Intent, Layer, RequestedProfile};
use watchkeeper_domain::name::{EnvironmentName, EstateName, Region, Scope};
use watchkeeper_domain::request::{RequestError, Urgency};
use watchkeeper_domain::value::AlarmName;

const T0: Timestamp = Timestamp::constant(1_795_000_000, 0);

fn emergency() -> Emergency {
    serde_json::from_value(json!({
        "profiles": {
            "surge": {"desired": 4, "max": 10, "for": "2h"},
            "minimum": {"desired": 1, "max": 2, "for": "8h", "ask": true, "answer-within": "20m"},
        },
        "precedence": ["surge", "minimum"],
        "responses": [
            {"alarm": "5xx", "run": "surge", "veto": ["connections"]},
            {"alarm": "slow", "run": "surge", "confirm": "5m"},
        ],
        "rollback": {"alarms": ["errors"], "within": "30m"},
    }))
    .unwrap()
}

fn scope() -> Scope {
    Scope {
        estate: EstateName::new("clos-v2").unwrap(),
        environment: EnvironmentName::new("prod").unwrap(),
        region: Region::new("us-east-1").unwrap(),
    }
}

fn request(fields: Value) -> EmergencyRequest {
    let mut request = json!({"estate": "clos-v2", "environment": "prod"});
    let Value::Object(fields) = fields else { panic!("fields are an object") };
    request.as_object_mut().unwrap().extend(fields);
    serde_json::from_value(request).unwrap()
}

fn states(alarms: &[(&str, AlarmState, i64)]) -> AlarmStates {
    let status = |(name, state, minute): &(&str, AlarmState, i64)| {
        let since = Some(T0 + SignedDuration::from_mins(*minute));
        (name.parse().unwrap(), AlarmStatus { state: *state, since, suppressed: false })
    };
    alarms.iter().map(status).collect()
}

fn decided(
    fields: Value,
    alarms: &[(&str, AlarmState, i64)],
    reply: Option<&PersonReply>,
) -> Result<EmergencyDecision, RequestError> {
    let (scope, emergency, states) = (scope(), emergency(), states(alarms));
    let known = DecisionInputs {
        scope: &scope,
        emergency: &emergency,
        intents: &[],
        states: &states,
        execution: "e-1",
        started: T0,
        reply,
        asked: None,
        now: T0,
    };
    decide(&request(fields), &known)
}

fn by_alarm(alarm: &str) -> Value {
    json!({"profile": "surge", "alarm": alarm, "since": T0.to_string()})
}

const QUIET: [(&str, AlarmState, i64); 1] = [("connections", AlarmState::Ok, -60)];
const BUSY: [(&str, AlarmState, i64); 1] = [("connections", AlarmState::Alarm, -1)];

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

#[rstest]
#[case::no_profile(json!({}), "profile")]
#[case::unknown_profile(json!({"profile": "serge"}), "profile")]
#[case::two_purposes(json!({"profile": "surge", "roll-back": true}), "roll-back")]
#[case::give_what_back(json!({"give-back": true}), "profile")]
#[case::too_long(json!({"profile": "surge", "for": "8d"}), "for")]
#[case::give_back_for(json!({"profile": "surge", "give-back": true, "for": "1h"}), "for")]
#[case::roll_back_for(json!({"roll-back": true, "for": "1h"}), "for")]
#[case::alarm_without_time(json!({"profile": "surge", "alarm": "5xx"}), "since")]
#[case::foreign_alarm(json!({"profile": "minimum", "alarm": "5xx", "since": "2026-11-18T11:00:00Z"}), "alarm")]
#[case::foreign_rollback(json!({"roll-back": true, "alarm": "5xx", "since": "2026-11-18T11:00:00Z"}), "alarm")]
#[case::services_of_a_profile(json!({"profile": "surge", "services": ["api"]}), "services")]
fn fields_that_do_not_agree_are_named(#[case] fields: Value, #[case] field: &str) {
    assert_eq!(decided(fields, &QUIET, None).unwrap_err().field, field);
}

#[test]
fn an_unknown_field_is_no_request() {
    let found =
        serde_json::from_value::<EmergencyRequest>(json!({"estate": "a", "environment": "b", "profil": "surge"}));
    assert!(found.unwrap_err().to_string().contains("profil"));
}

fn held(minute: i64, alarms: &[&str], states_: &[(&str, AlarmState, i64)], by: &str) -> EmergencyHold {
    let emergency = emergency();
    let surge = "surge".parse().unwrap();
    let alarms = alarms.iter().map(|alarm| alarm.parse().unwrap()).collect();
    let want = DesiredState::Scaled(RequestedProfile::of(&surge, &emergency.profiles[&surge], 0, alarms));
    let expires = Some(T0 + SignedDuration::from_hours(2));
    let (reason, by) = ("test".to_owned(), by.to_owned());
    let intent = Intent { layer: Layer::Emergency, want, reason, by, declared: T0, expires, approved: [].into() };
    let now = T0 + SignedDuration::from_mins(minute);
    hold(Some(&intent), false, "e-1", &states(states_), SignedDuration::from_mins(10), now)
}

#[rstest]
#[case::while_it_lasts(30, &["5xx"], &[("5xx", AlarmState::Alarm, 0)], HoldAction::Hold, 60)]
#[case::in_the_cool_down(30, &["5xx"], &[("5xx", AlarmState::Ok, 25)], HoldAction::Hold, 60)]
#[case::at_its_end(34, &["5xx"], &[("5xx", AlarmState::Ok, 25)], HoldAction::Hold, 60)]
#[case::after_it(35, &["5xx"], &[("5xx", AlarmState::Ok, 25)], HoldAction::GiveBack, 0)]
#[case::one_of_two_lasts(35, &["5xx", "slow"], &[("5xx", AlarmState::Ok, 1), ("slow", AlarmState::Alarm, 1)], HoldAction::Hold, 60)]
#[case::the_later_of_two_counts(35, &["5xx", "slow"], &[("5xx", AlarmState::Ok, 1), ("slow", AlarmState::Ok, 30)], HoldAction::Hold, 60)]
#[case::too_little_data_is_not_quiet(60, &["5xx"], &[("5xx", AlarmState::InsufficientData, 1)], HoldAction::Hold, 60)]
#[case::a_deleted_alarm_is_not_quiet(60, &["5xx"], &[], HoldAction::Hold, 60)]
#[case::expired_although_it_lasts(120, &["5xx"], &[("5xx", AlarmState::Alarm, 0)], HoldAction::GiveBack, 0)]
#[case::by_hand_until_its_time(119, &[], &[], HoldAction::Hold, 60)]
#[case::by_hand_after_its_time(120, &[], &[], HoldAction::GiveBack, 0)]
fn it_holds_while_its_alarms_last_and_for_the_cool_down(
    #[case] minute: i64,
    #[case] alarms: &[&str],
    #[case] states: &[(&str, AlarmState, i64)],
    #[case] verdict: HoldAction,
    #[case] wait: i64,
) {
    let found = held(minute, alarms, states, "e-1");
    assert_eq!((found.verdict, found.wait.as_secs()), (verdict, wait), "{}", found.summary);
}

#[test]
fn an_expiry_tells_what_is_still_in_alarm() {
    let found = held(120, &["5xx"], &[("5xx", AlarmState::Alarm, 0)], "e-1");
    assert!(found.summary.contains("5xx in ALARM"), "{}", found.summary);
}

#[test]
fn only_who_holds_it_gives_it_back() {
    assert_eq!(held(35, &["5xx"], &[("5xx", AlarmState::Ok, 1)], "e-2").verdict, HoldAction::Over);
    let gone = |owing| hold(None, owing, "e-1", &AlarmStates::new(), SignedDuration::ZERO, T0).verdict;
    assert_eq!(
        (gone(false), gone(true)),
        (HoldAction::Over, HoldAction::GiveBack),
        "a give-back that failed half way goes on"
    );
}

#[test]
fn a_long_emergency_is_looked_at_less_often_so_that_its_history_has_room() {
    let emergency = emergency();
    let surge = "surge".parse().unwrap();
    let want = DesiredState::Scaled(RequestedProfile::of(&surge, &emergency.profiles[&surge], 0, BTreeSet::new()));
    let expires = Some(T0 + SignedDuration::from_hours(7 * 24));
    let (reason, by) = ("test".to_owned(), "e-1".to_owned());
    let intent = Intent { layer: Layer::Emergency, want, reason, by, declared: T0, expires, approved: [].into() };
    let found = hold(Some(&intent), false, "e-1", &AlarmStates::new(), SignedDuration::ZERO, T0);
    assert_eq!(found.wait, SignedDuration::from_secs(403) + SignedDuration::from_millis(200));
}

#[test]
fn the_question_has_the_plan_and_the_exact_commands() {
    let until = T0 + SignedDuration::from_mins(20);
    let plan = "clos-v2 prod in us-east-1: 4 writes to make it at minimum\n";
    let question = ask(&scope(), "minimum", "the document asks for it before minimum", plan, "AQCEAAAAKgAAAAM", until);
    insta::assert_snapshot!(format!("{}\n\n{}", question.subject, question.text));
}

#[test]
fn a_plan_that_is_too_long_for_a_question_is_cut() {
    let question = ask(&scope(), "minimum", "why", &"a line of a plan\n".repeat(10_000), "token", T0);
    assert!(question.text.len() < 10_000 && question.text.contains("the plan goes on"));
}

#[test]
fn a_veto_is_told_with_what_was_not_done_why_and_what_to_do() {
    let decision = decided(by_alarm("5xx"), &BUSY, None).unwrap();
    let input = r#"{"estate": "clos-v2", "environment": "prod", "profile": "surge", "approve": ["dependency-veto"]}"#;
    let message = not_done(&scope(), "surge", "5xx is in ALARM", &decision.violations, Some(input));
    insta::assert_snapshot!(format!("{}\n\n{}", message.subject, message.text));
}

#[rstest]
#[case::of_another_name_by_now(&["old"], &[("5xx", AlarmState::Ok, 0)], &["5xx"], Some(0))]
#[case::beside_one_that_is_there(&["old", "5xx"], &[("5xx", AlarmState::Ok, 0)], &["5xx"], Some(1))]
#[case::deleted_and_in_the_document(&["5xx"], &[], &["5xx"], Some(1))]
#[case::there_and_not_in_the_document(&["5xx"], &[("5xx", AlarmState::Alarm, 0)], &[], Some(1))]
#[case::by_hand(&[], &[], &["5xx"], Some(0))]
fn an_alarm_that_neither_exists_nor_is_in_the_document_holds_nothing(
    #[case] alarms: &[&str],
    #[case] found: &[(&str, AlarmState, i64)],
    #[case] named: &[&str],
    #[case] left: Option<usize>,
) {
    let emergency = emergency();
    let surge = "surge".parse().unwrap();
    let all: BTreeSet<_> = alarms.iter().map(|alarm| alarm.parse().unwrap()).collect();
    let want = DesiredState::Scaled(RequestedProfile::of(&surge, &emergency.profiles[&surge], 0, all.clone()));
    let (reason, by) = ("test".to_owned(), "e-1".to_owned());
    let intent = Intent { layer: Layer::Emergency, want, reason, by, declared: T0, expires: None, approved: [].into() };
    let named: BTreeSet<AlarmName> = named.iter().map(|alarm| alarm.parse().unwrap()).collect();
    let lasting = still_called_for(&intent, &states(found), &named.iter().collect());
    let count =
        lasting.map(|intent| if let DesiredState::Scaled(demand) = intent.want { demand.alarms.len() } else { 99 });
    assert_eq!(count, left.filter(|left| *left > 0 || all.is_empty()));
}

#[rstest]
#[case::freeze(json!({"profile": "surge", "approve": ["freeze-window"]}), "freeze-window")]
#[case::of_a_move(json!({"profile": "surge", "approve": ["quota", "data-loss"]}), "data-loss")]
fn an_approval_that_answers_nothing_is_refused_by_name(#[case] fields: Value, #[case] code: &str) {
    let error = decided(fields, &QUIET, None).unwrap_err();
    assert_eq!((error.field, error.found), ("approve", format!("{code}, which asks nobody here")));
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
