//! The engine over ports: observe, resolve, diff, guard, apply, verify.

pub mod backup;
pub mod bucket;

pub mod failover;
pub mod lease;
pub mod ledger;
pub mod pacing;
pub mod place;
pub mod ports;
pub mod steps;
pub mod stuck;
pub mod trouble;
pub mod unblock;
