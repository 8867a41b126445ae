//! The strip: what it was, and what it will be.

use jiff::SignedDuration;
use proptest::prelude::*;
use watchkeeper_domain::intent::{DesiredState, Layer};
use watchkeeper_domain::reconcile::history::{PastHalt, RunEnding, TargetState};
use watchkeeper_domain::reconcile::run::RunOutcome;
use watchkeeper_window::facts::{EnvironmentFacts, Reading};
use watchkeeper_window::state::EnvironmentState;
use watchkeeper_window::strip::{AHEAD, BACK, Stretch, WIDTH, Was, strip};

use crate::scene::*;

fn ran(ended: &str, target: TargetState, outcome: RunOutcome) -> RunEnding {
    RunEnding {
        began: at(ended),
        at: at(ended),
        again: None,
        target,
        layer: Layer::Schedule,
        reason: "a reason".to_owned(),
        outcome,
        writes: 0,
        code: None,
        run: "a-run".to_owned(),
        mark: None,
    }
}

fn stretch(from: i64, to: i64, was: Was) -> Stretch {
    Stretch { from, to, was }
}

#[test]
fn the_past_is_what_runs_reached_and_before_them_nobody_knows() {
    let mut of = awake();
    ledger(&mut of).history = vec![
        ran("2026-12-01T00:00:00Z", TargetState::Asleep, RunOutcome::Done),
        ran("2026-12-01T11:00:00Z", TargetState::Awake, RunOutcome::Refused),
        ran("2026-12-01T12:00:00Z", TargetState::Awake, RunOutcome::PartlyDone),
    ];
    let expected = [stretch(0, 420, Was::Unknown), stretch(420, 1140, Was::Asleep), stretch(1140, BACK, Was::Awake)];
    assert_eq!(strip(&state(&of)).back, expected);
}

#[test]
fn what_nothing_of_ours_was_in_was_awake() {
    assert_eq!(strip(&state(&awake())).back, [stretch(0, BACK, Was::Awake)]);
}

#[test]
fn the_future_follows_the_calendar_its_holidays_and_the_ends_of_intents() {
    let mut of = awake();
    ledger(&mut of).intents = vec![intent(Layer::Emergency, surge(&[]), Some("2026-12-01T18:00:00Z"))];
    let strip = strip(&state(&of));
    let evening = BACK + 7 * 60;
    let morning = evening + 12 * 60;
    let night = morning + 12 * 60;
    let expected = [
        stretch(BACK, BACK + 60, Was::Emergency),
        stretch(BACK + 60, evening, Was::Awake),
        stretch(evening, morning, Was::Asleep),
        stretch(morning, night, Was::Awake),
        stretch(night, WIDTH, Was::Asleep),
    ];
    assert_eq!(strip.ahead, expected);
    assert_eq!(strip.holidays, [(BACK + 36 * 60, WIDTH)], "Thursday from midnight in New York");
}

#[test]
fn an_override_has_its_bracket_and_a_halt_its_dashes() {
    let mut of = awake();
    ledger(&mut of).intents = vec![intent(Layer::Override, DesiredState::Awake, Some("2026-12-02T02:00:00Z"))];
    ledger(&mut of).halt = Some(halted("2026-12-01T16:00:00Z"));
    let strip = strip(&state(&of));
    assert_eq!(strip.overrides, [(BACK - 120, BACK + 9 * 60)]);
    assert_eq!(strip.halted, Some((BACK - 60, WIDTH)));
    assert_eq!(strip.halts, Vec::new());
}

#[test]
fn halts_that_are_over_have_their_dashes_where_they_lie_in_the_last_day() {
    let mut of = awake();
    let halt = |since: &str, until: &str| PastHalt { since: at(since), until: at(until) };
    ledger(&mut of).halts = vec![
        halt("2026-11-29T10:00:00Z", "2026-11-29T11:00:00Z"),
        halt("2026-11-30T16:00:00Z", "2026-11-30T18:00:00Z"),
        halt("2026-12-01T14:00:00Z", "2026-12-01T15:00:00Z"),
    ];
    let strip = strip(&state(&of));
    assert_eq!((strip.halts, strip.halted), (vec![(0, 60), (BACK - 180, BACK - 120)], None));
}

#[test]
fn a_pair_was_home_before_it_moved_and_stays_away_by_itself() {
    let mut of = awake();
    pair(&mut of, "us-west-2", None, None);
    let strip = strip(&state(&of));
    assert_eq!(strip.back, [stretch(0, 1020, Was::Awake), stretch(1020, BACK, Was::Away)]);
    assert_eq!(strip.ahead, [stretch(BACK, WIDTH, Was::Away)]);
    assert_eq!(strip.mark, Some(1020));
}

#[test]
fn nothing_is_made_up_where_the_ledger_was_not_read() {
    let mut of = awake();
    here(&mut of).ledger = Reading::Unread { why: "no answer".to_owned() };
    let strip = strip(&state(&of));
    assert_eq!(
        (strip.back, strip.ahead),
        (vec![stretch(0, BACK, Was::Unknown)], vec![stretch(BACK, WIDTH, Was::Unknown)])
    );
}

proptest! {
    /// Past and future have no gap and no overlap, whatever the instant and the history.
    #[test]
    fn every_minute_is_told_once(shift in 0i64..366 * 1440, runs in proptest::collection::vec((0i64..3000, any::<bool>()), 0..8)) {
        let now = noon() + SignedDuration::from_mins(shift);
        let mut of: EnvironmentFacts = awake();
        let mut history: Vec<RunEnding> = runs.iter().map(|(ago, sleeps)| {
            let target = if *sleeps { TargetState::Asleep } else { TargetState::Awake };
            RunEnding { at: now - SignedDuration::from_mins(*ago), ..ran("2026-12-01T00:00:00Z", target, RunOutcome::Done) }
        }).collect();
        history.sort_by_key(|entry| entry.at);
        ledger(&mut of).history = history;
        let strip = strip(&EnvironmentState::of(&of, OFF, now));
        for (stretches, from, to) in [(&strip.back, 0, BACK), (&strip.ahead, BACK, BACK + AHEAD)] {
            let mut place = from;
            for it in stretches {
                prop_assert_eq!(it.from, place);
                prop_assert!(it.from < it.to);
                place = it.to;
            }
            prop_assert_eq!(place, to);
        }
        // What comes next is where the strip first changes after now.
        let says = of.calendar.as_ref().unwrap().calendar().at(now);
        prop_assert_eq!(strip.ahead[0].was == Was::Awake, says.awake);
    }
}
