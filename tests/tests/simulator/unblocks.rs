//! Mornings of `clos-v2` production: exactly what is left behind is freed, the rest is named, once.

use std::time::Duration;

use jiff::SignedDuration;
use serde_json::json;
use watchkeeper_control::unblock::ports::DeadLetter;
use watchkeeper_domain::guardrail::HaltSwitch;
use watchkeeper_domain::reconcile::run::RunOutcome;
use watchkeeper_domain::unblock::{FindingSource, ItemAttribute, UnblockEnd};
use watchkeeper_sim::{CallTrouble, FaultPlan, Operation};
use watchkeeper_tests::in_memory::{ExecutionEnd, InMemoryHarness};

use crate::unblock_scene::{
    BUS, DEAD, IDEAS, LOCKS, MONDAY, QUEUE, blocked, bodies, busy, events, is_released, letter, lock, message, monday,
    morning, prod, quiet, record, with_queues,
};

#[test]
fn exactly_what_is_left_behind_is_freed_and_the_rest_is_named() {
    let mut harness = busy();
    let summary = morning(&mut harness);
    assert!(summary.starts_with("clos-v2 prod: "), "{summary}");

    for (pod, item) in [("Ratio", "expired-1"), ("Nanda", "expired-2"), ("Nanda", "idea-done")] {
        assert!(is_released(&harness, pod, item), "{pod}/{item}");
    }
    let kept = [("Ratio", "live", 100), ("Meta", "renewed", 123), ("Ratio", "busy-3", 113)];
    for (pod, item, hours) in kept {
        assert_eq!(harness.sim.lock_of(LOCKS, pod, item), Some(lock(pod, item, hours)), "{pod}/{item}");
    }
    assert!(!is_released(&harness, "Meta", "malformed"));

    assert_eq!(bodies(&harness, QUEUE), ["body of again", "body of first"]);
    let [parked] = &harness.sim.letters_of(DEAD)[..] else { panic!("{:?}", bodies(&harness, DEAD)) };
    assert_eq!(parked.body, "body of poison");
    assert_eq!(parked.stamps.parked.as_deref(), Some("it came back 3 times, and 3 are allowed"));

    let record = record(&harness, MONDAY).unwrap();
    let locks = &record.locks;
    assert_eq!((locks.read, locks.live, locks.released, locks.changed, locks.malformed), (11, 5, 3, 1, 1));
    assert_eq!((locks.expired, locks.finished, locks.released_before, locks.remaining), (3, 1, 1, 0));
    assert_eq!(record.violations.len(), 1, "{:?}", record.violations);
    assert_eq!((record.violations[0].held, record.violations[0].limit), (5, 3));
    assert!(record.findings.has(FindingSource::Locks, "malformed"), "{:?}", record.findings);
    assert_eq!(record.end.map(|(end, _)| end), Some(UnblockEnd::Done));

    let remembered = harness.sim.remembered(&prod()).unwrap();
    let lease = remembered.lease.unwrap();
    assert_eq!((lease.generation, lease.expires), (1, lease.usable), "freed, and its generation stays");
    let runs = harness.sim.runs(&prod()).unwrap();
    assert_eq!(runs[0].outcome, Some(RunOutcome::Failed), "{:?}", runs[0]);
}

#[test]
fn the_report_goes_to_the_estates_bus_as_its_listeners_know_it_and_to_a_person() {
    let mut harness = busy();
    morning(&mut harness);
    let [report] = &events(&harness, "Daily Unblock Report")[..] else { panic!("one report") };
    assert_eq!(report["type"], "daily_unblock");
    assert_eq!(report["summary"]["wip_violations_count"], 1);
    assert_eq!(report["summary"]["impediments_count"], 3);
    let violation = json!({"pod_id": "Ratio", "item_type": "projects", "current_count": 5, "limit": 3});
    assert_eq!(report["wip_violations"], json!([violation]));
    assert_eq!(report["action_required"], true);
    assert_eq!(report["watchkeeper"]["done"]["locks released"], 3);
    let [freed] = &events(&harness, "WIP Capacity Released")[..] else { panic!("one announcement") };
    assert_eq!(freed["released"], 3);

    let escalated = events(&harness, "Blocker Escalated");
    let told: Vec<_> = escalated.iter().map(|event| (event["item"].clone(), event["level"].clone())).collect();
    let expected = [("old", "owner"), ("old", "leadership"), ("day-old", "owner")].map(|(i, l)| (json!(i), json!(l)));
    assert_eq!(told, expected);
    assert_eq!(escalated[2]["to"], json!(["grace", "integrator pod"]));

    let text = message(&harness);
    assert!(text.contains("- locks released: 3"), "{text}");
    assert!(text.find("old waits").unwrap() < text.find("day-old waits").unwrap(), "oldest first: {text}");
    assert!(!text.contains("young waits"), "{text}");
    assert!(text.contains(&format!("\"undo\":\"{MONDAY}\"")), "{text}");
}

#[test]
fn a_second_run_the_same_day_frees_nothing_and_escalates_nothing_again() {
    let mut harness = busy();
    morning(&mut harness);
    let (locks, letters) = (harness.sim.locks_of(LOCKS), bodies(&harness, QUEUE));
    // The tick again, five minutes later, and then a person.
    assert_eq!(harness.unblock_tick(monday()), []);
    assert_eq!(harness.unblock_tick(monday() + SignedDuration::from_mins(5)), []);
    harness.sim.advance(Duration::from_mins(5));
    let end = harness.unblock("by-hand", &json!({"estate": "clos-v2", "environment": "prod"}));
    assert!(matches!(&end, ExecutionEnd::Succeeded(_)), "{end:?}");
    let second = record(&harness, "by-hand").unwrap();
    assert!(second.done().is_empty(), "{:?}", second.done());
    let news = second.news.clone().unwrap();
    assert!(news.escalated.is_empty() && news.withdrawn.is_empty() && news.new_patterns.is_empty(), "{news:?}");
    assert_eq!(harness.sim.locks_of(LOCKS), locks);
    assert_eq!(bodies(&harness, QUEUE), letters);
    assert_eq!(second.queues[0].parked_before, 1);
    assert_eq!(second.before.as_ref().map(|before| before.left), Some(4), "the trend is against Monday's run");
    assert_eq!(events(&harness, "Blocker Escalated").len(), 3);
}

#[test]
fn what_is_resolved_is_withdrawn_once_and_what_blocks_anew_begins_anew() {
    let mut harness = busy();
    morning(&mut harness);
    harness.sim.remove_item(IDEAS, "old");
    harness.sim.put_item(IDEAS, blocked("day-old", 2, "another reason"));
    let tuesday = monday() + SignedDuration::from_hours(24);
    harness.unblock_tick(tuesday);
    let resolved: Vec<_> = events(&harness, "Blocker Resolved").iter().map(|it| it["item"].clone()).collect();
    assert_eq!(resolved, [json!("old")]);
    let escalated = events(&harness, "Blocker Escalated");
    let since: Vec<_> = escalated[3..].iter().map(|it| (it["item"].clone(), it["level"].clone())).collect();
    assert_eq!(since, [(json!("young"), json!("owner")), (json!("day-old"), json!("owner"))]);
    harness.unblock_tick(tuesday + SignedDuration::from_hours(24));
    assert_eq!(events(&harness, "Blocker Resolved").len(), 1);
}

#[test]
fn three_alike_are_one_systemic_finding_that_is_told_once() {
    let mut harness = quiet();
    for (n, hours) in [26, 27, 28].into_iter().enumerate() {
        harness.sim.put_item(IDEAS, blocked(&format!("idea-{n}"), hours, &format!("Review by legal (#{n})")));
    }
    morning(&mut harness);
    let news = record(&harness, MONDAY).unwrap().news.unwrap();
    assert_eq!((news.patterns.len(), news.patterns[0].items, news.new_patterns.len()), (1, 3, 1));
    assert!(message(&harness).contains("3 items wait for the same: Review by legal (#2)"), "{}", message(&harness));
    harness.unblock_tick(monday() + SignedDuration::from_hours(24));
    assert!(!message(&harness).contains("Systemic"), "{}", message(&harness));
}

#[test]
fn a_plan_frees_nothing_writes_nothing_and_tells_what_it_would_do() {
    let harness = busy();
    harness.sim.set_now(monday());
    let (locks, before) = (harness.sim.locks_of(LOCKS), harness.sim.remembered(&prod()).unwrap());
    let plan = json!({"estate": "clos-v2", "environment": "prod", "mode": "plan"});
    assert!(matches!(harness.unblock("plan", &plan), ExecutionEnd::Succeeded(_)));
    assert_eq!(harness.sim.locks_of(LOCKS), locks);
    assert_eq!(bodies(&harness, DEAD).len(), 3);
    assert_eq!(harness.sim.remembered(&prod()).unwrap(), before);
    for operation in
        [Operation::ReleaseLock, Operation::ReceiveMessage, Operation::SendMessage, Operation::StartExecution]
    {
        assert_eq!(harness.sim.count(operation), 0, "{operation}");
    }
    let record = record(&harness, "plan").unwrap();
    assert_eq!((record.locks.released, record.queues[0].redriven, record.own.leases), (4, 3, 1));
    assert!(message(&harness).contains("Would be freed"), "{}", message(&harness));
    assert_eq!(events(&harness, "Blocker Escalated"), Vec::<serde_json::Value>::new());
}

#[test]
fn under_a_halt_the_days_run_only_reports_and_nothing_is_undone() {
    let mut harness = busy();
    let halt = HaltSwitch { by: "a person".to_owned(), reason: "migration".to_owned(), since: monday() };
    harness.sim.halt(&prod(), &halt);
    let locks = harness.sim.locks_of(LOCKS);
    let summary = morning(&mut harness);
    assert!(summary.contains("would be freed"), "{summary}");
    assert_eq!(harness.sim.locks_of(LOCKS), locks);
    assert!(message(&harness).contains("it is halted (migration)"), "{}", message(&harness));
    let undo = json!({"estate": "clos-v2", "environment": "prod", "undo": MONDAY});
    let ExecutionEnd::Failed { cause: why, .. } = harness.unblock("undo", &undo) else { panic!("undone under a halt") };
    assert!(why.contains("halted"), "{why}");
}

#[test]
fn what_was_released_is_put_back_and_left_alone_until_it_changes() {
    let mut harness = busy();
    morning(&mut harness);
    // Somebody takes one of them again in between: that one stays as it is.
    harness.sim.put_lock(LOCKS, lock("Nanda", "expired-2", 30));
    let one = json!({"estate": "clos-v2", "environment": "prod", "undo": MONDAY, "lock": "Ratio/expired-1"});
    assert!(matches!(harness.unblock("undo-one", &one), ExecutionEnd::Succeeded(_)));
    assert_eq!(harness.sim.lock_of(LOCKS, "Ratio", "expired-1"), Some(lock("Ratio", "expired-1", -2)));
    assert!(is_released(&harness, "Nanda", "idea-done"));

    let rest = json!({"estate": "clos-v2", "environment": "prod", "undo": MONDAY});
    assert!(matches!(harness.unblock("undo-rest", &rest), ExecutionEnd::Succeeded(_)));
    assert!(!is_released(&harness, "Nanda", "idea-done"));
    assert_eq!(harness.sim.lock_of(LOCKS, "Nanda", "expired-2"), Some(lock("Nanda", "expired-2", 30)));
    let undone = record(&harness, "undo-rest").unwrap();
    assert_eq!((undone.locks.restored, undone.locks.changed), (1, 1));

    harness.unblock_tick(monday() + SignedDuration::from_hours(24));
    assert!(!is_released(&harness, "Ratio", "expired-1"), "a person took it back");
    let tuesday = record(&harness, "unblock-20261124T140000Z").unwrap();
    assert_eq!(tuesday.locks.kept, 2);

    let unknown = json!({"estate": "clos-v2", "environment": "prod", "undo": "no-such-run"});
    let ExecutionEnd::Failed { cause: why, .. } = harness.unblock("undo-unknown", &unknown) else {
        panic!("it is unknown")
    };
    assert!(why.contains("not in the ledger"), "{why}");
}

#[test]
fn a_run_releases_no_more_than_it_may_and_the_next_one_goes_on() {
    let mut harness = quiet();
    for n in 0..130 {
        harness.sim.put_lock(LOCKS, lock("Ratio", &format!("left-{n:03}"), -3));
    }
    morning(&mut harness);
    let released = |harness: &InMemoryHarness| {
        harness.sim.locks_of(LOCKS).iter().filter(|lock| lock.released_at != ItemAttribute::Absent).count()
    };
    assert_eq!(released(&harness), 100);
    let monday_run = record(&harness, MONDAY).unwrap();
    assert_eq!((monday_run.locks.released, monday_run.locks.remaining), (100, 30));
    assert!(monday_run.findings.has(FindingSource::Locks, "limit"), "{:?}", monday_run.findings);
    harness.unblock_tick(monday() + SignedDuration::from_hours(24));
    assert_eq!(released(&harness), 130);
}

/// A letter over which the consumer of this queue failed; of nobody knows whom, with none.
fn of(source: Option<&str>, id: &str) -> DeadLetter {
    DeadLetter { source: source.map(str::to_owned), ..letter(id, None) }
}

#[test]
fn a_dead_letter_goes_back_where_it_came_from_or_stays_and_is_named() {
    let mut harness = quiet();
    let sim = &harness.sim;
    sim.put_letter(DEAD, of(Some(QUEUE), "ours"));
    sim.put_letter(DEAD, of(Some("clos-v2-invoices"), "of another queue"));
    sim.put_letter(DEAD, of(Some("clos-v2-stage-gate-queue"), "of a queue with other dead letters"));
    sim.put_letter(DEAD, of(None, "put there by hand"));
    morning(&mut harness);
    assert_eq!(bodies(&harness, QUEUE), ["body of ours"]);
    let left = ["body of of a queue with other dead letters", "body of of another queue", "body of put there by hand"];
    assert_eq!(bodies(&harness, DEAD), left);
    let record = record(&harness, MONDAY).unwrap();
    assert_eq!((record.queues[0].redriven, record.queues[0].strangers.len()), (1, 3), "{:?}", record.queues[0]);
    let text = message(&harness);
    assert!(text.contains("1 come from clos-v2-invoices"), "{text}");
    assert!(text.contains("do not say which queue they come from"), "{text}");
}

#[test]
fn two_queues_share_their_dead_letters_each_with_its_own_limits() {
    let entries = "queues:\n        - { queue: orders, dead-letters: dlq, redrive: true, batch: 2 }\n        \
                   - { queue: alone, dead-letters: alone-dlq, redrive: true }\n        \
                   - { queue: returns, dead-letters: dlq, redrive: true }\n        \
                   - { queue: refunds, dead-letters: dlq, redrive: false }\n";
    let mut harness = with_queues(entries);
    let sim = &harness.sim;
    for queue in ["orders", "alone", "returns", "refunds", "dlq", "alone-dlq"] {
        sim.make_queue(queue);
    }
    for n in 0..3 {
        sim.put_letter("dlq", of(Some("orders"), &format!("order-{n}")));
        sim.put_letter("dlq", of(Some("returns"), &format!("return-{n}")));
        sim.put_letter("dlq", of(Some("refunds"), &format!("refund-{n}")));
    }
    sim.put_letter("alone-dlq", of(Some("alone"), "alone"));
    morning(&mut harness);
    assert_eq!(bodies(&harness, "orders"), ["body of order-0", "body of order-1"]);
    assert_eq!(bodies(&harness, "returns"), ["body of return-0", "body of return-1", "body of return-2"]);
    assert_eq!(bodies(&harness, "alone"), ["body of alone"]);
    assert_eq!(bodies(&harness, "refunds"), [""; 0]);
    let left = ["body of order-2", "body of refund-0", "body of refund-1", "body of refund-2"];
    assert_eq!(bodies(&harness, "dlq"), left);
    let record = record(&harness, MONDAY).unwrap();
    let names: Vec<&str> = record.queues.iter().map(|figures| figures.queue.as_str()).collect();
    assert_eq!(names, ["orders", "alone", "returns", "refunds"]);
    assert_eq!(record.queues.iter().map(|figures| figures.waiting).sum::<u64>(), 10, "each letter waits once");
    assert_eq!(record.queues[3].kept, 3);
    assert!(message(&harness).contains("3 of refunds, and its document allows none"), "{}", message(&harness));
}

#[test]
fn parked_letters_hide_no_new_one_however_many_they_are() {
    let mut harness = quiet();
    for n in 0..1200 {
        let mut parked = letter(&format!("parked-{n}"), Some("3"));
        parked.stamps.parked = Some("it came back 3 times".to_owned());
        harness.sim.put_letter(DEAD, parked);
    }
    harness.sim.put_letter(DEAD, letter("new", None));
    morning(&mut harness);
    assert_eq!(bodies(&harness, QUEUE), ["body of new"]);
    assert_eq!(record(&harness, MONDAY).unwrap().queues[0].parked_before, 1200);
}

#[test]
fn without_a_bus_only_people_and_our_own_bus_hear_of_it() {
    let mut harness = with_queues("");
    morning(&mut harness);
    assert_eq!(harness.sim.bus_events(BUS), []);
    assert!(message(&harness).contains("nothing is stuck"), "{}", message(&harness));
}

#[test]
fn a_run_that_dies_as_often_as_it_is_tried_is_told_once() {
    let mut harness = quiet();
    // The ledger takes no record of a run: each try dies at its beginning.
    harness.sim.set_faults(FaultPlan::none().always(Operation::LedgerWriteNote, CallTrouble::Error));
    for tick in 0..12 {
        harness.unblock_tick(monday() + SignedDuration::from_mins(5 * tick));
    }
    let told = harness.sim.messages().into_iter().filter(|message| message.subject.contains("could not be made"));
    let told: Vec<_> = told.map(|message| message.at).collect();
    assert!((1..=2).contains(&told.len()), "at most twice an hour where nothing is remembered: {told:?}");
}
