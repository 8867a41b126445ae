//! Mornings of the daily unblock: exactly what is left behind is freed, once, and the rest is named to whoever can free it.

mod by_hand;
mod later_days;
mod leases;
mod morning;
pub mod needs;
mod rollout;
mod stuck;

pub use by_hand::{a_halt_of_the_unblock, a_plan_of_a_morning, an_undo, input_that_cannot_be_followed};
pub use later_days::a_morning_that_is_missed;
pub use leases::{a_lease_that_is_left, open_run};
pub use morning::a_morning;
pub use rollout::a_deployment_that_does_not_end;

use jiff::Timestamp;
use serde_json::Value;
use watchkeeper_control::ledger::{Ledger as _, LedgerNote};
use watchkeeper_domain::capacity::ServiceId;
use watchkeeper_domain::estate::{BlockerPolicy, FinishedItems, LockSchema, QueuePolicy, ReportTarget, Unblock};
use watchkeeper_domain::execution::ExecutionStatus;
use watchkeeper_domain::unblock::{BlockerItem, LockItem, UnblockRecord};

use super::{Harness, Played, RunEnd};
use crate::harness::HarnessError;

/// An attribute that every message is sent with, and its text.
pub const TRACE: (&str, &str) = ("trace", "abc");

/// A message in a queue.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FoundMessage {
    /// Its body.
    pub body: String,
    /// How often it was sent again, as it is written on it.
    pub returns: Option<String>,
    /// Its attribute [`TRACE`].
    pub trace: Option<String>,
}

/// The levers and views of the daily unblock.
pub trait UnblockHarness: Harness {
    /// Everything that a section names is there, and empty.
    async fn build(&mut self, section: &Unblock) -> Result<(), HarnessError>;

    /// The schedule of the unblock fires at an instant, and what it starts of this environment comes to its end.
    async fn unblock_tick(&mut self, instant: Timestamp) -> Result<Vec<RunEnd>, HarnessError>;

    /// A person starts the machine with this input, and it comes to its end.
    async fn unblock(&mut self, input: &Value) -> Result<RunEnd, HarnessError>;

    /// Owners put their locks.
    async fn put_locks(&mut self, table: &LockSchema, locks: &[LockItem]) -> Result<(), HarnessError>;

    /// The owner of this lock renews it once the next run has read it, and before that run writes.
    async fn renew_meanwhile(&mut self, table: &LockSchema, renewed: &LockItem) -> Result<(), HarnessError>;

    /// A lock as it is now.
    async fn lock(&self, table: &LockSchema, lock: &LockItem) -> Result<Option<LockItem>, HarnessError>;

    /// How many locks are released.
    async fn released(&self, table: &LockSchema) -> Result<usize, HarnessError>;

    /// Somebody puts an item that may wait.
    async fn put_item(&mut self, source: &BlockerPolicy, item: &BlockerItem) -> Result<(), HarnessError>;

    /// Somebody removes one.
    async fn remove_item(&mut self, source: &BlockerPolicy, item: &str) -> Result<(), HarnessError>;

    /// Somebody puts an item with this status.
    async fn put_status(&mut self, finished: &FinishedItems, item: &str, status: &str) -> Result<(), HarnessError>;

    /// The consumer of a queue fails over a message that came back so often before.
    async fn fail(&mut self, queue: &QueuePolicy, body: &str, returns: Option<u32>) -> Result<(), HarnessError>;

    /// How many messages a queue has.
    async fn length(&self, queue: &str) -> Result<u64, HarnessError>;

    /// The messages of a queue, which is empty then, in the order of their bodies.
    async fn drain(&mut self, queue: &str) -> Result<Vec<FoundMessage>, HarnessError>;

    /// The events with its source on the estate's bus since the last look, as EventBridge hands them on: so many, or more.
    async fn heard(&mut self, report: &ReportTarget, least: usize) -> Result<Vec<Value>, HarnessError>;

    /// The calls since then that free something, hold it up, or start an execution.
    async fn frees(&self, since: u64) -> Result<usize, HarnessError>;

    /// The name of an execution that stands like this.
    async fn holder(&mut self, status: &ExecutionStatus) -> Result<String, HarnessError>;

    /// One that runs is ended from outside.
    async fn end_holder(&mut self, name: &str) -> Result<(), HarnessError>;

    /// A release of a service is rolled out, and does not come to its end.
    async fn hold_rollout(&mut self, service: &ServiceId) -> Result<(), HarnessError>;

    /// It does.
    async fn end_rollout(&mut self, service: &ServiceId) -> Result<(), HarnessError>;

    /// The record of a run of the unblock.
    async fn record(&self, id: &str) -> Played<UnblockRecord> {
        let found = self.ledger().read(self.scope(), LedgerNote::Run(id)).await?;
        let missing = || HarnessError::Unknown(format!("no record of the run {id}"));
        Ok(found.map(|(record, _)| record).ok_or_else(missing)?)
    }
}
