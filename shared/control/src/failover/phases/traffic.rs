//! Traffic, outside, settle: past the point of no return.

use jiff::SignedDuration;
use watchkeeper_domain::failover::{MoveEnding, MovePhase, MoveStage, expected};

use super::super::FailoverRunbook;
use super::super::advance::MoveStep;
use super::super::outcome::PhaseOutcome;
use super::super::{probe, traffic_switch};
use crate::ledger::Ledger;
use crate::platform::Platform;
use crate::ports::Clock;
use crate::runbook::RunbookError;

/// How long after the time that a strategy takes people may still not reach the new region before somebody is called.
const PATIENCE: SignedDuration = SignedDuration::from_mins(10);

/// Between two looks, in seconds.
const LOOK: i64 = 3;

impl<P: Platform> FailoverRunbook<P> {
    /// Commits the pointer first: of a worker that goes on and one that goes back, the pointer lets one.
    pub(super) async fn traffic(&self, work: &mut MoveStep<'_>) -> Result<PhaseOutcome, RunbookError> {
        let id = work.record.header.id.clone();
        if work.pointer.own(&id).is_some_and(|moving| moving.stage == MoveStage::Opening) {
            let next = work.pointer.commit(&id)?;
            work.pointer = self.point(work.member, &work.pointer, next).await?;
        }
        // Looked at again right before the switch, which no condition guards: an execution that was taken for dead must not
        // send traffic anywhere.
        work.pointer = work.member.pointer(&self.ledger.pair(&work.member.id).await?);
        if work.pointer.own(&id).is_none_or(|moving| moving.stage != MoveStage::Traffic) {
            return Ok(PhaseOutcome::Fail(format!("the pointer is elsewhere: {}", work.pointer)));
        }
        traffic_switch::point(&self.switches, work.member, &work.member.region).await?;
        let now = self.clock.now();
        work.record.switched.get_or_insert(now);
        work.record.header.note(now, format!("traffic is pointed to {}", work.member.region));
        Ok(PhaseOutcome::Enter(MovePhase::Outside))
    }

    pub(super) async fn outside(&self, work: &mut MoveStep<'_>) -> Result<PhaseOutcome, RunbookError> {
        let member = work.member;
        let mut problems = probe::outside(&self.prober, &member.failover).await.failed;
        let points_to = traffic_switch::region(&self.switches, member).await?;
        if points_to.as_ref() != Some(&member.region) {
            let elsewhere =
                points_to.map_or_else(|| "nowhere that can be told".to_owned(), |region| region.to_string());
            problems.push(format!("traffic points to {elsewhere}"));
        }
        let limit = expected(&member.failover.traffic).saturating_add(PATIENCE);
        match () {
            () if problems.is_empty() => {
                work.record.header.note(self.clock.now(), format!("people reach {}", member.region));
                Ok(PhaseOutcome::Enter(MovePhase::Settle))
            }
            () if self.age(work) >= limit => {
                Ok(PhaseOutcome::Fail(format!("people do not reach {}: {}", member.region, problems.join("; "))))
            }
            () => Ok(PhaseOutcome::Again(LOOK, problems.join("; "))),
        }
    }

    /// The pointer is steady here; from then on the old region's own stack stops what it still runs. A planned move waits
    /// until the last client has followed, so that nobody is cut off.
    pub(super) async fn settle_pointer(&self, work: &mut MoveStep<'_>) -> Result<PhaseOutcome, RunbookError> {
        let now = self.clock.now();
        let id = work.record.header.id.clone();
        if work.record.graceful {
            let drained = expected(&work.member.failover.traffic);
            let left = drained.saturating_sub(now.duration_since(work.record.switched.unwrap_or(now)));
            if left.is_positive() {
                let why = format!("the last clients have {drained:#} to follow");
                return Ok(PhaseOutcome::Again(left.as_secs() + 1, why));
            }
        }
        if work.pointer.own(&id).is_some() {
            let next = work.pointer.settle(&id, now)?;
            work.pointer = self.point(work.member, &work.pointer, next).await?;
        }
        work.record.header.note(now, work.pointer.to_string());
        work.record.nudged = None;
        self.nudge(work, "the pair has moved").await;
        Ok(PhaseOutcome::End(MoveEnding::Done))
    }
}
