//! Backups in memory.

use jiff::Timestamp;
use serde_json::Value;
use watchkeeper_control::ports::Clock as _;
use watchkeeper_domain::backup::{BackupSource, JobPolicy};
use watchkeeper_domain::capacity::{DatabaseId, DatabaseState};

use super::{InMemoryScene, seen};
use watchkeeper_in_memory::ExecutionEnd;
use watchkeeper_tests::estate::KeptCopies;
use watchkeeper_tests::harness::{HarnessError, name_prefix};
use watchkeeper_tests::scenarios::RunEnd;
use watchkeeper_tests::scenarios::backup::BackupHarness;

impl InMemoryScene {
    /// Something that a person starts, and its end.
    fn by_hand(&mut self, run: impl FnOnce(&Self, &str) -> ExecutionEnd) -> RunEnd {
        self.started += 1;
        let (name, since) = (format!("by-hand-{}", self.started), self.harness.sim.now());
        let end = run(self, &name);
        seen(name, &end, self.harness.sim.now().duration_since(since).unsigned_abs())
    }
}

impl BackupHarness for InMemoryScene {
    async fn backup_tick(&mut self, instant: Timestamp) -> Result<Vec<RunEnd>, HarnessError> {
        // A run takes its time, and the next tick comes no earlier.
        let instant = instant.max(self.harness.sim.now());
        self.harness.fire(&["backup"], instant);
        let own = name_prefix(&[self.scope.estate.as_str(), self.scope.environment.as_str(), "backup"]);
        let mut ended = Vec::new();
        for (name, end) in self.harness.play("Backup") {
            let took = self.harness.sim.now().duration_since(instant).unsigned_abs();
            ended.extend(name.starts_with(&own).then(|| seen(name.clone(), &end, took)));
        }
        self.harness.play("Restore");
        Ok(ended)
    }

    async fn back_up(&mut self, input: &Value) -> Result<RunEnd, HarnessError> {
        Ok(self.by_hand(|scene, name| scene.harness.backup_run(name, input)))
    }

    async fn restore(&mut self, input: &Value) -> Result<RunEnd, HarnessError> {
        Ok(self.by_hand(|scene, name| scene.harness.restore_execution(name, input)))
    }

    async fn kept_copies(&self) -> Result<KeptCopies, HarnessError> {
        let mut kept = KeptCopies::new();
        for policy in JobPolicy::all(&self.scope, &self.environment) {
            let regions = [&self.scope.region].into_iter().chain(policy.copy.as_ref().map(|copy| &copy.region));
            for region in regions {
                kept.insert((policy.subject.source.clone(), region.clone()), Vec::new());
            }
        }
        for copy in self.harness.sim.vault() {
            kept.entry((copy.source, copy.region)).or_default().push(copy.name);
        }
        for names in kept.values_mut() {
            names.sort();
        }
        Ok(kept)
    }

    async fn back_up_by_hand(&mut self, table: &BackupSource, name: &str) -> Result<(), HarnessError> {
        self.harness.sim.make_foreign_copy(table, &self.scope.region, name);
        // What was made a moment ago is not seen yet.
        self.harness.sim.advance(std::time::Duration::from_mins(5));
        Ok(())
    }

    async fn exists(&self, like: &BackupSource, name: &str) -> Result<bool, HarnessError> {
        let original = like.name.as_str() == name && self.harness.sim.store_of(like).is_some();
        Ok(original || self.harness.sim.restored().iter().any(|restored| restored == name))
    }

    async fn same_items(&self, table: &str, other: &str) -> Result<Option<usize>, HarnessError> {
        let source: BackupSource =
            format!("dynamodb:{table}").parse().map_err(|_| HarnessError::Unknown(table.to_owned()))?;
        let items = self.harness.sim.store_of(&source).map(|store| store.items);
        let same = items.filter(|items| self.harness.sim.restored_items(other) == Some(*items));
        Ok(same.and_then(|items| usize::try_from(items).ok()))
    }

    async fn turn(&mut self, database: &DatabaseId, on: bool) -> Result<(), HarnessError> {
        let state = if on { DatabaseState::Available } else { DatabaseState::Stopped };
        self.harness.sim.change_database(database, state);
        Ok(())
    }

    async fn is_stopped(&self, database: &DatabaseId) -> Result<bool, HarnessError> {
        let found = self.harness.sim.database(database);
        Ok(found.is_some_and(|found| found.state == DatabaseState::Stopped))
    }
}
