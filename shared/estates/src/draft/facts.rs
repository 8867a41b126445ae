//! What was found, whichever source it was read from: names, figures and where they are, and nothing that could be a secret.

use std::collections::{BTreeMap, BTreeSet};

use watchkeeper_domain::capacity::DatabaseId;
use watchkeeper_domain::name::{ClusterName, DatabaseName, Region, ServiceName};
use watchkeeper_domain::value::{AccountId, AlarmName, ResourceName};

/// Something that was found, and what tells where it belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found<T> {
    /// The account of its ARN.
    pub account: AccountId,
    /// The region of its ARN.
    pub region: Region,
    /// The file that it was read from, counted from 0.
    pub file: usize,
    /// The environment that its own tag names.
    pub tag: Option<String>,
    /// What it is.
    pub item: T,
}

/// Everything that was found.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// Clusters, for their tags.
    pub clusters: Vec<Found<ClusterName>>,
    /// Services that have a count.
    pub services: Vec<Found<ServiceFacts>>,
    /// Bounds, by cluster and name of the service.
    pub targets: BTreeMap<(String, String), Vec<ScalableTarget>>,
    /// Services that scheduled actions move, by cluster and name.
    pub scheduled: BTreeSet<(String, String)>,
    /// Instances of RDS, and Aurora clusters.
    pub databases: Vec<Found<DatabaseFacts>>,
    /// Metric alarms and composite ones.
    pub alarms: Vec<Found<AlarmFacts>>,
    /// Tables of `DynamoDB`.
    pub tables: Vec<Found<TableFacts>>,
    /// Queues of SQS.
    pub queues: Vec<Found<QueueFacts>>,
    /// Streams of Kinesis.
    pub streams: Vec<Found<StreamFacts>>,
    /// Image repositories.
    pub images: Vec<Found<PlainFacts>>,
    /// Replication groups of `ElastiCache`.
    pub caches: Vec<Found<PlainFacts>>,
    /// Search domains.
    pub domains: Vec<Found<PlainFacts>>,
    /// Target groups by what CloudWatch calls them.
    pub target_groups: BTreeMap<String, TargetGroup>,
    /// Load balancers, by what CloudWatch calls them: their addresses.
    pub balancers: BTreeMap<String, String>,
    /// Replicas that are resources of their own: account, region and name of the table, and where the replica is.
    pub replicas: Vec<((AccountId, Region, String), Region)>,
    /// Redrive policies that are resources of their own: account, region and name of the queue, and its dead-letter queue.
    pub redrives: Vec<((AccountId, Region, String), ResourceName)>,
    /// What is in no document, and why.
    pub left_out: Vec<LeftOut>,
    /// Resources of types that a document has no place for.
    pub others: usize,
}

/// A service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceFacts {
    /// Its cluster.
    pub cluster: ClusterName,
    /// Its name.
    pub name: ServiceName,
    /// Tasks, where the source has a figure.
    pub desired: Option<u32>,
    /// Who rolls out: nothing for ECS itself.
    pub controller: Option<String>,
    /// Target groups, by what CloudWatch calls them.
    pub target_groups: Vec<String>,
}

/// The bounds of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScalableTarget {
    /// The file that it was read from.
    pub file: usize,
    /// Account and region, where it has an ARN.
    pub place: Option<(AccountId, Region)>,
    /// The least tasks.
    pub min: u32,
    /// The most tasks.
    pub max: u32,
}

/// A target group.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TargetGroup {
    /// Its health path, without a query.
    pub path: Option<String>,
    /// Load balancers, by what CloudWatch calls them.
    pub balancers: Vec<String>,
}

/// A database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseFacts {
    /// What RDS calls it.
    pub id: DatabaseId,
    /// Its engine, in RDS's word.
    pub engine: Option<String>,
    /// Why RDS would refuse to stop it.
    pub cannot_stop: Option<String>,
    /// What it replicates from: an identifier or an ARN.
    pub replica_of: Option<String>,
    /// The Aurora global database that it belongs to.
    pub global: Option<ResourceName>,
    /// Days that RDS keeps its automated backups.
    pub kept_days: Option<u32>,
    /// The window of these backups, in UTC.
    pub window: Option<String>,
}

/// An alarm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlarmFacts {
    /// Its name.
    pub name: AlarmName,
    /// What it measures, in CloudWatch's words.
    pub measures: Option<String>,
    /// What it speaks of.
    pub about: Vec<AlarmSubject>,
}

/// What the dimensions of an alarm name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum AlarmSubject {
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
pub struct TableFacts {
    /// Its name.
    pub name: ResourceName,
    /// Its partition key.
    pub key: Option<ResourceName>,
    /// Its secondary indexes.
    pub indexes: Vec<ResourceName>,
    /// Regions that have a replica.
    pub replicas: Vec<Region>,
    /// Whether it can be restored to any instant of the last weeks.
    pub point_in_time: bool,
}

/// A queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueFacts {
    /// Its name.
    pub name: ResourceName,
    /// Where its dead letters go.
    pub dead_letters: Option<ResourceName>,
}

/// A stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamFacts {
    /// Its name.
    pub name: ResourceName,
    /// Shards; none on demand.
    pub shards: Option<u32>,
    /// Hours that it keeps a record.
    pub hours: Option<u32>,
}

/// Something of which only the name counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlainFacts {
    /// What it is, in a word.
    pub kind: &'static str,
    /// Its name.
    pub name: ResourceName,
}

/// Something that is not in the document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LeftOut {
    /// What it is.
    pub what: String,
    /// Why it is not there.
    pub why: String,
}

impl Facts {
    /// Notes something that is not in the document.
    pub fn leave_out(&mut self, what: impl Into<String>, why: impl Into<String>) {
        self.left_out.push(LeftOut { what: what.into(), why: why.into() });
    }

    /// Notes a service: one to look after, or a daemon.
    pub fn add_service(&mut self, found: Found<ServiceFacts>, daemon: bool) {
        if daemon {
            self.left_out.push(found.left_out("a daemon has no count"));
        } else {
            self.services.push(found);
        }
    }
}

impl AlarmSubject {
    /// Whether it is this database.
    pub(crate) fn is_database(&self, name: &DatabaseName) -> bool {
        matches!(self, Self::Database(own) if own == name.as_str())
    }
}
