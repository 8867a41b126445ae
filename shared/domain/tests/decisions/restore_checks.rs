//! A drill that asks a task of the estate's own: a table, and what holds whatever ECS and RDS say.

#![allow(clippy::unwrap_used)]

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use rstest::rstest;
use serde_json::json;
use watchkeeper_domain::backup::{
    CheckEnd, CheckRun, JobPolicy, ObservedCheckTask, ObservedInstance, ObservedRestore, RestoreNext, RestorePurpose,
    RestoreRun, RestoreSource, RestoreView, RestoreWants, RestoredFacts, SourceState, checks, decide_restore,
    kept_lines,
};
use watchkeeper_domain::estate::Estate;
use watchkeeper_domain::name::{Region, Scope};

const BEGAN: Timestamp = Timestamp::constant(1_795_060_800, 0);

fn minutes(after: i64) -> Timestamp {
    BEGAN + SignedDuration::from_mins(after)
}

fn policy() -> JobPolicy {
    let document = json!({"estate": "shop", "environments": {"prod": {
        "kind": "production", "regions": {"primary": "us-east-1"},
        "backups": {"zone": "Etc/UTC", "jobs": [{
            "aurora": "db", "schedule": {"at": "03:00"}, "retention": {"daily": 2},
            "drill": {"every": "90d", "check": {"task-definition": "check", "cluster": "shop", "within": "10m"}}}]}}}});
    let estate: Estate = serde_json::from_value(document).unwrap();
    let environment = estate.environments().next().unwrap();
    let (estate, environment_name) = (estate.name().clone(), environment.name().clone());
    let region = Region::new("us-east-1").unwrap();
    JobPolicy::all(&Scope { estate, environment: environment_name, region }, environment).remove(0)
}

/// A drill whose cluster is there.
fn restored(changed: impl FnOnce(&mut RestoreRun)) -> RestoreRun {
    let from = RestoreSource::Copy { id: "arn:copy".to_owned(), name: "copy".to_owned(), due: BEGAN };
    let mut restore = RestoreRun::new("run", RestorePurpose::Drill, "db-drill".to_owned(), from, BEGAN);
    (restore.asked, restore.reapplied) = (Some(BEGAN), Some(Vec::new()));
    changed(&mut restore);
    restore
}

fn check(restore: &RestoreRun, changed: impl FnOnce(&mut CheckRun)) -> CheckRun {
    let policy = policy();
    let wants = RestoreWants::of(&policy, RestorePurpose::Drill);
    let mut run = CheckRun::new(wants.check.unwrap(), &policy, restore, minutes(10));
    changed(&mut run);
    run
}

fn instance(state: SourceState, deleting: bool, mark: &str) -> ObservedInstance {
    ObservedInstance { state, deleting, mark: Some(mark.to_owned()) }
}

fn target(instance: Option<ObservedInstance>) -> ObservedRestore {
    ObservedRestore {
        state: SourceState::Available,
        deleting: false,
        created: Some(minutes(1)),
        from: None,
        mark: Some("run".to_owned()),
        settings: [].into(),
        endpoint: None,
        instance,
    }
}

fn task(stopped: bool, code: Option<i32>) -> ObservedCheckTask {
    ObservedCheckTask { task: "arn:task".to_owned(), stopped, code, why: String::new() }
}

fn next(
    restore: &RestoreRun,
    target: Option<&ObservedRestore>,
    task: Option<&ObservedCheckTask>,
    now: Timestamp,
) -> RestoreNext {
    let policy = policy();
    let wants = RestoreWants::of(&policy, restore.purpose);
    decide_restore(&RestoreView { restore, wants, target, task, now })
}

#[test]
fn a_cluster_gets_its_instance_before_it_counts_as_restored() {
    let new = restored(|_| {});
    assert_eq!(next(&new, Some(&target(None)), None, minutes(5)), RestoreNext::AddInstance);
    let asked = restored(|it| it.instance_asked = Some(minutes(5)));
    assert!(matches!(next(&asked, Some(&target(None)), None, minutes(6)), RestoreNext::Wait(..)));
    assert_eq!(next(&asked, Some(&target(None)), None, minutes(8)), RestoreNext::AddInstance, "it was lost");
    let made = target(Some(instance(SourceState::Busy("creating".to_owned()), false, "run")));
    assert!(matches!(next(&asked, Some(&made), None, minutes(8)), RestoreNext::Wait(..)));
    let ready = target(Some(instance(SourceState::Available, false, "run")));
    assert_eq!(next(&asked, Some(&ready), None, minutes(8)), RestoreNext::Ready);
    let foreign = target(Some(instance(SourceState::Available, false, "another")));
    assert!(matches!(next(&asked, Some(&foreign), None, minutes(8)), RestoreNext::Fail(why) if why.contains("exists")));
    let kept = RestoreRun { purpose: RestorePurpose::Keep, ..restored(|_| {}) };
    assert_eq!(next(&kept, Some(&target(None)), None, minutes(5)), RestoreNext::Ready, "a person looks by themselves");
}

#[test]
fn the_instance_goes_before_its_cluster_and_one_of_others_stays() {
    let failed = restored(|it| (it.failed, it.instance_asked) = (Some("no".to_owned()), Some(minutes(1))));
    let with = |instance| next(&failed, Some(&target(instance)), None, minutes(30));
    assert_eq!(with(Some(instance(SourceState::Available, false, "run"))), RestoreNext::RemoveInstance);
    let going = instance(SourceState::Busy("deleting".to_owned()), true, "run");
    assert!(matches!(with(Some(going)), RestoreNext::Wait(..)));
    assert_eq!(with(None), RestoreNext::Remove);
    assert_eq!(with(Some(instance(SourceState::Available, false, "another"))), RestoreNext::Remove);
    let early = next(&failed, Some(&target(None)), None, minutes(2));
    assert!(matches!(&early, RestoreNext::Wait(_, why) if why.contains("may still come")), "{early:?}");
}

#[test]
fn the_task_runs_once_the_database_is_ready_and_is_asked_for_again_by_its_token() {
    let there = target(Some(instance(SourceState::Available, false, "run")));
    let ready = restored(|it| it.ready = Some(minutes(9)));
    assert_eq!(next(&ready, Some(&there), None, minutes(10)), RestoreNext::RunCheck);
    let run = check(&ready, |_| {});
    let asked = restored(|it| (it.ready, it.task) = (Some(minutes(9)), Some(run.clone())));
    assert_eq!(next(&asked, Some(&there), None, minutes(11)), RestoreNext::RunCheck, "the answer was lost");
    let known = restored(|it| {
        it.ready = Some(minutes(9));
        it.task = Some(CheckRun { task: Some("arn:task".to_owned()), ..run.clone() });
    });
    assert!(matches!(next(&known, Some(&there), Some(&task(false, None)), minutes(11)), RestoreNext::Wait(30, _)));
    assert_eq!(next(&known, Some(&there), Some(&task(true, Some(1))), minutes(12)), RestoreNext::EndCheck);
    assert_eq!(next(&known, Some(&there), Some(&task(false, None)), minutes(20)), RestoreNext::StopCheck);
    assert_eq!(next(&known, Some(&there), None, minutes(13)), RestoreNext::EndCheck, "ECS has forgotten it");
    assert_eq!(run.token, check(&ready, |_| {}).token);
    assert!(run.token.len() <= 64 && run.token.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'), "{}", run.token);
    let other = restored(|it| it.mark = "another".to_owned());
    assert_ne!(run.token, check(&other, |_| {}).token);
}

#[test]
fn a_task_that_runs_when_the_drill_is_over_is_stopped_before_anything_is_removed() {
    let there = target(Some(instance(SourceState::Available, false, "run")));
    let run = check(&restored(|_| {}), |_| {});
    let over = restored(|it| (it.failed, it.task) = (Some("no".to_owned()), Some(run.clone())));
    assert_eq!(next(&over, Some(&there), Some(&task(false, None)), minutes(11)), RestoreNext::StopCheck);
    assert!(matches!(next(&over, Some(&there), None, minutes(11)), RestoreNext::Wait(..)), "it may still come");
    assert_eq!(next(&over, Some(&there), None, minutes(13)), RestoreNext::RemoveInstance);
    assert_eq!(next(&over, Some(&there), Some(&task(true, None)), minutes(11)), RestoreNext::RemoveInstance);
    let stopped = restored(|it| {
        it.failed = Some("no".to_owned());
        it.task = Some(CheckRun { stopped: Some(minutes(11)), ..run.clone() });
    });
    assert!(matches!(next(&stopped, Some(&there), Some(&task(false, None)), minutes(12)), RestoreNext::Wait(..)));
    assert_eq!(next(&stopped, Some(&there), Some(&task(false, None)), minutes(40)), RestoreNext::StopCheck);
    assert_eq!(
        next(&over, None, Some(&task(false, None)), minutes(11)),
        RestoreNext::StopCheck,
        "even without a target"
    );
}

#[rstest]
#[case::proved(Some(0), None, Some(true), "exit code 0 after 120 s, expected 0")]
#[case::another_code(Some(3), None, Some(false), "exit code 3 after 120 s, expected 0 (it says why)")]
#[case::no_code(None, None, Some(false), "no exit code after 120 s, expected 0 (it says why)")]
#[case::late(Some(0), Some(11), Some(false), "not over after 600 s, and stopped (it says why)")]
fn only_exit_code_0_in_time_is_a_proof(
    #[case] code: Option<i32>,
    #[case] stopped: Option<i64>,
    #[case] ok: Option<bool>,
    #[case] detail: &str,
) {
    let end = CheckEnd { at: minutes(12), code, why: "it says why".to_owned(), log: vec!["rows: 5".to_owned()] };
    let run = check(&restored(|_| {}), |it| (it.end, it.stopped) = (Some(end), stopped.map(minutes)));
    let verdict = run.verdict();
    assert_eq!((verdict.ok, verdict.detail.as_str(), verdict.log.len()), (ok, detail, 1));
    let drill = policy().drill;
    let found = checks(drill.as_ref(), None, &RestoredFacts::default(), Some(&run));
    assert_eq!(found.len(), 1);
    let unasked = checks(drill.as_ref(), None, &RestoredFacts::default(), None);
    assert_eq!(unasked[0].ok, None, "what was not asked is never ok");
}

#[test]
fn the_last_lines_of_a_log_are_kept_and_of_each_its_beginning() {
    let lines: Vec<String> = (0..30).map(|n| format!("{n} {}\n", "x".repeat(400))).collect();
    let kept = kept_lines(&lines);
    assert_eq!((kept.len(), kept[0].starts_with("10 "), kept[19].len()), (20, true, 300));
    assert_eq!(kept_lines(&["a\n".to_owned()]), ["a"]);
}

fn states() -> impl Strategy<Value = SourceState> {
    prop_oneof![
        Just(SourceState::Available),
        Just(SourceState::Stopped),
        Just(SourceState::Busy("creating".to_owned())),
    ]
}

proptest! {
    /// Whatever is seen: nothing is removed while a task of ours runs, no cluster before its instance, and a drill that is over
    /// starts nothing any more.
    #[test]
    fn what_is_used_is_not_removed_and_what_is_over_starts_nothing(
        (now, over, ended, knows) in (0_i64..60, any::<bool>(), any::<bool>(), any::<bool>()),
        seen in proptest::option::of(any::<bool>()),
        state in states(),
        own in proptest::option::of((states(), any::<bool>(), any::<bool>())),
    ) {
        let mut restore = restored(|it| it.ready = Some(minutes(2)));
        let end = CheckEnd { at: minutes(3), code: Some(0), why: String::new(), log: Vec::new() };
        let run = check(&restore, |it| {
            it.asked = minutes(2);
            it.task = knows.then(|| "arn:task".to_owned());
            it.end = ended.then_some(end);
        });
        restore.task = Some(run);
        restore.failed = over.then(|| "no".to_owned());
        let found = own.map(|(state, deleting, ours)| instance(state, deleting, if ours { "run" } else { "another" }));
        let seen = seen.map(|stopped| task(stopped, None));
        let there = ObservedRestore { state, ..target(found.clone()) };
        let next = next(&restore, Some(&there), seen.as_ref(), minutes(now));
        let runs = !ended && seen.as_ref().is_some_and(|seen| !seen.stopped);
        let removes = matches!(next, RestoreNext::Remove | RestoreNext::RemoveInstance);
        prop_assert!(!(runs && removes), "{next:?}");
        let has_one = found.is_some_and(|it| it.mark.as_deref() == Some("run"));
        prop_assert!(!(next == RestoreNext::Remove && has_one), "{next:?}");
        let starts = matches!(next, RestoreNext::Restore | RestoreNext::AddInstance | RestoreNext::RunCheck);
        prop_assert!(!(over && starts), "{next:?}");
        prop_assert!(next != RestoreNext::Check || ended, "{next:?}");
    }
}
