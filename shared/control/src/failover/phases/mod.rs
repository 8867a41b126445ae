//! The phases of a move, each a look or a write that may be repeated.

mod assess;
mod back;
mod begin;
mod confirm;
pub(super) mod fence;
mod promote;
pub(super) mod scale;
mod traffic;
pub(super) mod verify;

use jiff::SignedDuration;
use watchkeeper_domain::failover::MovePhase;

use super::FailoverRunbook;
use super::advance::MoveStep;
use super::outcome::PhaseOutcome;
use crate::platform::Platform;
use crate::ports::Clock;
use crate::runbook::{ErrorName, RunbookError};

/// How often a child is tried before the move goes back.
pub(super) const CHILD_TRIES: u32 = 3;

/// Whether a child failed with what it was to do. One that the pointer has overtaken, or that another run's lease kept waiting,
/// did not.
pub(super) fn is_own_failure(name: &str) -> bool {
    ![ErrorName::PointerMoved, ErrorName::LeaseHeld].iter().any(|other| other.name() == name)
}

impl<P: Platform> FailoverRunbook<P> {
    pub(super) async fn phase(&self, work: &mut MoveStep<'_>) -> Result<PhaseOutcome, RunbookError> {
        if work.record.rehearsal.is_some() {
            return self.rehearse(work).await;
        }
        match work.record.phase {
            MovePhase::Confirm => self.confirm(work).await,
            MovePhase::Assess => self.assess(work).await,
            MovePhase::Approve => Ok(Self::approve(work)),
            MovePhase::Begin => self.begin(work).await,
            MovePhase::Fence => self.fence(work).await,
            MovePhase::Promote => self.promote(work).await,
            MovePhase::Scale => self.scale(work).await,
            MovePhase::Verify => self.verify(work).await,
            MovePhase::Traffic => self.traffic(work).await,
            MovePhase::Outside => self.outside(work).await,
            MovePhase::Settle => self.settle_pointer(work).await,
            MovePhase::Back => self.back(work).await,
            // A move holds nothing.
            MovePhase::Hold | MovePhase::Over => Ok(PhaseOutcome::Enter(MovePhase::Over)),
        }
    }

    /// For how long the phase has gone on.
    pub(super) fn age(&self, work: &MoveStep<'_>) -> SignedDuration {
        let began = work.record.spells.last().map_or(work.record.header.started, |spell| spell.began);
        self.clock.now().duration_since(began)
    }
}
