//! Readiness of fleet-orchestration's standby: the example is ready, and each fact corrupted alone is its own finding.
#![allow(clippy::unwrap_used)]

mod findings;
mod protection;
mod report;
mod scene;
