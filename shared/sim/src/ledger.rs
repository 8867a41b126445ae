//! The store under the ledger.

use watchkeeper_control::ledger::{Change, Draft, Entry, Key, Kind, LedgerError, ListPage, Store, WriteOutcome};
use watchkeeper_domain::name::Scope;

use crate::operation::Operation;
use crate::region::SimRegion;

/// After a time-out this simulation does not read again: the caller sees the case in which that failed, too.
impl Store for SimRegion {
    async fn get(&self, key: &Key) -> Result<Option<Entry>, LedgerError> {
        self.call(read_of(key.kind), subject(key), |state| Ok(state.ledger.get(key))).await
    }

    async fn list(&self, like: &Key) -> Result<Vec<Entry>, LedgerError> {
        let operation = match like.kind {
            Kind::Backup => Operation::LedgerBackups,
            Kind::DueReport => Operation::LedgerDueReports,
            _ => Operation::LedgerPair,
        };
        self.call(operation, like.partition.owner.clone(), |state| Ok(state.ledger.list(like))).await
    }

    async fn page(&self, like: &Key, without: &str, after: Option<&str>) -> Result<ListPage<Entry>, LedgerError> {
        let subject = like.partition.owner.clone();
        self.call(Operation::LedgerOpenRuns, subject, |state| Ok(state.ledger.page(like, without, after))).await
    }

    async fn everything(&self, scope: &Scope) -> Result<(Vec<Entry>, Option<Entry>), LedgerError> {
        let (all, halt) = (Key::scope(scope), Key::halt(None));
        let of = scope.to_string();
        self.call(Operation::LedgerLoad, of, |state| Ok((state.ledger.list(&all), state.ledger.get(&halt)))).await
    }

    async fn put(&self, draft: Draft) -> Result<(), LedgerError> {
        self.call(write_of(draft.key.kind), subject(&draft.key), |state| state.ledger.put(draft)).await
    }

    async fn put_all(&self, drafts: Vec<Draft>) -> Result<(), LedgerError> {
        let Some(first) = drafts.first() else { return Ok(()) };
        let (operation, of) = (write_of(first.key.kind), subject(&first.key));
        self.call(operation, of, |state| state.ledger.put_all(drafts)).await
    }

    async fn delete(&self, key: &Key) -> Result<(), LedgerError> {
        let operation = match key.kind {
            Kind::Halt => Operation::LedgerSetHalt,
            Kind::DueReport => Operation::LedgerDropDue,
            _ => Operation::LedgerWithdraw,
        };
        self.call(operation, subject(key), |state| {
            state.ledger.delete(key);
            Ok(())
        })
        .await
    }

    async fn delete_if(
        &self,
        key: &Key,
        is: impl Fn(Entry) -> Result<bool, LedgerError>,
    ) -> Result<WriteOutcome, LedgerError> {
        self.call(Operation::LedgerTakeOut, subject(key), |state| {
            let there = state.ledger.get(key).map(is).transpose()?.unwrap_or(false);
            if there {
                state.ledger.delete(key);
            }
            Ok(if there { WriteOutcome::Done } else { WriteOutcome::Changed })
        })
        .await
    }

    async fn transact(&self, scope: &Scope, generation: u64, changes: Vec<Change>) -> Result<(), LedgerError> {
        let effect = |state: &mut crate::state::SimState| state.ledger.transact(scope, generation, changes);
        self.call(Operation::LedgerCommit, scope.to_string(), effect).await
    }
}

fn subject(key: &Key) -> String {
    format!("{} of {}", key.sort, key.partition.owner)
}

/// What a document is read by.
fn read_of(kind: Kind) -> Operation {
    match kind {
        Kind::Lease => Operation::LedgerLease,
        Kind::Standing => Operation::LedgerSettled,
        Kind::Alarm => Operation::LedgerRecall,
        Kind::Run => Operation::LedgerRun,
        Kind::Backup => Operation::LedgerBackup,
        Kind::BackupRun => Operation::LedgerBackupRun,
        Kind::Note | Kind::View | Kind::WakePage => Operation::LedgerReadNote,
        Kind::Watch | Kind::Certificate => Operation::LedgerWatch,
        Kind::Move => Operation::LedgerMoved,
        Kind::Pointer | Kind::Heartbeat | Kind::Sample => Operation::LedgerPair,
        Kind::Budget => Operation::LedgerBudget,
        Kind::DueReport => Operation::LedgerDueReports,
        Kind::ReportChain => Operation::LedgerReportChain,
        Kind::Baseline | Kind::History | Kind::Intent | Kind::Halt => Operation::LedgerLoad,
    }
}

/// What a document is put by.
fn write_of(kind: Kind) -> Operation {
    match kind {
        Kind::Lease => Operation::LedgerTakeLease,
        Kind::Intent => Operation::LedgerDeclare,
        Kind::Halt => Operation::LedgerSetHalt,
        Kind::Alarm => Operation::LedgerRemember,
        Kind::Backup => Operation::LedgerPutBackup,
        Kind::BackupRun => Operation::LedgerPutBackupRun,
        Kind::Note | Kind::View | Kind::WakePage => Operation::LedgerWriteNote,
        Kind::Pointer => Operation::LedgerPoint,
        Kind::Heartbeat => Operation::LedgerBeat,
        Kind::Sample => Operation::LedgerKeepSample,
        Kind::Watch | Kind::Certificate => Operation::LedgerKeepWatch,
        Kind::Move => Operation::LedgerKeepMove,
        Kind::Budget => Operation::LedgerKeepBudget,
        Kind::DueReport => Operation::LedgerKeepDue,
        Kind::ReportChain => Operation::LedgerKeepChain,
        Kind::Baseline | Kind::Standing | Kind::History | Kind::Run => Operation::LedgerCommit,
    }
}
