//! Fences: when a singleton may start.

use jiff::{SignedDuration, Timestamp};
use rstest::rstest;
use watchkeeper_domain::failover::fence::{FenceEvidence, FenceState, SingletonTasks, judge};

use crate::failover::scene::{at, failover};

const NONE: SingletonTasks = SingletonTasks { desired: 0, running: 0, pending: 0, alive: 0 };

fn evidence(now: i64) -> FenceEvidence<'static> {
    FenceEvidence {
        settled: None,
        tasks: None,
        beat: Some(at(-30)),
        silence: None,
        word: None,
        from_home: true,
        epoch: 1,
        since: at(0),
        looked: at(0),
        silent: Some(at(0)),
        lost: false,
        now: at(now),
    }
}

fn fenced(fence: Option<&str>, evidence: &FenceEvidence<'_>) -> FenceState {
    judge(&failover(fence).singletons[0], evidence)
}

#[rstest]
#[case(None)]
#[case(Some("prove"))]
#[case(Some("dead-man"))]
#[case(Some("ask"))]
fn what_is_proved_counts_for_every_fence(#[case] fence: Option<&str>) {
    let proved = FenceEvidence { settled: Some(1), tasks: Some(NONE), ..evidence(1) };
    assert!(matches!(fenced(fence, &proved), FenceState::Holds(_)));
}

#[rstest]
#[case::not_confirmed(None, NONE)]
#[case::confirmed_for_another_epoch(Some(0), NONE)]
#[case::still_wanted(Some(1), SingletonTasks { desired: 1, ..NONE })]
#[case::still_running(Some(1), SingletonTasks { running: 1, ..NONE })]
#[case::on_its_way_up(Some(1), SingletonTasks { pending: 1, ..NONE })]
#[case::still_stopping(Some(1), SingletonTasks { alive: 1, ..NONE })]
fn half_a_proof_is_none(#[case] settled: Option<u64>, #[case] tasks: SingletonTasks) {
    let half = |now| FenceEvidence { settled, tasks: Some(tasks), ..evidence(now) };
    assert!(matches!(fenced(None, &half(199)), FenceState::Wait(..)));
    assert!(matches!(fenced(None, &half(200)), FenceState::Ask(_)));
    assert!(matches!(fenced(Some("prove"), &half(200)), FenceState::Fails(_)));
    assert!(matches!(fenced(Some("ask"), &half(1)), FenceState::Ask(_)));
}

#[test]
fn a_region_that_has_been_silent_for_long_is_not_waited_for_again() {
    let silent = |silent, now| FenceEvidence { silent, looked: at(90), ..evidence(now) };
    assert!(matches!(fenced(None, &silent(Some(at(0)), 93)), FenceState::Ask(_)));
    assert!(matches!(fenced(None, &silent(Some(at(80)), 93)), FenceState::Wait(..)));
    assert!(matches!(fenced(None, &silent(None, 93)), FenceState::Wait(..)), "one look alone is no silence");
}

#[test]
fn of_a_region_that_was_found_lost_a_person_is_asked_at_once_and_no_move_goes_back_for_one_look() {
    let lost = FenceEvidence { lost: true, ..evidence(1) };
    assert!(matches!(fenced(None, &lost), FenceState::Ask(_)));
    assert!(matches!(fenced(Some("prove"), &lost), FenceState::Wait(..)));
    assert!(matches!(fenced(Some("prove"), &FenceEvidence { now: at(20), ..lost }), FenceState::Fails(_)));
    // What the home may still be doing by itself takes its time.
    assert!(matches!(fenced(Some("dead-man"), &lost), FenceState::Wait(..)));
    let back = FenceEvidence { tasks: Some(SingletonTasks { running: 1, ..NONE }), ..lost };
    assert!(matches!(fenced(None, &back), FenceState::Wait(..)), "it answers again: what runs there may stop");
}

#[test]
fn a_region_that_does_not_answer_is_not_waited_for() {
    assert!(matches!(fenced(None, &evidence(19)), FenceState::Wait(..)));
    assert!(matches!(fenced(None, &evidence(20)), FenceState::Ask(_)));
    assert!(matches!(fenced(Some("prove"), &evidence(20)), FenceState::Fails(_)));
}

#[test]
fn a_dead_mans_switch_does_not_stand_against_what_is_seen() {
    let seen = |tasks| FenceEvidence { tasks: Some(tasks), ..evidence(420) };
    assert!(matches!(fenced(Some("dead-man"), &seen(NONE)), FenceState::Holds(_)));
    let FenceState::Ask(why) = fenced(Some("dead-man"), &seen(SingletonTasks { running: 1, alive: 1, ..NONE })) else {
        panic!("asks")
    };
    assert!(why.contains("did not stop it"), "{why}");
}

#[test]
fn the_home_says_itself_how_long_it_lets_a_singleton_run_in_silence() {
    let theirs = |minutes, now| FenceEvidence { silence: Some(SignedDuration::from_mins(minutes)), ..evidence(now) };
    assert!(matches!(fenced(Some("dead-man"), &theirs(5, 420)), FenceState::Wait(..)));
    assert!(matches!(fenced(Some("dead-man"), &theirs(5, 540)), FenceState::Holds(_)));
    assert!(
        matches!(fenced(Some("dead-man"), &theirs(1, 419)), FenceState::Wait(..)),
        "never less than its own document"
    );
}

#[test]
fn a_persons_word_holds() {
    let word = FenceEvidence { word: Some("Ada"), ..evidence(1) };
    assert_eq!(
        fenced(None, &word),
        FenceState::Holds("Ada says that fleet-orchestration-car-simulator has stopped".to_owned())
    );
}

/// Silence 180 s, the switch's own time 220 s, clocks 20 s: 420 s from the move on, however old the last grant is.
#[test]
fn a_dead_mans_switch_holds_after_the_silence_the_tick_the_stop_and_the_margin() {
    assert!(matches!(fenced(Some("dead-man"), &evidence(419)), FenceState::Wait(2, _)));
    assert!(matches!(fenced(Some("dead-man"), &evidence(420)), FenceState::Holds(_)));
}

#[test]
fn a_grant_that_was_written_after_the_fence_began_is_waited_out() {
    let late = |now| FenceEvidence { beat: Some(at(10)), ..evidence(now) };
    assert!(matches!(fenced(Some("dead-man"), &late(429)), FenceState::Wait(..)));
    assert!(matches!(fenced(Some("dead-man"), &late(430)), FenceState::Holds(_)));
}

#[test]
fn a_word_does_not_stand_against_tasks_that_are_seen() {
    let word = |tasks| FenceEvidence { word: Some("Ada"), tasks: Some(tasks), ..evidence(1) };
    assert!(matches!(fenced(None, &word(NONE)), FenceState::Holds(_)));
    assert!(matches!(fenced(None, &word(SingletonTasks { alive: 1, ..NONE })), FenceState::Wait(..)));
}

#[rstest]
#[case::never_armed(None, true)]
#[case::on_the_way_home(Some(at(-30)), false)]
fn a_switch_that_cannot_fire_is_not_waited_for(#[case] beat: Option<Timestamp>, #[case] from_home: bool) {
    let found = FenceEvidence { beat, from_home, ..evidence(10_000) };
    assert!(matches!(fenced(Some("dead-man"), &found), FenceState::Ask(_)));
}
