//! The decisions of Watchkeeper: pure, without AWS, async, clock or environment.
//!
//! Intents resolve to a target; the difference between what is observed and the target is the plan; guardrails judge it.

pub mod backup;
pub mod budget;
pub mod capacity;
pub mod emergency;
pub mod estate;
pub mod execution;
pub mod failover;
pub mod failures;
pub mod finding;
pub mod guardrail;
pub mod intent;
pub mod message;
pub mod name;
pub mod order;
pub mod person;
pub mod plan;
pub mod preflight;
pub mod reconcile;
pub mod request;
pub mod run;
pub mod schedule;
pub mod unblock;
pub mod value;
pub mod violation;
pub mod wake_page;
