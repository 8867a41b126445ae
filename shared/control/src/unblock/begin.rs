//! Begin: which run it is, whether it may write, and its record; one that is there already goes on.

use jiff::Timestamp;
use watchkeeper_domain::reconcile::run::RunRef;
use watchkeeper_domain::request::RunMode;
use watchkeeper_domain::unblock::{UnblockKind, UnblockPurpose, UnblockRecord, UnblockRequest, UnblockStage};

use super::{OpenRecord, UnblockEnvironment, UnblockRunbook, step};
use crate::ledger::{Ledger, LedgerNote};
use crate::platform::Platform;
use crate::ports::Clock;
use crate::runbook::{FormerWord, MachineExecution, RunbookError, StepOutcome};

/// The id of the run that was due at an instant, whichever execution does it.
fn due_id(due: Timestamp) -> String {
    due.strftime("unblock-%Y%m%dT%H%M%SZ").to_string()
}

impl<P: Platform> UnblockRunbook<P> {
    /// Begins a run, or goes on with one that died.
    ///
    /// # Errors
    /// [`RunbookError`] for a request that contradicts itself, for a run to undo that is not there, and where the ledger
    /// does not answer.
    pub async fn begin(
        &self,
        scoped: &UnblockEnvironment<'_>,
        request: &UnblockRequest,
        execution: &MachineExecution,
    ) -> Result<StepOutcome<FormerWord>, RunbookError> {
        let (id, instant, kind) = match request.purpose()? {
            UnblockPurpose::Due(due) => (due_id(due), due, UnblockKind::Free),
            UnblockPurpose::Now => (execution.name.clone(), execution.start, UnblockKind::Free),
            UnblockPurpose::Undo(of, lock) => {
                // The run has to be there; what it released is on its pages.
                self.open(scoped, of).await?;
                let kind = UnblockKind::Undo { of: of.to_owned(), lock: lock.map(str::to_owned) };
                (execution.name.clone(), execution.start, kind)
            }
        };
        let run = RunRef::new(scoped.scope.clone(), &id);
        if let Some((record, version)) = self.ledger.read::<UnblockRecord>(&scoped.scope, LedgerNote::Run(&id)).await? {
            return Ok(step(&OpenRecord { scoped, record, version }, &run));
        }
        let mut record = UnblockRecord::new(&id, request.trigger, instant, self.clock.now(), request.mode, kind);
        if let Some(halt) = self.ledger.load(&scoped.scope).await?.halt {
            if record.kind != UnblockKind::Free && record.applies() {
                // Nothing is put back while the switch is on.
                return Err(RunbookError::Halted(halt));
            }
            record.mode = RunMode::Plan;
            record.held_back = Some(format!("it is halted ({})", halt.reason));
        }
        if scoped.section.is_none() && record.kind == UnblockKind::Free {
            record.stage = UnblockStage::Own;
        }
        record.header.note(self.clock.now(), format!("begun by {}", execution.name));
        let mut open = OpenRecord { scoped, record, version: 0 };
        self.save(&mut open).await?;
        Ok(step(&open, &run))
    }
}
