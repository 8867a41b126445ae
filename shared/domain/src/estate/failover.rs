//! Moving an active-standby pair, as data.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::event_sources::MovedSource;
use super::own_steps::{HoldPoint, OwnStep};
use crate::name::ServiceName;
use crate::value::{AlarmName, ClockTime, Duration, Label, Percent, ResourceName, Zone};

/// How an environment moves to its standby region and home again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Failover {
    /// Who decides that the primary is lost.
    pub detect: DetectionMode,
    /// Whether a person has to approve a failover that was detected. Default: yes.
    #[serde(default = "yes")]
    pub approve: bool,
    /// Alarms that count as evidence beside the probe.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<AlarmName>,
    /// The probe from outside, run in the standby region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe: Option<HealthProbe>,
    /// The promised time to recover.
    pub rto: Duration,
    /// The promised age of the newest data that may be lost.
    pub rpo: Duration,
    /// Tasks that the standby runs once it is active, by service.
    pub capacity: BTreeMap<ServiceName, u32>,
    /// The order of a move before environments had one. A document that has it is told what to write; what was planned by it
    /// before is still read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("deprecated" = true))]
    pub waves: Vec<Vec<ServiceName>>,
    /// Services that may run in one region at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub singletons: Vec<Singleton>,
    /// `DynamoDB` global tables.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tables: Vec<GlobalTable>,
    /// Databases that have to be promoted in the region that is to serve.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub databases: Vec<StandbyDatabase>,
    /// Kinesis streams that both regions need.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub streams: Vec<StreamSize>,
    /// Image repositories that have to be replicated.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<ResourceName>,
    /// How traffic moves.
    pub traffic: TrafficPolicy,
    /// Steps of the estate's own, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<OwnStep>,
    /// What starts work by itself and moves with its consumers: off in the region that is left before data is promoted, on in the
    /// one that serves once traffic is there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<MovedSource>,
    /// What a move is held before, until a person says that it goes on; a no, or an hour without an answer, takes it back.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub hold_before: BTreeSet<HoldPoint>,
    /// The shortest time between two failovers. Default: 1h.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum_delay: Option<Duration>,
    /// Rehearsals of a failover in the standby region. Without it, they are started by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rehearse: Option<RehearsalPolicy>,
    /// How long a certificate of capacity counts. Default: 45d.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certified_within: Option<Duration>,
    /// Whether the stack of the region that was left sets aside its old primaries and makes read replicas in their place. Default:
    /// no, it lists what is to be done.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub protect_again: bool,
}

/// How long a certificate counts where the document does not say: a rehearsal each month, and half a month to mend one that failed.
const CERTIFIED_WITHIN: Duration = Duration::minutes(45 * 24 * 60);

impl Failover {
    /// How long a certificate of capacity counts.
    pub fn certified_within(&self) -> Duration {
        self.certified_within.unwrap_or(CERTIFIED_WITHIN)
    }

    /// Whether a service may run in one region at most.
    pub fn is_singleton(&self, service: &ServiceName) -> bool {
        self.singletons.iter().any(|singleton| singleton.service == *service)
    }
}

/// When a failover is rehearsed in the standby region, and how much of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RehearsalPolicy {
    /// The time between two, in whole days.
    pub every: Duration,
    /// The local time.
    pub at: ClockTime,
    /// The zone.
    pub zone: Zone,
    /// How long the capacity is kept up once it is verified. Default: 15m.
    #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
    pub lasts: Option<Duration>,
    /// The share of a failover's tasks that is started, rounded up. Default: 100 %.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<Percent>,
}

const fn yes() -> bool {
    true
}

/// Who decides that the primary is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DetectionMode {
    /// The probe and the evidence.
    Automatic,
    /// They ask a person.
    Ask,
    /// Nobody: a failover is started by hand.
    Off,
}

/// A probe from outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct HealthProbe {
    /// The address in the primary region, without a path.
    pub primary: Label,
    /// The address in the standby region, without a path.
    pub standby: Label,
    /// The address that people use, without a path. Default: `https://` and the first of `traffic.names`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public: Option<Label>,
    /// Health paths by service; one that is not named has none.
    pub paths: BTreeMap<ServiceName, Label>,
    /// Without effect, and kept for documents that have it: the watch probes each minute, and after a failure every few seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<Duration>,
    /// Tries within the first probe of a minute; those that follow one that failed, seconds later, have one. Default: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tries: Option<u32>,
    /// How long one try may take. Default: 5s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// Probes that have to fail in a row. Default: 3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failures: Option<u32>,
}

/// A service of which one task runs anywhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Singleton {
    /// The service.
    pub service: ServiceName,
    /// What has to hold before it starts in the other region. Default: prove, else ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fence: Option<FencePolicy>,
    /// The silence after which a dead man's switch stops it. Only, and always, with `fence: dead-man`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub silence: Option<Duration>,
}

/// What has to hold before a singleton starts in the other region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FencePolicy {
    /// It was seen stopped: desired 0, running 0, tasks STOPPED.
    Prove,
    /// Its own region stops it when it has not heard of the other side for `silence`.
    DeadMan,
    /// A person says so.
    Ask,
}

/// A global table and what a query of it needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct GlobalTable {
    /// Its name.
    pub table: ResourceName,
    /// Its key.
    pub key: ResourceName,
    /// Indexes that its replica must have too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub indexes: Vec<ResourceName>,
}

/// One database of both regions: either `replica` or `aurora-global`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct StandbyDatabase {
    /// An RDS read replica: the identifier of the instance, the same in both regions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replica: Option<ResourceName>,
    /// An Aurora global database: its identifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aurora_global: Option<ResourceName>,
}

/// A stream and its size.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct StreamSize {
    /// Its name.
    pub stream: ResourceName,
    /// Shards.
    pub shards: u32,
    /// How long it keeps a record.
    pub retention: Duration,
}

/// How traffic moves; each strategy needs the fields that name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct TrafficPolicy {
    /// The means.
    pub strategy: TrafficStrategy,
    /// The DNS names that move.
    pub names: Vec<Label>,
    /// How long resolvers keep an answer. Default: 60s.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl: Option<Duration>,
    /// `switch-object`: the bucket in the standby region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bucket: Option<ResourceName>,
    /// `switch-object`: the object whose presence means "the standby serves".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<ResourceName>,
    /// `alarm`: the alarm of the standby region that the health check follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alarm: Option<AlarmName>,
    /// `routing-control`: the control's ARN in the primary region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub primary_control: Option<ResourceName>,
    /// `routing-control`: the control's ARN in the standby region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standby_control: Option<ResourceName>,
    /// `record`: the hosted zone that is changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hosted_zone: Option<ResourceName>,
}

/// The means by which traffic moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TrafficStrategy {
    /// An object in the standby region behind an inverted health check: about 10 to 30 s.
    SwitchObject,
    /// A health check on an alarm of the standby region: a minute or two.
    Alarm,
    /// A routing control of Application Recovery Controller.
    RoutingControl,
    /// A change of records: needs a control plane that may be down with the region.
    Record,
}
