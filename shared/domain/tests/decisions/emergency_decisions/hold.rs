//! How long an emergency is held, and who gives it back.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use rstest::rstest;
use watchkeeper_domain::emergency::alarm::{AlarmState, AlarmStates};
use watchkeeper_domain::emergency::{EmergencyHold, HoldAction, hold, still_called_for};
use watchkeeper_domain::intent::{DesiredState, Intent, Layer, RequestedProfile};
use watchkeeper_domain::value::AlarmName;

use super::scene::{T0, emergency, states};

fn held(minute: i64, alarms: &[&str], states_: &[(&str, AlarmState, i64)], by: &str) -> EmergencyHold {
    let emergency = emergency();
    let surge = "surge".parse().unwrap();
    let alarms = alarms.iter().map(|alarm| alarm.parse().unwrap()).collect();
    let want = DesiredState::Scaled(RequestedProfile::of(&surge, &emergency.profiles[&surge], 0, alarms));
    let expires = Some(T0 + SignedDuration::from_hours(2));
    let (reason, by) = ("test".to_owned(), by.to_owned());
    let intent = Intent {
        layer: Layer::Emergency,
        want,
        reason,
        by,
        declared: T0,
        expires,
        approved: [].into(),
        for_release: None,
    };
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
    let intent = Intent {
        layer: Layer::Emergency,
        want,
        reason,
        by,
        declared: T0,
        expires,
        approved: [].into(),
        for_release: None,
    };
    let found = hold(Some(&intent), false, "e-1", &AlarmStates::new(), SignedDuration::ZERO, T0);
    assert_eq!(found.wait, SignedDuration::from_secs(403) + SignedDuration::from_millis(200));
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
    let intent = Intent {
        layer: Layer::Emergency,
        want,
        reason,
        by,
        declared: T0,
        expires: None,
        approved: [].into(),
        for_release: None,
    };
    let named: BTreeSet<AlarmName> = named.iter().map(|alarm| alarm.parse().unwrap()).collect();
    let lasting = still_called_for(&intent, &states(found), &named.iter().collect());
    let count = lasting
        .map(|intent| if let DesiredState::Scaled(requested) = intent.want { requested.alarms.len() } else { 99 });
    assert_eq!(count, left.filter(|left| *left > 0 || all.is_empty()));
}
