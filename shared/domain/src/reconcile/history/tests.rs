#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use jiff::SignedDuration;
use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::name::{EnvironmentName, EstateName, Region, Scope};
use crate::plan::Plan;
use crate::reconcile::assess::Verdict;
use crate::reconcile::run::{RunError, RunHeader, RunProgress};
use crate::request::RunTrigger;
use crate::violation::{GuardrailCode, Violation};

/// The last evening of a November, in UTC.
const T0: Timestamp = Timestamp::constant(1_796_068_800, 0);

fn hours(hours: i64) -> Timestamp {
    T0 + SignedDuration::from_hours(hours)
}

fn intent(want: DesiredState) -> Intent {
    let (reason, by) = ("it is night".to_owned(), "run".to_owned());
    Intent {
        layer: Layer::Schedule,
        want,
        reason,
        by,
        declared: T0,
        expires: None,
        approved: BTreeSet::new(),
        for_release: None,
    }
}

fn run(id: &str, started: Timestamp, want: DesiredState, outcome: RunOutcome) -> RunRecord {
    RunRecord {
        header: RunHeader::new(id, RunTrigger::Schedule, started),
        layer: Layer::Schedule,
        instant: started,
        deciding: vec![intent(want)],
        releases: [].into(),
        wanted: None,
        cause: None,
        verdict: Verdict::Apply,
        plan: Plan::default(),
        facts: None,
        violations: Vec::new(),
        slices: 0,
        writes: 0,
        waited_seconds: 0,
        rounds: 0,
        applied: true,
        progress: RunProgress::default(),
        awaited: Vec::new(),
        outcome: Some(outcome),
        error: None,
        tell: false,
    }
}

fn refused(id: &str, started: Timestamp, code: GuardrailCode) -> RunRecord {
    let warn = Violation::new(GuardrailCode::NotManaged, Severity::Warn, "found", "advice");
    let refusal = Violation::new(code, Severity::Refuse, "found", "advice");
    let run = run(id, started, DesiredState::Awake, RunOutcome::Refused);
    RunRecord { violations: vec![warn, refusal], ..run }
}

/// The hours asleep in the month until then.
fn this_month(history: &ScopeHistory, at: i64) -> Option<u64> {
    history.asleep.this_month(hours(at)).map(|seconds| seconds / 3600)
}

#[test]
fn a_night_counts_from_the_end_of_the_sleep_to_the_beginning_of_the_wake_in_the_month_it_lies_in() {
    let mut history = ScopeHistory::default();
    assert_eq!(this_month(&history, 0), None);
    history.note(&run("sleep", hours(0), DesiredState::Asleep, RunOutcome::Done), hours(1));
    assert_eq!(this_month(&history, 2), Some(1));
    history.note(&run("wake", hours(10), DesiredState::Awake, RunOutcome::Done), hours(11));
    // November ends with the fourth hour.
    let months: Vec<_> = history.asleep.seconds.iter().map(|(month, s)| (month.to_string(), *s)).collect();
    assert_eq!(months, [("2026-11".to_owned(), 3 * 3600), ("2026-12".to_owned(), 6 * 3600)]);
    assert_eq!(this_month(&history, 20), Some(6));
    assert_eq!(history.reached(), Some((&TargetState::Awake, hours(11))));
}

#[test]
fn a_month_that_is_over_is_told_with_its_hours_and_with_the_money_that_documents_declare() {
    let scope = |environment: &str| Scope {
        estate: EstateName::new("clos-v2").unwrap(),
        environment: EnvironmentName::new(environment).unwrap(),
        region: Region::new("us-east-1").unwrap(),
    };
    let month = Month::before(hours(24));
    let slept = |environment: &str, hours: u64, cost: Option<&str>| MonthAsleep {
        scope: scope(environment),
        seconds: hours * 3600,
        cost: cost.map(|cost| cost.parse().unwrap()),
    };
    let region = Region::new("us-east-1").unwrap();
    assert_eq!(MonthAsleep::message(&region, &month, &[slept("dev", 0, None)]), None);
    let all = [slept("dev", 412, Some("0.041 USD an hour")), slept("qa", 100, None), slept("uat", 0, None)];
    let told = MonthAsleep::message(&region, &month, &all).unwrap();
    assert_eq!(told.subject, "us-east-1: asleep for 512 h in 2026-11, about 16.89 USD saved");
    let lines: Vec<&str> = told.text.lines().filter(|line| line.starts_with('-')).collect();
    assert_eq!(lines, ["- clos-v2 dev: 412 h, which saved about 16.89 USD (0.041 USD an hour)", "- clos-v2 qa: 100 h"]);
}

#[test]
fn a_sleep_that_goes_on_over_the_end_of_a_month_counts_in_both() {
    let mut history = ScopeHistory::default();
    history.note(&run("sleep", hours(0), DesiredState::Asleep, RunOutcome::Done), hours(1));
    // November ends with the fourth hour.
    let (november, now) = (Month::before(hours(24)), hours(6));
    assert_eq!(november.to_string(), "2026-11");
    assert_eq!(history.asleep.in_month(&november, now), Some(3 * 3600));
    assert_eq!(history.asleep.this_month(now), Some(2 * 3600));
}

#[test]
fn what_a_sleep_would_save_is_told_with_its_hours() {
    let cost = "0.19 USD an hour".parse().ok();
    let told = would_save(hours(0), hours(13), cost).unwrap();
    assert_eq!(
        told,
        "asleep until 2026-12-01T09:00:00Z: that is 13h, and would save about 2.47 USD (0.19 USD an hour)"
    );
    assert_eq!(would_save(hours(0), hours(1), None).unwrap(), "asleep until 2026-11-30T21:00:00Z: that is 1h");
    assert_eq!(would_save(hours(1), hours(0), cost), None);
}

#[rstest]
#[case(RunOutcome::PartlyDone)]
#[case(RunOutcome::Unverified)]
#[case(RunOutcome::Refused)]
#[case(RunOutcome::Drift)]
#[case(RunOutcome::Failed)]
fn what_was_not_seen_asleep_as_a_whole_does_not_count(#[case] outcome: RunOutcome) {
    let mut history = ScopeHistory::default();
    history.note(&run("sleep", hours(0), DesiredState::Asleep, RunOutcome::Done), hours(1));
    history.note(&run("again", hours(2), DesiredState::Asleep, outcome), hours(3));
    assert_eq!(history.asleep.since, None);
    assert_eq!(this_month(&history, 3), Some(1));
}

#[test]
fn the_same_refusal_is_one_ending_with_its_first_and_newest_run() {
    let mut history = ScopeHistory::default();
    history.note(&refused("one", hours(0), GuardrailCode::BelowFloor), hours(1));
    history.note(&refused("two", hours(2), GuardrailCode::BelowFloor), hours(3));
    let trouble = history.trouble().unwrap();
    assert_eq!((trouble.at, trouble.again, trouble.run.as_str()), (hours(1), Some(hours(3)), "two"));
    assert_eq!(trouble.code.as_deref(), Some(GuardrailCode::BelowFloor.name()));
    history.note(&refused("three", hours(4), GuardrailCode::Halted), hours(5));
    assert_eq!(history.endings.len(), 2, "another reason is other news");
    history.note(&run("four", hours(6), DesiredState::Awake, RunOutcome::Done), hours(7));
    assert_eq!((history.trouble(), history.endings.len()), (None, 3));
}

#[test]
fn a_dead_run_that_is_closed_after_another_has_ended_changes_nothing() {
    let mut history = ScopeHistory::default();
    let error = Some(RunError { name: "Run.Unverified".to_owned(), message: "gone".to_owned() });
    let dead = RunRecord { error, ..run("dead", hours(0), DesiredState::Awake, RunOutcome::Failed) };
    let mut alone = history.clone();
    alone.note_closed(&dead, hours(9));
    assert_eq!(alone.trouble().unwrap().code.as_deref(), Some("Run.Unverified"));
    history.note(&run("sleep", hours(1), DesiredState::Asleep, RunOutcome::Done), hours(2));
    let before = history.clone();
    history.note_closed(&dead, hours(9));
    assert_eq!(history, before);
}

#[test]
fn a_run_that_goes_on_is_no_ending() {
    let mut history = ScopeHistory::default();
    let goes_on = RunRecord { outcome: None, ..run("on", hours(0), DesiredState::Awake, RunOutcome::Done) };
    history.note(&goes_on, hours(1));
    assert_eq!(history, ScopeHistory::default());
}

proptest! {
    /// Whatever runs end and however: an item stays small, its endings stay in order, and no month has more than it is long.
    #[test]
    fn a_history_stays_small_and_in_order(nights in prop::collection::vec((1i64..2000, 1i64..30, 0usize..6, 0usize..3), 1..300)) {
        let outcomes = [RunOutcome::Done, RunOutcome::PartlyDone, RunOutcome::Unverified, RunOutcome::Refused,
            RunOutcome::Drift, RunOutcome::Failed];
        let (mut history, mut now) = (ScopeHistory::default(), T0);
        for (n, (pause, took, outcome, target)) in nights.into_iter().enumerate() {
            let started = now + SignedDuration::from_mins(pause);
            now = started + SignedDuration::from_mins(took);
            let want = if target == 0 { DesiredState::Awake } else { DesiredState::Asleep };
            let long = "ä\"".repeat(5_000);
            let run = RunRecord { cause: Some(long), ..run(&format!("run-{n}"), started, want, outcomes[outcome]) };
            history.note(&run, now);
        }
        prop_assert!(history.endings.len() <= ENDINGS_MAX && history.asleep.seconds.len() <= MONTHS_MAX);
        prop_assert!(history.endings.windows(2).all(|two| two[0].again.unwrap_or(two[0].at) <= two[1].at));
        prop_assert!(history.asleep.seconds.values().all(|seconds| *seconds <= 31 * 86_400));
        prop_assert!(serde_json::to_string(&history).unwrap().len() < 64 * 1024);
    }
}

#[test]
fn a_halt_that_is_over_is_kept_once_and_the_newest_are() {
    let mut history = ScopeHistory::default();
    for hour in 0..30 {
        history.note_halt(hours(hour), hours(hour + 1));
        history.note_halt(hours(hour), hours(hour + 1));
    }
    assert_eq!(history.halts.len(), HALTS_MAX);
    assert_eq!(history.halts.last(), Some(&PastHalt { since: hours(29), until: hours(30) }));
}
