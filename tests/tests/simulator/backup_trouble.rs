//! What goes wrong around backups: a region of copies that does not answer, a quota that is full for an hour, a document that
//! changes between two of them, more resources than are backed up at once, a ledger that is made anew.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use watchkeeper_control::ports::Clock as _;
use watchkeeper_domain::backup::{AT_ONCE, AttemptEnd, BackupMemory, CLUSTERS_AT_ONCE};
use watchkeeper_domain::name::Region;
use watchkeeper_in_memory::{ExecutionEnd, InMemoryHarness};
use watchkeeper_sim::{CallTrouble, FaultPlan, Operation, SimRegion, rds, store};

use crate::backup_faults::{estates, shop};
use crate::backups::source;
use crate::scene::{at, outcomes};

const DATABASE: &str = "rds:shop-db";
const TABLE: &str = "dynamodb:shop-orders";

/// A database that is copied, and a table, as documents change.
fn document(database: &str, table: bool) -> String {
    let table = if table {
        "
        - dynamodb: shop-orders
          schedule: { at: \"03:00\" }
          retention: { daily: 3 }"
    } else {
        ""
    };
    format!(
        "
estate: shop
environments:
  prod:
    kind: production
    regions: {{ primary: us-east-1 }}
    databases: [{{ rds: shop-db }}]
    backups:
      zone: Etc/UTC
      jobs:
        - rds: shop-db
          schedule: {{ at: \"03:00\" }}
          {database}{table}
"
    )
}

const COPIED: &str = "retention: { daily: 3 }
          copy: { region: us-west-2, key: alias/shop }";

fn shop_with(document: &str) -> InMemoryHarness {
    let sim = SimRegion::builder().at("2026-11-19T02:00:00Z").with(rds("shop-db")).build();
    sim.put_store(store(DATABASE));
    sim.put_store(store(TABLE));
    sim.backups_take(Duration::from_secs(10));
    InMemoryHarness::over(sim, estates(document), "us-east-1")
}

/// The same world under another document.
fn edited(harness: InMemoryHarness, document: &str) -> InMemoryHarness {
    InMemoryHarness::over(harness.sim, estates(document), "us-east-1")
}

fn memory(harness: &InMemoryHarness, text: &str) -> BackupMemory {
    harness.backup_memory(&shop(), &source(text))
}

fn region(name: &str) -> Region {
    Region::new(name).unwrap()
}

/// The ids of what a region keeps.
fn inventory(harness: &InMemoryHarness, name: &str) -> BTreeSet<String> {
    let here = harness.sim.vault().into_iter().filter(|copy| copy.region == region(name));
    here.map(|copy| copy.id).collect()
}

fn night(harness: &mut InMemoryHarness, date: &str) {
    harness.backup_tick(at(&format!("{date}T03:00:00Z")));
}

#[test]
fn a_region_of_copies_that_does_not_answer_stops_neither_the_backup_at_home_nor_the_message() {
    let mut harness = shop_with(&document(COPIED, true));
    let far = region("us-west-2");
    harness.sim.silence_shelf(&far, true);
    let mut ended = Vec::new();
    for quarter in 0..6 {
        let instant = at("2026-11-19T03:00:00Z") + SignedDuration::from_mins(20 * quarter);
        ended.extend(harness.backup_tick(instant.max(harness.sim.now())));
    }
    assert_eq!(inventory(&harness, "us-east-1").len(), 2, "taken at home, both");
    assert!(memory(&harness, DATABASE).newest_good(&region("us-east-1")).is_some(), "and verified");
    assert!(outcomes(&ended).contains(&"Backup.Failed"), "{ended:?}");
    assert_eq!(memory(&harness, TABLE).settled.unwrap().end, AttemptEnd::Done);
    let settled = memory(&harness, DATABASE).settled.unwrap();
    assert!(settled.why.contains("the one at home is good"), "{}", settled.why);
    let text: String = harness.sim.messages().into_iter().map(|message| message.text).collect();
    for line in ["rds:shop-db: failed", "us-west-2", "tried again by itself at", "cannot be read", ", good"] {
        assert!(text.contains(line), "{line}: {text}");
    }
    // The region is back, and the copy is made up the same day, of the backup that there is.
    harness.sim.silence_shelf(&far, false);
    let again = settled.retry.unwrap().at;
    harness.backup_tick(again.max(harness.sim.now()));
    let settled = memory(&harness, DATABASE).settled.unwrap();
    assert_eq!((settled.end, settled.due), (AttemptEnd::Done, at("2026-11-19T03:00:00Z")));
    assert_eq!((inventory(&harness, "us-east-1").len(), inventory(&harness, "us-west-2").len()), (2, 1));
}

#[test]
fn a_quota_that_was_full_for_an_hour_costs_no_day_and_is_told_at_its_beginning_and_its_end() {
    let mut harness = shop_with(&document("retention: { daily: 3 }", false));
    let home = region("us-east-1");
    (0..5).for_each(|n| harness.sim.make_foreign_copy(&source(DATABASE), &home, &format!("by-hand-{n}")));
    harness.sim.limit_copies(5);
    harness.sim.advance(Duration::from_mins(5));
    night(&mut harness, "2026-11-19");
    assert_eq!(memory(&harness, DATABASE).settled.unwrap().end, AttemptEnd::Failed);
    let told = |harness: &InMemoryHarness| harness.sim.messages().len();
    assert_eq!(told(&harness), 1);
    for hour in 4..6 {
        harness.backup_tick(at(&format!("2026-11-19T0{hour}:05:00Z")));
    }
    assert_eq!(told(&harness), 1, "tried again, and told no more");
    harness.sim.unlimit_copies();
    for hour in 6..9 {
        harness.backup_tick(at(&format!("2026-11-19T0{hour}:30:00Z")));
    }
    assert_eq!(memory(&harness, DATABASE).settled.unwrap().end, AttemptEnd::Done);
    assert_eq!((told(&harness), memory(&harness, DATABASE).copies.len()), (2, 1));
    // One that stays full is tried some times, and given up with a word.
    harness.sim.limit_copies(1);
    for quarter in 0..92 {
        harness.backup_tick(at("2026-11-20T03:00:00Z") + SignedDuration::from_mins(15 * quarter));
    }
    let settled = memory(&harness, DATABASE).settled.unwrap();
    assert_eq!((settled.end, settled.retry.clone(), settled.tried), (AttemptEnd::Failed, None, 4));
    assert_eq!(told(&harness), 4);
    assert!(harness.sim.messages().pop().unwrap().text.contains("given up until the next one is due"));
}

#[test]
fn copies_in_an_earlier_region_and_of_a_removed_job_stay_and_are_told() {
    let mut harness = shop_with(&document(COPIED, true));
    for day in 19..24 {
        night(&mut harness, &format!("2026-11-{day}"));
    }
    let (left, orders) = (inventory(&harness, "us-west-2"), memory(&harness, TABLE).copies.len());
    assert_eq!((left.len(), orders), (3, 3));
    let moved = document(&COPIED.replace("us-west-2", "us-west-1"), false);
    let mut harness = edited(harness, &moved);
    for day in 24..30 {
        night(&mut harness, &format!("2026-11-{day}"));
    }
    assert_eq!(inventory(&harness, "us-west-2"), left, "nothing is pruned where nothing is copied to");
    assert_eq!(inventory(&harness, "us-west-1").len(), 3);
    assert_eq!(memory(&harness, TABLE).copies.len(), 3);
    let told = harness.sim.messages().pop().unwrap().text;
    assert!(told.contains("3 copies are in us-west-2, to which the document copies no more"), "{told}");
    assert!(
        told.contains("dynamodb:shop-orders: no job of the document is about it any more; its 3 copies stay"),
        "{told}"
    );
    // Named again, its copies are pruned as before.
    let mut harness = edited(harness, &document(COPIED, true));
    night(&mut harness, "2026-11-30");
    assert_eq!(memory(&harness, TABLE).copies.iter().filter(|it| !it.removed).count(), 3);
}

#[test]
fn a_job_that_the_document_loses_while_it_is_under_way_is_told_and_hurts_no_other() {
    let harness = shop_with(&document(COPIED, true));
    let request = json!({"estate": "shop", "environment": "prod", "resource": TABLE});
    let mut harness = edited(harness, &document(COPIED, true));
    night(&mut harness, "2026-11-19");
    let gone = edited(harness, &document(COPIED, false));
    let refused = gone.backup_run("by-hand", &request);
    assert!(matches!(refused, ExecutionEnd::Failed { .. }), "{refused:?}");
    let error = refused.said();
    assert!(error.contains("expected one of rds:shop-db"), "{error}");
    assert_eq!(memory(&gone, TABLE).copies.len(), 1);
}

/// An environment of many clusters and tables.
fn many(clusters: usize, tables: usize) -> InMemoryHarness {
    let job = |kind: &str, name: String| {
        format!(
            "\n        - {kind}: {name}\n          schedule: {{ at: \"03:00\" }}\n          retention: {{ daily: 3 }}"
        )
    };
    let sim = SimRegion::builder().at("2026-11-19T02:00:00Z").build();
    let mut jobs = String::new();
    for (kind, name) in (0..clusters)
        .map(|n| ("aurora", format!("c{n}")))
        .chain((0..tables).map(|n| ("dynamodb", format!("table-{n}"))))
    {
        sim.put_store(store(&format!("{kind}:{name}")));
        jobs += &job(kind, name);
    }
    sim.backups_take(Duration::from_secs(10));
    let document = format!(
        "
estate: shop
environments:
  prod:
    kind: production
    regions: {{ primary: us-east-1 }}
    backups:
      zone: Etc/UTC
      jobs:{jobs}
"
    );
    InMemoryHarness::over(sim, estates(&document), "us-east-1")
}

/// How many copies were under way at once, at the most.
fn at_once(harness: &InMemoryHarness, kind: &str) -> usize {
    let all = harness.sim.vault_history();
    let of_kind: Vec<Timestamp> =
        all.iter().filter(|copy| copy.source.to_string().starts_with(kind)).map(|copy| copy.created).collect();
    let took = SignedDuration::from_secs(10);
    of_kind.iter().map(|now| of_kind.iter().filter(|it| **it <= *now && *now < **it + took).count()).max().unwrap_or(0)
}

#[test]
fn many_resources_are_backed_up_in_turns_by_ticks_and_by_hand() {
    let mut harness = many(12, 20);
    for tick in 0..8 {
        harness.backup_tick(at("2026-11-19T03:00:00Z") + SignedDuration::from_mins(5 * tick));
    }
    assert_eq!(harness.sim.vault().len(), 32);
    assert!(at_once(&harness, "") <= AT_ONCE && at_once(&harness, "aurora") <= CLUSTERS_AT_ONCE);
    // Two ticks before the first run has got anywhere: what it has taken is not taken again, and there is no room for more.
    let due = |harness: &mut InMemoryHarness, instant: &str| harness.backup_look(at(instant)).environments[0].due.len();
    assert_eq!(due(&mut harness, "2026-11-20T03:00:00Z"), AT_ONCE);
    // By hand everything is meant: the rest comes with the ticks.
    let harness = many(12, 20);
    let request = json!({"estate": "shop", "environment": "prod"});
    assert_eq!(harness.backup_run("all-now", &request).outcome(), "done");
    assert_eq!(harness.sim.vault().len(), AT_ONCE);
    let mut harness = harness;
    for tick in 1..8 {
        harness.backup_tick(at("2026-11-19T02:05:00Z") + SignedDuration::from_mins(5 * tick));
    }
    assert_eq!(harness.sim.vault().len(), 32, "also those that were not due by themselves");
    assert!(at_once(&harness, "") <= AT_ONCE && at_once(&harness, "aurora") <= CLUSTERS_AT_ONCE);
}

#[test]
fn a_backup_or_a_restore_that_cannot_begin_is_told_with_its_reason_at_once_to_a_person_and_once_of_the_schedule() {
    let unmade = |harness: &InMemoryHarness| {
        let messages = harness.sim.messages().into_iter();
        messages.filter(|message| message.subject.starts_with("shop prod: a run could not be made")).collect::<Vec<_>>()
    };
    let mut harness = shop_with(&document("retention: { daily: 3 }", false));
    night(&mut harness, "2026-11-19");
    let failing = |operation| FaultPlan::none().always(operation, CallTrouble::Error);
    let by_hand = json!({ "estate": "shop", "environment": "prod" });
    harness.sim.set_faults(failing(Operation::LedgerPutBackupRun));
    assert!(matches!(harness.backup_run("by-hand", &by_hand), ExecutionEnd::Failed { .. }));
    let restore = json!({ "estate": "shop", "environment": "prod", "resource": DATABASE });
    harness.sim.set_faults(failing(Operation::LedgerBackup));
    assert!(matches!(harness.restore_execution("restore", &restore), ExecutionEnd::Failed { .. }));
    let told = unmade(&harness);
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told.iter().all(|message| message.text.contains("Error: Aws.Unavailable: ")), "{told:?}");
    // Of the schedule: once, when it has lasted.
    harness.sim.set_faults(failing(Operation::LedgerPutBackupRun));
    for tick in 0..10 {
        let now = at("2026-11-20T03:05:00Z") + SignedDuration::from_mins(5 * tick);
        harness.backup_tick(now);
    }
    assert_eq!(unmade(&harness).len(), 3, "{:?}", unmade(&harness));
    harness.sim.set_faults(FaultPlan::none());
    // What is wrong with a person's own input they read in the execution.
    let typo = json!({ "estate": "shop", "environment": "prod", "resource": "rds:no-such" });
    assert!(matches!(harness.backup_run("typo", &typo), ExecutionEnd::Failed { .. }));
    assert_eq!(unmade(&harness).len(), 3);
}
