//! A person's word to a move that goes on: kept beside the watch of the region that is to serve, and heard by the move's next step.

use watchkeeper_domain::failover::{FailoverRequest, Move, MovePhase, MoveWord, Pointer};
use watchkeeper_domain::reconcile::run::RunRef;

use super::FailoverRunbook;
use super::advance::{MoveRequest, MoveStep};
use super::call::Advanced;
use crate::ledger::Ledger;
use crate::platform::Platform;
use crate::ports::Clock;
use crate::runbook::{NextStep, RunbookError, StepOutcome};
use crate::scoped::PairMember;

impl<P: Platform> FailoverRunbook<P> {
    /// Keeps what a person says to the move that goes on to this region. Whoever says it twice has said it once.
    pub(super) async fn steer(
        &self,
        member: &PairMember,
        request: &FailoverRequest,
        pointer: &Pointer,
        call: &MoveRequest<'_>,
    ) -> Result<StepOutcome<Advanced>, RunbookError> {
        let record = self.ledger.moved(&member.id, &pointer.by).await?.map(|(record, _)| record);
        let (mut watch, version) = self.ledger.watch(&member.id, &member.region).await?;
        let before = watch.word.take();
        let word = MoveWord::said(request, pointer, &member.region, record.as_ref(), before.as_ref(), call.execution)?;
        if before.as_ref() != Some(&word) {
            watch.word = Some(word);
            self.ledger.keep_watch(&member.id, &member.region, &watch, version).await?;
        }
        let then = NextStep::done("steered");
        let summary = format!("{}: said to {}, whose next step hears it", member.id, pointer.by);
        let own = Move::new(call.execution, &pointer.active, &member.region, MovePhase::Over, self.clock.now());
        let details = Advanced::of(&own, &then);
        Ok(StepOutcome::new(RunRef::new(member.scope(), call.execution.to_owned()), then, summary, details))
    }

    /// What people have said to this move since it was asked last.
    pub(super) async fn hear_word(&self, work: &mut MoveStep<'_>) -> Result<(), RunbookError> {
        let goes_on = work.record.rehearsal.is_none() && work.pointer.own(&work.record.header.id).is_some();
        if !goes_on || matches!(work.record.phase, MovePhase::Back | MovePhase::Over) {
            return Ok(());
        }
        let (watch, _) = self.ledger.watch(&work.member.id, &work.member.region).await?;
        let told = watch.word.map(|word| work.record.hear(&word)).unwrap_or_default();
        for what in told {
            work.record.header.note(self.clock.now(), what);
        }
        Ok(())
    }
}
