//! Every zone that changes its clocks, every day of a year: one wake and one sleep a working day, whatever the hours.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;

use jiff::{
    SignedDuration, Timestamp, ToSpan as _,
    civil::{Date, date},
    tz::TimeZone,
};
use proptest::prelude::*;
use serde_json::json;
use watchkeeper_domain::schedule::{AwakeHours, Calendar, CalendarTransition};
use watchkeeper_domain::value::Zone;

/// The year that is looked at, and the days around it that its hours touch.
const FIRST: Date = date(2026, 1, 1);
const DAYS: i64 = 365;

/// The changes of a zone's clocks in the year: two zones with the same ones treat a calendar alike.
fn changes(zone: &TimeZone) -> Vec<(Timestamp, i32)> {
    let start = FIRST.to_zoned(TimeZone::UTC).unwrap().timestamp() - SignedDuration::from_hours(48);
    let end = start + SignedDuration::from_hours(24 * (DAYS + 4));
    let first = (start, zone.to_offset(start).seconds());
    let later =
        zone.following(start).take_while(|t| t.timestamp() < end).map(|t| (t.timestamp(), t.offset().seconds()));
    std::iter::once(first).chain(later).collect()
}

/// The zones whose clocks change in the year, by name.
fn changing_zones() -> Vec<String> {
    let changing = |name: &String| changes(name.parse::<Zone>().unwrap().rules()).len() > 1;
    Zone::all_names().into_iter().filter(changing).collect()
}

/// One zone for each way in which clocks change.
fn ways_to_change() -> Vec<String> {
    let by_changes: BTreeMap<_, _> =
        changing_zones().into_iter().map(|name| (changes(name.parse::<Zone>().unwrap().rules()), name)).collect();
    by_changes.into_values().collect()
}

fn calendar(zone: &str, days: &str, hours: &str) -> Calendar {
    let awake: AwakeHours = serde_json::from_value(json!({ "zone": zone, "weekly": { days: hours } })).unwrap();
    awake.calendar().unwrap()
}

/// The transitions of the hours that start in the year, checked to be one wake and one sleep for each working day.
fn check(zone: &str, days: &str, hours: &str) {
    let calendar = calendar(zone, days, hours);
    let rules = calendar.zone().rules().clone();
    let working: Vec<Date> = FIRST
        .series(1.day())
        .take(usize::try_from(DAYS).unwrap())
        .filter(|d| !calendar.hours_of(*d).is_empty())
        .collect();
    let midnight = |date: Date| date.to_zoned(rules.clone()).unwrap().timestamp();
    let start = midnight(FIRST);
    // Hours reach at most a day and a gap past the midnight after them.
    let end = midnight(FIRST + DAYS.days()) + SignedDuration::from_hours(36);
    let all = calendar.transitions(start, end);
    let from_first_wake: Vec<CalendarTransition> = all.into_iter().skip_while(|t| !t.awake).collect();
    for (pair, day) in from_first_wake.chunks(2).zip(&working) {
        let [wake, sleep] = pair else { panic!("{zone} {hours}: {day} wakes and does not sleep") };
        assert!(wake.awake && !sleep.awake, "{zone} {hours}: {day} has {pair:?}");
        assert!(wake.at < sleep.at, "{zone} {hours}: {day} has {pair:?}");
        let (low, high) = (midnight(*day), midnight(*day) + SignedDuration::from_hours(27));
        assert!(low <= wake.at && wake.at < high, "{zone} {hours}: {day} wakes at {}", wake.at);
    }
    assert!(from_first_wake.len() >= 2 * working.len(), "{zone} {hours}: a working day is missing");
}

#[test]
fn office_hours_wake_and_sleep_once_a_working_day_in_every_zone_that_changes_its_clocks() {
    let zones = changing_zones();
    assert!(zones.len() > 150, "found only {} zones", zones.len());
    for zone in &zones {
        check(zone, "mon-fri", "08:00-19:00");
    }
}

#[test]
fn hours_that_begin_or_end_where_clocks_change_wake_and_sleep_once_a_day() {
    let nasty = ["02:30-03:00", "02:15-02:45", "23:30-00:30", "00:00-00:30", "01:30-02:00", "00:30-20:00"];
    for zone in ways_to_change() {
        // Clocks change at night, mostly on Sundays: every day works here.
        for hours in nasty {
            check(&zone, "mon-sun", hours);
        }
    }
}

#[test]
fn whole_days_never_sleep_between_themselves() {
    for zone in ways_to_change() {
        let calendar = calendar(&zone, "mon-sun", "00:00-24:00");
        let start = FIRST.to_zoned(TimeZone::UTC).unwrap().timestamp();
        let all = calendar.transitions(start, start + SignedDuration::from_hours(24 * DAYS));
        assert_eq!(all, [], "{zone} sleeps");
        assert!(calendar.at(start).awake, "{zone} is asleep");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_hours_wake_and_sleep_once_a_day(which in any::<prop::sample::Index>(), start in 0_u16..1440, length in 1_u16..1200) {
        thread_local!(static ZONES: Vec<String> = ways_to_change());
        let zone = ZONES.with(|zones| which.get(zones).clone());
        let time = |minutes: u16| format!("{:02}:{:02}", minutes / 60 % 24, minutes % 60);
        check(&zone, "mon-sun", &format!("{}-{}", time(start), time(start + length)));
    }

    #[test]
    fn a_decision_agrees_with_the_transitions_around_it(which in any::<prop::sample::Index>(), minute in 0_i64..525_600, start in 0_u16..1440, length in 1_u16..1439) {
        thread_local!(static ZONES: Vec<String> = ways_to_change());
        let zone = ZONES.with(|zones| which.get(zones).clone());
        let time = |minutes: u16| format!("{:02}:{:02}", minutes / 60 % 24, minutes % 60);
        let calendar = calendar(&zone, "mon,wed-fri", &format!("{}-{}", time(start), time(start + length)));
        let instant = FIRST.to_zoned(TimeZone::UTC).unwrap().timestamp() + SignedDuration::from_mins(minute);
        let decision = calendar.at(instant);
        let (since, until) = (decision.since.unwrap(), decision.until.unwrap());
        prop_assert!(since <= instant && instant < until);
        // Nothing happens in between, and each end is a change to, or from, the state decided.
        let between = calendar.transitions(since, until);
        prop_assert_eq!(between, vec![CalendarTransition { at: since, awake: decision.awake }]);
        prop_assert_eq!(calendar.at(until).awake, !decision.awake);
        prop_assert_eq!(calendar.at(until).since, Some(until));
    }
}
