//! A scope as AWS describes it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::Timestamp;

use super::{Capacity, DatabaseId, Power, ResourceId, Rollout, ServiceCapacity, ServiceId, TaskDefinition};

/// A service as AWS describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedService {
    /// Count and bounds.
    pub capacity: ServiceCapacity,
    /// Tasks that run.
    pub running: u32,
    /// Tasks that start.
    pub pending: u32,
    /// Whether it carries the tag `watchkeeper:managed = true`.
    pub managed: bool,
    /// How its newest deployment stands.
    pub rollout: Rollout,
    /// Since when that deployment is what it is, where AWS says so.
    pub rollout_since: Option<Timestamp>,
    /// What its newest deployment rolls out, where AWS says so.
    pub task_definition: Option<TaskDefinition>,
}

/// The state of a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseState {
    /// It answers.
    Available,
    /// On its way up.
    Starting,
    /// On its way down.
    Stopping,
    /// Stopped.
    Stopped,
    /// Anything else, in the words of AWS: neither start nor stop is possible now.
    Busy(String),
}

impl fmt::Display for DatabaseState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Available => "available",
            Self::Starting => "starting",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
            Self::Busy(status) => status,
        })
    }
}

/// A database as AWS describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedDatabase {
    /// Its state.
    pub state: DatabaseState,
    /// Whether it carries the tag `watchkeeper:managed = true`.
    pub managed: bool,
    /// Why AWS would refuse to stop it, if it would.
    pub cannot_stop: Option<String>,
}

impl ObservedDatabase {
    /// The power that a baseline remembers for it: what it is, or is on its way to be.
    pub fn power(&self) -> Power {
        match self.state {
            DatabaseState::Stopped | DatabaseState::Stopping => Power::Off,
            _ => Power::On,
        }
    }
}

/// A scope as AWS describes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Observed {
    /// Services found.
    pub services: BTreeMap<ServiceId, ObservedService>,
    /// Databases found.
    pub databases: BTreeMap<DatabaseId, ObservedDatabase>,
    /// What was asked for and does not exist.
    pub missing: BTreeSet<ResourceId>,
}

impl Observed {
    /// The capacity in it: what a baseline would remember.
    pub fn capacity(&self) -> Capacity {
        Capacity {
            services: self.services.iter().map(|(id, s)| (id.clone(), s.capacity)).collect(),
            databases: self.databases.iter().map(|(id, d)| (id.clone(), d.power())).collect(),
        }
    }
}
