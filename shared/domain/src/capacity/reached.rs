//! What has been reached, resource by resource: what counts as somebody else's change, and since when a database is stopped.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Capacity, DatabaseId, DatabasePower, ResourceId, RuleActions, ServiceCapacity, ServiceId};
use crate::value::ListenerRuleArn;

/// A database as it was left, and since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SwitchedDatabase {
    /// Its power.
    pub to: DatabasePower,
    /// The instant of the run that switched it, or that first found it so.
    pub at: Timestamp,
}

/// The target that each resource has reached last.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReachedTargets {
    /// Services.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub services: BTreeMap<ServiceId, ServiceCapacity>,
    /// Databases.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub databases: BTreeMap<DatabaseId, SwitchedDatabase>,
    /// Rules of load balancers' listeners.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rules: BTreeMap<ListenerRuleArn, RuleActions>,
}

impl ReachedTargets {
    /// Everything of a target, at an instant.
    pub fn all(target: &Capacity, at: Timestamp) -> Self {
        let switched = |(id, to): (&DatabaseId, &DatabasePower)| (id.clone(), SwitchedDatabase { to: *to, at });
        let databases = target.databases.iter().map(switched).collect();
        Self { services: target.services.clone(), databases, rules: target.rules.clone() }
    }

    /// The resources that have reached just this target.
    pub fn of(&self, target: &Capacity) -> BTreeSet<ResourceId> {
        target.resources().filter(|resource| self.has(resource, target)).collect()
    }

    fn has(&self, resource: &ResourceId, target: &Capacity) -> bool {
        match resource {
            ResourceId::Service(id) => {
                self.services.get(id).is_some_and(|reached| target.services.get(id) == Some(reached))
            }
            ResourceId::Database(id) => {
                self.databases.get(id).is_some_and(|reached| target.databases.get(id) == Some(&reached.to))
            }
            ResourceId::Rule(id) => self.rules.get(id).is_some_and(|reached| target.rules.get(id) == Some(reached)),
        }
    }

    /// The same without what has another target by now, or is about to be written to: a run that dies must not leave the
    /// word that a resource is where it has just left.
    #[must_use]
    pub fn until(mut self, target: &Capacity, written: &BTreeSet<ResourceId>) -> Self {
        let keep = self.of(target);
        let stays = |resource: ResourceId| keep.contains(&resource) && !written.contains(&resource);
        self.services.retain(|id, _| stays(ResourceId::Service(id.clone())));
        self.databases.retain(|id, _| stays(ResourceId::Database(id.clone())));
        self.rules.retain(|id, _| stays(ResourceId::Rule(id.clone())));
        self
    }

    /// The same once these resources have reached this target. A database keeps its time unless it was `written` to.
    #[must_use]
    pub fn after(
        mut self,
        target: &Capacity,
        reached: &BTreeSet<ResourceId>,
        written: &BTreeSet<ResourceId>,
        at: Timestamp,
    ) -> Self {
        for resource in reached {
            match resource {
                ResourceId::Service(id) => {
                    self.services.extend(target.services.get(id).map(|capacity| (id.clone(), *capacity)));
                }
                ResourceId::Database(id) => {
                    let before = self.databases.get(id).copied().filter(|_| !written.contains(resource));
                    let since =
                        |to: DatabasePower| before.filter(|before| before.to == to).map_or(at, |before| before.at);
                    let switched = target.databases.get(id).map(|to| SwitchedDatabase { to: *to, at: since(*to) });
                    self.databases.extend(switched.map(|switched| (id.clone(), switched)));
                }
                ResourceId::Rule(id) => {
                    self.rules.extend(target.rules.get(id).map(|actions| (id.clone(), actions.clone())));
                }
            }
        }
        self
    }
}
