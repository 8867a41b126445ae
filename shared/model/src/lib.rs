//! The lease, fence and pointer protocol as models that are explored exhaustively.
//!
//! Three models share the work, so that each stays small enough to be explored whole:
//!
//! | model        | explores                                                       | over the real                             |
//! | ------------ | -------------------------------------------------------------- | ----------------------------------------- |
//! | [`lease`]    | the writers of one region: leases, margins, clocks, late writes   | `Lease`                                   |
//! | [`protocol`] | the pair: pointer, writers, movers, fences, traffic, both ways    | `Pointer`, `placement`                    |
//! | [`deadman`]  | the dead man's switch: heartbeats, ticks, delays, clocks        | `Pointer`, `placement`                    |
//!
//! [`protocol`] has no clock: it takes from [`lease`] that a write of a preempted writer never lands after its successor's.
//! Every model can break one rule on purpose, and the tests show that it is found.

pub mod deadman;
pub mod lease;
pub mod pair;
mod point;
pub mod protocol;
