//! A month of backups of `clos-v2` production, and what disturbs them.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp, ToSpan};
use serde_json::json;
use watchkeeper_domain::backup::{AttemptEnd, BackupMemory, BackupSource};
use watchkeeper_domain::capacity::{DatabaseId, DatabaseState};
use watchkeeper_domain::name::{DatabaseName, Region, Scope};
use watchkeeper_sim::{SimRegion, aurora, rds, scope, store};
use watchkeeper_tests::in_memory::{ExecutionEnd, InMemoryHarness, documents};

use crate::scene::{at, outcomes};

const CLUSTER: &str = "aurora:clos-v2-db-cluster";
const IDEAS: &str = "dynamodb:clos-v2-ideas";
const STATE: &str = "s3:candlefish-terraform-state/clos-v2/terraform.tfstate";
const TABLES: [&str; 5] = [
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

fn production() -> InMemoryHarness {
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
fn days(harness: &InMemoryHarness, text: &str, region: &str) -> Vec<Timestamp> {
    let region = Region::new(region).unwrap();
    let copies = memory(harness, text).copies;
    let mut days: Vec<Timestamp> =
        copies.iter().filter(|it| it.region == region && it.is_good()).map(|it| it.due).collect();
    days.sort_by(|a, b| b.cmp(a));
    days
}

fn every_day(newest: &str, count: i64) -> Vec<Timestamp> {
    (0..count).map(|day| at(newest) - SignedDuration::from_hours(24 * day)).collect()
}

/// A night's ticks: one every quarter of an hour from 02:55 on, until 06:00.
fn night(harness: &mut InMemoryHarness, date: jiff::civil::Date, lost: impl Fn(usize) -> bool, doubled: bool) {
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
fn a_month_of_nights_with_missed_and_doubled_ticks_leaves_what_the_policy_says() {
    let mut harness = production();
    let mut date = jiff::civil::date(2026, 10, 2);
    for day in 0..31 {
        match day % 7 {
            // The ticks at the hour itself are lost; an hour later they come again.
            2 => night(&mut harness, date, |tick| tick < 6, false),
            5 => night(&mut harness, date, |_| false, true),
            _ => night(&mut harness, date, |tick| tick % 3 == 1, false),
        }
        date = date.checked_add(1.day()).unwrap();
    }
    for table in TABLES {
        assert_eq!(days(&harness, table, "us-east-1"), every_day("2026-11-01T03:30:00Z", 14), "{table}");
    }
    for region in ["us-east-1", "us-west-2"] {
        assert_eq!(days(&harness, CLUSTER, region), every_day("2026-11-01T03:00:00Z", 14), "{region}");
        // Fourteen days, and the last of October: November has one by now, and September none.
        assert_eq!(days(&harness, STATE, region), every_day("2026-11-01T03:45:00Z", 14), "{region}");
    }
    // One copy a day and region, whatever ticks were doubled: seven resources, two of which are copied, for 31 days.
    let mut made = BTreeMap::new();
    for copy in harness.sim.vault_history() {
        *made.entry((copy.name, copy.region)).or_insert(0) += 1;
    }
    assert!(made.values().all(|count| *count == 1), "{made:?}");
    assert_eq!(made.len(), 32 * 9, "and the day before the first night, which was caught up");
    let kept: usize = harness.sim.vault().len();
    assert_eq!(kept, 14 * 9);
}

#[test]
fn the_run_tells_every_copy_with_its_age_its_size_and_its_verdict() {
    let mut harness = production();
    night(&mut harness, jiff::civil::date(2026, 10, 2), |_| false, false);
    night(&mut harness, jiff::civil::date(2026, 10, 3), |_| false, false);
    let messages = harness.sim.messages();
    let last = messages.iter().rfind(|message| message.text.contains(IDEAS)).unwrap();
    assert!(last.subject.starts_with("clos-v2 prod: 5 of 5 backups done"), "{}", last.subject);
    let lines: Vec<&str> = last.text.lines().filter(|line| line.contains("wk-clos-v2-prod-clos-v2-ideas")).collect();
    // Those of the two nights, and that of the day before, which was caught up.
    assert_eq!(lines.len(), 3, "{}", last.text);
    assert!(lines.iter().all(|line| line.ends_with("1 MB, good")), "{lines:?}");
    assert!(lines[1].contains("1d"), "{lines:?}");
}

#[test]
fn a_stopped_database_is_not_woken_its_backup_waits_and_says_so() {
    let sim = SimRegion::builder().at("2026-11-17T20:00:00Z").with(rds("staging-carcierge-rds")).build();
    for text in
        ["rds:staging-carcierge-rds", "opensearch:staging-carcierge-opensearch", "elasticache:staging-carcierge-redis"]
    {
        sim.put_store(store(text));
    }
    let mut harness = only("carcierge", sim, "us-west-1");
    let id = DatabaseId::Rds(DatabaseName::new("staging-carcierge-rds").unwrap());
    harness.sim.change_database(&id, DatabaseState::Stopped);
    // Noon in Los Angeles is 20:00 UTC.
    let ended = harness.backup_tick(at("2026-11-17T20:00:00Z"));
    assert!(outcomes(&ended).contains(&"waiting"), "{ended:?}");
    let (staging, database) = (scope("carcierge", "staging", "us-west-1"), source("rds:staging-carcierge-rds"));
    let attempt = harness.backup_memory(&staging, &database).attempt.unwrap();
    let parked = attempt.parked.unwrap();
    assert!(parked.why.contains("it is not woken for it"), "{}", parked.why);
    assert!(harness.sim.messages().iter().any(|message| message.text.contains("it is not woken for it")));
    assert_eq!(harness.sim.database(&id).unwrap().state, DatabaseState::Stopped);
    // Nothing happens before its time; once it runs, the backup of noon is taken, under the name of noon.
    let parked_still = harness.backup_look(at("2026-11-17T20:05:00Z"));
    let due = parked_still.environments.into_iter().find(|line| line.scope == staging).unwrap().due;
    assert!(!due.contains(&database), "{due:?}");
    harness.play_backups();
    harness.sim.change_database(&id, DatabaseState::Available);
    let done: Vec<ExecutionEnd> = (1..8)
        .flat_map(|quarter| harness.backup_tick(at("2026-11-17T20:35:00Z") + SignedDuration::from_mins(15 * quarter)))
        .collect();
    assert!(outcomes(&done).contains(&"done"), "{done:?}");
    let settled = harness.backup_memory(&staging, &database).settled.unwrap();
    assert_eq!((settled.end, settled.due), (AttemptEnd::Done, at("2026-11-17T20:00:00Z")));
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
fn a_plan_says_why_each_copy_stays_or_goes_and_writes_nothing() {
    let mut harness = production();
    let mut date = jiff::civil::date(2026, 10, 2);
    for _ in 0..15 {
        night(&mut harness, date, |tick| tick % 3 == 1, false);
        date = date.checked_add(1.day()).unwrap();
    }
    harness.sim.make_foreign_copy(&source(IDEAS), &prod().region, "before-the-migration");
    harness.sim.advance(Duration::from_mins(5));
    let before = (harness.sim.vault(), harness.sim.ledger_writes());
    let request = json!({"estate": "clos-v2", "environment": "prod", "mode": "plan", "resource": IDEAS});
    let ended = harness.backup_run("by-hand", &request);
    assert_eq!(ended.outcome(), "nothing");
    let plan = ended.said();
    assert_eq!((harness.sim.vault(), harness.sim.ledger_writes()), before);
    assert!(plan.contains("1 B) stays: not ours: neither its name nor its tag is ours"), "{plan}");
    assert!(plan.contains("stays: the last good one"), "{plan}");
    assert_eq!(plan.matches("stays: the newest of its day").count(), 13, "{plan}");
}

#[test]
fn by_hand_a_backup_is_taken_now_and_two_executions_take_one() {
    let harness = production();
    let request = json!({"estate": "clos-v2", "environment": "prod", "resource": IDEAS});
    assert_eq!(harness.backup_run("one", &request).outcome(), "done");
    assert_eq!(memory(&harness, IDEAS).copies.len(), 1);
    let unknown = json!({"estate": "clos-v2", "environment": "prod", "resource": "dynamodb:clos-v2-idea"});
    let refused = harness.backup_run("two", &unknown);
    assert!(matches!(refused, ExecutionEnd::Failed { .. }), "{refused:?}");
    let error = refused.said();
    assert!(error.contains("found dynamodb:clos-v2-idea, expected one of aurora:clos-v2-db-cluster"), "{error}");
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
