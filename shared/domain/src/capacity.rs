//! What is running: counts, scaling bounds, suspensions and database power, as observed and as remembered.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::name::{BadName, ClusterName, DatabaseName, ServiceName};

/// An ECS service in the region of its scope; written `cluster/service`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ServiceId {
    /// The cluster it runs in.
    pub cluster: ClusterName,
    /// Its own name.
    pub service: ServiceName,
}

impl fmt::Display for ServiceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.cluster, self.service)
    }
}

impl TryFrom<String> for ServiceId {
    type Error = BadName;
    fn try_from(text: String) -> Result<Self, BadName> {
        let Some((cluster, service)) = text.split_once('/') else {
            return Err(BadName { what: "service (cluster/service)", found: text });
        };
        Ok(Self { cluster: ClusterName::new(cluster)?, service: ServiceName::new(service)? })
    }
}

impl From<ServiceId> for String {
    fn from(id: ServiceId) -> Self {
        id.to_string()
    }
}

/// A database in the region of its scope; written `aurora:name` or `rds:name`, as in an estate document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum DatabaseId {
    /// An Aurora cluster, stopped and started as a whole.
    Aurora(DatabaseName),
    /// An RDS instance that is no member of a cluster.
    Rds(DatabaseName),
}

impl DatabaseId {
    /// Its name, without its kind.
    pub fn name(&self) -> &DatabaseName {
        match self {
            Self::Aurora(name) | Self::Rds(name) => name,
        }
    }
}

impl fmt::Display for DatabaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Aurora(name) => write!(f, "aurora:{name}"),
            Self::Rds(name) => write!(f, "rds:{name}"),
        }
    }
}

impl TryFrom<String> for DatabaseId {
    type Error = BadName;
    fn try_from(text: String) -> Result<Self, BadName> {
        match text.split_once(':') {
            Some(("aurora", name)) => Ok(Self::Aurora(DatabaseName::new(name)?)),
            Some(("rds", name)) => Ok(Self::Rds(DatabaseName::new(name)?)),
            _ => Err(BadName { what: "database (aurora:name or rds:name)", found: text }),
        }
    }
}

impl From<DatabaseId> for String {
    fn from(id: DatabaseId) -> Self {
        id.to_string()
    }
}

/// Anything whose capacity can be changed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ResourceId {
    /// An ECS service.
    Service(ServiceId),
    /// A database.
    Database(DatabaseId),
}

impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Service(id) => id.fmt(f),
            Self::Database(id) => id.fmt(f),
        }
    }
}

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
pub struct Scaling {
    /// The least number of tasks.
    pub min: u32,
    /// The greatest number of tasks.
    pub max: u32,
    /// What is held.
    pub suspended: Suspensions,
}

impl Scaling {
    /// Whether an autoscaler may move a count to this one by itself.
    pub fn may_reach(&self, count: u32) -> bool {
        self.suspended != Suspensions::ALL && (self.min..=self.max).contains(&count)
    }
}

impl fmt::Display for Scaling {
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
    pub scaling: Option<Scaling>,
}

/// Whether a database runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Power {
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
    pub databases: BTreeMap<DatabaseId, Power>,
}

impl Capacity {
    /// Everything in it, services first.
    pub fn resources(&self) -> impl Iterator<Item = ResourceId> + '_ {
        let services = self.services.keys().cloned().map(ResourceId::Service);
        services.chain(self.databases.keys().cloned().map(ResourceId::Database))
    }

    /// A short stable mark of this capacity, to tell one target from another.
    pub fn fingerprint(&self) -> String {
        use std::hash::{Hash, Hasher};
        let mut hash = fnv::FnvHasher::default();
        for (id, service) in &self.services {
            (id, service.desired).hash(&mut hash);
            if let Some(Scaling { min, max, suspended: s }) = service.scaling {
                (min, max, s.scale_in, s.scale_out, s.scheduled).hash(&mut hash);
            }
        }
        for (id, power) in &self.databases {
            (id, *power == Power::On).hash(&mut hash);
        }
        format!("{:016x}", hash.finish())
    }
}

/// How the newest deployment of a service stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rollout {
    /// The tasks of the newest task definition run.
    Completed,
    /// Tasks are being replaced.
    InProgress,
    /// The circuit breaker gave up.
    Failed,
}

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

/// The capacity found before the first change, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Baseline {
    /// What was found.
    pub capacity: Capacity,
    /// The instant of the run that found it.
    pub taken: Timestamp,
}

impl Baseline {
    /// Learns of resources that it does not know yet, and never forgets or changes what it knows: a resource that it
    /// does not know was never changed by us, so what is observed of it is its baseline. Tells whether it learnt any.
    pub fn absorb(&mut self, observed: &Capacity) -> bool {
        let before = self.capacity.services.len() + self.capacity.databases.len();
        for (id, service) in &observed.services {
            self.capacity.services.entry(id.clone()).or_insert(*service);
        }
        for (id, power) in &observed.databases {
            self.capacity.databases.entry(id.clone()).or_insert(*power);
        }
        self.capacity.services.len() + self.capacity.databases.len() > before
    }
}
