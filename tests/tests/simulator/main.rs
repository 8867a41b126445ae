//! The control plane over the simulated AWS: nights as they go, and a fault of every kind at every call.
#![allow(clippy::unwrap_used)]

mod backup_faults;
mod backup_trouble;
mod backups;
mod changing_documents;
mod emergencies;
mod emergency_faults;
mod emergency_scene;
mod emergency_trouble;
mod failover_documents;
mod failover_faults;
mod failover_questions;
mod failover_stops;
mod failover_switches;
mod failovers;
mod nights;
mod ordered;
mod pair_scene;
mod reports;
mod reports_told;
mod restores;
mod rollbacks;
mod scenarios;
mod scene;
mod scenes;
mod single_faults;
mod ticks;
mod unblock_days;
mod unblock_faults;
mod unblock_scene;
mod unblock_trouble;
mod unblocks;
mod unmade;
mod window;
mod window_peers;
mod window_truth;
