//! What disturbs the backups of `clos-v2` production.

use std::path::Path;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp, ToSpan};
use watchkeeper_domain::backup::{AttemptEnd, BackupMemory, BackupSource};
use watchkeeper_domain::capacity::{DatabaseId, DatabaseState};
use watchkeeper_domain::name::{DatabaseName, Region, Scope};
use watchkeeper_in_memory::{InMemoryHarness, documents};
use watchkeeper_sim::{SimRegion, aurora, rds, scope, store};

use crate::scene::{at, outcomes};

const CLUSTER: &str = "aurora:clos-v2-db-cluster";
const IDEAS: &str = "dynamodb:clos-v2-ideas";
const STATE: &str = "s3:candlefish-terraform-state/clos-v2/terraform.tfstate";
pub(crate) const TABLES: [&str; 5] = [
    "dynamodb:clos-v2-real-time-metrics",
    "dynamodb:clos-v2-user-sessions",
    "dynamodb:clos-v2-event-stream",
    "dynamodb:clos-v2-wip-locks",
    IDEAS,
];

pub(crate) fn prod() -> Scope {
    scope("clos-v2", "prod", "us-east-1")
}

pub(crate) fn source(text: &str) -> BackupSource {
    text.parse().unwrap()
}

pub(crate) fn production() -> InMemoryHarness {
    let sim = SimRegion::builder().at("2026-10-01T12:00:00Z").with(aurora("clos-v2-db-cluster")).build();
    for source in TABLES.into_iter().chain([CLUSTER, STATE]) {
        sim.put_store(store(source));
    }
    sim.backups_take(Duration::from_secs(30));
    only("clos-v2", sim, "us-east-1").in_account("210987654321")
}

/// A stack over one of this repository's documents.
pub(crate) fn only(estate: &str, sim: SimRegion, region: &str) -> InMemoryHarness {
    let folder = tempfile::tempdir().unwrap();
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/estates").join(format!("{estate}.yaml"));
    std::fs::copy(own, folder.path().join(format!("{estate}.yaml"))).unwrap();
    InMemoryHarness::over(sim, documents(folder.path()), region)
}

fn memory(harness: &InMemoryHarness, text: &str) -> BackupMemory {
    harness.backup_memory(&prod(), &source(text))
}

/// The days of the copies of a resource in a region, the newest first.
pub(crate) fn days(harness: &InMemoryHarness, text: &str, region: &str) -> Vec<Timestamp> {
    let region = Region::new(region).unwrap();
    let copies = memory(harness, text).copies;
    let mut days: Vec<Timestamp> =
        copies.iter().filter(|it| it.region == region && it.is_good()).map(|it| it.due).collect();
    days.sort_by(|a, b| b.cmp(a));
    days
}

/// A night's ticks: one every quarter of an hour from 02:55 on, until 06:00.
pub(crate) fn night(
    harness: &mut InMemoryHarness,
    date: jiff::civil::Date,
    lost: impl Fn(usize) -> bool,
    doubled: bool,
) {
    let first = date.at(2, 55, 0, 0).to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp();
    for tick in 0..13_usize {
        let instant = first + SignedDuration::from_mins(15 * i64::try_from(tick).unwrap());
        if instant < watchkeeper_control::ports::Clock::now(&harness.sim) || lost(tick) {
            continue;
        }
        harness.backup_tick(instant);
        if doubled {
            harness.backup_tick(instant);
        }
    }
}

#[test]
fn a_backup_that_never_got_its_time_is_missed_and_the_next_one_is_taken() {
    let sim = SimRegion::builder().at("2026-11-17T17:00:00Z").with(rds("h2o-dev-db")).build();
    sim.put_store(store("rds:h2o-dev-db"));
    let mut harness = only("h2o-allegiant", sim, "us-east-1");
    let id = DatabaseId::Rds(DatabaseName::new("h2o-dev-db").unwrap());
    let (dev, database) = (scope("h2o-allegiant", "dev", "us-east-1"), source("rds:h2o-dev-db"));
    harness.sim.change_database(&id, DatabaseState::Stopped);
    harness.backup_tick(at("2026-11-17T17:00:00Z"));
    harness.backup_tick(at("2026-11-18T16:55:00Z"));
    harness.sim.change_database(&id, DatabaseState::Available);
    harness.backup_tick(at("2026-11-18T17:00:00Z"));
    let memory = harness.backup_memory(&dev, &database);
    let settled = memory.settled.unwrap();
    assert_eq!((settled.end, settled.due), (AttemptEnd::Done, at("2026-11-18T17:00:00Z")));
    assert_eq!(memory.copies.len(), 1);
}

#[test]
fn one_resource_that_fails_does_not_stop_the_others_and_the_run_fails_by_name() {
    let mut harness = production();
    // The cluster is due at 03:00; then the tables, of which one is gone.
    let gone = source("dynamodb:clos-v2-wip-locks");
    let sim = SimRegion::builder().at("2026-10-01T12:00:00Z").with(aurora("clos-v2-db-cluster")).build();
    for text in TABLES.into_iter().chain([CLUSTER, STATE]).filter(|text| source(text) != gone) {
        sim.put_store(store(text));
    }
    harness.sim = sim;
    let ended = harness.backup_tick(at("2026-10-02T03:50:00Z"));
    assert_eq!(outcomes(&ended), ["Backup.Failed"], "development lives in another account");
    let settled = memory(&harness, "dynamodb:clos-v2-wip-locks").settled.unwrap();
    assert_eq!((settled.end, settled.why.as_str()), (AttemptEnd::Failed, "dynamodb:clos-v2-wip-locks does not exist"));
    for text in [IDEAS, CLUSTER, STATE] {
        assert_eq!(memory(&harness, text).settled.unwrap().end, AttemptEnd::Done, "{text}");
    }
    let message = harness.sim.messages().pop().unwrap();
    assert!(message.subject.ends_with("6 of 7 backups done, 1 failed"), "{}", message.subject);
}

#[test]
fn a_copy_that_shrank_is_not_good_and_nothing_is_pruned_for_it() {
    let mut harness = production();
    let mut date = jiff::civil::date(2026, 10, 2);
    for _ in 0..16 {
        night(&mut harness, date, |tick| tick % 3 == 1, false);
        date = date.checked_add(1.day()).unwrap();
    }
    assert_eq!(days(&harness, IDEAS, "us-east-1").len(), 14);
    harness.sim.put_store(watchkeeper_sim::StoreSpec { bytes: 400_000, ..store(IDEAS) });
    night(&mut harness, date, |_| false, false);
    let after = memory(&harness, IDEAS);
    let settled = after.settled.clone().unwrap();
    assert_eq!(settled.end, AttemptEnd::Failed);
    assert!(settled.why.contains("it has 400000 bytes, the last good one 1000000"), "{}", settled.why);
    // It stays, to be looked at, beside the fourteen good ones.
    assert_eq!((after.copies.len(), days(&harness, IDEAS, "us-east-1").len()), (15, 14));
}

#[test]
fn a_quota_near_its_end_is_told_before_it_fails_and_a_full_one_fails_by_name() {
    let mut harness = production();
    harness.sim.limit_copies(100);
    let (home, cluster) = (Region::new("us-east-1").unwrap(), source(CLUSTER));
    (0..79).for_each(|n| harness.sim.make_foreign_copy(&cluster, &home, &format!("by-hand-{n}")));
    harness.backup_tick(at("2026-10-02T03:00:00Z"));
    let told = harness.sim.messages().into_iter().rfind(|it| it.text.contains(CLUSTER)).unwrap().text;
    assert!(told.contains("of 100 manual snapshots, more than 80 %: raise the quota before it is full"), "{told}");
    assert_eq!(memory(&harness, CLUSTER).settled.unwrap().end, AttemptEnd::Done);
    (0..30).for_each(|n| harness.sim.make_foreign_copy(&cluster, &home, &format!("more-{n}")));
    harness.backup_tick(at("2026-10-03T03:00:00Z"));
    let settled = memory(&harness, CLUSTER).settled.unwrap();
    assert_eq!(settled.end, AttemptEnd::Failed);
    assert!(settled.why.contains("manual snapshots: raise the quota"), "{}", settled.why);
    // None of what others made was touched for it.
    assert_eq!(harness.sim.vault().iter().filter(|copy| copy.name.starts_with("by-hand")).count(), 79);
}

#[test]
fn what_somebody_else_made_under_our_name_is_neither_used_nor_removed() {
    let mut harness = production();
    let name = watchkeeper_domain::backup::BackupSubject {
        scope: prod(),
        source: source(CLUSTER),
        engine: watchkeeper_domain::estate::BackupProvider::Native,
    };
    let name = name.series().name(at("2026-10-02T03:00:00Z"));
    harness.sim.make_foreign_copy(&source(CLUSTER), &prod().region, name.as_str());
    harness.sim.advance(Duration::from_mins(5));
    harness.backup_tick(at("2026-10-02T03:00:00Z"));
    let settled = memory(&harness, CLUSTER).settled.unwrap();
    assert!(settled.why.contains("without our tag: somebody else made it"), "{}", settled.why);
    let of_the_cluster = |copy: &&watchkeeper_sim::VaultCopy| copy.source == source(CLUSTER);
    assert_eq!(harness.sim.vault().iter().filter(of_the_cluster).count(), 1);
}

#[test]
fn freshness_is_measured_at_each_tick() {
    let mut harness = production();
    let stale = |harness: &mut InMemoryHarness, instant: &str| {
        let ticked = harness.backup_look(at(instant));
        let line = ticked.environments.into_iter().find(|line| line.scope == prod()).unwrap();
        line.fresh.iter().filter(|fresh| fresh.stale).count()
    };
    assert_eq!(stale(&mut harness, "2026-10-02T02:55:00Z"), 7);
    harness.play_backups();
    night(&mut harness, jiff::civil::date(2026, 10, 2), |_| false, false);
    assert_eq!(stale(&mut harness, "2026-10-02T12:00:00Z"), 0);
    harness.play_backups();
    assert_eq!(stale(&mut harness, "2026-10-03T23:00:00Z"), 7);
}
