//! Mornings of `clos-v2` production: exactly what is left behind is freed, the rest is named, once.

use jiff::SignedDuration;
use watchkeeper_control::unblock::ports::DeadLetter;
use watchkeeper_domain::unblock::{FindingSource, ItemAttribute};
use watchkeeper_in_memory::InMemoryHarness;
use watchkeeper_sim::{CallTrouble, FaultPlan, Operation};

use crate::unblock_scene::{
    BUS, DEAD, IDEAS, LOCKS, MONDAY, QUEUE, blocked, bodies, letter, lock, message, monday, morning, quiet, record,
    with_queues,
};

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
