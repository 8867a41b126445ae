//! The rules of the daily unblock, as tables and properties.
#![allow(clippy::unwrap_used)]

mod blockers;
mod deployments;
mod letters;
mod locks;
mod report;
mod runs;
mod scene;
