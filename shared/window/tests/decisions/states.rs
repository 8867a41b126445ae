//! Which word and shape applies, and since when and until when.

use rstest::rstest;
use watchkeeper_domain::intent::{DesiredState, Layer};
use watchkeeper_window::facts::{EnvironmentFacts, Reading, TroubleKind};
use watchkeeper_window::shape::{Shape, Tone};
use watchkeeper_window::state::EnvironmentState;

use crate::scene::*;

/// Makes something be the matter.
type Make = fn(&mut EnvironmentFacts);

const UNREAD: Make = |of| here(of).ledger = Reading::Unread { why: "no answer".to_owned() };
const NO_ECS: Make = |of| here(of).observed = Reading::Unread { why: "no answer".to_owned() };
const ASKS: Make = |of| asks(of, "2026-12-01T17:10:00Z");
const OVER: Make = |of| asks(of, "2026-12-01T16:59:00Z");
const MOVES: Make = |of| pair(of, "us-east-1", Some("us-west-2"), None);
const AWAY: Make = |of| pair(of, "us-west-2", None, None);
const HALTED: Make = |of| ledger(of).halt = Some(halted("2026-12-01T16:00:00Z"));
const REFUSED: Make = |of| trouble(of, TroubleKind::Refused, "2026-12-01T16:00:00Z");
const FAILED: Make = |of| trouble(of, TroubleKind::Failed, "2026-12-01T16:00:00Z");
const UNVERIFIED: Make = |of| trouble(of, TroubleKind::Unverified, "2026-12-01T16:00:00Z");
const DRIFT: Make = |of| trouble(of, TroubleKind::Drift, "2026-12-01T16:00:00Z");
const SURGE: Make =
    |of| ledger(of).intents = vec![intent(Layer::Emergency, surge(&["5xx"]), Some("2026-12-01T18:00:00Z"))];
const SLEEPS: Make = |of| *of = asleep();
const STAYS_AWAKE: Make =
    |of| ledger(of).intents = vec![intent(Layer::Override, DesiredState::Awake, Some("2026-12-02T02:00:00Z"))];
const NO_CALENDAR: Make = |of| of.calendar = None;
const WAKES_UP: Make = |of| here(of).observed = Reading::Now(tasks(2));

#[rstest]
#[case::awake(&[], "awake", Shape::Disc, Tone::Awake)]
#[case::asleep(&[SLEEPS], "asleep", Shape::Crescent, Tone::Grey)]
#[case::should_sleep_and_does_not(&[SLEEPS, WAKES_UP], "awake", Shape::Disc, Tone::Awake)]
#[case::at_a_profile(&[SURGE], "at surge", Shape::Triangle, Tone::Amber)]
#[case::away(&[AWAY], "serving from us-west-2", Shape::Bars, Tone::Violet)]
#[case::drift(&[DRIFT], "awake, with drift", Shape::Waves, Tone::Amber)]
#[case::drift_while_it_sleeps(&[SLEEPS, WAKES_UP, DRIFT], "asleep, with drift", Shape::Waves, Tone::Amber)]
#[case::unverified(&[UNVERIFIED], "awake, unverified", Shape::Cross, Tone::Red)]
#[case::failed(&[FAILED], "awake, failed", Shape::Cross, Tone::Red)]
#[case::refused(&[REFUSED], "awake, wake refused", Shape::Bar, Tone::Red)]
#[case::halted_before_refused(&[REFUSED, HALTED], "awake, halted", Shape::Square, Tone::Ink)]
#[case::halted_at_a_profile(&[SURGE, HALTED], "at surge, halted", Shape::Square, Tone::Ink)]
#[case::moving_before_halted(&[HALTED, MOVES], "moving to us-west-2", Shape::Arrows, Tone::Violet)]
#[case::asks_before_halted(&[HALTED, ASKS], "awake, asks", Shape::Diamond, Tone::Red)]
#[case::a_question_that_is_over(&[OVER], "awake", Shape::Disc, Tone::Awake)]
#[case::no_ecs_before_all(&[ASKS, NO_ECS], "cannot be read", Shape::Dashed, Tone::Grey)]
#[case::no_ledger(&[SURGE, UNREAD], "cannot be read", Shape::Dashed, Tone::Grey)]
fn the_first_that_applies_gives_the_shape(
    #[case] makes: &[Make],
    #[case] word: &str,
    #[case] shape: Shape,
    #[case] tone: Tone,
) {
    let mut of = awake();
    for make in makes {
        make(&mut of);
    }
    let state = state(&of);
    assert_eq!((state.word().as_str(), state.shape()), (word, (shape, tone)));
}

#[test]
fn the_halt_of_everything_halts_each() {
    let of = awake();
    let everything = Reading::Now(Some(halted("2026-12-01T16:00:00Z")));
    assert_eq!(EnvironmentState::of(&of, &everything, noon()).word(), "awake, halted");
    let unread = Reading::Unread { why: "no answer".to_owned() };
    assert_eq!(EnvironmentState::of(&of, &unread, noon()).word(), "cannot be read");
}

#[test]
fn what_was_read_earlier_is_as_of_then() {
    let mut of = awake();
    let value = tasks(2);
    here(&mut of).observed = Reading::Last { value, at: at("2026-12-01T16:40:00Z"), why: "throttled".to_owned() };
    let matter = state(&of).matter.unwrap();
    assert_eq!(matter, watchkeeper_window::state::Matter::Unread(Some(at("2026-12-01T16:40:00Z"))));
}

#[rstest]
#[case::by_the_calendar(&[], Some("2026-12-01T12:00:00Z"), Some("2026-12-02T00:00:00Z"))]
#[case::by_an_override(&[SLEEPS], Some("2026-12-01T15:00:00Z"), Some("2026-12-01T20:00:00Z"))]
#[case::by_an_override_that_goes_on_with_the_calendar(
    &[STAYS_AWAKE],
    Some("2026-12-01T12:00:00Z"),
    Some("2026-12-02T02:00:00Z")
)]
#[case::by_an_emergency(&[SURGE], Some("2026-12-01T15:00:00Z"), Some("2026-12-01T18:00:00Z"))]
#[case::by_the_pointer(&[AWAY], Some("2026-12-01T10:00:00Z"), None)]
#[case::by_nothing(&[NO_CALENDAR], None, None)]
fn since_when_and_until_when(#[case] makes: &[Make], #[case] since: Option<&str>, #[case] until: Option<&str>) {
    let mut of = awake();
    for make in makes {
        make(&mut of);
    }
    let state = state(&of);
    assert_eq!((state.since(), state.until()), (since.map(at), until.map(at)));
}
