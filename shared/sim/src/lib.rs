//! An AWS in memory, with quotas, delays and faults, behind the ports of the engine.
//!
//! Everything is deterministic: time moves only when it is told to, and chance comes from a seed. A [`World`]
//! implements every port; clones of it are handles to the same world.

mod alarm;
mod backup;
mod builder;
mod call;
mod cloud;
pub mod contract;
mod database;
mod fault;
mod gate;
mod history;
mod inspect;
mod ledger;
mod memory;
mod outside;
mod quota;
mod release;
mod run;
mod service;
mod settings;
mod spec;
mod state;
mod tamper;
mod world;

pub use backup::{Deletion, StoreSpec, VaultCopy, store};
pub use builder::WorldBuilder;
pub use call::{Call, Ending, Operation};
pub use fault::{FaultPlan, Trouble};
pub use outside::{Event, Message};
pub use quota::{Api, Quota, Quotas};
pub use run::run_until_done_or_crash;
pub use settings::Settings;
pub use spec::{DatabaseSpec, Resource, ServiceSpec, aurora, rds, scope, service, task_definition};
pub use world::World;
