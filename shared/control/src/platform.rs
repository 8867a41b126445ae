//! The platform: the world of one stack, part by part. Each runbook names it once, and takes of it what it uses.

use crate::backup::ports::{BackupStore, CheckTasks, RestoreStore};
use crate::failover::ports::{
    DatabasePromotions, EventSources, HealthProber, OpenQuestions, RegionReader, SiblingMachines, StandbyReplicas,
    TrafficSwitches,
};
use crate::ledger::Ledger;
use crate::ports::{
    AlarmMutes, Alarms, Clock, Cloud, ExecutionStates, Executions, FailedExecutions, Notifier, UsageMetrics,
};
use crate::report::ports::ReportStore;
use crate::unblock::ports::UnblockSources;

/// The world of one stack. `aws` implements it with the SDK, `sim` in memory.
pub trait Platform {
    /// What is remembered.
    type Ledger: Ledger;
    /// Where people and programs learn of a run.
    type Notifier: Notifier;
    /// Wall time.
    type Clock: Clock;
    /// One of our state machines.
    type Machine: Executions + ExecutionStates + FailedExecutions + OpenQuestions + SiblingMachines;
    /// The capacity of this region; only `reconcile` has it.
    type Capacity: Cloud;
    /// The alarms of this region, and the figures of what is used in it.
    type Alarms: Alarms + AlarmMutes + UsageMetrics;
    /// The backups of this region's resources, their copies elsewhere, and restores.
    type Backups: BackupStore + RestoreStore + CheckTasks;
    /// Where reports are kept.
    type Reports: ReportStore;
    /// What may be stuck in this region.
    type Unblock: UnblockSources;
    /// This region as a failover looks at it, with the databases that it promotes, and replicates again, and the event sources
    /// that move.
    type Region: RegionReader + DatabasePromotions + EventSources + StandbyReplicas;
    /// The other region of a pair: it is looked at, and nothing of it is changed but whether its event sources are on.
    type Peer: RegionReader + EventSources;
    /// The means by which traffic moves.
    type Traffic: TrafficSwitches;
    /// Asking an address from outside.
    type Prober: HealthProber;
}
