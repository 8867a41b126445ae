//! What is a good copy, what follows in a backup, and what is a proof: tables.

#![allow(clippy::unwrap_used)]

use jiff::{SignedDuration, Timestamp};
use rstest::rstest;
use serde_json::json;
use watchkeeper_domain::backup::{
    BackupAttempt, BackupClaim, BackupMemory, BackupNext, BackupView, CopyComparison, CopyInventory, CopyQuota,
    CopyRegion, CopyState, CopyVerdict, Freshness, JobPolicy, KnownCopy, ObservedCopy, ObservedRestore, ObservedSource,
    RestoreNext, RestoreRun, RestoreView, RestoreWants, RestoredFacts, RetryDecision, SourceState, checks, decide,
    decide_restore, verify, wanted,
};
use watchkeeper_domain::estate::{Environment, Estate};
use watchkeeper_domain::guardrail::Severity;
use watchkeeper_domain::name::{EnvironmentName, EstateName, Region, Scope};

const DUE: Timestamp = Timestamp::constant(1_795_060_800, 0);

fn minutes(after: i64) -> Timestamp {
    DUE + SignedDuration::from_mins(after)
}

fn scope() -> Scope {
    Scope {
        estate: EstateName::new("shop").unwrap(),
        environment: EnvironmentName::new("prod").unwrap(),
        region: region("us-east-1"),
    }
}

fn region(name: &str) -> Region {
    Region::new(name).unwrap()
}

fn policy(job: &serde_json::Value) -> JobPolicy {
    let mut job = job.clone();
    job["schedule"] = json!({"at": "04:00"});
    job["retention"] = json!({"daily": 2});
    let document = json!({"estate": "shop", "environments": {"prod": {
        "kind": "production", "regions": {"primary": "us-east-1"},
        "backups": {"zone": "Etc/UTC", "jobs": [job]}}}});
    let estate: Estate = serde_json::from_value(document).unwrap();
    let environment: &Environment = estate.environments().next().unwrap();
    JobPolicy::all(&scope(), environment).remove(0)
}

fn copied() -> JobPolicy {
    policy(&json!({"rds": "db", "copy": {"region": "us-west-2"}}))
}

fn copy(policy: &JobPolicy, region: &str, state: CopyState) -> ObservedCopy {
    ObservedCopy {
        id: format!("arn:{region}"),
        name: policy.subject.series().name(DUE).to_string(),
        state,
        created: Some(minutes(1)),
        bytes: Some(1000),
        encrypted: true,
        mark: Some(policy.subject.identity()),
    }
}

fn source(state: SourceState) -> ObservedSource {
    ObservedSource { state, encrypted: true, window: None, settings: [].into() }
}

#[rstest]
#[case::good(|_: &mut ObservedCopy| {}, None)]
#[case::failed(|it: &mut ObservedCopy| it.state = CopyState::Failed("failed".to_owned()), Some("it is failed, expected available"))]
#[case::clear(|it: &mut ObservedCopy| it.encrypted = false, Some("it is not encrypted, and its source is"))]
#[case::half(|it: &mut ObservedCopy| it.bytes = Some(500), None)]
#[case::shrunk(|it: &mut ObservedCopy| it.bytes = Some(499), Some("it has 499 bytes, the last good one 1000: expected at most 50 % less"))]
#[case::unknown_size(|it: &mut ObservedCopy| it.bytes = None, None)]
#[case::old(|it: &mut ObservedCopy| it.created = Some(minutes(-6)), Some("before it was due"))]
fn a_copy_is_good_or_says_why_not(#[case] change: fn(&mut ObservedCopy), #[case] flaw: Option<&str>) {
    let policy = policy(&json!({"rds": "db"}));
    let mut copy = copy(&policy, "us-east-1", CopyState::Available);
    change(&mut copy);
    let source = source(SourceState::Available);
    let flaws = verify(&policy, &copy, CopyComparison { source: Some(&source), before: Some(1000), due: DUE });
    let text: Vec<String> = flaws.iter().map(ToString::to_string).collect();
    match flaw {
        None => assert_eq!(text, Vec::<String>::new()),
        Some(flaw) => assert!(text.len() == 1 && text[0].contains(flaw), "{text:?}"),
    }
}

#[test]
fn recovery_that_should_be_on_and_is_off_is_a_flaw() {
    let policy = policy(&json!({"dynamodb": "orders", "verify": {"point-in-time": true}}));
    let (copy, source) = (copy(&policy, "us-east-1", CopyState::Available), source(SourceState::Available));
    let flaws = verify(&policy, &copy, CopyComparison { source: Some(&source), before: None, due: DUE });
    assert_eq!(flaws[0].to_string(), "point-in-time recovery of its source is off, expected on");
}

/// What is decided a minute after it was due, with these copies at home and away.
struct Scene {
    policy: JobPolicy,
    memory: BackupMemory,
    home: Vec<ObservedCopy>,
    /// Nothing where the other region was not looked at.
    away: Option<Vec<ObservedCopy>>,
    state: Option<SourceState>,
    quota: Option<CopyQuota>,
    now: Timestamp,
}

impl Scene {
    fn new() -> Self {
        let mut attempt = BackupAttempt::new(DUE, "run", DUE);
        attempt.asked = Some(DUE);
        let memory = BackupMemory { attempt: Some(attempt), ..BackupMemory::default() };
        let (home, away, state) = (Vec::new(), Some(Vec::new()), Some(SourceState::Available));
        Self { policy: copied(), memory, home, away, state, quota: None, now: minutes(1) }
    }

    fn known(mut self, at: &str, flaws: Option<&[&str]>) -> Self {
        let verified =
            flaws.map(|flaws| CopyVerdict { at: DUE, flaws: flaws.iter().map(|it| (*it).to_owned()).collect() });
        let made = copy(&self.policy, at, CopyState::Available);
        self.memory.copies.push(KnownCopy { verified, ..KnownCopy::new(&made, &region(at), DUE, DUE) });
        if at == "us-east-1" {
            self.home.push(made);
        } else {
            self.away.get_or_insert_default().push(made);
        }
        self
    }

    fn next(&self) -> BackupNext {
        let (home, away) = (region("us-east-1"), region("us-west-2"));
        let source = self.state.clone().map(source);
        decide(&BackupView {
            policy: &self.policy,
            memory: &self.memory,
            attempt: self.memory.attempt.as_ref().unwrap(),
            source: source.as_ref(),
            home: CopyInventory { region: &home, copies: &self.home, quota: self.quota },
            away: self.away.as_ref().map_or(CopyRegion::Unseen, |copies| {
                CopyRegion::Seen(CopyInventory { region: &away, copies, quota: None })
            }),
            wakes: None,
            now: self.now,
        })
    }

    fn fails_with(&self, why: &str) {
        let next = self.next();
        assert!(matches!(&next, BackupNext::Fail(found, _) if found.contains(why)), "{next:?}");
    }
}

#[test]
fn a_backup_goes_its_way_one_step_after_the_other() {
    let mut scene = Scene::new();
    assert!(matches!(scene.next(), BackupNext::Wait(15, _)), "what was just asked for may not show yet");
    scene.now = minutes(3);
    assert_eq!(scene.next(), BackupNext::Start, "two minutes later it was lost");
    let scene = Scene::new().known("us-east-1", None);
    assert!(matches!(scene.next(), BackupNext::Verify { .. }));
    let scene = Scene::new().known("us-east-1", Some(&[]));
    assert!(matches!(scene.next(), BackupNext::Copy(_)));
    let scene = Scene::new().known("us-east-1", Some(&[])).known("us-west-2", None);
    assert!(matches!(scene.next(), BackupNext::Verify { region: at, .. } if at == region("us-west-2")));
    let scene = Scene::new().known("us-east-1", Some(&[])).known("us-west-2", Some(&[]));
    assert_eq!(scene.next(), BackupNext::Done);
}

#[test]
fn what_cannot_be_done_says_why() {
    Scene { state: None, now: minutes(3), ..Scene::new() }.fails_with("rds:db does not exist");
    let full = Some(CopyQuota { used: 100, limit: 100 });
    Scene { quota: full, now: minutes(3), ..Scene::new() }.fails_with("100 of 100 manual snapshots");
    Scene::new().known("us-east-1", Some(&["it shrank"])).fails_with("is not good: it shrank");
    let mut gone = Scene { now: minutes(30), ..Scene::new().known("us-east-1", Some(&[])) };
    gone.home.clear();
    gone.memory.copies[0].gone = Some(minutes(25));
    assert!(matches!(gone.next(), BackupNext::Wait(60, _)), "one list may come short");
    gone.memory.copies[0].gone = Some(minutes(20));
    gone.fails_with("and is gone");
    let mut foreign = Scene::new();
    foreign.home.push(copy(&foreign.policy, "us-east-1", CopyState::Available));
    foreign.fails_with("somebody else made it");
    let mut failed = Scene::new().known("us-east-1", None);
    failed.home[0].state = CopyState::Failed("incompatible-restore".to_owned());
    failed.fails_with("AWS says incompatible-restore");
}

#[test]
fn a_stopped_source_parks_and_a_busy_one_is_waited_for() {
    let parked = Scene { state: Some(SourceState::Stopped), now: minutes(3), ..Scene::new() }.next();
    assert!(
        matches!(&parked, BackupNext::Park(until, why) if *until == minutes(18) && why.contains("not woken")),
        "{parked:?}"
    );
    let busy = SourceState::Busy("backing-up".to_owned());
    let waits = Scene { state: Some(busy.clone()), now: minutes(3), ..Scene::new() }.next();
    assert!(matches!(&waits, BackupNext::Wait(45, why) if why == "it is backing-up"), "{waits:?}");
    assert!(matches!(Scene { state: Some(busy), now: minutes(70), ..Scene::new() }.next(), BackupNext::Park(..)));
}

#[test]
fn a_quota_is_near_before_it_is_full() {
    let quota = |used| CopyQuota { used, limit: 100 };
    assert!(!quota(79).is_near() && quota(80).is_near() && !quota(99).is_full() && quota(100).is_full());
}

#[test]
fn freshness_finds_what_is_old_and_asks_before_something_risky() {
    let scene = Scene::new().known("us-east-1", Some(&[]));
    let at = |hours: i64| Freshness::of(&scene.policy, &scene.memory, DUE + SignedDuration::from_hours(hours));
    assert_eq!(at(30).finding(), None);
    assert_eq!(at(31).finding().unwrap(), "the newest good backup of rds:db is 1d 7h old, expected at most 1d 6h");
    let day = SignedDuration::from_hours(24);
    assert_eq!(at(24).violation(day, false), None);
    assert_eq!(at(25).violation(day, false).unwrap().severity, Severity::Ask);
    assert_eq!(at(25).violation(day, true).unwrap().severity, Severity::Warn);
    let none = Freshness::of(&scene.policy, &BackupMemory::default(), DUE);
    assert_eq!(none.finding().unwrap(), "rds:db has no good backup");
}

fn restore(changed: impl FnOnce(&mut RestoreRun)) -> RestoreRun {
    let policy = policy(&json!({"dynamodb": "orders", "drill": {"every": "90d"}}));
    let mut memory = BackupMemory::default();
    let verified = Some(CopyVerdict { at: DUE, flaws: Vec::new() });
    let (id, name) = ("arn:backup".to_owned(), policy.subject.series().name(DUE).to_string());
    let (region_, bytes) = (region("us-east-1"), None);
    memory.copies.push(KnownCopy {
        id,
        name,
        region: region_,
        due: DUE,
        noted: DUE,
        bytes,
        verified,
        gone: None,
        removed: false,
    });
    let mut restore = RestoreRun::drill("run", &policy, &memory, &region("us-east-1"), DUE).unwrap();
    changed(&mut restore);
    restore
}

fn target(mark: Option<&str>, created: Timestamp, state: SourceState) -> ObservedRestore {
    let mark = mark.map(str::to_owned);
    let (from, settings) = (Some("arn:backup".to_owned()), [].into());
    let (endpoint, instance) = (None, None);
    ObservedRestore { state, deleting: false, created: Some(created), from, mark, settings, endpoint, instance }
}

fn follows(restore: &RestoreRun, target: Option<&ObservedRestore>) -> RestoreNext {
    decide_restore(&RestoreView { restore, wants: RestoreWants::default(), target, task: None, now: minutes(5) })
}

#[test]
fn a_drill_goes_its_way_and_touches_nothing_that_it_did_not_make() {
    let ready = SourceState::Available;
    let new = restore(|_| {});
    assert_eq!((new.target.as_str(), follows(&new, None)), ("orders-drill", RestoreNext::Restore));
    let exists = target(None, minutes(-60), ready.clone());
    assert!(matches!(follows(&new, Some(&exists)), RestoreNext::Fail(why) if why.contains("exists already")));
    let asked = restore(|it| it.asked = Some(DUE));
    let made = target(None, minutes(1), ready.clone());
    assert_eq!(follows(&asked, Some(&made)), RestoreNext::Adopt);
    let foreign = target(Some("another"), minutes(1), ready.clone());
    assert!(matches!(follows(&asked, Some(&foreign)), RestoreNext::Fail(_)));
    let given_up = restore(|it| (it.asked, it.failed) = (Some(DUE), Some("no".to_owned())));
    assert_eq!(follows(&given_up, Some(&foreign)), RestoreNext::Done, "another's is not removed");
    let ours = target(Some("run"), minutes(1), ready);
    assert_eq!(follows(&asked, Some(&ours)), RestoreNext::Reapply);
    assert_eq!(follows(&given_up, Some(&ours)), RestoreNext::Remove);
    let busy = target(Some("run"), minutes(1), SourceState::Busy("creating".to_owned()));
    assert!(matches!(follows(&given_up, Some(&busy)), RestoreNext::Wait(..)), "it is removed when it can be");
}

#[rstest]
#[case(10, true, true)]
#[case(9, true, false)]
#[case(100, true, true)]
#[case(101, true, false)]
#[case(10, false, false)]
fn items_are_within_bounds(#[case] items: u64, #[case] all: bool, #[case] ok: bool) {
    let drill = serde_json::from_value(json!({"every": "90d", "items-at-least": 10, "items-at-most": 100})).unwrap();
    let restored = RestoredFacts { items: Some((items, all)), ..RestoredFacts::default() };
    let found = checks(Some(&drill), None, &restored, None);
    assert_eq!(found.iter().map(|check| check.ok).collect::<Vec<_>>(), [Some(ok)], "{found:?}");
}

#[test]
fn settings_and_the_known_item_are_checked_and_a_query_that_is_not_asked_is_said() {
    let drill = serde_json::from_value(json!({"every": "90d", "query": "select 1"})).unwrap();
    let mut source = source(SourceState::Available);
    source.settings = [("engine".to_owned(), "postgres".to_owned())].into();
    let mut restored = RestoredFacts { known_item: Some(false), ..RestoredFacts::default() };
    restored.settings = [("engine".to_owned(), "mysql".to_owned())].into();
    let found = checks(Some(&drill), Some(&source), &restored, None);
    let wrong: Vec<&str> =
        found.iter().filter(|check| check.ok == Some(false)).map(|check| check.detail.as_str()).collect();
    assert_eq!(wrong, ["found mysql, expected postgres", "the known item is missing"]);
    let query = found.iter().find(|check| check.name == "query").unwrap();
    assert_eq!((query.ok, query.verdict()), (None, "NOT ASKED"), "{query:?}");
}

#[test]
fn a_drill_of_which_nothing_but_a_query_was_wanted_has_not_passed() {
    let check = |name: &str, ok: Option<bool>| watchkeeper_domain::backup::RestoreCheck {
        name: name.to_owned(),
        ok,
        detail: String::new(),
        log: Vec::new(),
    };
    let ended = |checks: Vec<watchkeeper_domain::backup::RestoreCheck>| {
        restore(|it| it.checks = Some(checks)).outcome(minutes(5))
    };
    assert!(!ended(vec![check("query", None)]).ok, "nothing is proved");
    assert!(!ended(vec![check("query", None), check("engine", Some(false))]).ok);
    let passed = ended(vec![check("query", None), check("engine", Some(true))]);
    let told = watchkeeper_domain::backup::restored(&scope(), &"rds:db".parse().unwrap(), &passed);
    assert!(passed.ok && told.subject.ends_with("passed, query not asked"), "{}", told.subject);
    assert!(told.text.contains("- NOT ASKED query"), "{}", told.text);
    assert_eq!(serde_json::to_value(&passed).unwrap()["checks"][0]["ok"], serde_json::Value::Null);
}

#[test]
fn home_comes_first_and_does_not_wait_for_the_other_region() {
    let unseen = |scene: Scene| Scene { away: None, ..scene }.next();
    assert_eq!(unseen(Scene { now: minutes(3), ..Scene::new() }), BackupNext::Start);
    assert!(matches!(unseen(Scene::new().known("us-east-1", None)), BackupNext::Verify { .. }));
    assert_eq!(unseen(Scene::new().known("us-east-1", Some(&[]))), BackupNext::LookAway, "only then");
}

#[test]
fn what_is_refused_again_and_again_is_put_off_and_not_asked_for_without_an_end() {
    let mut scene = Scene { now: minutes(3), ..Scene::new() };
    let asks = |scene: &mut Scene, asks| scene.memory.attempt.as_mut().unwrap().asks = asks;
    asks(&mut scene, 9);
    assert_eq!(scene.next(), BackupNext::Start);
    asks(&mut scene, 10);
    assert!(matches!(scene.next(), BackupNext::Park(until, _) if until == minutes(15)), "{:?}", scene.next());
    scene.now = minutes(16);
    assert_eq!(scene.next(), BackupNext::Start, "after the pause it is asked for again");
    scene.now = minutes(12 * 60 + 1);
    scene.fails_with("AWS was asked for it 10 times");
}

#[test]
fn one_that_failed_is_tried_again_within_its_day_and_not_without_an_end() {
    let hour = |hours: i64| DUE + SignedDuration::from_hours(hours);
    let policy = policy(&json!({"rds": "db"}));
    let mut memory = BackupMemory::default();
    let mut now = DUE;
    let mut tries = Vec::new();
    for _ in 0..9 {
        let Some(due) = wanted(&policy, &memory, now) else { break };
        tries.push(((now.duration_since(DUE)).as_hours(), due == DUE));
        assert_eq!(memory.claim(due, &format!("run-{}", tries.len()), now, now), BackupClaim::Taken);
        memory.fail("the quota is full", RetryDecision::Same, now);
        assert_eq!(wanted(&policy, &memory, now), None, "not at once");
        // It says when it is tried again; the last time, that it is given up.
        let Some(retry) = memory.settled.as_ref().unwrap().retry.clone() else { break };
        now = retry.at;
    }
    assert_eq!(tries, [(0, true), (1, true), (3, true), (7, true), (15, true)]);
    assert_eq!(wanted(&policy, &memory, hour(23)), None);
    // The next day begins anew.
    let next = wanted(&policy, &memory, hour(24)).unwrap();
    memory.claim(next, "next", hour(24), hour(24));
    assert_eq!((next, memory.attempt.as_ref().unwrap().tried), (hour(24), 0));
    // One whose name is used up gets a new one, and one that a person has to look at none.
    memory.fail("AWS says failed", RetryDecision::Anew, hour(24));
    assert_eq!(wanted(&policy, &memory, hour(25)), Some(hour(25)));
    memory.claim(hour(25), "anew", hour(25), hour(25));
    memory.fail("it is not good", RetryDecision::No, hour(25));
    assert_eq!(wanted(&policy, &memory, hour(47)), None);
}
