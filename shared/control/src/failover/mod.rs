//! Moving a pair: the watch over it, and the steps of a move. Each step is one look or one write; between two of them
//! nothing is kept in memory, and each reads the pointer first.

mod advance;
mod beat;
mod call;
mod event_sources;
mod gather;
mod handle;
mod outcome;
mod own_steps;
mod phases;
pub mod ports;
mod probe;
mod protection;
mod ready;
mod rehearsals;
mod rehearse;
mod start;
mod steer;
mod takeover;
mod traffic_switch;
mod unprotected;
mod watch;

use std::sync::Arc;

use watchkeeper_domain::intent::Layer;

use crate::pacing::{Pace, Pacer};
use crate::platform::Platform;
use crate::report::ReportDesk;

pub use advance::MoveRequest;
pub use call::{Advanced, Answer, Child, ChildResult, Details, PairTicks, Step, readied};
pub use handle::{Watched, member};
pub use outcome::end;
pub use watch::PairTick;

/// The detail type of the event about a move that is over.
pub const MOVE_FINISHED: &str = "Watchkeeper Failover Finished";

/// What the watch over one half of a pair, and its moves, work with. `here` is this region, and `peer` the other one, whose
/// calls are bounded.
#[derive(Debug)]
pub struct FailoverRunbook<P: Platform> {
    /// What is remembered.
    pub ledger: P::Ledger,
    /// This region: the one that a move goes to.
    pub here: P::Region,
    /// The other region.
    pub peer: P::Peer,
    /// The means by which traffic moves.
    pub switches: P::Traffic,
    /// The metrics of this very region, which the estate's alarm follows where the means is one.
    pub own_metrics: P::Traffic,
    /// Asking from outside.
    pub prober: P::Prober,
    /// Where people and programs hear of it.
    pub notifier: P::Notifier,
    /// Wall time.
    pub clock: P::Clock,
    /// This region's own hand.
    pub reconcile_machine: P::Machine,
    /// The other region's own hand.
    pub peer_reconcile_machine: P::Machine,
    /// The failover machine of this region.
    pub machine: P::Machine,
    /// What is reserved of the account's budgets; it outlives a run where the function does.
    pub pacer: Arc<Pacer>,
    /// Where reports are kept, if the stack keeps any.
    pub reports: Option<ReportDesk>,
}

impl<P: Platform> FailoverRunbook<P> {
    /// The pace of looks at this region.
    fn pace(&self, layer: Layer) -> Pace<'_, P::Ledger, P::Clock> {
        Pace { pacer: &self.pacer, ledger: &self.ledger, clock: &self.clock, layer }
    }
}
