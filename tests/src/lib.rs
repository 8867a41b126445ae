//! The sandbox, the drill and the end-to-end tests.
#![allow(
    clippy::disallowed_methods,
    reason = "these are tools of a developer's machine: its clock, its environment and its processes are what they work with"
)]

pub mod bench;
pub mod bill;
pub mod chat;
pub mod drill;
pub mod estate;
pub mod grants;
pub mod harness;
pub mod preflight;
pub mod sandbox;
pub mod scenarios;
