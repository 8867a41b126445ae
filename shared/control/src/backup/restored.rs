//! The end of a restore: the evidence, for a person and for programs.

use jiff::Timestamp;
use watchkeeper_domain::backup::{BackupSource, RestoreEvidence, RestorePurpose, restored};
use watchkeeper_domain::reconcile::run::RunRef;
use watchkeeper_window::report::{Evidence, EvidenceKind, ReportName, RestoreRecord, SentIds};

use super::call::FinishedRestore;
use super::{BackupRunbook, EnvironmentJobs};
use crate::ledger::Ledger;
use crate::platform::Platform;
use crate::report::note_sent;
use crate::runbook::{ErrorName, NextStep, RunbookError, StepOutcome};

impl<P: Platform> BackupRunbook<P> {
    /// Tells how a restore ended, and keeps the evidence.
    ///
    /// # Errors
    /// [`RunbookError`] for a restore that is not known, or a ledger or topic that does not answer.
    pub async fn finish_restore(
        &self,
        jobs: &EnvironmentJobs,
        source: &BackupSource,
        run: RunRef,
        now: Timestamp,
    ) -> Result<StepOutcome<FinishedRestore>, RunbookError> {
        let id = run.id.as_str();
        let (mut memory, version) = self.ledger.backup(&jobs.kept, source).await?;
        let unknown = || RunbookError::RunUnknown { what: format!("restore {id}"), scope: jobs.scope.clone() };
        let drilled = match memory.restore.take() {
            // What could not be tidied up stays known, and a tick goes on with it; it is told once.
            Some(mut restore) if restore.run == id && !restore.over => {
                let drilled = restore.outcome(now);
                let message = restored(&jobs.scope, source, &drilled);
                if !std::mem::replace(&mut restore.told, true) {
                    self.notify(&message).await?;
                }
                memory.restore = Some(restore);
                self.ledger.put_backup(&jobs.kept, source, &memory, version).await?;
                return Ok(finished(run, drilled, message.subject));
            }
            Some(restore) if restore.run == id => {
                let drilled = restore.outcome(now);
                match drilled.purpose {
                    RestorePurpose::Drill => memory.drilled = Some(drilled.clone()),
                    RestorePurpose::Keep => memory.kept = Some(drilled.clone()),
                }
                let record = RestoreRecord { source: source.clone(), restore, outcome: drilled.clone() };
                match self.reports.as_ref().filter(|_| drilled.is_reported()) {
                    Some(desk) => {
                        let due = desk.due(&jobs.scope, now, Evidence::Restore(Box::new(record)));
                        self.ledger.end_restore(&jobs.kept, source, (&memory, version), &due).await?;
                    }
                    None => self.ledger.put_backup(&jobs.kept, source, &memory, version).await?,
                }
                drilled
            }
            // A retry of a step whose answer was lost: it is finished already.
            _ => memory.drilled.into_iter().chain(memory.kept).find(|drilled| drilled.run == id).ok_or_else(unknown)?,
        };
        let mut message = restored(&jobs.scope, source, &drilled);
        let name = ReportName { scope: jobs.scope.clone(), kind: EvidenceKind::Restore, run: drilled.run.clone() };
        let desk = self.reports.as_ref().filter(|_| drilled.is_reported());
        if let Some(desk) = desk {
            message = desk.announce(message, &name);
        }
        let id = self.notify(&message).await?;
        if desk.is_some() {
            note_sent(&self.ledger, &name, SentIds { message: Some(id), event: None }).await;
        }
        Ok(finished(run, drilled, message.subject))
    }
}

/// How a restore ended, for the machine.
fn finished(run: RunRef, drilled: RestoreEvidence, headline: String) -> StepOutcome<FinishedRestore> {
    let passed = drilled.ok;
    let then = if passed { NextStep::done("passed") } else { NextStep::failed("failed", &ErrorName::RestoreFailed) };
    let details = FinishedRestore { passed, headline: headline.clone(), evidence: Box::new(drilled) };
    StepOutcome::new(run, then, headline, details)
}
