//! The daily unblock where not everything goes well: what cannot be read or written, who was faster, and what died.

use jiff::SignedDuration;
use serde_json::json;
use watchkeeper_control::unblock::ports::PendingQuestion;
use watchkeeper_domain::intent::{DesiredState, Intent, Layer};
use watchkeeper_domain::unblock::{FindingSource, ItemAttribute, UnblockEnd};
use watchkeeper_in_memory::ExecutionEnd;
use watchkeeper_sim::{CallTrouble, FaultPlan, Operation, run_until_done_or_crash};

use crate::unblock_scene::{
    BUS, DEAD, IDEAS, LOCKS, MONDAY, QUEUE, blocked, bodies, busy, is_released, letter, lock, message, monday, morning,
    prod, quiet, record, text,
};

#[test]
fn a_source_that_cannot_be_read_frees_nothing_is_named_and_stops_no_other() {
    for (operation, source) in [
        (Operation::ScanLocks, FindingSource::Locks),
        (Operation::ScanItems, FindingSource::Blockers),
        (Operation::ReceiveMessage, FindingSource::Queues),
        (Operation::DescribeExecution, FindingSource::Own),
        (Operation::DescribeServices, FindingSource::Deployments),
    ] {
        for trouble in [CallTrouble::Denied, CallTrouble::Error] {
            let harness = busy();
            harness.sim.set_now(monday());
            harness.unblock_ticked(monday());
            harness.sim.set_faults(FaultPlan::none().always(operation, trouble));
            let request =
                json!({"estate": "clos-v2", "environment": "prod", "trigger": "schedule", "instant": monday()});
            let end = harness.unblock("clos-v2-prod-unblock-20261123T140000Z", &request);
            assert!(matches!(&end, ExecutionEnd::Succeeded(_)), "{operation} {trouble:?}: {end:?}");
            let record = record(&harness, MONDAY).unwrap();
            assert!(record.findings.has(source, "unreadable"), "{operation} {trouble:?}: {:?}", record.findings);
            assert_eq!(record.end.map(|(end, _)| end), Some(UnblockEnd::Partly), "{operation} {trouble:?}");
            assert_eq!(record.locks.released > 0, source != FindingSource::Locks, "{operation} {trouble:?}");
            assert_eq!(record.queues[0].redriven > 0, source != FindingSource::Queues, "{operation} {trouble:?}");
            assert_eq!(record.own.leases > 0, source != FindingSource::Own, "{operation} {trouble:?}");
        }
    }
}

#[test]
fn what_cannot_be_written_stops_after_a_few_tries() {
    let mut harness = quiet();
    for n in 0..20 {
        harness.sim.put_lock(LOCKS, lock("Ratio", &format!("left-{n}"), -3));
    }
    harness.sim.put_letter(DEAD, letter("letter", None));
    harness.sim.set_faults(FaultPlan::none().always(Operation::ReleaseLock, CallTrouble::Denied));
    morning(&mut harness);
    assert_eq!(harness.sim.count(Operation::ReleaseLock), 3);
    let record = record(&harness, MONDAY).unwrap();
    assert_eq!((record.locks.released, record.locks.remaining), (0, 20));
    // What fails for locks says nothing about letters.
    assert_eq!(bodies(&harness, QUEUE), ["body of letter"]);
}

#[test]
fn a_message_that_comes_back_as_often_as_is_allowed_is_parked_and_never_looped() {
    let mut harness = quiet();
    harness.sim.put_letter(DEAD, letter("poison", None));
    let mut day = monday();
    let mut sent = Vec::new();
    for _ in 0..6 {
        harness.unblock_tick(day);
        sent.push(bodies(&harness, QUEUE).len());
        harness.sim.fail_all(QUEUE, DEAD);
        day += SignedDuration::from_hours(24);
        if day.to_zoned(jiff::tz::TimeZone::UTC).weekday() == jiff::civil::Weekday::Saturday {
            day += SignedDuration::from_hours(48);
        }
    }
    assert_eq!(sent, [1, 1, 1, 0, 0, 0]);
    let [parked] = &harness.sim.letters_of(DEAD)[..] else { panic!("one letter") };
    assert!(parked.stamps.parked.is_some() && parked.stamps.returns.as_deref() == Some("3"), "{parked:?}");
}

#[test]
fn intents_past_their_expiry_and_forgotten_questions_go_and_the_others_stay() {
    let mut harness = quiet();
    let intent = |layer, hours: i64| Intent {
        layer,
        want: DesiredState::Awake,
        reason: "release night".to_owned(),
        by: "run".to_owned(),
        declared: monday() - SignedDuration::from_hours(90),
        expires: Some(monday() + SignedDuration::from_hours(hours)),
        approved: [].into(),
        for_release: None,
    };
    harness.sim.put_intent(&prod(), &intent(Layer::Override, -3));
    harness.sim.put_intent(&prod(), &intent(Layer::Failover, 3));
    for (name, hours, estate) in
        [("forgotten", 30, "clos-v2"), ("late", 9, "clos-v2"), ("new", 1, "clos-v2"), ("other", 30, "x")]
    {
        harness.sim.ask_question(PendingQuestion {
            arn: format!("arn:{name}"),
            name: name.to_owned(),
            input: json!({"estate": estate, "environment": "prod", "profile": "minimum"}).to_string(),
            since: monday() - SignedDuration::from_hours(hours),
        });
    }
    morning(&mut harness);
    let layers: Vec<Layer> =
        harness.sim.remembered(&prod()).unwrap().intents.iter().map(|intent| intent.layer).collect();
    assert_eq!(layers, [Layer::Failover]);
    let record = record(&harness, MONDAY).unwrap();
    assert_eq!((record.own.intents, record.own.questions), (1, 1));
    let named: Vec<_> =
        record.findings.all.iter().map(|finding| (finding.code.as_str(), finding.subject.as_str())).collect();
    assert!(named.contains(&("question-ended", "forgotten")) && named.contains(&("unanswered", "late")), "{named:?}");
    assert!(!named.iter().any(|(_, subject)| ["new", "other"].contains(subject)), "{named:?}");
}

#[test]
fn a_bus_that_is_not_there_keeps_nobody_from_hearing() {
    let mut harness = busy();
    harness.sim.remove_bus(BUS);
    morning(&mut harness);
    assert!(message(&harness).contains("the report is not on the bus"), "{}", message(&harness));
    assert!(is_released(&harness, "Ratio", "expired-1"));
}

#[test]
fn ten_thousand_locks_are_one_pass_and_a_crash_in_the_middle_is_gone_on_from() {
    let mut harness = quiet();
    for n in 0..10_000 {
        let hours = if n % 200 == 0 { -5 } else { 5 };
        harness.sim.put_lock(LOCKS, lock("Ratio", &format!("lock-{n:05}"), hours));
    }
    // It dies at the twentieth page, and the next tick goes on.
    harness.sim.set_faults(FaultPlan::none().on(Operation::ScanLocks, 20, CallTrouble::CrashBefore));
    let first = harness.unblock_tick(monday());
    assert!(first.iter().any(|(_, end)| *end == ExecutionEnd::Died), "{first:?}");
    let member = record(&harness, MONDAY).unwrap();
    assert_eq!(member.locks.read, 19 * 250);
    let second = harness.unblock_tick(monday() + SignedDuration::from_mins(5));
    let names: Vec<&str> = second.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["clos-v2-prod-unblock-again1-20261123T140000Z"]);
    let whole = record(&harness, MONDAY).unwrap();
    assert_eq!((whole.locks.read, whole.locks.expired, whole.locks.released), (10_000, 50, 50));
    // Forty pages, and the one that was lost: nothing was read twice.
    assert_eq!(harness.sim.count(Operation::ScanLocks), 41);
    let bytes = serde_json::to_string(&whole).unwrap().len();
    assert!(bytes < 20_000, "the record has {bytes} bytes");
}

#[test]
fn a_lock_of_a_finished_item_stays_when_the_item_is_opened_again() {
    let mut harness = quiet();
    harness.sim.put_lock(LOCKS, lock("Nanda", "idea-done", 12));
    harness.sim.set_now(monday());
    let opened = watchkeeper_domain::unblock::BlockerItem {
        status: text("open"),
        reason: ItemAttribute::Absent,
        ..blocked("idea-done", 1, "")
    };
    harness.sim.put_item(IDEAS, opened);
    morning(&mut harness);
    assert!(!is_released(&harness, "Nanda", "idea-done"));
}

#[test]
fn a_run_that_dies_again_and_again_is_given_up_and_said_so() {
    let mut harness = quiet();
    harness.sim.set_faults(FaultPlan::none().always(Operation::LedgerWriteNote, CallTrouble::Denied));
    let mut tries = 0;
    for tick in 0..6 {
        let played = harness.unblock_tick(monday() + SignedDuration::from_mins(5 * tick));
        tries += played.iter().filter(|(name, _)| name.starts_with("clos-v2-prod")).count();
    }
    assert_eq!(tries, 3);
    let ticked = harness.unblock_ticked(monday() + SignedDuration::from_mins(30)).unwrap();
    let prod = ticked.environments.iter().find(|line| line.scope == crate::unblock_scene::prod()).unwrap();
    assert_eq!(prod.did, watchkeeper_control::unblock::TickOutcome::GaveUp);
    let sim = &harness.sim;
    assert!(run_until_done_or_crash(sim, async {}).is_some());
}
