//! The engine over one platform: observe, resolve, diff, guard, apply, verify. Each runbook has its folder; beside them is
//! what they share.

pub mod backup;
pub mod emergency;
pub mod failover;
pub mod reconcile;
pub mod report;
pub mod schedule;
pub mod unblock;
pub mod wake_page;
pub mod window;

pub mod lease;
pub mod ledger;
pub mod pacing;
pub mod platform;
pub mod ports;
pub mod runbook;
pub mod scoped;
pub mod tick;
pub mod trouble;
