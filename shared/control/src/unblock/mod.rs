//! The steps of the daily unblock: begin, work (a page or a batch at a time), skip, report. Between two of them nothing is
//! kept in memory but ids: where a run is stands in its record, so that a run that died goes on where it was.

mod begin;
mod blockers;
mod call;
mod deployments;
mod handle;
mod locks;
mod own;
pub mod ports;
mod queues;
mod report;
mod scoped;
mod tick;
mod undo;

use jiff::{SignedDuration, Timestamp};
use watchkeeper_domain::name::Scope;
use watchkeeper_domain::reconcile::run::{RunError, RunRef};
use watchkeeper_domain::unblock::{UnblockMemory, UnblockRecord, UnblockStage};

use crate::ledger::{Ledger, LedgerNote};
use crate::platform::Platform;
use crate::ports::{AwsError, Clock, Fault};
use crate::report::ReportDesk;
use crate::runbook::{FormerWord, RunbookError, StepOutcome};

pub use call::{Details, Step, worked};
pub use report::{BLOCKER_ESCALATED, BLOCKER_RESOLVED, CAPACITY_RELEASED, UNBLOCK_FINISHED};
pub use scoped::UnblockEnvironment;
pub use tick::{EnvironmentResult, TRIES, TickOutcome, TickReport, execution};

/// How long one slice may work: well below the function's time-out of two minutes, so that it ends by itself.
pub const SLICE: SignedDuration = SignedDuration::from_secs(60);

/// How many items one page has: a page of locks is released within a few seconds, and its undo fits a note many times.
pub const PAGE: u32 = 250;

/// How long the record of a run and its undo are kept: as long as the name of its execution stays taken (90 days, Step
/// Functions quotas).
pub const RECORD_KEPT: SignedDuration = SignedDuration::from_hours(90 * 24);

/// How long the memory outlives its last run.
pub const MEMORY_KEPT: SignedDuration = SignedDuration::from_hours(400 * 24);

/// How many writes may fail in a row before a run stops trying: what fails so often fails for all.
pub const FAILURES: u32 = 3;

/// The unblock over its ports.
#[derive(Debug, Clone)]
pub struct UnblockRunbook<P: Platform> {
    /// What may be stuck.
    pub sources: P::Unblock,
    /// What is remembered.
    pub ledger: P::Ledger,
    /// The machine `reconcile`.
    pub reconcile: P::Machine,
    /// The machine `daily-unblock`.
    pub machine: P::Machine,
    /// Where people hear of it.
    pub notifier: P::Notifier,
    /// The time.
    pub clock: P::Clock,
    /// Where reports are kept, if the stack keeps any.
    pub reports: Option<ReportDesk>,
}

/// The record of a run with its version.
struct OpenRecord<'a, 'p> {
    scoped: &'a UnblockEnvironment<'p>,
    record: UnblockRecord,
    version: u64,
}

impl<P: Platform> UnblockRunbook<P> {
    /// Works for a slice, piece by piece, from where the run is.
    ///
    /// # Errors
    /// [`RunbookError`] for what may go better when it is tried again; all that was done is in the record.
    pub async fn work(
        &self,
        scoped: &UnblockEnvironment<'_>,
        run: &RunRef,
    ) -> Result<StepOutcome<FormerWord>, RunbookError> {
        let until = later(self.clock.now(), SLICE);
        let mut open = self.open(scoped, &run.id).await?;
        while open.record.stage != UnblockStage::Report && open.record.end.is_none() {
            self.piece(&mut open).await?;
            self.save(&mut open).await?;
            if self.clock.now() >= until {
                break;
            }
        }
        Ok(step(&open, run))
    }

    /// Notes that a source could not be worked on, and goes on to what follows.
    ///
    /// # Errors
    /// [`RunbookError`] when the ledger does not answer.
    pub async fn skip(
        &self,
        scoped: &UnblockEnvironment<'_>,
        run: &RunRef,
        error: &RunError,
    ) -> Result<StepOutcome<FormerWord>, RunbookError> {
        let mut open = self.open(scoped, &run.id).await?;
        if open.record.stage != UnblockStage::Report {
            let subject = subject(&open);
            let detail = format!("nothing of it is freed from here on: {}: {}", error.name, error.message);
            open.record.note("unreadable", &subject, detail.chars().take(500).collect::<String>(), None);
            open.record.next_stage(scoped.section);
            self.save(&mut open).await?;
        }
        Ok(step(&open, run))
    }

    /// One piece of the stage that the run is at.
    async fn piece(&self, open: &mut OpenRecord<'_, '_>) -> Result<(), RunbookError> {
        match open.record.stage {
            UnblockStage::Undo => self.undo_page(open).await,
            UnblockStage::Locks => self.locks_page(open).await,
            UnblockStage::Blockers => self.blockers_page(open).await,
            UnblockStage::Queue(number) => self.queue_batch(open, number).await,
            UnblockStage::Own => self.own(open).await,
            UnblockStage::Deployments => self.deployments(open).await,
            UnblockStage::Report => Ok(()),
        }
    }

    async fn open<'a, 'p>(
        &self,
        scoped: &'a UnblockEnvironment<'p>,
        id: &str,
    ) -> Result<OpenRecord<'a, 'p>, RunbookError> {
        let found = self.ledger.read(&scoped.scope, LedgerNote::Run(id)).await?;
        let unknown = || RunbookError::RunUnknown { what: format!("run {id}"), scope: scoped.scope.clone() };
        let (record, version) = found.ok_or_else(unknown)?;
        Ok(OpenRecord { scoped, record, version })
    }

    async fn save(&self, open: &mut OpenRecord<'_, '_>) -> Result<(), RunbookError> {
        let until = later(open.record.header.started, RECORD_KEPT);
        let note = LedgerNote::Run(&open.record.header.id);
        self.ledger.write(&open.scoped.scope, note, &open.record, open.version, until).await?;
        open.version += 1;
        Ok(())
    }

    async fn memory(&self, scope: &Scope) -> Result<(UnblockMemory, u64), RunbookError> {
        Ok(self.ledger.read(scope, LedgerNote::Memory).await?.unwrap_or_default())
    }
}

fn step(open: &OpenRecord<'_, '_>, run: &RunRef) -> StepOutcome<FormerWord> {
    let next = match (open.record.end, open.record.stage) {
        (Some(_), _) => None,
        (None, UnblockStage::Report) => Some(call::REPORT),
        _ => Some(call::WORK),
    };
    let UnblockRecord { locks, stage, .. } = &open.record;
    let summary = format!("{} of {}: at {stage:?}, {} locks read", run.id, run.scope, locks.read);
    call::worked(run, next, summary)
}

/// What a run is at, for a person.
fn subject(open: &OpenRecord<'_, '_>) -> String {
    let section = open.scoped.section;
    match open.record.stage {
        UnblockStage::Queue(number) => section
            .and_then(|section| section.queues.get(number))
            .map_or_else(|| number.to_string(), |queue| queue.dead_letters.to_string()),
        UnblockStage::Locks | UnblockStage::Undo => section
            .and_then(|section| section.locks.as_ref())
            .map_or_else(|| "locks".to_owned(), |locks| locks.table.to_string()),
        UnblockStage::Blockers => section
            .and_then(|section| section.blockers.as_ref())
            .map_or_else(|| "blockers".to_owned(), |blockers| blockers.table.to_string()),
        stage => stage.source().to_string(),
    }
}

/// A source that cannot be read is a finding, unless it may be there when it is asked again.
fn unreadable(open: &mut OpenRecord<'_, '_>, subject: &str, error: AwsError) -> Result<(), RunbookError> {
    if passes(&error) {
        return Err(error.into());
    }
    open.record.note("unreadable", subject, format!("nothing of it is freed: {}", told(&error)), None);
    Ok(())
}

/// Whether a call may succeed when it is made again.
fn passes(error: &AwsError) -> bool {
    matches!(error.fault, Fault::Throttled | Fault::Unavailable)
}

/// An error for a person, short.
fn told(error: &AwsError) -> String {
    let because = error.source.as_ref().map_or_else(String::new, |source| format!(" ({source})"));
    format!("{error}{because}").chars().take(400).collect()
}

/// `instant` plus `by`, or the end of time.
fn later(instant: Timestamp, by: SignedDuration) -> Timestamp {
    instant.saturating_add(by).unwrap_or(Timestamp::MAX)
}
