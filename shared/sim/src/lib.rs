//! An AWS in memory, with quotas, delays and faults, behind the ports of the engine.
//!
//! Everything is deterministic: time moves only when it is told to, and chance comes from a seed. A [`World`]
//! implements every port; clones of it are handles to the same world. A [`Pair`] is two of them, home and standby, that
//! share time and replicate their ledgers.

mod backup;
mod builder;
mod call;
pub mod contract;
mod emergency;
mod executions;
mod failover;
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
mod put;
mod quota;
mod reconcile;
mod run;
mod settings;
mod spec;
mod state;
mod tamper;
mod unblock;
mod world;

pub use backup::{Deletion, StoreSpec, VaultCopy, store};
pub use builder::WorldBuilder;
pub use call::{Call, Ending};
pub use executions::{Execution, Machine};
pub use failover::promotions::{aurora_global, replica};
pub use failover::stores::{stream, table};
pub use failover::tasks::TargetGroup;
pub use fault::{FaultPlan, Trouble};
pub use loss::Loss;
pub use operation::Operation;
pub use outside::{Event, Message};
pub use pair::{Pair, PairBuilder};
pub use quota::{Api, Quota, Quotas};
pub use run::run_until_done_or_crash;
pub use settings::Settings;
pub use spec::{DatabaseSpec, Resource, ServiceSpec, aurora, rds, scope, service, task_definition};
pub use unblock::BusEvent;
pub use world::World;
