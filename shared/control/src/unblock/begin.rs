//! Begin: which run it is, whether it may write, and its record; one that is there already goes on.

use jiff::Timestamp;
use watchkeeper_domain::reconcile::run::RunRef;
use watchkeeper_domain::request::RunMode;
use watchkeeper_domain::unblock::{UnblockKind, UnblockPurpose, UnblockRecord, UnblockRequest, UnblockStage};

use super::{OpenRecord, Step, UnblockEnvironment, UnblockError, UnblockRunbook, step};
use crate::ledger::{Ledger, LedgerNote};
use crate::ports::{Clock, Executions, Notifier};
use crate::stuck::UnblockSources;

/// The execution that a run by hand is.
#[derive(Debug, Clone, Copy)]
pub struct ManualExecution<'a> {
    /// Its name.
    pub name: &'a str,
    /// When it started.
    pub start: Timestamp,
}

/// The id of the run that was due at an instant, whichever execution does it.
fn due_id(due: Timestamp) -> String {
    due.strftime("unblock-%Y%m%dT%H%M%SZ").to_string()
}

impl<S: UnblockSources, L: Ledger, X: Executions, N: Notifier, K: Clock> UnblockRunbook<S, L, X, N, K> {
    /// Begins a run, or goes on with one that died.
    ///
    /// # Errors
    /// [`UnblockError`] for a request that contradicts itself, for a run to undo that is not there, and where the ledger
    /// does not answer.
    pub async fn begin(
        &self,
        place: &UnblockEnvironment<'_>,
        request: &UnblockRequest,
        execution: ManualExecution<'_>,
    ) -> Result<Step, UnblockError> {
        let (id, instant, kind) = match request.purpose()? {
            UnblockPurpose::Due(due) => (due_id(due), due, UnblockKind::Free),
            UnblockPurpose::Now => (execution.name.to_owned(), execution.start, UnblockKind::Free),
            UnblockPurpose::Undo(of, lock) => {
                // The run has to be there; what it released is on its pages.
                self.open(place, of).await?;
                let kind = UnblockKind::Undo { of: of.to_owned(), lock: lock.map(str::to_owned) };
                (execution.name.to_owned(), execution.start, kind)
            }
        };
        let run = RunRef { scope: place.scope.clone(), id: id.clone() };
        if let Some((record, version)) = self.ledger.read::<UnblockRecord>(&place.scope, LedgerNote::Run(&id)).await? {
            return Ok(step(&OpenRecord { place, record, version }, &run));
        }
        let mut record = UnblockRecord::new(&id, request.trigger, instant, self.clock.now(), request.mode, kind);
        if let Some(halt) = self.ledger.load(&place.scope).await?.halt {
            if record.kind != UnblockKind::Free && record.applies() {
                return Err(UnblockError::Halted { scope: place.scope.clone() });
            }
            record.mode = RunMode::Plan;
            record.held_back = Some(format!("it is halted ({})", halt.reason));
        }
        if place.section.is_none() && record.kind == UnblockKind::Free {
            record.stage = UnblockStage::Own;
        }
        let mut open = OpenRecord { place, record, version: 0 };
        self.save(&mut open).await?;
        Ok(step(&open, &run))
    }
}
