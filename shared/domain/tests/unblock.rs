//! The rules of the daily unblock, as tables and properties.
#![allow(clippy::unwrap_used)]

use jiff::{SignedDuration, Timestamp, ToSpan};
use proptest::prelude::*;
use rstest::rstest;
use watchkeeper_domain::capacity::{ObservedService, Rollout, ServiceCapacity};
use watchkeeper_domain::estate::{BlockerPolicy, QueuePolicy, Unblock};
use watchkeeper_domain::execution::ExecutionStatus;
use watchkeeper_domain::name::{EnvironmentName, EstateName, Region, Scope};
use watchkeeper_domain::request::{RunMode, RunTrigger};
use watchkeeper_domain::unblock::{
    AbandonmentProof, Blocker, BlockerItem, EscalationLevel, HeldLocks, ItemAttribute, LetterFate, LetterStamps,
    LockItem, LockStanding, RunFate, StuckDeployment, UnblockEnd, UnblockHour, UnblockKind, UnblockMemory,
    UnblockRecord, detail, escalate, fate, fate_of, freed_capacity, judge, look, message, run_fate, stuck_since,
};
use watchkeeper_domain::value::Zone;

fn at(instant: &str) -> Timestamp {
    instant.parse().unwrap()
}

/// Monday, 23 November 2026, 09:00 in New York.
const NOW: &str = "2026-11-23T14:00:00Z";

fn text(text: &str) -> ItemAttribute {
    ItemAttribute::Text(text.to_owned())
}

fn section() -> Unblock {
    let section = serde_json::json!({
        "at": "09:00", "days": "mon-fri", "zone": "America/New_York",
        "limits": {"Ratio": {"projects": 3, "pull_requests": 5}},
        "blockers": blockers_json(),
        "report": {"bus": "clos-v2-event-bus", "source": "clos.daily-rhythm", "detail-type": "Daily Unblock Report"},
    });
    serde_json::from_value(section).unwrap()
}

fn blockers_json() -> serde_json::Value {
    serde_json::json!({
        "table": "clos-v2-ideas", "item": "idea_id", "since": "blocked_at", "status": "status", "finished": ["done"],
        "activity": "last_activity_at", "owner": "owner", "reason": "blocked_by", "stuck-after": "3d",
        "impediments-of": "7d", "tell-after": "24h", "escalate-after": "48h", "systemic": 3,
        "integrator": "integrator pod", "leadership": "leadership",
    })
}

fn blockers() -> BlockerPolicy {
    serde_json::from_value(blockers_json()).unwrap()
}

fn lock(expires: i64) -> LockItem {
    LockItem {
        pod: text("Ratio"),
        item: text("p-1"),
        lock_type: text("projects"),
        acquired_by: text("ada"),
        acquired_at: text("2026-11-01T09:00:00Z"),
        expires_at: ItemAttribute::Number((at(NOW).as_second() + expires).to_string()),
        released_at: ItemAttribute::Absent,
    }
}

fn judged(lock: &LockItem, status: Option<&str>) -> LockStanding {
    judge(lock, status, &UnblockMemory::default(), at(NOW))
}

#[rstest]
#[case::long_over(-86_400, true)]
#[case::over_for_the_grace(-60, true)]
#[case::within_the_grace(-59, false)]
#[case::now(0, false)]
#[case::later(1, false)]
fn a_lock_is_left_behind_once_it_has_run_out_for_a_minute(#[case] expires: i64, #[case] left: bool) {
    let standing = judged(&lock(expires), None);
    assert_eq!(matches!(standing, LockStanding::Left(_, AbandonmentProof::Expired)), left, "{standing:?}");
    assert_eq!(matches!(standing, LockStanding::Live(_)), !left, "{standing:?}");
}

#[test]
fn a_lock_of_a_finished_item_is_left_behind_and_a_released_one_is_nobodys() {
    assert!(
        matches!(judged(&lock(9000), Some("done")), LockStanding::Left(_, AbandonmentProof::Finished(status)) if status == "done")
    );
    let released = LockItem { released_at: text("2026-11-20T00:00:00Z"), ..lock(-9000) };
    assert_eq!(judged(&released, Some("done")), LockStanding::Released);
}

#[rstest]
#[case::text_for_seconds(LockItem { expires_at: text("tomorrow"), ..lock(0) }, "when it runs out: found \"tomorrow\"")]
#[case::milliseconds(LockItem { expires_at: ItemAttribute::Number("1795442400000".to_owned()), ..lock(0) }, "seconds of the epoch")]
#[case::a_fraction(LockItem { expires_at: ItemAttribute::Number("1795442400.5".to_owned()), ..lock(0) }, "seconds of the epoch")]
#[case::no_expiry(LockItem { expires_at: ItemAttribute::Absent, ..lock(0) }, "found nothing")]
#[case::nobody(LockItem { acquired_by: ItemAttribute::Absent, ..lock(0) }, "who took it")]
#[case::no_type(LockItem { lock_type: ItemAttribute::Other("map".to_owned()), ..lock(0) }, "a value of type map")]
#[case::no_date(LockItem { acquired_at: text("yesterday"), ..lock(0) }, "ISO 8601")]
#[case::backwards(LockItem { acquired_at: text("2027-01-01T00:00:00Z"), ..lock(0) }, "after it was taken")]
#[case::odd_release(LockItem { released_at: ItemAttribute::Number("1".to_owned()), ..lock(-9000) }, "when it was released")]
fn what_does_not_read_proves_nothing(#[case] lock: LockItem, #[case] says: &str) {
    for status in [None, Some("done")] {
        match judged(&lock, status) {
            LockStanding::Malformed(why) => assert!(why.contains(says), "{why}"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_lock_that_a_person_took_back_is_kept_until_it_changes() {
    let mut memory = UnblockMemory::default();
    memory.keep(&lock(-9000));
    assert!(matches!(judge(&lock(-9000), None, &memory, at(NOW)), LockStanding::Kept(_)));
    assert!(matches!(judge(&lock(-8000), None, &memory, at(NOW)), LockStanding::Left(..)));
}

#[test]
fn only_what_is_limited_is_counted_and_the_worst_comes_first() {
    let (section, mut held) = (section(), HeldLocks::default());
    for (pod, kind, many) in [("Ratio", "projects", 4), ("Ratio", "pull_requests", 8), ("Other", "projects", 90)] {
        (0..many).for_each(|_| held.count(&section, pod, kind));
    }
    let found: Vec<_> = held.violations(&section).into_iter().map(|it| (it.lock_type, it.held, it.limit)).collect();
    assert_eq!(found, [("pull_requests".to_owned(), 8, 5), ("projects".to_owned(), 4, 3)]);
    assert_eq!(held.of("Other", "projects"), 0);
}

fn item(reason: ItemAttribute, since: ItemAttribute, activity: &str, status: &str) -> BlockerItem {
    BlockerItem {
        item: text("idea-1"),
        activity: text(activity),
        since,
        owner: text("grace"),
        reason,
        status: text(status),
    }
}

#[test]
fn an_item_waits_since_it_is_blocked_or_since_it_was_touched_last() {
    let since = text("2026-11-22T08:00:00Z");
    let waits = look(&item(text("legal"), since, "2026-11-23T13:00:00Z", "open"), &blockers(), at(NOW));
    assert_eq!(waits.blocker.unwrap().since, at("2026-11-22T08:00:00Z"));
    let unsaid =
        look(&item(text("legal"), ItemAttribute::Absent, "2026-11-23T13:00:00Z", "open"), &blockers(), at(NOW));
    assert_eq!(unsaid.blocker.unwrap().since, at("2026-11-23T13:00:00Z"));
    let nobody_knows = look(&item(text("legal"), text("soon"), "later", "open"), &blockers(), at(NOW));
    assert!(nobody_knows.malformed.unwrap().contains("\"soon\""));
}

#[test]
fn an_item_that_nobody_touches_for_three_days_is_stuck_unless_it_is_finished() {
    let untouched = |days: i64, status: &str| {
        let touched = at(NOW) - SignedDuration::from_hours(24 * days);
        look(&item(ItemAttribute::Absent, ItemAttribute::Absent, &touched.to_string(), status), &blockers(), at(NOW))
            .stuck
    };
    assert!(untouched(3, "open").is_some());
    assert!(untouched(2, "open").is_none());
    assert!(untouched(30, "done").is_none());
}

fn blocker(item: &str, hours: i64) -> Blocker {
    let since = at(NOW) - SignedDuration::from_hours(hours);
    Blocker { item: item.to_owned(), owner: Some("grace".to_owned()), reason: format!("ticket {item}"), since }
}

fn told(memory: &mut UnblockMemory, all: &[Blocker], complete: bool) -> (Vec<(String, EscalationLevel)>, Vec<String>) {
    let news = escalate(memory, all, complete, &blockers(), at(NOW));
    let escalated = news.escalated.into_iter().map(|it| (it.blocker.item, it.level)).collect();
    (escalated, news.withdrawn.into_iter().map(|it| it.item).collect())
}

#[test]
fn each_level_is_told_once_and_taken_back_when_it_is_over() {
    let mut memory = UnblockMemory::default();
    let first = [blocker("a", 10), blocker("b", 24), blocker("c", 48)];
    let (escalated, _) = told(&mut memory, &first, true);
    let expected = [("c", EscalationLevel::Owner), ("c", EscalationLevel::Leadership), ("b", EscalationLevel::Owner)];
    assert_eq!(escalated, expected.map(|(item, level)| (item.to_owned(), level)));
    assert_eq!(told(&mut memory, &first, true), (vec![], vec![]));
    // Half of the table was read: what was not seen may be there still.
    assert_eq!(told(&mut memory, &[], false), (vec![], vec![]));
    let later = [Blocker { since: first[1].since, ..blocker("b", 0) }];
    assert_eq!(told(&mut memory, &later, true), (vec![], vec!["c".to_owned()]));
    assert_eq!(told(&mut memory, &[], true), (vec![], vec!["b".to_owned()]));
    assert_eq!(memory, UnblockMemory::default());
}

#[test]
fn reasons_that_differ_in_numbers_only_are_alike() {
    let pattern = |reason: &str| Blocker { reason: reason.to_owned(), ..blocker("x", 1) }.pattern();
    assert_eq!(pattern("Review by Legal (#12)"), pattern("review by legal #7!"));
    assert_eq!(pattern("Waiting for ACME-1, ACME-22"), "waiting for acme # acme #");
    assert_ne!(pattern("review by legal"), pattern("review by security"));
}

#[rstest]
#[case::first(None, None, 0, LetterFate::Redrive(1))]
#[case::second(Some("1"), None, 0, LetterFate::Redrive(2))]
#[case::last(Some("2"), None, 9, LetterFate::Redrive(3))]
#[case::poison(Some("3"), None, 0, LetterFate::Park("it came back 3 times, and 3 are allowed".to_owned()))]
#[case::more(Some("9"), None, 0, LetterFate::Park("it came back 9 times, and 3 are allowed".to_owned()))]
#[case::unreadable(Some("x"), None, 0, LetterFate::Park("the count of its returns does not read".to_owned()))]
#[case::parked(Some("3"), Some("poison"), 0, LetterFate::Parked)]
#[case::full(None, None, 10, LetterFate::NoRoom)]
#[case::nearly_full(Some("3"), None, 9, LetterFate::NoRoom)]
fn a_letter_goes_round_as_often_as_is_allowed(
    #[case] returns: Option<&str>,
    #[case] parked: Option<&str>,
    #[case] others: usize,
    #[case] expected: LetterFate,
) {
    let stamps = LetterStamps { returns: returns.map(str::to_owned), parked: parked.map(str::to_owned), others };
    assert_eq!(fate(&stamps, 3), expected);
}

#[rstest]
#[case::not_over(1, ExecutionStatus::Dead("FAILED".to_owned()), RunFate::Alone)]
#[case::over_and_dead(-1, ExecutionStatus::Dead("FAILED".to_owned()), RunFate::Over("FAILED".to_owned()))]
#[case::over_and_alive(-1, ExecutionStatus::Running, RunFate::Lingers)]
#[case::over_and_unknown(-1, ExecutionStatus::Unknown, RunFate::Unproved)]
#[case::forgotten(-91 * 86_400, ExecutionStatus::Unknown, RunFate::Over("forgotten".to_owned()))]
fn a_run_is_over_by_two_proofs(#[case] ended: i64, #[case] status: ExecutionStatus, #[case] expected: RunFate) {
    assert_eq!(run_fate(at(NOW) + SignedDuration::from_secs(ended), &status, at(NOW)), expected);
}

#[rstest]
#[case::on_time("2026-11-23T14:00:00Z", Some("2026-11-23T14:00:00Z"))]
#[case::a_second_early("2026-11-23T13:59:59Z", None)]
#[case::late("2026-11-23T20:00:00Z", Some("2026-11-23T14:00:00Z"))]
#[case::saturday_morning("2026-11-28T13:59:00Z", Some("2026-11-27T14:00:00Z"))]
#[case::saturday_later("2026-11-28T14:00:00Z", None)]
#[case::sunday("2026-11-29T14:00:00Z", None)]
#[case::before_spring("2027-03-12T14:00:00Z", Some("2027-03-12T14:00:00Z"))]
#[case::after_spring("2027-03-15T13:00:00Z", Some("2027-03-15T13:00:00Z"))]
#[case::before_autumn("2026-10-30T13:00:00Z", Some("2026-10-30T13:00:00Z"))]
#[case::after_autumn("2026-11-02T14:00:00Z", Some("2026-11-02T14:00:00Z"))]
#[case::an_hour_early_after_autumn("2026-11-02T13:00:00Z", None)]
fn nine_oclock_is_local(#[case] instant: &str, #[case] due: Option<&str>) {
    assert_eq!(UnblockHour::of(&section()).last_due(at(instant)), due.map(at));
}

proptest! {
    /// In every zone, at every minute of the day, over a whole year: one due instant a local day, never two, never none.
    #[test]
    fn every_day_of_every_zone_has_one_due_instant(zone in 0usize..600, start in 0i64..365, minute in 0u16..1440) {
        let names = Zone::all_names();
        let zone: Zone = names[zone % names.len()].parse().unwrap();
        let mut section = section();
        section.at = format!("{:02}:{:02}", minute / 60, minute % 60).parse().unwrap();
        section.days = "mon-sun".parse().unwrap();
        section.zone = zone.clone();
        let hour = UnblockHour::of(&section);
        let from = at("2026-01-01T00:00:00Z") + SignedDuration::from_hours(24 * start);
        let mut seen = std::collections::BTreeSet::new();
        for tick in 0..(6 * 24 * 12) {
            let instant = from + SignedDuration::from_mins(5 * tick);
            if let Some(due) = hour.last_due(instant) {
                prop_assert!(due <= instant);
                seen.insert(due);
            }
        }
        let days: Vec<_> = seen.iter().map(|due| due.to_zoned(zone.rules().clone()).date()).collect();
        let mut unique = days.clone();
        unique.dedup();
        prop_assert_eq!(&days, &unique, "two on one day in {}", zone.name());
        for pair in days.windows(2) {
            let gap = pair[1].since(pair[0]).unwrap().get_days();
            // A zone may leave a date out altogether.
            prop_assert!(gap == 1 || pair[0].checked_add(1.day()).is_ok_and(|d| zone.rules().to_zoned(d.at(0, 0, 0, 0)).unwrap().date() != d));
        }
    }

    /// Whatever a lock's attributes are, one that has not run out and whose item is not finished is never left behind.
    #[test]
    fn nothing_live_is_ever_left_behind(by in "[a-z]{0,5}", seconds in -200i64..200_000, kind in 0u8..4) {
        let expires_at = match kind {
            0 => ItemAttribute::Number((at(NOW).as_second() + seconds).to_string()),
            1 => text(&(at(NOW).as_second() + seconds).to_string()),
            2 => ItemAttribute::Absent,
            _ => ItemAttribute::Other("set".to_owned()),
        };
        let lock = LockItem { acquired_by: text(&by), expires_at, ..lock(0) };
        let left = matches!(judged(&lock, None), LockStanding::Left(..));
        prop_assert!(!left || (kind == 0 && seconds <= -60 && !by.is_empty()), "{lock:?}");
    }
}

#[rstest]
#[case::done(Rollout::Completed, 100, None)]
#[case::young(Rollout::InProgress, 59, None)]
#[case::stuck(Rollout::InProgress, 60, Some(StuckDeployment::Stuck(at(NOW) - 60.minutes())))]
#[case::waits_for_somebody(Rollout::Paused, 7 * 60, None)]
#[case::nobody_answers(Rollout::Paused, 8 * 60, Some(StuckDeployment::Paused(at(NOW) - 480.minutes())))]
#[case::failed(Rollout::Failed, 1, Some(StuckDeployment::Failed(Some(at(NOW) - 1.minutes()))))]
fn a_deployment_is_stuck_by_its_age_and_one_in_a_hook_waits_rightly(
    #[case] rollout: Rollout,
    #[case] minutes: i64,
    #[case] expected: Option<StuckDeployment>,
) {
    let service = ObservedService {
        daemon: false,
        scheduler: None,
        capacity: ServiceCapacity { desired: 1, scaling: None },
        running: 1,
        pending: 1,
        managed: true,
        rollout,
        rollout_since: Some(at(NOW) - minutes.minutes()),
        task_definition: None,
    };
    assert_eq!(stuck_since(Some(&section()), &service, at(NOW)), expected);
}

#[rstest]
#[case::its_own(Some(0), Some("orders"), LetterFate::Redrive(1))]
#[case::enough_for_today(Some(2), Some("orders"), LetterFate::Later)]
#[case::of_another_queue(None, Some("invoices"), LetterFate::Stranger(Some("invoices".to_owned())))]
#[case::of_nobody_knows_whom(None, None, LetterFate::Stranger(None))]
fn a_letter_goes_back_where_it_came_from_only(
    #[case] sent: Option<u32>,
    #[case] source: Option<&str>,
    #[case] expected: LetterFate,
) {
    let entry: QueuePolicy = serde_json::from_value(
        serde_json::json!({"queue": "orders", "dead-letters": "dlq", "redrive": true, "batch": 2}),
    )
    .unwrap();
    let counted = sent.map(|sent| (&entry, sent));
    assert_eq!(fate_of(counted, source, &LetterStamps::default()), expected);
    let parked = LetterStamps { parked: Some("poison".to_owned()), ..LetterStamps::default() };
    assert_eq!(fate_of(counted, source, &parked), LetterFate::Parked);
    let forbidden = QueuePolicy { redrive: false, ..entry.clone() };
    assert_eq!(fate_of(Some((&forbidden, 0)), source, &LetterStamps::default()), LetterFate::Kept);
}

fn scope() -> Scope {
    Scope {
        estate: EstateName::new("clos-v2").unwrap(),
        environment: EnvironmentName::new("prod").unwrap(),
        region: Region::new("us-east-1").unwrap(),
    }
}

/// The record of a run that found something of everything.
fn full() -> UnblockRecord {
    let mut record = UnblockRecord::new(
        "unblock-20261123T140000Z",
        RunTrigger::Schedule,
        at(NOW),
        at(NOW),
        RunMode::Apply,
        UnblockKind::Free,
    );
    record.locks.released = 12;
    record.locks.expired = 12;
    record.add_freed("Ratio", "projects");
    record.own.leases = 1;
    for (item, hours) in [("idea-7", 60), ("idea-9", 30), ("idea-11", 10), ("idea-13", 200)] {
        record.add_blocker(Blocker { reason: "legal's answer".to_owned(), ..blocker(item, hours) });
    }
    let mut held = HeldLocks::default();
    (0..5).for_each(|_| held.count(&section(), "Ratio", "projects"));
    record.violations = held.violations(&section());
    record.held = held;
    record.note(
        "malformed",
        "Meta/x",
        "it stays as it is: when it runs out: found \"tomorrow\", expected seconds",
        None,
    );
    record.note("lease-freed", "run-1", "its execution is over (TIMED_OUT)", Some(at("2026-11-20T12:00:00Z")));
    let mut memory = UnblockMemory::default();
    record.news = Some(escalate(&mut memory, &record.blockers, true, &blockers(), at(NOW)));
    record.before = Some(watchkeeper_domain::unblock::PreviousFigures { left: 3, blockers: 4, ..Default::default() });
    record.end = Some((UnblockEnd::Done, at(NOW)));
    record
}

#[test]
fn a_person_reads_what_was_freed_and_what_to_do_oldest_first() {
    let zone: Zone = "America/New_York".parse().unwrap();
    let message = message(&scope(), &full(), zone.rules(), at(NOW));
    insta::assert_snapshot!(format!("{}\n---\n{}", message.subject, message.text));
}

#[test]
fn a_quiet_morning_is_one_line() {
    let mut record =
        UnblockRecord::new("run", RunTrigger::Schedule, at(NOW), at(NOW), RunMode::Apply, UnblockKind::Free);
    record.end = Some((UnblockEnd::Done, at(NOW)));
    assert_eq!(message(&scope(), &record, Zone::utc().rules(), at(NOW)).subject, "clos-v2 prod: nothing is stuck");
}

#[test]
fn programs_get_what_the_listeners_know_and_our_own_beside_it() {
    let event = detail(&scope(), &full(), Some(&section()), at(NOW));
    insta::assert_json_snapshot!(event);
    // Older than the window: it blocks, and is no impediment of the last days.
    assert_eq!(
        (event["impediments"].as_array().unwrap().len(), event["watchkeeper"]["blockers"].as_array().unwrap().len()),
        (3, 4)
    );
    insta::assert_json_snapshot!(freed_capacity(&scope(), &full(), &section()));
}

#[test]
fn a_report_with_as_much_as_is_kept_fits_an_event() {
    let mut record = full();
    for n in 0..5000 {
        let long = "x".repeat(200);
        record.add_blocker(Blocker { item: format!("{long}{n}"), reason: long.clone(), ..blocker("x", 50) });
        record.note("malformed", &format!("{long}{n}"), long.repeat(2), None);
    }
    record.news = Some(escalate(&mut UnblockMemory::default(), &record.blockers, false, &blockers(), at(NOW)));
    let bytes = detail(&scope(), &record, Some(&section()), at(NOW)).to_string().len();
    assert!(bytes < 200 * 1024, "{bytes} bytes");
    let message = message(&scope(), &record, Zone::utc().rules(), at(NOW));
    assert!(message.text.len() < 40 * 1024 && message.subject.len() <= 100);
    assert!(
        (record.blockers.len(), record.more_blockers) == (200, 4804),
        "{} {}",
        record.blockers.len(),
        record.more_blockers
    );
}
