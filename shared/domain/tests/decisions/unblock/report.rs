//! What people and programs read of a run.

use watchkeeper_domain::name::{EnvironmentName, EstateName, Region, Scope};
use watchkeeper_domain::request::{RunMode, RunTrigger};
use watchkeeper_domain::unblock::{
    Blocker, HeldLocks, UnblockEnd, UnblockKind, UnblockMemory, UnblockRecord, detail, escalate, freed_capacity,
    message,
};
use watchkeeper_domain::value::Zone;

use super::scene::{NOW, at, blocker, blockers, section};

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
