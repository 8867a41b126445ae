//! What is running: counts, scaling bounds, suspensions, database power and listener rules, as observed and as remembered.

mod database;
mod id;
mod observed;
mod reached;
mod release;
mod rule;
mod schedule;
mod tag_scheduler;

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::value::ListenerRuleArn;

pub use database::{DatabaseState, EnvironmentTag, ListedDatabase, ObservedDatabase};
pub use id::{DatabaseId, DatabaseKind, ResourceId, ServiceId};
pub use observed::{ObservedScope, ObservedService};
pub use reached::{ReachedTargets, SwitchedDatabase};
pub use release::{DeploymentTimes, Rollout, ServiceRelease, TaskDefinition};
pub use rule::{ObservedRule, PagePlace, RuleActions};
pub use schedule::{ScheduledAction, Schedules};
pub use tag_scheduler::TagScheduler;

/// The three suspension flags of a scalable target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(clippy::struct_excessive_bools)]
pub struct Suspensions {
    /// Dynamic scaling in is held.
    pub scale_in: bool,
    /// Dynamic scaling out is held.
    pub scale_out: bool,
    /// Scheduled scaling is held.
    pub scheduled: bool,
}

impl Suspensions {
    /// Everything held.
    pub const ALL: Self = Self { scale_in: true, scale_out: true, scheduled: true };
    /// Nothing held.
    pub const NONE: Self = Self { scale_in: false, scale_out: false, scheduled: false };

    /// Whether it holds anything that `other` does not.
    pub fn adds_to(self, other: Self) -> bool {
        (self.scale_in && !other.scale_in)
            || (self.scale_out && !other.scale_out)
            || (self.scheduled && !other.scheduled)
    }
}

impl fmt::Display for Suspensions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let held: Vec<&str> =
            [(self.scale_in, "scale-in"), (self.scale_out, "scale-out"), (self.scheduled, "scheduled")]
                .into_iter()
                .filter_map(|(held, name)| held.then_some(name))
                .collect();
        match held.len() {
            0 => f.write_str("nothing suspended"),
            3 => f.write_str("all suspended"),
            _ => write!(f, "{} suspended", held.join(" and ")),
        }
    }
}

/// A scalable target: the bounds of an autoscaler, in tasks, and what of it is suspended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScalingState {
    /// The least number of tasks.
    pub min: u32,
    /// The greatest number of tasks.
    pub max: u32,
    /// What is held.
    pub suspended: Suspensions,
}

impl ScalingState {
    /// Whether a count lies within the bounds.
    pub fn holds(&self, count: u32) -> bool {
        (self.min..=self.max).contains(&count)
    }

    /// Whether an autoscaler may move a count to this one by itself.
    pub fn may_reach(&self, count: u32) -> bool {
        self.suspended != Suspensions::ALL && self.holds(count)
    }
}

impl fmt::Display for ScalingState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}, {}", self.min, self.max, self.suspended)
    }
}

/// The capacity of a service: its desired count, in tasks, and its scalable target if it has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceCapacity {
    /// How many tasks are wanted.
    pub desired: u32,
    /// The bounds; a service without a scalable target has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scaling: Option<ScalingState>,
}

/// Whether a database runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DatabasePower {
    /// Started.
    On,
    /// Stopped.
    Off,
}

/// The capacity of a scope: every service and database with what it has, or should have.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capacity {
    /// Services.
    pub services: BTreeMap<ServiceId, ServiceCapacity>,
    /// Databases.
    pub databases: BTreeMap<DatabaseId, DatabasePower>,
    /// Rules of load balancers' listeners, with what they do.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rules: BTreeMap<ListenerRuleArn, RuleActions>,
}

impl Capacity {
    /// Everything in it, services first and rules last.
    pub fn resources(&self) -> impl Iterator<Item = ResourceId> + '_ {
        let services = self.services.keys().cloned().map(ResourceId::Service);
        let databases = self.databases.keys().cloned().map(ResourceId::Database);
        services.chain(databases).chain(self.rules.keys().cloned().map(ResourceId::Rule))
    }

    /// Whether this resource has the same in both.
    pub fn agrees(&self, other: &Self, resource: &ResourceId) -> bool {
        match resource {
            ResourceId::Service(id) => self.services.get(id) == other.services.get(id),
            ResourceId::Database(id) => self.databases.get(id) == other.databases.get(id),
            ResourceId::Rule(id) => self.rules.get(id) == other.rules.get(id),
        }
    }

    /// The same with only the resources that `keep` accepts.
    #[must_use]
    pub fn retain(mut self, keep: impl Fn(&ResourceId) -> bool) -> Self {
        self.services.retain(|id, _| keep(&ResourceId::Service(id.clone())));
        self.databases.retain(|id, _| keep(&ResourceId::Database(id.clone())));
        self.rules.retain(|id, _| keep(&ResourceId::Rule(id.clone())));
        self
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.services.is_empty() && self.databases.is_empty() && self.rules.is_empty()
    }

    /// A short stable mark of this capacity, to tell one target from another.
    pub fn fingerprint(&self) -> String {
        use std::hash::{Hash, Hasher};
        let mut hash = fnv::FnvHasher::default();
        for (id, service) in &self.services {
            (id, service.desired).hash(&mut hash);
            if let Some(ScalingState { min, max, suspended: s }) = service.scaling {
                (min, max, s.scale_in, s.scale_out, s.scheduled).hash(&mut hash);
            }
        }
        for (id, power) in &self.databases {
            (id, *power == DatabasePower::On).hash(&mut hash);
        }
        for (id, actions) in &self.rules {
            (id, actions.mark()).hash(&mut hash);
        }
        format!("{:016x}", hash.finish())
    }
}

/// The capacity found before the first change of each resource, and when the first of them was found. An entry goes when its
/// resource has been given back, whatever becomes of the others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Baseline {
    /// What was found.
    pub capacity: Capacity,
    /// The instant of the run that found the first of it.
    pub taken: Timestamp,
}

impl Baseline {
    /// Learns of resources that it does not know yet, and never forgets or changes what it knows: a resource that it
    /// does not know was never changed by us, so what is observed of it is its baseline. Tells whether it learnt any.
    pub fn absorb(&mut self, observed: &Capacity) -> bool {
        let known = |capacity: &Capacity| capacity.services.len() + capacity.databases.len() + capacity.rules.len();
        let before = known(&self.capacity);
        for (id, service) in &observed.services {
            self.capacity.services.entry(id.clone()).or_insert(*service);
        }
        for (id, power) in &observed.databases {
            self.capacity.databases.entry(id.clone()).or_insert(*power);
        }
        for (id, actions) in &observed.rules {
            self.capacity.rules.entry(id.clone()).or_insert_with(|| actions.clone());
        }
        known(&self.capacity) > before
    }

    /// Whether it has an entry for a resource.
    pub fn has(&self, resource: &ResourceId) -> bool {
        match resource {
            ResourceId::Service(id) => self.capacity.services.contains_key(id),
            ResourceId::Database(id) => self.capacity.databases.contains_key(id),
            ResourceId::Rule(id) => self.capacity.rules.contains_key(id),
        }
    }

    /// Whether nothing of ours can be in a resource: a database that was off is never started by us.
    pub fn was_off(&self, resource: &ResourceId) -> bool {
        matches!(resource, ResourceId::Database(id) if self.capacity.databases.get(id) == Some(&DatabasePower::Off))
    }

    /// The same without these resources; nothing when none is left.
    pub fn without(&self, given_back: &std::collections::BTreeSet<ResourceId>) -> Option<Self> {
        let capacity = self.capacity.clone().retain(|resource| !given_back.contains(resource));
        (!capacity.is_empty()).then_some(Self { capacity, taken: self.taken })
    }
}
