//! An estate document as it is written: well formed, its meaning not yet checked.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::backups::Backups;
use super::emergency::Emergency;
use super::failover::Failover;
use super::guardrails::Guardrails;
use super::idle::SleepWhenIdle;
use super::managed::{ClusterServices, EnvironmentDatabases};
use super::unblock::Unblock;
use super::wake_page::WakePage;
use crate::name::{ClusterName, DatabaseName, EnvironmentName, EstateName, Region, ServiceName};
use crate::schedule::AwakeHours;
use crate::value::{AccountId, AlarmName, Duration, HourlyCost, Label, ResourceName};

/// One estate: a system that the control plane looks after, and its environments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct EstateDocument {
    /// The name of the estate.
    pub estate: EstateName,
    /// What it is, in a few words, for messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<Label>,
    /// The person or team that messages name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Label>,
    /// Its environments, by name.
    pub environments: BTreeMap<EnvironmentName, EnvironmentDocument>,
}

/// Which of the three an environment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(extend("examples" = ["development", "production"]))]
pub enum EnvironmentKind {
    /// For those who build it.
    Development,
    /// For those who try it.
    Staging,
    /// For those who use it: it can never be put to sleep.
    Production,
}

/// Clusters and their services, by region.
pub type Clusters = BTreeMap<Region, BTreeMap<ClusterName, ClusterServices>>;

/// One copy of the estate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct EnvironmentDocument {
    /// What kind of copy it is.
    pub kind: EnvironmentKind,
    /// The account that it lives in. A stack looks only after environments of its own account; without one, the
    /// environment belongs to whichever stack carries the document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<AccountId>,
    /// Where it runs.
    pub regions: EnvironmentRegions,
    /// ECS clusters and their services, by region. In the place of the names, `managed` stands for all services of the cluster with
    /// the tag `watchkeeper:managed = true`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub clusters: Clusters,
    /// Services and databases that are left out although they have the tag, where a cluster or the databases are `managed`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<ResourceName>,
    /// Databases that sleep and wake with it. In the place of the list, `managed` stands for all RDS instances and Aurora clusters of
    /// the primary region with the tags `watchkeeper:managed = true` and `watchkeeper:environment = ESTATE/ENVIRONMENT`.
    #[serde(default, skip_serializing_if = "EnvironmentDatabases::is_empty")]
    pub databases: EnvironmentDatabases,
    /// The capacity that the estate's own infrastructure code declares for the primary region, by service. Nothing is
    /// set from it: sleep and wake keep what they find. Reports and readiness compare with it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub capacity: BTreeMap<ServiceName, DeclaredCapacity>,
    /// Services in the waves in which they come up, by a wake as by a move: each wave once the one before it runs and its targets
    /// are healthy. They go down in the reverse order. What no wave names comes up last, and goes down first. Default: all at
    /// once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub order: Vec<Vec<ServiceName>>,
    /// The same order, said service by service: those that have to be up before it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub after: BTreeMap<ServiceName, Vec<ServiceName>>,
    /// How long a wave, or the end of a page, waits for a service; then it goes on without it, and says so. At most 15m.
    /// Default: 5m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wave_within: Option<Duration>,
    /// Its CloudWatch alarms. If any is named here, responses may only use these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alarms: Vec<AlarmName>,
    /// When it is awake; without it, always. Never for production.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub awake: Option<AwakeHours>,
    /// What it costs an hour while it is awake and not while it sleeps, as you reckon it: tasks, database instances. The
    /// operator's window tells by it what sleeping has saved; nothing is decided by it. Only beside `awake`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub awake_cost: Option<HourlyCost>,
    /// A page on its load balancer while it sleeps. Never for production.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wake_page: Option<WakePage>,
    /// Sleeping within awake hours too, once nobody uses it, until the calendar wakes it the next time or somebody does. Only beside
    /// `wake-page`, and never for production.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sleep_when_idle: Option<SleepWhenIdle>,
    /// Services and databases that nothing may change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub protected: Vec<ResourceName>,
    /// The limits of what a plan may do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guardrails: Option<Guardrails>,
    /// Scaling in an emergency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emergency: Option<Emergency>,
    /// Moving to the standby region and home again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failover: Option<Failover>,
    /// Backups: what, when, how long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backups: Option<Backups>,
    /// Freeing what is stuck.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unblock: Option<Unblock>,
}

/// Where an environment runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct EnvironmentRegions {
    /// The region that serves.
    pub primary: Region,
    /// The region that can take over: it makes the environment an active-standby pair.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standby: Option<Region>,
}

/// One database: either `aurora` or `rds`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct DatabaseEntry {
    /// The identifier of an Aurora cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aurora: Option<DatabaseName>,
    /// The identifier of an RDS instance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rds: Option<DatabaseName>,
    /// Its region, if it is not the primary one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Region>,
}

/// A service's capacity as its own infrastructure code declares it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct DeclaredCapacity {
    /// Tasks.
    pub desired: u32,
    /// The autoscaler's lower bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<u32>,
    /// The autoscaler's upper bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<u32>,
}

impl DeclaredCapacity {
    /// The tasks that the service has where nothing else moves them: an autoscaler lifts a count below its minimum.
    pub fn tasks(&self) -> u32 {
        self.desired.max(self.min.unwrap_or_default())
    }
}
