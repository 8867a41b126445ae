//! An AWS in memory, with quotas, delays and faults, behind the ports of the engine.
//!
//! Everything is deterministic: time moves only when it is told to, and chance comes from a seed. A [`SimRegion`]
//! implements every port; clones of it are handles to the same one. A [`SimPair`] is two of them, home and standby, that
//! share time and replicate their ledgers.

mod aws;
mod backup;
mod builder;
mod call;
pub mod contract;
mod declared;
mod emergency;
mod executions;
mod external_changes;
mod failover;
mod fault;
mod fault_gate;
mod history;
mod inspect;
mod kinds;
mod ledger;
mod link;
pub mod machine;
mod memory;
mod operation;
mod outside;
mod pair;
mod platform;
mod quota;
mod reconcile;
mod refusal;
mod region;
mod reports;
mod run;
mod settings;
mod sleep;
mod spec;
mod state;
pub mod token_bucket;
mod unblock;

pub use builder::SimRegionBuilder;
pub use call::{CallEnding, RecordedCall};
pub use declared::{Declared, declared};
pub use emergency::alarm_event;
pub use executions::MachineHandle;
pub use failover::event_sources::{event_mapping, event_rule, event_schedule};
pub use failover::promotions::{aurora_global, replica};
pub use failover::stores::{stream, table};
pub use fault::{CallTrouble, FaultPlan};
pub use kinds::loss::RegionLoss;
pub use kinds::machines::StartedExecution;
pub use kinds::outside::{PublishedEvent, SentMessage};
pub use kinds::pile::BusEvent;
pub use kinds::vault::{BackupDeletion, CheckBehavior, SimCheckTask, StoreSpec, VaultCopy, store};
pub use operation::Operation;
pub use pair::{PairBuilder, SimPair};
pub use quota::{BucketLimit, BucketLimits, SimApi};
pub use region::SimRegion;
pub use run::run_until_done_or_crash;
pub use settings::TimingSettings;
pub use spec::{
    DatabaseSpec, RuleSpec, ServiceSpec, SimResource, TargetGroup, aurora, group_arn, rds, rule, rule_arn, scope,
    service, task_definition,
};
