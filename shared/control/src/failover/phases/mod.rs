//! The phases of a move, each a look or a write that may be repeated.

mod assess;
mod back;
mod begin;
mod confirm;
pub(super) mod fence;
mod promote;
mod scale;
mod traffic;
mod verify;

use jiff::SignedDuration;
use watchkeeper_domain::failover::Phase;

use super::MoveError;
use super::mover::{Mover, Work};
use super::ports::{Prober, Promotions, Sight, Switches};
use super::turn::Turn;
use crate::backup::BackupLog;
use crate::ledger::Ledger;
use crate::ports::{Announcer, Clock, ExecutionStates, Executions};

/// How often a child is tried before the move goes back.
const CHILD_TRIES: u32 = 3;

impl<L, S, P, W, H, N, K, X, E> Mover<L, S, P, W, H, N, K, X, E>
where
    L: Ledger + BackupLog,
    S: Sight + Promotions,
    P: Sight,
    W: Switches,
    H: Prober,
    N: Announcer,
    K: Clock,
    X: Executions,
    E: ExecutionStates,
{
    pub(super) async fn phase(&self, work: &mut Work<'_>) -> Result<Turn, MoveError> {
        match work.record.phase {
            Phase::Confirm => self.confirm(work).await,
            Phase::Assess => self.assess(work).await,
            Phase::Approve => Ok(Self::approve(work)),
            Phase::Begin => self.begin(work).await,
            Phase::Fence => self.fence(work).await,
            Phase::Promote => self.promote(work).await,
            Phase::Scale => self.scale(work).await,
            Phase::Verify => self.verify(work).await,
            Phase::Traffic => self.traffic(work).await,
            Phase::Outside => self.outside(work).await,
            Phase::Settle => self.settle_pointer(work).await,
            Phase::Back => self.back(work).await,
            Phase::Over => Ok(Turn::Enter(Phase::Over)),
        }
    }

    /// For how long the phase has gone on.
    pub(super) fn age(&self, work: &Work<'_>) -> SignedDuration {
        let began = work.record.spells.last().map_or(work.record.started, |spell| spell.began);
        self.clock.now().duration_since(began)
    }
}
