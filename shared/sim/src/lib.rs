//! An AWS in memory, with quotas, delays and faults, behind the ports of the engine.
//!
//! Everything is deterministic: time moves only when it is told to, and chance comes from a seed. A [`SimRegion`]
//! implements every port; clones of it are handles to the same world. A [`SimPair`] is two of them, home and standby, that
//! share time and replicate their ledgers.

mod alarm;
mod backup;
mod builder;
mod call;
mod cloud;
pub mod contract;
mod database;
mod executions;
mod fault;
mod gate;
mod globe;
mod history;
mod inspect;
mod ledger;
mod link;
mod loss;
mod memory;
mod operation;
mod outside;
mod pair;
mod pairs;
mod promotions;
mod put;
mod quota;
mod release;
mod run;
mod service;
mod settings;
mod site;
mod spec;
mod state;
mod stores;
mod stuck;
mod switches;
mod tamper;
mod tasks;
mod world;

pub use backup::{BackupDeletion, StoreSpec, VaultCopy, store};
pub use builder::WorldBuilder;
pub use call::{CallEnding, RecordedCall};
pub use executions::{MachineHandle, StartedExecution};
pub use fault::{CallTrouble, FaultPlan};
pub use loss::RegionLoss;
pub use operation::Operation;
pub use outside::{PublishedEvent, SentMessage};
pub use pair::{PairBuilder, SimPair};
pub use promotions::{aurora_global, replica};
pub use quota::{BucketLimit, BucketLimits, SimApi};
pub use run::run_until_done_or_crash;
pub use settings::TimingSettings;
pub use spec::{DatabaseSpec, ServiceSpec, SimResource, aurora, rds, scope, service, task_definition};
pub use stores::{stream, table};
pub use stuck::BusEvent;
pub use tasks::TargetGroup;
pub use world::SimRegion;
