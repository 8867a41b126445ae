//! What comes next by itself.

use rstest::rstest;
use watchkeeper_domain::intent::{DesiredState, Intent, Layer};
use watchkeeper_window::next::{Next, next};

use crate::scene::*;

fn turns(awake: bool, when: &str, override_ends: bool) -> Next {
    Next::Turns { awake, at: at(when), override_ends }
}

fn over(want: DesiredState, expires: &str) -> Vec<Intent> {
    vec![intent(Layer::Override, want, Some(expires))]
}

#[rstest]
#[case::the_calendar(Vec::new(), turns(false, "2026-12-02T00:00:00Z", false))]
#[case::an_override_that_ends_in_sleep(
    over(DesiredState::Awake, "2026-12-02T02:00:00Z"),
    turns(false, "2026-12-02T02:00:00Z", true)
)]
#[case::an_override_that_ends_while_it_would_be_awake(
    over(DesiredState::Awake, "2026-12-01T18:00:00Z"),
    turns(false, "2026-12-02T00:00:00Z", false)
)]
#[case::a_sleep_that_ends_in_the_hours(
    over(DesiredState::Asleep, "2026-12-01T20:00:00Z"),
    turns(true, "2026-12-01T20:00:00Z", true)
)]
#[case::a_sleep_that_ends_outside_them(
    over(DesiredState::Asleep, "2026-12-02T02:00:00Z"),
    turns(true, "2026-12-02T12:00:00Z", false)
)]
#[case::an_expired_override(
    over(DesiredState::Asleep, "2026-12-01T16:00:00Z"),
    turns(false, "2026-12-02T00:00:00Z", false)
)]
fn the_first_that_changes_something(#[case] intents: Vec<Intent>, #[case] expected: Next) {
    let mut of = awake();
    ledger(&mut of).intents = intents;
    assert_eq!(next(&state(&of)), expected);
}

#[test]
fn an_emergency_is_given_back_sooner_when_its_alarms_are_quiet() {
    let mut of = awake();
    let expires = Some("2026-12-01T18:00:00Z");
    ledger(&mut of).intents = vec![intent(Layer::Emergency, surge(&["5xx"]), expires)];
    let alarms = Some((vec!["5xx".parse().unwrap()], 600));
    assert_eq!(next(&state(&of)), Next::GivenBack { at: expires.map(at), alarms });
    ledger(&mut of).intents = vec![intent(Layer::Emergency, surge(&[]), expires)];
    assert_eq!(next(&state(&of)), Next::GivenBack { at: expires.map(at), alarms: None });
}

#[test]
fn nothing_comes_by_itself_without_a_calendar_or_away_from_home() {
    let mut of = awake();
    of.calendar = None;
    assert_eq!(next(&state(&of)), Next::NoCalendar);
    pair(&mut of, "us-west-2", None, None);
    assert_eq!(next(&state(&of)), Next::AwayFromHome);
    pair(&mut of, "us-east-1", Some("us-west-2"), None);
    assert_eq!(next(&state(&of)), Next::Moves);
    here(&mut of).ledger = watchkeeper_window::facts::Reading::Unread { why: "no answer".to_owned() };
    of.pair = None;
    assert_eq!(next(&state(&of)), Next::Unread);
}

#[test]
fn what_is_idle_says_so_and_when_it_wakes() {
    let mut of = awake();
    let idle = Intent { by: "idle".to_owned(), ..intent(Layer::Schedule, DesiredState::Asleep, None) };
    ledger(&mut of).intents = vec![idle];
    assert_eq!(next(&state(&of)), turns(true, "2026-12-02T12:00:00Z", false));
    assert_eq!(state(&of).until(), Some(at("2026-12-02T12:00:00Z")));
    assert!(state(&of).idle().is_some());
    of.calendar = None;
    assert_eq!(next(&state(&of)), Next::UntilUsed);
    assert_eq!(state(&of).until(), None);
}
