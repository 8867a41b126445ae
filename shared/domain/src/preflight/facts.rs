//! What was found in a region. What could not be read is an [`UnreadFact`]: a finding of its own, never taken for good.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::ScheduledCall;
use crate::backup::{BackupSource, CopyQuota, ObservedSource, ResourceKind};
use crate::capacity::{DatabaseId, ObservedDatabase, ObservedRule, ServiceId};
use crate::failover::{DatabaseRole, PairDatabase};
use crate::name::{ClusterName, Region};
use crate::value::{AlarmName, ListenerRuleArn, ResourceName, TargetGroupArn};

/// Something that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadFact {
    /// What the caller needs, as policies write it: `rds:DescribeDBInstances`.
    pub action: String,
    /// Whether IAM forbids it.
    pub denied: bool,
    /// What AWS said.
    pub why: String,
}

impl fmt::Display for UnreadFact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { action, denied, why } = self;
        if *denied {
            write!(f, "cannot be read: needs {action}")
        } else {
            write!(f, "could not be read by {action}: {why}")
        }
    }
}

/// Something that was read, or why not.
pub type Read<T> = Result<T, UnreadFact>;

/// Tags by their keys.
pub type Tags = BTreeMap<String, String>;

/// Whose account it is, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRegion {
    /// The partition: `aws`, `aws-us-gov`, `aws-cn`.
    pub partition: String,
    /// The account.
    pub account: String,
    /// The region.
    pub region: Region,
}

impl AccountRegion {
    /// The ARN of something of this place.
    pub fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:{}:{service}:{}:{}:{resource}", self.partition, self.region, self.account)
    }
}

/// A target group that is to answer with the page of an environment that sleeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageGroup {
    /// The type of its targets, in the word of AWS: `lambda`, `ip`, `instance`, `alb`.
    pub kind: String,
    /// Its targets, by their ids: of a function its ARN.
    pub targets: Vec<String>,
}

/// What was found of all that a document names in a region; `None` is what does not exist.
#[derive(Debug, Clone)]
pub struct PreflightFacts {
    /// The account and region that were looked at.
    pub place: AccountRegion,
    /// Clusters, with their status in the words of AWS.
    pub clusters: BTreeMap<ClusterName, Read<Option<String>>>,
    /// How many services each cluster has whose own are found by their tag.
    pub listed: BTreeMap<ClusterName, Read<usize>>,
    /// How many databases the region has, where the environment's own are found by their tags.
    pub listed_databases: Option<Read<usize>>,
    /// Services of clusters that exist.
    pub services: BTreeMap<ServiceId, Read<Option<FoundService>>>,
    /// Databases that sleep and wake.
    pub databases: BTreeMap<DatabaseId, Read<Option<DatabaseFacts>>>,
    /// Rules of load balancers' listeners that show a page.
    pub rules: BTreeMap<ListenerRuleArn, Read<Option<ObservedRule>>>,
    /// Target groups that are to answer with a page.
    pub page_groups: BTreeMap<TargetGroupArn, Read<Option<PageGroup>>>,
    /// What has to be promoted in a failover.
    pub promoted: BTreeMap<PairDatabase, Read<Option<PromotedFacts>>>,
    /// What backups are taken of.
    pub sources: BTreeMap<BackupSource, Read<Option<ObservedSource>>>,
    /// How full the region is of copies, by the kind of resource.
    pub snapshots: BTreeMap<ResourceKind, Read<Option<CopyQuota>>>,
    /// Tables.
    pub tables: BTreeMap<ResourceName, Read<Option<FoundTable>>>,
    /// Queues.
    pub queues: BTreeMap<ResourceName, Read<Option<QueueFacts>>>,
    /// Alarms.
    pub alarms: BTreeMap<AlarmName, Read<Option<AlarmFacts>>>,
    /// For alarms that the region does not have: regions that have one of that name.
    pub elsewhere: BTreeMap<AlarmName, BTreeSet<Region>>,
    /// Event buses, with their tags.
    pub buses: BTreeMap<ResourceName, Read<Option<Read<Tags>>>>,
    /// Buckets.
    pub buckets: BTreeMap<ResourceName, Read<Option<BucketFacts>>>,
    /// Repositories of images.
    pub repositories: BTreeMap<ResourceName, Read<bool>>,
    /// Keys.
    pub keys: BTreeMap<ResourceName, Read<Option<KeyFacts>>>,
    /// Vaults of AWS Backup.
    pub vaults: BTreeMap<ResourceName, Read<bool>>,
    /// What schedules of EventBridge Scheduler call by themselves, where a calendar is to be the only one.
    pub schedules: Read<Vec<ScheduledCall>>,
    /// What the account may start.
    pub quotas: AccountQuotaFacts,
}

impl PreflightFacts {
    /// Nothing looked at yet but the quotas.
    pub fn nothing(place: AccountRegion, quotas: AccountQuotaFacts) -> Self {
        Self {
            place,
            clusters: BTreeMap::new(),
            listed: BTreeMap::new(),
            listed_databases: None,
            services: BTreeMap::new(),
            databases: BTreeMap::new(),
            rules: BTreeMap::new(),
            page_groups: BTreeMap::new(),
            promoted: BTreeMap::new(),
            sources: BTreeMap::new(),
            snapshots: BTreeMap::new(),
            tables: BTreeMap::new(),
            queues: BTreeMap::new(),
            alarms: BTreeMap::new(),
            elsewhere: BTreeMap::new(),
            buses: BTreeMap::new(),
            buckets: BTreeMap::new(),
            repositories: BTreeMap::new(),
            keys: BTreeMap::new(),
            vaults: BTreeMap::new(),
            schedules: Ok(Vec::new()),
            quotas,
        }
    }
}

/// Who deploys a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ControllerKind {
    /// ECS itself.
    Ecs,
    /// Another one, in the words of AWS: `CODE_DEPLOY`, `EXTERNAL`.
    Other(String),
}

/// A service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundService {
    /// Its ARN.
    pub arn: String,
    /// Tasks that are wanted.
    pub desired: u32,
    /// Tasks that run.
    pub running: u32,
    /// Its tags.
    pub tags: Tags,
    /// Whether one task runs on each instance, so that there is no count to set.
    pub daemon: bool,
    /// Who deploys it.
    pub controller: ControllerKind,
    /// Its target groups: the name, and the path or protocol of the health check; `None` where the group does not exist.
    pub target_groups: Read<Vec<(String, Option<String>)>>,
    /// Its scalable target.
    pub target: Read<Option<TargetFacts>>,
    /// What one of its tasks takes, in CPU units, where the task as a whole has a figure.
    pub cpu_units: Read<Option<u32>>,
}

/// A scalable target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetFacts {
    /// Its ARN; targets of before 2023 had none until they were changed.
    pub arn: Option<String>,
    /// The least number of tasks.
    pub min: u32,
    /// The greatest.
    pub max: u32,
    /// Its tags.
    pub tags: Read<Tags>,
    /// The names of the scheduled actions that move it.
    pub scheduled: Read<Vec<String>>,
}

/// A database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseFacts {
    /// As the engine sees it: state, tag, and why it cannot be stopped.
    pub observed: ObservedDatabase,
    /// Its tags.
    pub tags: Read<Tags>,
}

/// A database that a failover promotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromotedFacts {
    /// What it is here.
    pub role: DatabaseRole,
    /// The tags of a replica. Of a global database the clusters of both regions have some, and it is named to its role instead.
    pub tags: Option<Read<Tags>>,
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundTable {
    /// Regions that have a replica, with its status; its own among them.
    pub replicas: BTreeMap<Region, String>,
    /// Indexes that can be queried.
    pub indexes: BTreeSet<String>,
    /// Its tags.
    pub tags: Read<Tags>,
    /// Whether point-in-time recovery is on.
    pub recovers: Read<bool>,
}

/// A queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueFacts {
    /// Its URL, by which the CLI names it.
    pub url: String,
    /// Its tags.
    pub tags: Read<Tags>,
    /// The ARN of the queue that its dead letters go to, and after how many receives.
    pub redrive: Option<(String, u32)>,
    /// The names of the queues that send their dead letters here.
    pub sources: Read<BTreeSet<String>>,
}

/// An alarm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlarmFacts {
    /// How it stands, in the words of AWS.
    pub state: String,
    /// Whether it acts.
    pub actions_enabled: bool,
    /// The rules that mute it now.
    pub muted_by: Read<BTreeSet<String>>,
}

/// A bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketFacts {
    /// Where it lies, as far as S3 says so.
    pub region: Option<String>,
    /// Whether it keeps versions.
    pub versions: Read<bool>,
}

/// A key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyFacts {
    /// Its ARN, whatever it was asked for by.
    pub arn: String,
    /// Its state, in the words of AWS: `Enabled`.
    pub state: String,
}

/// What the account may start, and has started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountQuotaFacts {
    /// Fargate vCPUs that may run at once; `None` where AWS has no figure.
    pub vcpu: Read<Option<u32>>,
    /// Fargate vCPUs that run, where AWS counts them.
    pub vcpu_used: Read<Option<u32>>,
    /// Tasks that a service may have; `None` where AWS has no figure.
    pub tasks_per_service: Read<Option<u32>>,
}

/// What Access Analyzer says of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyFinding {
    /// How bad it is, in the words of AWS: `ERROR`, `SECURITY_WARNING`, `WARNING`, `SUGGESTION`.
    pub kind: String,
    /// Its code.
    pub code: String,
    /// What it says.
    pub text: String,
}

/// What Step Functions says of a definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefinitionDiagnostic {
    /// How bad it is, in the words of AWS: `ERROR`, `WARNING`.
    pub severity: String,
    /// Its code.
    pub code: String,
    /// What it says.
    pub text: String,
    /// Where in the definition.
    pub place: String,
}
