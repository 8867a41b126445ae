//! A scope as AWS describes it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{
    Baseline, Capacity, DatabaseId, ObservedDatabase, ResourceId, Rollout, Schedules, ServiceCapacity, ServiceId,
    TaskDefinition,
};

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
    /// The scheduled actions of the services, where they were asked for.
    pub schedules: Schedules,
    /// Services whose bounds are a scheduled action's doing, each with its name; none of which something is remembered.
    pub moved: BTreeMap<ServiceId, String>,
}

impl ObservedScope {
    /// The same with the schedules of somebody else. What they have made of a service is no baseline; what is remembered of
    /// one from before is.
    pub fn learn_schedules(&mut self, found: Schedules, baseline: Option<&Baseline>) {
        self.schedules = found;
        self.schedules.retain(|id, _| self.services.contains_key(id));
        let kept = |id: &ServiceId| baseline.is_some_and(|kept| kept.has(&ResourceId::Service(id.clone())));
        let moved = self.schedules.iter().filter(|(id, _)| !kept(id)).filter_map(|(id, actions)| {
            let capacity = &self.services.get(id)?.capacity;
            actions.iter().find(|action| action.has_set(capacity)).map(|action| (id.clone(), action.name.clone()))
        });
        self.moved = moved.collect();
    }

    /// The capacity in it: what a baseline would remember.
    pub fn capacity(&self) -> Capacity {
        Capacity {
            services: self.services.iter().map(|(id, s)| (id.clone(), s.capacity)).collect(),
            databases: self.databases.iter().map(|(id, d)| (id.clone(), d.power())).collect(),
        }
    }
}
