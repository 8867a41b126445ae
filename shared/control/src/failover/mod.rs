//! Moving a pair: the watch over it, and the steps of a move. Each step is one look or one write; between two of them
//! nothing is kept in memory, and each reads the pointer first.

mod beat;
mod gather;
mod heir;
mod means;
mod mover;
mod phases;
pub mod ports;
mod probe;
mod ready;
mod start;
mod turn;
mod watch;

use watchkeeper_domain::failover::{PointerError, UnfollowablePointer};
use watchkeeper_domain::request::RequestError;

use crate::ledger::LedgerError;
use crate::ports::AwsError;

pub use mover::{FailoverRunbook, MoveRequest};
pub use ready::{ReadinessAction, ReadinessLook};
pub use turn::{ChildResult, MoveNext, MoveReply};
pub use watch::{PairTick, RegionMonitor};

/// The error of a move that failed before traffic had moved, and went back.
pub const COMPENSATED: &str = "Failover.Compensated";

/// The error of a move that stopped where it stands.
pub const HELD: &str = "Failover.Held";

/// The error of a move that a person did not want.
pub const DECLINED: &str = "Failover.Declined";

/// The error of a move that something forbids.
pub const REFUSED: &str = "Guardrail.Refused";

/// The detail type of the event about a move that is over.
pub const MOVE_FINISHED: &str = "Watchkeeper Failover Finished";

/// Why a step of a move could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum MoveError {
    /// The input is not as it must be.
    #[error("the request cannot be followed")]
    Request(#[from] RequestError),
    /// The pointer does not allow it.
    #[error("the pointer of the pair does not allow it")]
    Pointer(#[from] PointerError),
    /// The pointer cannot be followed.
    #[error("it cannot be told which region serves, so nothing is changed")]
    Unfollowed(#[from] UnfollowablePointer),
    /// The document lacks what the strategy needs.
    #[error("failover.traffic.{field}: found nothing, expected what the strategy needs")]
    Incomplete {
        /// Which field.
        field: &'static str,
    },
    /// The records of the hosted zone are not as the strategy needs them.
    #[error("the records cannot be switched: {0}")]
    Records(String),
    /// The ledger did not do what it was asked.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// AWS did not do what it was asked.
    #[error(transparent)]
    Aws(#[from] AwsError),
}
