//! Begin: the pointer says `moving`, and from now on this execution alone may write it.

use watchkeeper_domain::failover::{MoveEnding, MovePhase};

use super::super::FailoverRunbook;
use super::super::advance::MoveStep;
use super::super::outcome::PhaseOutcome;
use crate::ledger::LedgerError;
use crate::platform::Platform;
use crate::ports::Clock;
use crate::runbook::RunbookError;

impl<P: Platform> FailoverRunbook<P> {
    pub(super) async fn begin(&self, work: &mut MoveStep<'_>) -> Result<PhaseOutcome, RunbookError> {
        let now = self.clock.now();
        let id = work.record.header.id.clone();
        if let Some(theirs) = work.pair.heartbeats.get(work.member.other()) {
            let armed = theirs.switches.keys().filter(|singleton| theirs.silence(singleton).is_some());
            work.record.switches.extend(armed.cloned());
        }
        // What was approved is about the pair as it was when it was asked for.
        let revision = work.record.revision.unwrap_or(work.pointer.revision);
        if work.pointer.moving.is_none() && work.pointer.revision != revision {
            work.record.header.note(now, format!("the pair has moved since this was asked for: {}", work.pointer));
            return Ok(PhaseOutcome::End(MoveEnding::Refused));
        }
        // An answer that was lost on the way: the pointer is ours already.
        if work.pointer.own(&id).is_none() {
            // An approval may have taken its time.
            if let Some(refused) = self.halted(work).await? {
                return Ok(refused);
            }
            let (serving, approved) = (work.record.serving.clone(), work.record.header.approved.clone());
            let next = match work.pointer.begin(&work.member.region, serving, approved, &id, now) {
                Ok(next) => next.keeping_apart(work.member.failover.singletons.iter().map(|it| it.service.clone())),
                Err(error) => {
                    work.record.header.note(now, error.to_string());
                    return Ok(PhaseOutcome::End(MoveEnding::Refused));
                }
            };
            work.pointer = match self.point(work.member, &work.pointer, next).await {
                Err(LedgerError::Conflict { .. }) => {
                    work.record.header.note(now, "another execution was faster");
                    return Ok(PhaseOutcome::End(MoveEnding::Refused));
                }
                answer => answer?,
            };
        }
        work.record.epoch = Some(work.pointer.epoch);
        work.record.steps.clone_from(&work.member.failover.steps);
        work.record.header.note(now, work.pointer.to_string());
        Ok(PhaseOutcome::Enter(MovePhase::Fence))
    }
}
