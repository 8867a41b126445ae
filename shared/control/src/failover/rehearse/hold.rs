//! Hold: what was started stays up for a while. As long as a loss of the region that serves is looked at, it is not taken away.

use watchkeeper_domain::execution::ExecutionStatus;
use watchkeeper_domain::failover::MovePhase;
use watchkeeper_domain::intent::Layer;

use super::super::FailoverRunbook;
use super::super::advance::MoveStep;
use super::super::outcome::PhaseOutcome;
use crate::ledger::Ledger;
use crate::platform::Platform;
use crate::ports::{Clock, ExecutionStates};
use crate::runbook::RunbookError;

/// The most seconds between two looks, as often as the watch looks: an emergency does not wait for the end of it.
const LOOK: i64 = 60;

impl<P: Platform> FailoverRunbook<P> {
    pub(super) async fn hold(&self, work: &mut MoveStep<'_>) -> Result<PhaseOutcome, RunbookError> {
        let now = self.clock.now();
        let seen = self.ledger.load(&work.member.scope()).await?;
        let stronger = |layer: Layer| layer > Layer::Rehearsal;
        if let Some(other) = seen.intents.iter().find(|intent| intent.holds(now) && stronger(intent.layer)) {
            work.record.header.note(now, format!("it makes way: {other}"));
            return Ok(PhaseOutcome::Enter(MovePhase::Back));
        }
        let hold = work.record.rehearsal.as_ref().map(|rehearsal| rehearsal.hold()).unwrap_or_default();
        let left = hold.saturating_sub(self.age(work)).as_secs();
        if left > 0 {
            return Ok(PhaseOutcome::Again(left.min(LOOK), format!("it is held up for {hold:#}")));
        }
        if !self.late(work) && self.suspects(work).await? {
            let why = format!("a loss of {} is looked at: what is up stays up", work.member.other());
            return Ok(PhaseOutcome::Again(LOOK, why));
        }
        let problems = self.problems(work).await?;
        if problems.is_empty() {
            return Ok(PhaseOutcome::Enter(MovePhase::Back));
        }
        Ok(PhaseOutcome::Fail(format!("it did not stay up: {}", problems.join("; "))))
    }

    /// Whether the watch sees a loss, or an execution over one goes on.
    async fn suspects(&self, work: &MoveStep<'_>) -> Result<bool, RunbookError> {
        let (watch, _) = self.ledger.watch(&work.member.id, &work.member.region).await?;
        if watch.since.is_some() {
            return Ok(true);
        }
        match &watch.execution {
            Some(name) => Ok(self.machine.status(name).await? == ExecutionStatus::Running),
            None => Ok(false),
        }
    }
}
