//! What is unblocked of `clos-v2` production, empty, on a morning of its own.

use std::ops::Deref;

use jiff::{SignedDuration, Timestamp, ToSpan};
use serde_json::{Value, json};
use watchkeeper_control::ledger::{Ledger as _, LedgerNote};
use watchkeeper_domain::estate::{LockSchema, QueuePolicy, Unblock};
use watchkeeper_domain::unblock::{ItemAttribute, LockItem, UnblockRecord};
use watchkeeper_tests::estate::UnblockFixtures;
use watchkeeper_tests::harness::{EndedExecution, SandboxHarness};

use crate::field::Plot;

pub(crate) use crate::emergency::field::play;

/// Everything that the document of `clos-v2` production says of unblocking, built and empty.
pub(crate) struct Ground {
    plot: Plot,
    pub(crate) fixtures: UnblockFixtures,
    pub(crate) section: &'static Unblock,
    /// Nine o'clock in New York, on the next day.
    pub(crate) due: Timestamp,
}

impl Deref for Ground {
    type Target = Plot;

    fn deref(&self) -> &Plot {
        &self.plot
    }
}

impl Ground {
    /// An hour before the run of a new day.
    pub(crate) async fn fresh(harness: &'static SandboxHarness) -> Self {
        let plot = Plot::fresh(harness, "clos-v2", "prod").await;
        let fixtures = UnblockFixtures::new(&harness.sandbox().sdk_config("us-east-1"));
        let section = plot.environment.document().unblock.as_ref().unwrap();
        fixtures.build(section).await.unwrap();
        // The day after is a working day, too: the field sees to it.
        let day = plot.day.checked_add(1.day()).unwrap();
        let nine = day.at(9, 0, 0, 0).in_tz("America/New_York").unwrap();
        let ground = Self { plot, fixtures, section, due: nine.timestamp() };
        ground.stack.at(ground.due - SignedDuration::from_hours(1)).await.unwrap();
        ground.stack.notifications().letters().await.unwrap();
        ground
    }

    pub(crate) fn locks(&self) -> &'static LockSchema {
        self.section.locks.as_ref().unwrap()
    }

    pub(crate) fn queue(&self) -> &'static QueuePolicy {
        &self.section.queues[0]
    }

    /// A lock that runs out so many hours after the run.
    pub(crate) fn lock(&self, item: &str, hours: i64) -> LockItem {
        let text = |text: &str| ItemAttribute::Text(text.to_owned());
        LockItem {
            pod: text("Meta"),
            item: text(item),
            lock_type: text("reviews"),
            acquired_by: text("ada"),
            acquired_at: text("2026-01-01T09:00:00Z"),
            expires_at: ItemAttribute::Number((self.due + SignedDuration::from_hours(hours)).as_second().to_string()),
            released_at: ItemAttribute::Absent,
        }
    }

    pub(crate) async fn put(&self, locks: &[LockItem]) {
        self.fixtures.put_locks(self.locks(), locks).await.unwrap();
    }

    /// A lock as it is.
    pub(crate) async fn found(&self, lock: &LockItem) -> LockItem {
        self.fixtures.lock(self.locks(), lock).await.unwrap().unwrap()
    }

    pub(crate) async fn is_released(&self, item: &str) -> bool {
        self.found(&self.lock(item, 0)).await.released_at != ItemAttribute::Absent
    }

    /// An execution by hand, with this beside estate and environment.
    pub(crate) async fn by_hand(&self, more: &Value) -> EndedExecution {
        self.stack.unblock(&input(more)).await.unwrap()
    }

    /// The id of the day's run.
    pub(crate) fn id(&self) -> String {
        self.due.strftime("unblock-%Y%m%dT%H%M%SZ").to_string()
    }

    pub(crate) async fn record(&self, id: &str) -> UnblockRecord {
        let found = self.stack.ledger().read::<UnblockRecord>(&self.scope, LedgerNote::Run(id)).await.unwrap();
        found.unwrap().0
    }
}

/// The input of an execution by hand, with this beside estate and environment.
pub(crate) fn input(more: &Value) -> Value {
    let mut input = json!({ "estate": "clos-v2", "environment": "prod" });
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    input
}
