//! What is remembered of backups.

use std::collections::BTreeMap;

use watchkeeper_control::backup::BackupLog;
use watchkeeper_control::ledger::LedgerError;
use watchkeeper_domain::backup::{BackupMemory, BackupRun, BackupSource};
use watchkeeper_domain::name::Scope;

use crate::operation::Operation;
use crate::world::SimRegion;

impl BackupLog for SimRegion {
    async fn backup(&self, scope: &Scope, source: &BackupSource) -> Result<(BackupMemory, u64), LedgerError> {
        let subject = format!("{source} of {scope}");
        self.call(Operation::BackupLogRead, subject, |state| state.ledger.backup(scope, source)).await
    }

    async fn backups(&self, scope: &Scope) -> Result<BTreeMap<BackupSource, BackupMemory>, LedgerError> {
        self.call(Operation::BackupLogReadAll, scope.to_string(), |state| state.ledger.backups(scope)).await
    }

    async fn put_backup(
        &self,
        scope: &Scope,
        source: &BackupSource,
        memory: &BackupMemory,
        expected: u64,
    ) -> Result<(), LedgerError> {
        let effect = |state: &mut crate::state::SimState| state.ledger.put_backup(scope, source, memory, expected);
        self.call(Operation::BackupLogPut, format!("{source} of {scope}"), effect).await
    }

    async fn backup_run(&self, scope: &Scope, id: &str) -> Result<Option<BackupRun>, LedgerError> {
        let subject = format!("{id} of {scope}");
        self.call(Operation::BackupLogReadRun, subject, |state| state.ledger.backup_run(scope, id)).await
    }

    async fn put_backup_run(&self, scope: &Scope, run: &BackupRun) -> Result<(), LedgerError> {
        let effect = |state: &mut crate::state::SimState| state.ledger.put_backup_run(scope, run);
        self.call(Operation::BackupLogPutRun, format!("{} of {scope}", run.id), effect).await
    }
}
