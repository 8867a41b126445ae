//! `clos-v2` production on a Monday morning, with everything that may be stuck in it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

use jiff::Timestamp;
use watchkeeper_control::lease::Lease;
use watchkeeper_control::ledger::{Ledger, LedgerWrite};
use watchkeeper_control::unblock::ports::DeadLetter;
use watchkeeper_domain::execution::ExecutionStatus;
use watchkeeper_domain::intent::Layer;
use watchkeeper_domain::name::Scope;
use watchkeeper_domain::unblock::{BlockerItem, ItemAttribute, LetterStamps, LockItem, UnblockRecord};
use watchkeeper_estates::EstateFolder;
use watchkeeper_in_memory::{ExecutionEnd, InMemoryHarness, documents};
use watchkeeper_sim::{SimRegion, run_until_done_or_crash, scope, service};
use watchkeeper_tests::scenarios::unblock::open_run;

pub(crate) const LOCKS: &str = "clos-v2-wip-locks";
pub(crate) const IDEAS: &str = "clos-v2-ideas";
pub(crate) const BUS: &str = "clos-v2-event-bus";
pub(crate) const QUEUE: &str = "clos-v2-async-processing-queue";
pub(crate) const DEAD: &str = "clos-v2-async-processing-queue-dlq";
const QUEUES: [&str; 3] = [QUEUE, "clos-v2-stage-gate-queue", "clos-v2-wip-limit-queue"];
/// The execution whose run died with a lease.
pub(crate) const DEAD_RUN: &str = "clos-v2-prod-20261120T120000Z";

pub(crate) fn at(instant: &str) -> Timestamp {
    instant.parse().unwrap()
}

/// Monday, 23 November 2026, 09:00 in New York.
pub(crate) fn monday() -> Timestamp {
    at("2026-11-23T14:00:00Z")
}

pub(crate) fn prod() -> Scope {
    scope("clos-v2", "prod", "us-east-1")
}

pub(crate) fn text(text: &str) -> ItemAttribute {
    ItemAttribute::Text(text.to_owned())
}

/// A lock of a pod that runs out so many hours after Monday's run, and was taken long before it.
pub(crate) fn lock(pod: &str, item: &str, hours: i64) -> LockItem {
    let expires = monday() + jiff::SignedDuration::from_hours(hours);
    let acquired = monday() - jiff::SignedDuration::from_hours(300);
    LockItem {
        pod: text(pod),
        item: text(item),
        lock_type: text("projects"),
        acquired_by: text("ada"),
        acquired_at: text(&acquired.to_string()),
        expires_at: ItemAttribute::Number(expires.as_second().to_string()),
        released_at: ItemAttribute::Absent,
    }
}

/// An item that is blocked since so many hours before Monday's run.
pub(crate) fn blocked(item: &str, hours: i64, reason: &str) -> BlockerItem {
    let since = (monday() - jiff::SignedDuration::from_hours(hours)).to_string();
    BlockerItem {
        item: text(item),
        activity: text(&since),
        since: text(&since),
        owner: text("grace"),
        reason: text(reason),
        status: text("open"),
    }
}

pub(crate) fn letter(id: &str, returns: Option<&str>) -> DeadLetter {
    DeadLetter {
        id: id.to_owned(),
        receipt: String::new(),
        body: format!("body of {id}"),
        attributes: BTreeMap::new(),
        stamps: LetterStamps { returns: returns.map(str::to_owned), parked: None, others: 0 },
        group: None,
        source: Some(QUEUE.to_owned()),
    }
}

/// The document of `clos-v2` alone: the others have nothing to be freed, and every fault is played.
static ESTATE: LazyLock<EstateFolder> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/estates/clos-v2.yaml");
    std::fs::copy(own, folder.path().join("clos-v2.yaml")).unwrap();
    documents(folder.path())
});

/// The world with an estate in which nothing is stuck, before its run is due.
pub(crate) fn quiet() -> InMemoryHarness {
    let sim = SimRegion::builder()
        .at("2026-11-23T12:00:00Z")
        .with(service("clos-v2-cluster/clos-v2-core-api-service").desired(3).scaling(3, 6))
        .with(service("clos-v2-cluster/clos-v2-workflow-engine-service").desired(3).scaling(3, 6))
        .build();
    sim.make_locks(LOCKS);
    sim.make_bus(BUS);
    for queue in QUEUES {
        sim.make_queue(queue);
        sim.make_queue(&format!("{queue}-dlq"));
    }
    let finished = BlockerItem { status: text("done"), reason: ItemAttribute::Absent, ..blocked("idea-done", 200, "") };
    sim.put_item(IDEAS, finished);
    InMemoryHarness::over(sim, ESTATE.clone(), "us-east-1").in_account("210987654321")
}

/// The same world with a document whose section has these queues, and names no bus.
pub(crate) fn with_queues(queues: &str) -> InMemoryHarness {
    let own =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/estates/clos-v2.yaml")).unwrap();
    let (before, _) = own.split_once("      queues: #").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let indented = if queues.is_empty() { String::new() } else { format!("      {queues}") };
    std::fs::write(folder.path().join("clos-v2.yaml"), format!("{before}{indented}")).unwrap();
    let harness = quiet();
    InMemoryHarness::over(harness.sim, documents(folder.path()), "us-east-1").in_account("210987654321")
}

/// The same, and everything that may be stuck is.
pub(crate) fn busy() -> InMemoryHarness {
    let harness = quiet();
    let sim = &harness.sim;
    sim.put_lock(LOCKS, lock("Ratio", "live", 100));
    sim.put_lock(LOCKS, lock("Ratio", "expired-1", -2));
    sim.put_lock(LOCKS, lock("Nanda", "expired-2", -48));
    sim.put_lock(LOCKS, lock("Meta", "renewed", -1));
    sim.renew_before_release(LOCKS, lock("Meta", "renewed", 123));
    let released = LockItem { released_at: text("2026-11-22T09:00:00Z"), ..lock("Meta", "released", -30) };
    sim.put_lock(LOCKS, released);
    let malformed = LockItem { expires_at: text("tomorrow"), ..lock("Meta", "malformed", -30) };
    sim.put_lock(LOCKS, malformed);
    sim.put_lock(LOCKS, lock("Nanda", "idea-done", 112));
    for n in 0..4 {
        sim.put_lock(LOCKS, lock("Ratio", &format!("busy-{n}"), 110 + n));
    }
    for (item, hours) in [("young", 10), ("day-old", 30), ("old", 60)] {
        sim.put_item(IDEAS, blocked(item, hours, &format!("reason of {item}")));
    }
    sim.put_letter(DEAD, letter("first", None));
    sim.put_letter(DEAD, letter("again", Some("2")));
    sim.put_letter(DEAD, letter("poison", Some("3")));
    dead_run(&harness);
    harness
}

/// A run that took the lease, wrote its record and died.
fn dead_run(harness: &InMemoryHarness) {
    let sim = &harness.sim;
    let taken = at("2026-11-20T12:00:00Z");
    let lease = Lease {
        holder: DEAD_RUN.to_owned(),
        layer: Layer::Schedule,
        generation: 1,
        usable: taken,
        expires: taken + Duration::from_mins(3),
        at_work: true,
    };
    let run = open_run(DEAD_RUN, taken).unwrap();
    let put = async {
        Ledger::take_lease(sim, &prod(), &lease, 0).await.unwrap();
        Ledger::commit(sim, &prod(), 1, &[LedgerWrite::PutRun(Box::new(run))]).await.unwrap();
    };
    run_until_done_or_crash(sim, put).unwrap();
    sim.set_status(DEAD_RUN, ExecutionStatus::Dead("TIMED_OUT".to_owned()));
}

/// The record of a run of the unblock.
pub(crate) fn record(harness: &InMemoryHarness, id: &str) -> Option<UnblockRecord> {
    harness.sim.unblock_record(&prod(), id)
}

pub(crate) fn is_released(harness: &InMemoryHarness, pod: &str, item: &str) -> bool {
    harness.sim.lock_of(LOCKS, pod, item).unwrap().released_at != ItemAttribute::Absent
}

/// The bodies in a queue.
pub(crate) fn bodies(harness: &InMemoryHarness, queue: &str) -> Vec<String> {
    let mut bodies: Vec<String> = harness.sim.letters_of(queue).into_iter().map(|letter| letter.body).collect();
    bodies.sort();
    bodies
}

/// The events of a kind on the estate's bus.
pub(crate) fn events(harness: &InMemoryHarness, kind: &str) -> Vec<serde_json::Value> {
    let all = harness.sim.bus_events(BUS).into_iter();
    all.filter(|event| event.detail_type == kind && event.source == "clos.daily-rhythm")
        .map(|event| event.detail)
        .collect()
}

pub(crate) const MONDAY: &str = "unblock-20261123T140000Z";

/// Plays Monday's run, which comes to its end.
pub(crate) fn morning(harness: &mut InMemoryHarness) -> String {
    let played = harness.unblock_tick(monday());
    let of_prod: Vec<_> = played.iter().filter(|(name, _)| name.starts_with("clos-v2-prod-")).collect();
    let [(name, end @ ExecutionEnd::Succeeded(_))] = of_prod[..] else { panic!("{played:?}") };
    assert_eq!(name, "clos-v2-prod-unblock-20261123T140000Z");
    end.said().to_owned()
}

pub(crate) fn message(harness: &InMemoryHarness) -> String {
    let messages = harness.sim.messages();
    messages.iter().rfind(|message| message.subject.starts_with("clos-v2 prod")).unwrap().text.clone()
}
