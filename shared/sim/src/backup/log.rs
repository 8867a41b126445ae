//! What is remembered of backups.

use std::collections::BTreeMap;

use watchkeeper_control::backup::BackupLog;
use watchkeeper_control::ledger::LedgerError;
use watchkeeper_domain::backup::{Memory, Run, Source};
use watchkeeper_domain::name::Scope;

use crate::operation::Operation;
use crate::world::World;

impl BackupLog for World {
    async fn backup(&self, scope: &Scope, source: &Source) -> Result<(Memory, u64), LedgerError> {
        let subject = format!("{source} of {scope}");
        self.call(Operation::BackupLogRead, subject, |state| state.ledger.backup(scope, source)).await
    }

    async fn backups(&self, scope: &Scope) -> Result<BTreeMap<Source, Memory>, LedgerError> {
        self.call(Operation::BackupLogReadAll, scope.to_string(), |state| state.ledger.backups(scope)).await
    }

    async fn put_backup(
        &self,
        scope: &Scope,
        source: &Source,
        memory: &Memory,
        expected: u64,
    ) -> Result<(), LedgerError> {
        let effect = |state: &mut crate::state::State| state.ledger.put_backup(scope, source, memory, expected);
        self.call(Operation::BackupLogPut, format!("{source} of {scope}"), effect).await
    }

    async fn backup_run(&self, scope: &Scope, id: &str) -> Result<Option<Run>, LedgerError> {
        let subject = format!("{id} of {scope}");
        self.call(Operation::BackupLogReadRun, subject, |state| state.ledger.backup_run(scope, id)).await
    }

    async fn put_backup_run(&self, scope: &Scope, run: &Run) -> Result<(), LedgerError> {
        let effect = |state: &mut crate::state::State| state.ledger.put_backup_run(scope, run);
        self.call(Operation::BackupLogPutRun, format!("{} of {scope}", run.id), effect).await
    }
}
