//! What an execution of the emergency runbook decides, asks, and how long it holds.
#![allow(clippy::unwrap_used)]

mod answers;
mod decide;
mod hold;
mod messages;
mod requests;
mod scene;
