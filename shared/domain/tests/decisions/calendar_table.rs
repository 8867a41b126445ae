//! Single days whose transitions are known from the clocks of their zones.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use jiff::{SignedDuration, Timestamp};
use rstest::rstest;
use serde_json::{Value, json};
use watchkeeper_domain::schedule::{AwakeHours, Calendar};

fn calendar(awake: Value) -> Calendar {
    serde_json::from_value::<AwakeHours>(awake).unwrap().calendar().unwrap()
}

/// The transitions in the two days around an instant, as `+` for a wake and `-` for a sleep.
fn around(calendar: &Calendar, instant: &str) -> Vec<String> {
    let instant: Timestamp = instant.parse().unwrap();
    let day = SignedDuration::from_hours(24);
    let sign = |awake: bool| if awake { '+' } else { '-' };
    calendar.transitions(instant - day, instant + day).iter().map(|t| format!("{}{}", sign(t.awake), t.at)).collect()
}

#[rstest]
// New York, 8 March 2026: 02:00 to 03:00 does not exist.
#[case::an_ordinary_day(
    "America/New_York",
    "2026-06-10",
    "08:00-19:00",
    "2026-06-10T12:00:00Z",
    "2026-06-10T23:00:00Z"
)]
#[case::start_in_the_gap(
    "America/New_York",
    "2026-03-08",
    "02:30-10:00",
    "2026-03-08T07:00:00Z",
    "2026-03-08T14:00:00Z"
)]
#[case::end_in_the_gap("America/New_York", "2026-03-08", "00:30-02:30", "2026-03-08T05:30:00Z", "2026-03-08T07:30:00Z")]
#[case::both_in_the_gap(
    "America/New_York",
    "2026-03-08",
    "02:15-02:45",
    "2026-03-08T07:00:00Z",
    "2026-03-08T07:45:00Z"
)]
#[case::swallowed("America/New_York", "2026-03-08", "02:30-03:00", "2026-03-08T07:00:00Z", "2026-03-08T07:30:00Z")]
// New York, 1 November 2026: 01:00 to 02:00 comes twice.
#[case::start_in_the_fold(
    "America/New_York",
    "2026-11-01",
    "01:30-03:00",
    "2026-11-01T05:30:00Z",
    "2026-11-01T08:00:00Z"
)]
#[case::end_in_the_fold(
    "America/New_York",
    "2026-11-01",
    "00:15-01:30",
    "2026-11-01T04:15:00Z",
    "2026-11-01T05:30:00Z"
)]
#[case::end_after_the_fold(
    "America/New_York",
    "2026-10-31",
    "20:00-02:00",
    "2026-11-01T00:00:00Z",
    "2026-11-01T07:00:00Z"
)]
// Lord Howe, 4 October 2026: half an hour, 02:00 to 02:30, does not exist.
#[case::half_an_hour(
    "Australia/Lord_Howe",
    "2026-10-04",
    "02:15-09:00",
    "2026-10-03T15:30:00Z",
    "2026-10-03T22:00:00Z"
)]
#[case::half_an_hour_at_the_end(
    "Australia/Lord_Howe",
    "2026-10-04",
    "00:00-02:15",
    "2026-10-03T13:30:00Z",
    "2026-10-03T15:45:00Z"
)]
// Troll, 29 March 2026: two hours, 01:00 to 03:00, do not exist.
#[case::two_hours("Antarctica/Troll", "2026-03-29", "01:30-08:00", "2026-03-29T01:00:00Z", "2026-03-29T06:00:00Z")]
#[case::two_hours_at_the_end(
    "Antarctica/Troll",
    "2026-03-29",
    "00:00-02:30",
    "2026-03-29T00:00:00Z",
    "2026-03-29T02:30:00Z"
)]
// Morocco, 22 March 2026: the month of Ramadan ends, 02:00 to 03:00 does not exist.
#[case::after_ramadan("Africa/Casablanca", "2026-03-22", "02:30-09:00", "2026-03-22T02:00:00Z", "2026-03-22T08:00:00Z")]
// Cairo, 24 April 2026: the day begins at 01:00.
#[case::no_midnight("Africa/Cairo", "2026-04-24", "00:00-08:00", "2026-04-23T22:00:00Z", "2026-04-24T05:00:00Z")]
#[case::ends_at_no_midnight(
    "Africa/Cairo",
    "2026-04-23",
    "20:00-24:00",
    "2026-04-23T18:00:00Z",
    "2026-04-23T22:00:00Z"
)]
fn one_date(#[case] zone: &str, #[case] date: &str, #[case] hours: &str, #[case] wake: &str, #[case] sleep: &str) {
    let calendar = calendar(json!({ "zone": zone, "exceptions": { date: hours } }));
    assert_eq!(around(&calendar, wake), [format!("+{wake}"), format!("-{sleep}")]);
}

#[test]
fn a_date_that_a_zone_leaves_out_has_no_hours() {
    // Samoa went from 29 to 31 December 2011.
    let calendar = calendar(json!({ "zone": "Pacific/Apia", "exceptions": { "2011-12-30": "08:00-19:00" } }));
    assert_eq!(around(&calendar, "2011-12-30T12:00:00Z"), Vec::<String>::new());
}

/// New York, Monday to Friday in the office, Friday until two in the night.
fn office() -> Calendar {
    calendar(json!({
        "zone": "America/New_York",
        "weekly": { "mon-thu": ["08:00-12:00", "13:00-19:00"], "fri": "08:00-02:00" },
        "holidays": ["2026-12-25", "2026-12-24"],
        "exceptions": { "2026-11-28": "10:00-14:00", "2026-12-31": "asleep" },
    }))
}

#[rstest]
#[case::before(
    "2026-11-19T12:59:59Z",
    false,
    "2026-11-19T00:00:00Z",
    "2026-11-19T13:00:00Z",
    "outside the hours of Thu 2026-11-19"
)]
#[case::first_instant(
    "2026-11-19T13:00:00Z",
    true,
    "2026-11-19T13:00:00Z",
    "2026-11-19T17:00:00Z",
    "hours 08:00-12:00 of Thu 2026-11-19"
)]
#[case::lunch(
    "2026-11-19T17:00:00Z",
    false,
    "2026-11-19T17:00:00Z",
    "2026-11-19T18:00:00Z",
    "outside the hours of Thu 2026-11-19"
)]
#[case::past_midnight(
    "2026-11-21T06:30:00Z",
    true,
    "2026-11-20T13:00:00Z",
    "2026-11-21T07:00:00Z",
    "hours 08:00-02:00 of Fri 2026-11-20"
)]
#[case::weekend(
    "2026-11-21T07:00:00Z",
    false,
    "2026-11-21T07:00:00Z",
    "2026-11-23T13:00:00Z",
    "no hours on Sat 2026-11-21"
)]
#[case::exception(
    "2026-11-28T15:30:00Z",
    true,
    "2026-11-28T15:00:00Z",
    "2026-11-28T19:00:00Z",
    "exceptional hours 10:00-14:00 of Sat 2026-11-28"
)]
#[case::holiday(
    "2026-12-25T17:00:00Z",
    false,
    "2026-12-24T00:00:00Z",
    "2026-12-28T13:00:00Z",
    "holiday Fri 2026-12-25"
)]
#[case::asleep(
    "2026-12-31T17:00:00Z",
    false,
    "2026-12-31T00:00:00Z",
    "2027-01-01T13:00:00Z",
    "exception: asleep on Thu 2026-12-31"
)]
fn decisions(#[case] instant: &str, #[case] awake: bool, #[case] since: &str, #[case] until: &str, #[case] why: &str) {
    let decision = office().at(instant.parse().unwrap());
    assert_eq!(decision.why.to_string(), why);
    assert_eq!(decision.awake, awake);
    assert_eq!(decision.since, Some(since.parse().unwrap()));
    assert_eq!(decision.until, Some(until.parse().unwrap()));
}

#[test]
fn hours_of_the_evening_before_run_into_a_holiday() {
    let calendar = calendar(json!({
        "zone": "Europe/Berlin", "weekly": { "mon-fri": "20:00-02:00" }, "holidays": ["2026-12-25"],
    }));
    let expected = ["+2026-12-24T19:00:00Z", "-2026-12-25T01:00:00Z"];
    assert_eq!(around(&calendar, "2026-12-25T12:00:00Z"), expected);
}

#[test]
fn hours_that_touch_are_one() {
    let calendar = calendar(json!({ "zone": "Etc/UTC", "weekly": { "mon": ["08:00-24:00"], "tue": "00:00-06:00" } }));
    let expected = ["+2026-11-16T08:00:00Z", "-2026-11-17T06:00:00Z"];
    assert_eq!(around(&calendar, "2026-11-17T00:00:00Z"), expected);
}

#[test]
fn a_far_date_is_found_and_an_endless_state_has_no_end() {
    let once = calendar(json!({ "zone": "Etc/UTC", "exceptions": { "2031-06-01": "08:00-09:00" } }));
    let now: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    assert_eq!((once.at(now).since, once.at(now).until), (None, Some("2031-06-01T08:00:00Z".parse().unwrap())));
    let never = calendar(json!({ "zone": "Etc/UTC" }));
    assert_eq!((never.at(now).awake, never.at(now).since, never.at(now).until), (false, None, None));
    let always = calendar(json!({ "zone": "Etc/UTC", "weekly": { "mon-sun": "00:00-24:00" } }));
    assert_eq!((always.at(now).awake, always.at(now).since, always.at(now).until), (true, None, None));
}

#[test]
fn the_ends_of_time_are_no_panic() {
    for instant in [Timestamp::MIN, Timestamp::MAX] {
        assert!(office().transitions(instant, instant).is_empty());
        let _ = office().at(instant);
    }
}

#[rstest]
#[case::same_day(json!({ "mon": ["08:00-12:00", "11:00-19:00"] }), "weekly.mon[1]: found 11:00-19:00, which overlaps 08:00-12:00 of weekly.mon[0]")]
#[case::two_keys(json!({ "mon-fri": "08:00-12:00", "wed": "11:00-13:00" }), "weekly.wed: found 11:00-13:00, which overlaps 08:00-12:00 of weekly.mon-fri")]
#[case::over_midnight(json!({ "mon": "20:00-04:00", "tue": "03:00-05:00" }), "weekly.tue: found 03:00-05:00, which overlaps 20:00-04:00 of weekly.mon")]
#[case::over_the_week(json!({ "sun": "20:00-04:00", "mon": "03:00-05:00" }), "weekly.mon: found 03:00-05:00, which overlaps 20:00-04:00 of weekly.sun")]
#[case::long_before(json!({ "mon": ["00:00-20:00", "01:00-02:00", "19:00-21:00"] }), "weekly.mon[2]: found 19:00-21:00, which overlaps 00:00-20:00 of weekly.mon[0]")]
fn overlaps_are_found(#[case] weekly: Value, #[case] expected: &str) {
    let awake: AwakeHours = serde_json::from_value(json!({ "zone": "Etc/UTC", "weekly": weekly })).unwrap();
    let findings = awake.calendar().unwrap_err();
    let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert!(lines.iter().any(|line| line.starts_with(expected)), "{lines:#?}");
}

#[test]
fn a_date_is_a_holiday_or_an_exception_and_only_once() {
    let awake: AwakeHours = serde_json::from_value(json!({
        "zone": "Etc/UTC", "holidays": ["2026-12-25", "2026-12-25", "2026-12-26"], "exceptions": { "2026-12-26": "asleep" },
    }))
    .unwrap();
    let paths: Vec<String> = awake.calendar().unwrap_err().iter().map(|f| f.path.to_string()).collect();
    assert_eq!(paths, ["holidays[1]", "holidays[2]"]);
}
