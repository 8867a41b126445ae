//! Backups in the sandbox.

use jiff::Timestamp;
use serde_json::Value;
use watchkeeper_domain::backup::BackupSource;
use watchkeeper_domain::capacity::DatabaseId;

use super::SandboxScene;
use crate::estate::KeptCopies;
use crate::harness::{EndedExecution, HarnessError, name_prefix};
use crate::sandbox::Progress as _;
use crate::scenarios::backup::{BackupHarness, database};
use crate::scenarios::{Harness as _, RunEnd};

impl SandboxScene<'_> {
    /// Something that a person starts with an input, and its end.
    async fn by_hand(
        &mut self,
        input: &Value,
        run: impl Future<Output = Result<EndedExecution, HarnessError>>,
    ) -> Result<RunEnd, HarnessError> {
        let at = self.now().await?;
        let step = format!("{}: by hand: {input}", self.local(at));
        self.show.begin(&step);
        let run = RunEnd::from(&run.await?);
        self.done(at, &step, run.took);
        Ok(run)
    }
}

impl BackupHarness for SandboxScene<'_> {
    async fn backup_tick(&mut self, instant: Timestamp) -> Result<Vec<RunEnd>, HarnessError> {
        let own = name_prefix(&[self.scope.estate.as_str(), self.scope.environment.as_str(), "backup"]);
        let ended = self.stack.backup_tick(instant).await?;
        Ok(ended.iter().filter(|run| run.name.starts_with(&own)).map(RunEnd::from).collect())
    }

    async fn back_up(&mut self, input: &Value) -> Result<RunEnd, HarnessError> {
        let stack = self.stack;
        self.by_hand(input, stack.back_up(input)).await
    }

    async fn restore(&mut self, input: &Value) -> Result<RunEnd, HarnessError> {
        let stack = self.stack;
        self.by_hand(input, stack.restore(input)).await
    }

    async fn kept_copies(&self) -> Result<KeptCopies, HarnessError> {
        Ok(self.stack.site().kept_copies(self.environment).await?)
    }

    async fn back_up_by_hand(&mut self, table: &BackupSource, name: &str) -> Result<(), HarnessError> {
        Ok(self.stack.site().back_up_by_hand(table.name.as_str(), name).await?)
    }

    async fn exists(&self, like: &BackupSource, name: &str) -> Result<bool, HarnessError> {
        let site = self.stack.site();
        match database(like.kind, name) {
            Some(id) => Ok(site.status(&id).await?.is_some()),
            None => Ok(site.has_table(name).await?),
        }
    }

    async fn same_items(&self, table: &str, other: &str) -> Result<Option<usize>, HarnessError> {
        let site = self.stack.site();
        let (items, others) = (site.items(table).await?, site.items(other).await?);
        Ok((items == others).then_some(items.len()))
    }

    fn lost_by_a_restore(&self) -> &'static [&'static str] {
        &["tags", "time to live", "point-in-time recovery"]
    }

    async fn turn(&mut self, database: &DatabaseId, on: bool) -> Result<(), HarnessError> {
        let what = if on { "starts" } else { "stops" };
        self.prepare(&format!("a person {what} {database}")).await?;
        Ok(self.stack.site().turn_database(database, on).await?)
    }

    async fn is_stopped(&self, database: &DatabaseId) -> Result<bool, HarnessError> {
        Ok(self.stack.site().status(database).await?.as_deref() == Some("stopped"))
    }
}
