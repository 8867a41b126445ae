//! How two regions behave: a shared clock, replication, partitions, losses, and tasks that still stop.
#![allow(clippy::unwrap_used)]

mod loss;
mod replication;
mod scene;
mod tasks;
