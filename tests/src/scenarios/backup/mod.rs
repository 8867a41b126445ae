//! Backups: taken once, verified, copied, pruned to the policy, and restored to prove it.

mod by_hand;
mod month;
pub mod needs;
mod restores;
mod stopped;
mod ticks;

pub use by_hand::{a_halt_of_backups, a_plan_of_backups};
pub use month::{a_late_tick, a_month_of_backups};
pub use restores::{a_restore_drill, a_table_that_is_restored, an_instant_that_is_restored};
pub use stopped::a_stopped_database_that_is_backed_up;

use jiff::Timestamp;
use serde_json::{Value, json};
use watchkeeper_control::ledger::Ledger as _;
use watchkeeper_domain::backup::{BackupMemory, BackupSource, ResourceKind};
use watchkeeper_domain::capacity::DatabaseId;
use watchkeeper_domain::name::DatabaseName;

use super::{Harness, RunEnd};
use crate::estate::KeptCopies;
use crate::harness::HarnessError;

/// The levers and views of backups. The resources of the document's jobs are there.
pub trait BackupHarness: Harness {
    /// The schedule of backups fires at an instant, and all that it starts comes to its end: the backups of this environment.
    async fn backup_tick(&mut self, instant: Timestamp) -> Result<Vec<RunEnd>, HarnessError>;

    /// A person starts the machine of backups with this input, and it comes to its end.
    async fn back_up(&mut self, input: &Value) -> Result<RunEnd, HarnessError>;

    /// A person starts the machine of restores with this input, and it comes to its end.
    async fn restore(&mut self, input: &Value) -> Result<RunEnd, HarnessError>;

    /// What there is of the backups of the environment, everybody's: their names in order, by resource and region.
    async fn kept_copies(&self) -> Result<KeptCopies, HarnessError>;

    /// Somebody makes a backup of a table, under a name of their own.
    async fn back_up_by_hand(&mut self, table: &BackupSource, name: &str) -> Result<(), HarnessError>;

    /// Whether there is a resource of a kind with this name.
    async fn exists(&self, like: &BackupSource, name: &str) -> Result<bool, HarnessError>;

    /// How many items a table has, and another one, if they are the same.
    async fn same_items(&self, table: &str, other: &str) -> Result<Option<usize>, HarnessError>;

    /// What the tables here have that a restore loses, as the evidence calls it. In memory, none has a time to live.
    fn lost_by_a_restore(&self) -> &'static [&'static str] {
        &["tags", "point-in-time recovery"]
    }

    /// Somebody stops a database, or starts it, and it has come to that.
    async fn turn(&mut self, database: &DatabaseId, on: bool) -> Result<(), HarnessError>;

    /// Whether a database is stopped.
    async fn is_stopped(&self, database: &DatabaseId) -> Result<bool, HarnessError>;

    /// What is remembered of the backups of a resource.
    async fn backup_memory(&self, source: &BackupSource) -> Result<BackupMemory, HarnessError> {
        Ok(self.ledger().backup(self.scope(), source).await?.0)
    }

    /// An input about a resource.
    fn about(&self, source: &BackupSource, more: Value) -> Value {
        let mut input = self.input(more);
        input["resource"] = json!(source.to_string());
        input
    }
}

/// The database of this kind with this name; nothing where no database is meant.
pub fn database(kind: ResourceKind, name: &str) -> Option<DatabaseId> {
    let name = DatabaseName::new(name).ok()?;
    match kind {
        ResourceKind::Aurora => Some(DatabaseId::Aurora(name)),
        ResourceKind::Rds => Some(DatabaseId::Rds(name)),
        _ => None,
    }
}
