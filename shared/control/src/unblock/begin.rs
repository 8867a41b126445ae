//! Begin: which run it is, whether it may write, and its record; one that is there already goes on.

use jiff::Timestamp;
use watchkeeper_domain::reconcile::run::RunRef;
use watchkeeper_domain::request::Mode;
use watchkeeper_domain::unblock::{Kind, Purpose, Record, Stage, UnblockRequest};

use super::{Open, Place, Step, UnblockError, Unblocker, step};
use crate::ledger::Ledger;
use crate::ports::{Announcer, Clock, Executions};
use crate::stuck::{Note, Notebook, Stuck};

/// The execution that a run by hand is.
#[derive(Debug, Clone, Copy)]
pub struct Execution<'a> {
    /// Its name.
    pub name: &'a str,
    /// When it started.
    pub start: Timestamp,
}

/// The id of the run that was due at an instant, whichever execution does it.
fn due_id(due: Timestamp) -> String {
    due.strftime("unblock-%Y%m%dT%H%M%SZ").to_string()
}

impl<S: Stuck, L: Ledger + Notebook, X: Executions, N: Announcer, K: Clock> Unblocker<S, L, X, N, K> {
    /// Begins a run, or goes on with one that died.
    ///
    /// # Errors
    /// [`UnblockError`] for a request that contradicts itself, for a run to undo that is not there, and where the ledger
    /// does not answer.
    pub async fn begin(
        &self,
        place: &Place<'_>,
        request: &UnblockRequest,
        execution: Execution<'_>,
    ) -> Result<Step, UnblockError> {
        let (id, instant, kind) = match request.purpose()? {
            Purpose::Due(due) => (due_id(due), due, Kind::Free),
            Purpose::Now => (execution.name.to_owned(), execution.start, Kind::Free),
            Purpose::Undo(of, lock) => {
                // The run has to be there; what it released is on its pages.
                self.open(place, of).await?;
                let kind = Kind::Undo { of: of.to_owned(), lock: lock.map(str::to_owned) };
                (execution.name.to_owned(), execution.start, kind)
            }
        };
        let run = RunRef { scope: place.scope.clone(), id: id.clone() };
        if let Some((record, version)) = self.ledger.read::<Record>(&place.scope, Note::Run(&id)).await? {
            return Ok(step(&Open { place, record, version }, &run));
        }
        let mut record = Record::new(&id, request.trigger, instant, self.clock.now(), request.mode, kind);
        if let Some(halt) = self.ledger.load(&place.scope).await?.halt {
            if record.kind != Kind::Free && record.applies() {
                return Err(UnblockError::Halted { scope: place.scope.clone() });
            }
            record.mode = Mode::Plan;
            record.held_back = Some(format!("it is halted ({})", halt.reason));
        }
        if place.section.is_none() && record.kind == Kind::Free {
            record.stage = Stage::Own;
        }
        let mut open = Open { place, record, version: 0 };
        self.save(&mut open).await?;
        Ok(step(&open, &run))
    }
}
