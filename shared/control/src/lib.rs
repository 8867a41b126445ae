//! The engine over ports: observe, resolve, diff, guard, apply, verify.

pub mod lease;
pub mod ledger;
pub mod ports;
