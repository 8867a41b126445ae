//! A scope as AWS describes it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{Capacity, DatabaseId, ObservedDatabase, ResourceId, Rollout, ServiceCapacity, ServiceId, TaskDefinition};

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
    /// Whether ECS places one task of it on each container instance: it has no count that could be set (Amazon ECS
    /// developer guide, "Daemon scheduling strategy"). Deployment controllers forbid no count: `UpdateService` sets it for
    /// `ECS`, `CODE_DEPLOY` and `EXTERNAL` alike (Amazon ECS API reference).
    pub daemon: bool,
}

/// A scope as AWS describes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ObservedScope {
    /// Services found.
    pub services: BTreeMap<ServiceId, ObservedService>,
    /// Databases found.
    pub databases: BTreeMap<DatabaseId, ObservedDatabase>,
    /// What was asked for and does not exist.
    pub missing: BTreeSet<ResourceId>,
}

impl ObservedScope {
    /// The capacity in it: what a baseline would remember.
    pub fn capacity(&self) -> Capacity {
        Capacity {
            services: self.services.iter().map(|(id, s)| (id.clone(), s.capacity)).collect(),
            databases: self.databases.iter().map(|(id, d)| (id.clone(), d.power())).collect(),
        }
    }
}
