#![allow(clippy::unwrap_used)]
use rstest::rstest;
use serde_json::json;

use super::*;

fn start() -> Timestamp {
    "2026-11-21T18:30:00Z".parse().unwrap()
}

fn request(value: serde_json::Value) -> RunRequest {
    serde_json::from_value(value).unwrap()
}

#[rstest]
#[case::local("2026-11-21T22:00", "2026-11-22T03:00:00Z")]
#[case::offset("2026-11-21T22:00Z", "2026-11-21T22:00:00Z")]
#[case::clock_later_today("22:00", "2026-11-22T03:00:00Z")]
#[case::clock_tomorrow("08:00", "2026-11-22T13:00:00Z")]
#[case::date("2026-11-22", "2026-11-22T05:00:00Z")]
#[case::duration("2h", "2026-11-21T20:30:00Z")]
#[case::days("14d", "2026-12-05T18:30:00Z")]
fn until_reads_as_a_person_writes_it(#[case] until: &str, #[case] expected: &str) {
    let zone = TimeZone::get("America/New_York").unwrap();
    let request = request(json!({"estate": "clos-v2", "environment": "dev", "want": "awake", "until": until}));
    request.check().unwrap();
    assert_eq!(request.end(start(), Some(&zone)).unwrap(), Some(expected.parse().unwrap()));
}

#[rstest]
#[case::not_a_time(
    "soon",
    "until: found \"soon\", expected 2026-11-21T22:00, 2026-11-21 (its beginning), 22:00, 2h, or a \
     time with an offset"
)]
#[case::past(
    "2026-11-20T22:00",
    "until: found \"2026-11-20T22:00\", which is 2026-11-20T22:00:00Z, expected a time after 2026-11-21T18:30:00Z"
)]
#[case::years(
    "2036-11-20T22:00",
    "until: found \"2036-11-20T22:00\", which is 2036-11-20T22:00:00Z, expected a time within 92 days"
)]
fn a_bad_until_says_what_was_found_and_expected(#[case] until: &str, #[case] expected: &str) {
    let request = request(json!({"estate": "clos-v2", "environment": "dev", "want": "awake", "until": until}));
    assert_eq!(request.end(start(), None).unwrap_err().to_string(), expected);
}

#[rstest]
#[case::no_end(json!({"want": "awake"}), "until")]
#[case::end_without_wish(json!({"until": "2h"}), "until")]
#[case::human_instant(json!({"instant": "2026-11-21T22:00:00Z"}), "instant")]
#[case::tick_without_instant(json!({"trigger": "schedule"}), "instant")]
#[case::release_without_wish(json!({"for-release": "shop-1"}), "for-release")]
#[case::release_asleep(json!({"want": "asleep", "until": "1h", "for-release": "shop-1"}), "for-release")]
#[case::release_without_end(json!({"want": "awake", "for-release": "shop-1"}), "until")]
#[case::end_of_a_release_with_an_end(json!({"want": "as-scheduled", "until": "1h", "for-release": "shop-1"}), "until")]
#[case::tick_with_a_release(json!({"trigger": "schedule", "instant": "2026-11-21T22:00:00Z", "for-release": "shop-1"}), "for-release")]
#[case::tick_with_wish(json!({"trigger": "schedule", "instant": "2026-11-21T22:00:00Z", "want": "as-scheduled"}), "want")]
fn fields_that_contradict_each_other_are_named(#[case] value: serde_json::Value, #[case] field: &str) {
    assert_eq!(request(value).check().unwrap_err().field, field);
}

#[rstest]
#[case::mode(json!({"mode": "plan"}), "mode")]
#[case::wish(json!({"want": "awake", "until": "2h"}), "want")]
#[case::until(json!({"until": "2h"}), "until")]
#[case::release(json!({"for-release": "shop-1"}), "for-release")]
#[case::trigger(json!({"trigger": "schedule", "instant": "2026-11-21T22:00:00Z"}), "trigger")]
#[case::emergency(json!({"emergency": {"give-back": {"profile": "surge"}}}), "emergency")]
#[case::approval(json!({"approve": ["quota"]}), "approve")]
#[case::instead(json!({"instead-of": "a-run"}), "instead-of")]
#[case::half_a_place(json!({"estate": null, "environment": "dev"}), "estate")]
#[case::no_reason(json!({"reason": null}), "reason")]
#[case::empty_reason(json!({"reason": "  "}), "reason")]
#[case::nobody(json!({"by": null}), "by")]
#[case::blank(json!({"by": ""}), "by")]
#[case::placeholder(json!({"by": "YOUR NAME"}), "by")]
#[case::placeholder_in_brackets(json!({"by": "<your name>"}), "by")]
#[case::no_letter(json!({"by": "-"}), "by")]
#[case::endless(json!({"reason": "x".repeat(501)}), "reason")]
fn a_halt_is_a_halt_by_somebody_for_a_reason_and_nothing_else(#[case] other: serde_json::Value, #[case] field: &str) {
    let halt = json!({"estate": "clos-v2", "environment": "dev", "halt": true, "reason": "migration", "by": "ada"});
    request(halt.clone()).check().unwrap();
    let mut halt = halt;
    halt.as_object_mut().unwrap().extend(other.as_object().unwrap().clone());
    let error = request(halt).check().unwrap_err();
    assert_eq!(error.field, field, "{error}");
}

#[test]
fn a_halt_is_lifted_by_anybody_and_a_name_belongs_to_a_halt() {
    request(json!({"halt": false})).check().unwrap();
    request(json!({"halt": false, "by": "ada"})).check().unwrap();
    assert_eq!(request(json!({"halt": false, "mode": "plan"})).check().unwrap_err().field, "mode");
    assert_eq!(request(json!({"halt": false, "by": "your name"})).check().unwrap_err().field, "by");
    assert_eq!(request(json!({"by": "ada"})).check().unwrap_err().field, "by");
}

#[test]
fn a_turned_switch_is_told_with_who_and_why_and_what_lifts_it() {
    let message = switched(None, true, "ada", Some("migration"), "run-1");
    assert_eq!(message.subject, "everything is halted");
    assert!(message.text.contains("Why: migration."), "{}", message.text);
    assert!(message.text.contains(r#"{"halt": false, "by": "YOUR NAME"}"#), "{}", message.text);
    let lifted = switched(None, false, "grace", None, "run-2");
    assert_eq!(lifted.subject, "everything is not halted any more");
    assert!(lifted.text.contains("By: grace."), "{}", lifted.text);
}

#[test]
fn a_request_without_a_place_names_the_missing_field() {
    assert_eq!(request(json!({})).place().unwrap_err().field, "estate");
    assert_eq!(request(json!({"estate": "clos-v2"})).place().unwrap_err().field, "environment");
}

#[test]
fn an_unknown_field_is_no_request() {
    let error = serde_json::from_value::<RunRequest>(json!({"enviroment": "dev"})).unwrap_err();
    assert!(error.to_string().contains("enviroment"), "{error}");
}

#[rstest]
#[case::first("2026-11-01T05:00:00Z", "01:30", "2026-11-01T05:30:00Z")]
#[case::second("2026-11-01T05:45:00Z", "01:30", "2026-11-01T06:30:00Z")]
#[case::over("2026-11-01T06:45:00Z", "01:30", "2026-11-02T06:30:00Z")]
#[case::with_its_date("2026-11-01T05:45:00Z", "2026-11-01T01:30", "2026-11-01T06:30:00Z")]
#[case::in_the_hour_that_is_left_out("2026-03-08T05:00:00Z", "02:30", "2026-03-08T07:30:00Z")]
fn a_time_of_the_hour_that_comes_twice_is_the_next_one(#[case] start: &str, #[case] until: &str, #[case] end: &str) {
    let zone = TimeZone::get("America/New_York").unwrap();
    let request = request(json!({"estate": "clos-v2", "environment": "dev", "want": "awake", "until": until}));
    assert_eq!(request.end(start.parse().unwrap(), Some(&zone)).unwrap(), Some(end.parse().unwrap()));
}
