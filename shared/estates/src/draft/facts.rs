//! What was found, whichever source it was read from: names, figures and where they are, and nothing that could be a secret.

use std::collections::{BTreeMap, BTreeSet};

use watchkeeper_domain::capacity::DatabaseId;
use watchkeeper_domain::name::{ClusterName, DatabaseName, Region, ServiceName};
use watchkeeper_domain::value::{AccountId, AlarmName, ResourceName};

/// Something that was found, and what tells where it belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found<T> {
    /// The account of its ARN.
    pub(crate) account: AccountId,
    /// The region of its ARN.
    pub(crate) region: Region,
    /// The file that it was read from, counted from 0.
    pub(crate) file: usize,
    /// The environment that its own tag names.
    pub(crate) tag: Option<String>,
    /// What it is.
    pub(crate) item: T,
}

/// Everything that was found.
#[derive(Debug, Clone, Default)]
pub(crate) struct Facts {
    pub(crate) clusters: Vec<Found<ClusterName>>,
    pub(crate) services: Vec<Found<ServiceFacts>>,
    pub(crate) targets: BTreeMap<(String, String), Vec<ScalableTarget>>,
    /// Services that scheduled actions move, by cluster and name.
    pub(crate) scheduled: BTreeSet<(String, String)>,
    pub(crate) databases: Vec<Found<DatabaseFacts>>,
    pub(crate) alarms: Vec<Found<AlarmFacts>>,
    pub(crate) tables: Vec<Found<TableFacts>>,
    pub(crate) queues: Vec<Found<QueueFacts>>,
    pub(crate) streams: Vec<Found<StreamFacts>>,
    /// Image repositories.
    pub(crate) images: Vec<Found<PlainFacts>>,
    /// Replication groups of `ElastiCache`.
    pub(crate) caches: Vec<Found<PlainFacts>>,
    /// Search domains.
    pub(crate) domains: Vec<Found<PlainFacts>>,
    /// Target groups by what CloudWatch calls them.
    pub(crate) target_groups: BTreeMap<String, TargetGroup>,
    /// Load balancers, by what CloudWatch calls them: their addresses.
    pub(crate) balancers: BTreeMap<String, String>,
    /// Replicas that are resources of their own: account, region and name of the table, and where the replica is.
    pub(crate) replicas: Vec<((AccountId, Region, String), Region)>,
    /// Redrive policies that are resources of their own: account, region and name of the queue, and its dead-letter queue.
    pub(crate) redrives: Vec<((AccountId, Region, String), ResourceName)>,
    pub(crate) left_out: Vec<LeftOut>,
    /// Resources of types that a document has no place for.
    pub(crate) others: usize,
}

/// A service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ServiceFacts {
    pub(crate) cluster: ClusterName,
    pub(crate) name: ServiceName,
    /// Tasks, where the source has a figure.
    pub(crate) desired: Option<u32>,
    /// Who rolls out: nothing for ECS itself.
    pub(crate) controller: Option<String>,
    /// Target groups, by what CloudWatch calls them.
    pub(crate) target_groups: Vec<String>,
}

/// The bounds of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ScalableTarget {
    pub(crate) file: usize,
    /// Account and region, where it has an ARN.
    pub(crate) place: Option<(AccountId, Region)>,
    pub(crate) min: u32,
    pub(crate) max: u32,
}

/// A target group.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct TargetGroup {
    /// Its health path, without a query.
    pub(crate) path: Option<String>,
    /// Load balancers, by what CloudWatch calls them.
    pub(crate) balancers: Vec<String>,
}

/// A database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DatabaseFacts {
    pub(crate) id: DatabaseId,
    pub(crate) engine: Option<String>,
    /// Why RDS would refuse to stop it.
    pub(crate) cannot_stop: Option<String>,
    /// What it replicates from: an identifier or an ARN.
    pub(crate) replica_of: Option<String>,
    /// The Aurora global database that it belongs to.
    pub(crate) global: Option<ResourceName>,
    /// Days that RDS keeps its automated backups.
    pub(crate) kept_days: Option<u32>,
    /// The window of these backups, in UTC.
    pub(crate) window: Option<String>,
}

/// An alarm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AlarmFacts {
    pub(crate) name: AlarmName,
    /// What it measures, in CloudWatch's words.
    pub(crate) measures: Option<String>,
    /// What it speaks of.
    pub(crate) about: Vec<AlarmSubject>,
}

/// What the dimensions of an alarm name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum AlarmSubject {
    /// A service of a cluster.
    Service(String, String),
    /// A database, in lower case.
    Database(String),
    /// A queue.
    Queue(String),
    /// A table.
    Table(String),
    /// A target group.
    TargetGroup(String),
    /// A load balancer.
    Balancer(String),
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TableFacts {
    pub(crate) name: ResourceName,
    /// Its partition key.
    pub(crate) key: Option<ResourceName>,
    pub(crate) indexes: Vec<ResourceName>,
    /// Regions that have a replica.
    pub(crate) replicas: Vec<Region>,
    pub(crate) point_in_time: bool,
}

/// A queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct QueueFacts {
    pub(crate) name: ResourceName,
    pub(crate) dead_letters: Option<ResourceName>,
}

/// A stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StreamFacts {
    pub(crate) name: ResourceName,
    /// Shards; none on demand.
    pub(crate) shards: Option<u32>,
    /// Hours that it keeps a record.
    pub(crate) hours: Option<u32>,
}

/// Something of which only the name counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PlainFacts {
    /// What it is, in a word.
    pub(crate) kind: &'static str,
    pub(crate) name: ResourceName,
}

/// Something that is not in the document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LeftOut {
    /// What it is.
    pub(crate) what: String,
    /// Why it is not there.
    pub(crate) why: String,
}

impl Facts {
    /// Notes something that is not in the document.
    pub(crate) fn leave_out(&mut self, what: impl Into<String>, why: impl Into<String>) {
        self.left_out.push(LeftOut { what: what.into(), why: why.into() });
    }
}

impl AlarmSubject {
    /// Whether it is this database.
    pub(crate) fn is_database(&self, name: &DatabaseName) -> bool {
        matches!(self, Self::Database(own) if own == name.as_str())
    }
}
