//! A crash, or any other fault, at any call of a day's backups: exhaustive, not sampled. Whatever happened, no backup is
//! made twice, none is left that the ledger does not know, and nothing is removed before the new copy is verified.

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use watchkeeper_control::ports::Clock as _;
use watchkeeper_domain::backup::{BackupMemory, BackupSource};
use watchkeeper_domain::name::{Region, Scope};
use watchkeeper_estates::EstateFolder;
use watchkeeper_in_memory::{InMemoryHarness, documents};
use watchkeeper_sim::{BackupDeletion, CallTrouble, SimRegion, rds, scope, store};

use crate::backups::source;
use crate::scene::{at, outcomes};
use crate::strikes::{Strikes, every_call};

const DATABASE: &str = "rds:shop-db";
const TABLE: &str = "dynamodb:shop-orders";

/// A database that is copied, and a table: names that are unique and carry tags, and names that are not and do not.
const DOCUMENT: &str = "
estate: shop
environments:
  prod:
    kind: production
    regions: { primary: us-east-1 }
    databases: [{ rds: shop-db }]
    backups:
      zone: Etc/UTC
      jobs:
        - rds: shop-db
          schedule: { at: \"03:00\" }
          retention: { daily: 1 }
          copy: { region: us-west-2, key: alias/shop }
        - dynamodb: shop-orders
          schedule: { at: \"03:00\" }
          retention: { daily: 1 }
";

pub(crate) fn shop() -> Scope {
    scope("shop", "prod", "us-east-1")
}

/// The estates of a document of the test's own; read once, for reading takes longer than a day in the simulator.
pub(crate) fn estates(document: &str) -> EstateFolder {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("shop.yaml"), document).unwrap();
    documents(folder.path())
}

static SHOP: LazyLock<EstateFolder> = LazyLock::new(|| estates(DOCUMENT));

/// The backups of a day are there, and those of the next are due.
fn next_day() -> InMemoryHarness {
    let sim = SimRegion::builder().at("2026-11-19T03:00:00Z").with(rds("shop-db")).build();
    sim.put_store(store(DATABASE));
    sim.put_store(store(TABLE));
    sim.backups_take(Duration::from_secs(10));
    let mut harness = InMemoryHarness::over(sim, SHOP.clone(), "us-east-1");
    assert_eq!(outcomes(&harness.backup_tick(at("2026-11-19T03:00:00Z"))), ["done"]);
    assert_eq!(harness.sim.vault().len(), 3);
    harness
}

fn memories(harness: &InMemoryHarness) -> Vec<(BackupSource, BackupMemory)> {
    let sources = [DATABASE, TABLE].map(source);
    sources.into_iter().map(|source| (source.clone(), harness.backup_memory(&shop(), &source))).collect()
}

/// What was removed was removed when a newer copy of its day was verified, here and where it is copied to.
fn verified_first(deletion: &BackupDeletion, context: &str) {
    let newest: Timestamp = deletion.memory.attempt.as_ref().unwrap().due;
    let good = |region: &str| {
        let region = Region::new(region).unwrap();
        deletion.memory.copies.iter().any(|it| it.region == region && it.due == newest && it.is_good())
    };
    let copied = deletion.copy.source.to_string() == DATABASE;
    assert!(good("us-east-1") && (!copied || good("us-west-2")), "{context}: removed too early: {deletion:?}");
}

/// The next day with faults, and what follows by itself.
pub(crate) fn day_with(strikes: &Strikes) -> bool {
    let mut harness = next_day();
    let context = strikes.to_string();
    let (_, struck) = strikes.during(&mut harness, |harness| harness.backup_tick(at("2026-11-20T03:00:00Z")));
    // Ticks go on, as they do; after an hour everything is done, whoever has died meanwhile.
    for tick in 1..=16 {
        let instant = at("2026-11-20T03:00:00Z") + SignedDuration::from_mins(5 * tick);
        if instant >= harness.sim.now() {
            harness.backup_tick(instant);
        }
    }
    let mut made = BTreeMap::new();
    for copy in harness.sim.vault_history() {
        *made.entry((copy.name, copy.region)).or_insert(0) += 1;
    }
    assert!(made.values().all(|count| *count == 1), "{context}: made twice: {made:?}");
    for deletion in harness.sim.deletions() {
        verified_first(&deletion, &context);
    }
    let memories = memories(&harness);
    for copy in harness.sim.vault() {
        let known = memories.iter().any(|(source, memory)| {
            *source == copy.source
                && memory.known(&copy.region, &copy.id).is_some_and(watchkeeper_domain::backup::KnownCopy::is_good)
        });
        assert!(known, "{context}: nobody knows of {copy:?}");
    }
    // Of each region and resource the last day is there, and nothing else.
    assert_eq!(harness.sim.vault().len(), 3, "{context}: {:?}", harness.sim.vault());
    let due: Vec<_> = memories.iter().map(|(_, memory)| memory.settled.as_ref().map(|it| (it.due, it.end))).collect();
    let done = Some((at("2026-11-20T03:00:00Z"), watchkeeper_domain::backup::AttemptEnd::Done));
    assert_eq!(due, [done, done], "{context}");
    struck
}

macro_rules! every_fault {
    ($($name:ident: $trouble:ident;)*) => {$(
        #[test]
        fn $name() {
            let calls = every_call(day_with, CallTrouble::$trouble);
            assert!(calls >= 40, "{calls} calls were struck");
        }
    )*};
}

every_fault! {
    a_crash_before_any_call_of_a_backup_ends_right: CrashBefore;
    a_crash_after_any_call_of_a_backup_ends_right: CrashAfter;
    a_throttle_at_any_call_of_a_backup_ends_right: Throttle;
    an_error_at_any_call_of_a_backup_ends_right: Error;
    a_time_out_before_any_effect_of_a_backup_ends_right: TimeoutBefore;
    a_time_out_after_any_effect_of_a_backup_ends_right: TimeoutAfter;
    a_denial_at_any_call_of_a_backup_ends_right: Denied;
}
