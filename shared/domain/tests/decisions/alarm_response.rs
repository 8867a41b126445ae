//! What is made of an alarm's change: at-least-once, out of order, late, flapping, vetoed.
#![allow(clippy::unwrap_used)]

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use rstest::rstest;
use watchkeeper_domain::emergency::alarm::{
    AlarmChange, AlarmMemory, AlarmQuestion, AlarmState, AlarmStates, AlarmStatus, ConsideredAnswer, IgnoreReason,
    ResponseDecision, consider, found,
};
use watchkeeper_domain::estate::Emergency;
use watchkeeper_domain::guardrail::{GuardrailCode, Severity};
use watchkeeper_domain::value::AlarmName;

const T0: Timestamp = Timestamp::constant(1_795_000_000, 0);

fn emergency() -> Emergency {
    serde_json::from_value(serde_json::json!({
        "profiles": {"scale-out": {"desired": 4, "max": 10, "for": "2h"}},
        "minimum-delay": "5m", "max-age": "15m", "flap": {"transitions": 6, "within": "30m"},
    }))
    .unwrap()
}

fn name(text: &str) -> AlarmName {
    text.parse().unwrap()
}

fn minutes(n: i64) -> SignedDuration {
    SignedDuration::from_mins(n)
}

fn change(state: AlarmState, at: Timestamp) -> AlarmChange {
    AlarmChange {
        alarm: name("coldchain-production-5xx-errors"),
        account: None,
        region: None,
        state,
        previous: None,
        at,
        reason: "11 errors".to_owned(),
        suppressed: false,
    }
}

/// An environment over time: one message after the other.
#[derive(Default)]
struct Watch {
    memory: AlarmMemory,
    states: AlarmStates,
    missing: Option<&'static str>,
    held_back: bool,
}

impl Watch {
    fn hears(&mut self, state: AlarmState, at: Timestamp, now: Timestamp) -> ResponseDecision {
        self.hears_for("scale-out", state, at, now)
    }

    fn hears_for(&mut self, what: &str, state: AlarmState, at: Timestamp, now: Timestamp) -> ResponseDecision {
        self.by(consider, what, state, at, now)
    }

    /// The sweep finds it in ALARM.
    fn finds(&mut self, at: Timestamp, now: Timestamp) -> ResponseDecision {
        let at = self.memory.change_at(at);
        self.by(found, "scale-out", AlarmState::Alarm, at, now)
    }

    fn by(
        &mut self,
        how: fn(&AlarmQuestion<'_>, &AlarmMemory) -> ConsideredAnswer,
        what: &str,
        state: AlarmState,
        at: Timestamp,
        now: Timestamp,
    ) -> ResponseDecision {
        let change = AlarmChange { suppressed: self.held_back, ..change(state, at) };
        let mut emergency = emergency();
        emergency.missing = self.missing.map(|missing| serde_json::from_value(missing.into()).unwrap());
        let forbidding = [name("coldchain-production-rds-connections-high")];
        let question = AlarmQuestion {
            change: &change,
            what,
            emergency: &emergency,
            forbidding: &forbidding,
            states: &self.states,
            now,
        };
        let ConsideredAnswer { answer, memory } = how(&question, &self.memory);
        self.memory = memory;
        answer
    }

    fn database(&mut self, state: AlarmState) {
        let status = AlarmStatus { state, since: Some(T0), suppressed: false };
        self.states.insert(name("coldchain-production-rds-connections-high"), status);
    }

    fn quiet() -> Self {
        let mut watch = Self::default();
        watch.database(AlarmState::Ok);
        watch
    }
}

fn why(answer: &ResponseDecision) -> IgnoreReason {
    match answer {
        ResponseDecision::Ignored { why, .. } => *why,
        ResponseDecision::Start { .. } => panic!("started"),
    }
}

fn news(answer: &ResponseDecision) -> bool {
    matches!(answer, ResponseDecision::Ignored { news: true, .. })
}

#[test]
fn a_change_to_alarm_is_answered_once_however_often_it_is_told() {
    let mut watch = Watch::quiet();
    assert_eq!(watch.hears(AlarmState::Alarm, T0, T0), ResponseDecision::Start { ask: None });
    for n in 0..3 {
        assert_eq!(why(&watch.hears(AlarmState::Alarm, T0, T0 + minutes(n))), IgnoreReason::Duplicate);
    }
}

#[test]
fn an_alarm_that_calls_for_two_things_gets_both_once() {
    let mut watch = Watch::quiet();
    for what in ["scale-out", "rollback"] {
        assert_eq!(watch.hears_for(what, AlarmState::Alarm, T0, T0), ResponseDecision::Start { ask: None });
        assert_eq!(why(&watch.hears_for(what, AlarmState::Alarm, T0, T0)), IgnoreReason::Duplicate);
    }
    assert_eq!(watch.memory.changes.len(), 1, "it changed once");
}

#[test]
fn a_description_a_moment_apart_is_the_same_change() {
    let mut watch = Watch::quiet();
    watch.hears(AlarmState::Alarm, T0, T0);
    assert_eq!(watch.memory.change_at(T0 + SignedDuration::from_millis(900)), T0);
    assert_eq!(watch.memory.change_at(T0 + minutes(1)), T0 + minutes(1), "an OK in between was lost");
    watch.hears(AlarmState::Ok, T0 + minutes(1), T0 + minutes(1));
    assert_eq!(watch.memory.change_at(T0 + minutes(1)), T0 + minutes(1));
}

#[test]
fn what_comes_after_a_later_change_is_out_of_order() {
    let mut watch = Watch::quiet();
    watch.hears(AlarmState::Ok, T0 + minutes(2), T0 + minutes(2));
    assert_eq!(why(&watch.hears(AlarmState::Alarm, T0, T0 + minutes(3))), IgnoreReason::OutOfOrder);
    assert_eq!(watch.memory.newest, Some((T0 + minutes(2), AlarmState::Ok)));
}

#[test]
fn two_states_of_one_instant_are_not_both_believed() {
    let mut watch = Watch::quiet();
    watch.hears(AlarmState::Ok, T0, T0);
    assert_eq!(why(&watch.hears(AlarmState::Alarm, T0, T0)), IgnoreReason::OutOfOrder);
}

#[test]
fn an_old_change_and_one_from_the_future_are_refused_with_their_age() {
    let late = Watch::quiet().hears(AlarmState::Alarm, T0, T0 + minutes(16));
    assert_eq!(why(&late), IgnoreReason::StaleEvent);
    assert!(format!("{late:?}").contains("the limit is 15m"), "{late:?}");
    assert_eq!(why(&Watch::quiet().hears(AlarmState::Alarm, T0, T0 - minutes(3))), IgnoreReason::StaleEvent);
    assert_eq!(Watch::quiet().hears(AlarmState::Alarm, T0, T0 + minutes(15)), ResponseDecision::Start { ask: None });
}

#[test]
fn an_alarm_whose_actions_are_held_back_is_answered_once_they_are_not() {
    let (emergency, states) = (emergency(), AlarmStates::new());
    let question = |change| AlarmQuestion {
        change,
        what: "scale-out",
        emergency: &emergency,
        forbidding: &[],
        states: &states,
        now: T0,
    };
    let held = AlarmChange { suppressed: true, ..change(AlarmState::Alarm, T0) };
    let ConsideredAnswer { answer, memory } = consider(&question(&held), &AlarmMemory::default());
    assert_eq!(why(&answer), IgnoreReason::Suppressed);
    let free = change(AlarmState::Alarm, T0);
    assert_eq!(consider(&question(&free), &memory).answer, ResponseDecision::Start { ask: None });
}

#[test]
fn ok_and_too_little_data_lead_to_nothing() {
    let mut watch = Watch::quiet();
    assert_eq!(why(&watch.hears(AlarmState::Ok, T0, T0)), IgnoreReason::NotInAlarm);
    assert_eq!(
        why(&watch.hears(AlarmState::InsufficientData, T0 + minutes(1), T0 + minutes(1))),
        IgnoreReason::NotInAlarm
    );
}

#[test]
fn a_second_alarm_within_the_minimum_delay_waits_and_is_answered_after_it() {
    let mut watch = Watch::quiet();
    watch.hears(AlarmState::Alarm, T0, T0);
    watch.hears(AlarmState::Ok, T0 + minutes(1), T0 + minutes(1));
    let again = T0 + minutes(2);
    assert_eq!(why(&watch.hears(AlarmState::Alarm, again, again)), IgnoreReason::CoolDown);
    // The sweep finds it in ALARM still.
    assert_eq!(why(&watch.hears(AlarmState::Alarm, again, T0 + minutes(4))), IgnoreReason::CoolDown);
    assert_eq!(watch.hears(AlarmState::Alarm, again, T0 + minutes(5)), ResponseDecision::Start { ask: None });
    assert_eq!(why(&watch.hears(AlarmState::Alarm, again, T0 + minutes(6))), IgnoreReason::Duplicate);
}

#[test]
fn the_databases_own_alarm_forbids_it_by_name_is_told_once_and_may_go() {
    let mut watch = Watch::quiet();
    watch.database(AlarmState::Alarm);
    let vetoed = watch.hears(AlarmState::Alarm, T0, T0);
    assert_eq!((why(&vetoed), news(&vetoed)), (IgnoreReason::DependencyVeto, true));
    assert!(format!("{vetoed:?}").contains("coldchain-production-rds-connections-high is in ALARM"), "{vetoed:?}");
    assert!(!news(&watch.hears(AlarmState::Alarm, T0, T0 + minutes(5))), "a sweep does not tell it again");
    watch.database(AlarmState::Ok);
    assert_eq!(watch.hears(AlarmState::Alarm, T0, T0 + minutes(10)), ResponseDecision::Start { ask: None });
}

#[test]
fn a_veto_that_cannot_be_read_does_not_forbid() {
    let mut watch = Watch::default();
    assert_eq!(watch.hears(AlarmState::Alarm, T0, T0), ResponseDecision::Start { ask: None });
    let mut watch = Watch::default();
    watch.database(AlarmState::InsufficientData);
    assert_eq!(watch.hears(AlarmState::Alarm, T0, T0), ResponseDecision::Start { ask: None });
}

#[rstest]
#[case::told(None, None)]
#[case::told_in_so_many_words(Some("tell"), None)]
#[case::asked_by_the_execution(Some("ask"), None)]
#[case::forbidden(Some("veto"), Some(IgnoreReason::DependencyVeto))]
fn a_veto_whose_alarm_does_not_exist_counts_as_the_document_says(
    #[case] missing: Option<&'static str>,
    #[case] refused: Option<IgnoreReason>,
) {
    let mut watch = Watch { missing, ..Watch::default() };
    let answer = watch.hears(AlarmState::Alarm, T0, T0);
    assert_eq!(if matches!(answer, ResponseDecision::Start { .. }) { None } else { Some(why(&answer)) }, refused);
}

#[rstest]
#[case::for_a_moment(4)]
#[case::for_longer_than_a_message_stays_fresh(20)]
#[case::for_days(3000)]
fn what_holds_an_answer_up_may_last_and_the_alarm_is_answered_once_when_it_is_over(#[case] lasts: i64) {
    let obstacles: [fn(&mut Watch, bool); 2] = [
        |watch, on| watch.database(if on { AlarmState::Alarm } else { AlarmState::Ok }),
        |watch, on| watch.held_back = on,
    ];
    for obstacle in obstacles {
        let mut watch = Watch::quiet();
        obstacle(&mut watch, true);
        watch.hears(AlarmState::Alarm, T0, T0);
        for n in 1..=lasts {
            assert!(
                matches!(watch.finds(T0, T0 + minutes(n)), ResponseDecision::Ignored { .. }),
                "minute {n} of {lasts}"
            );
        }
        obstacle(&mut watch, false);
        assert_eq!(watch.finds(T0, T0 + minutes(lasts + 1)), ResponseDecision::Start { ask: None });
        assert_eq!(why(&watch.finds(T0, T0 + minutes(lasts + 2))), IgnoreReason::Duplicate);
    }
}

#[test]
fn an_event_that_was_lost_is_made_up_for_however_long_the_alarm_has_lasted() {
    let mut watch = Watch::quiet();
    assert_eq!(watch.finds(T0, T0 + minutes(600)), ResponseDecision::Start { ask: None });
    assert_eq!(
        why(&watch.hears(AlarmState::Alarm, T0, T0 + minutes(601))),
        IgnoreReason::Duplicate,
        "its message comes at last"
    );
    let mut late = Watch::quiet();
    for n in [16, 17] {
        assert_eq!(
            why(&late.hears(AlarmState::Alarm, T0, T0 + minutes(n))),
            IgnoreReason::StaleEvent,
            "told again, it is no fresher"
        );
    }
    let other = late.hears_for("rollback", AlarmState::Alarm, T0, T0 + minutes(17));
    assert_eq!(why(&other), IgnoreReason::StaleEvent, "too late for one thing is too late for the other");
    assert_eq!(late.finds(T0, T0 + minutes(20)), ResponseDecision::Start { ask: None });
}

#[rstest]
#[case::the_sweep_first(true)]
#[case::the_event_first(false)]
fn one_change_is_answered_once_whichever_way_it_came_first(#[case] sweep_first: bool) {
    for apart in [-9_000, -40, 0, 40, 9_000] {
        let other = T0 + SignedDuration::from_millis(apart);
        let mut watch = Watch::quiet();
        let started = |answer: ResponseDecision| u32::from(matches!(answer, ResponseDecision::Start { .. }));
        let mut starts = 0;
        for n in 0..8 {
            let now = T0 + minutes(n * 3 + 1);
            let by_sweep = (n == 0) == sweep_first;
            let answer = if by_sweep { watch.finds(T0, now) } else { watch.hears(AlarmState::Alarm, other, now) };
            starts += started(answer);
        }
        assert_eq!((starts, watch.memory.changes.len()), (1, 1), "{apart} ms apart");
    }
}

#[test]
fn an_alarm_that_does_not_exist_is_told_once_a_week() {
    let mut memory = AlarmMemory::default();
    assert!(memory.misses(T0));
    memory.missed = Some(T0);
    assert!(!memory.misses(T0 + minutes(60 * 24 * 6)) && memory.misses(T0 + minutes(60 * 24 * 7)));
}

#[test]
fn an_alarm_that_comes_and_goes_is_handed_to_a_person() {
    let mut watch = Watch::quiet();
    let mut answers = Vec::new();
    for n in 0..6 {
        let state = if n % 2 == 0 { AlarmState::Alarm } else { AlarmState::Ok };
        answers.push(watch.hears(state, T0 + minutes(5 * n), T0 + minutes(5 * n)));
    }
    assert_eq!(answers[4], ResponseDecision::Start { ask: None });
    // The sixth change was to OK; the seventh is the sixth within the last 30 minutes.
    let at = T0 + minutes(29);
    let ResponseDecision::Start { ask: Some(asks) } = watch.hears(AlarmState::Alarm, at, at) else {
        panic!("not asked")
    };
    assert_eq!((asks.code, asks.severity), (GuardrailCode::Flap, Severity::Ask));
    assert!(asks.found.contains("7 times within 30m"), "{asks}");
}

#[test]
fn the_memory_stays_small_and_survives_the_ledger() {
    let mut watch = Watch::quiet();
    for n in 0..500 {
        let state = if n % 2 == 0 { AlarmState::Alarm } else { AlarmState::Ok };
        watch.hears(state, T0 + minutes(n), T0 + minutes(n));
    }
    assert!(watch.memory.changes.len() <= 50 && watch.memory.notes.len() <= 50);
    let text = serde_json::to_string(&watch.memory).unwrap();
    assert!(text.len() < 10_000, "{}", text.len());
    assert_eq!(serde_json::from_str::<AlarmMemory>(&text).unwrap(), watch.memory);
}

#[test]
fn every_reason_has_a_name_that_reads_back() {
    for why in IgnoreReason::ALL.iter().copied() {
        assert_eq!(serde_json::to_value(why).unwrap(), why.name());
    }
}

proptest! {
    /// However messages are repeated and shuffled, one change starts at most one execution, and two starts are at least
    /// the minimum delay apart.
    #[test]
    fn a_change_starts_at_most_one_execution_in_any_order(
        order in proptest::collection::vec(0usize..8, 1..40), step in 0i64..120,
    ) {
        let mut watch = Watch::quiet();
        let mut starts = Vec::new();
        for (n, which) in order.iter().enumerate() {
            let at = T0 + SignedDuration::from_secs(90 * i64::try_from(*which).unwrap());
            let state = if which % 2 == 0 { AlarmState::Alarm } else { AlarmState::Ok };
            let now = T0 + SignedDuration::from_secs(90 * 8 + step * i64::try_from(n).unwrap());
            if matches!(watch.hears(state, at, now), ResponseDecision::Start { .. }) {
                starts.push((at, now));
            }
        }
        let mut unique: Vec<Timestamp> = starts.iter().map(|(at, _)| *at).collect();
        unique.dedup();
        prop_assert_eq!(unique.len(), starts.len());
    }
}
