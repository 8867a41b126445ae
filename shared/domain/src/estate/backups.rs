//! Backups, as data.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::RestoreDrill;
use crate::name::{DatabaseName, Region};
use crate::schedule::Weekdays;
use crate::value::{ClockTime, Duration, Percent, ResourceName, Zone};

/// What is backed up, when, and how long it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Backups {
    /// The zone of every schedule here that names none.
    pub zone: Zone,
    /// What AWS Backup needs, where a job chooses it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aws_backup: Option<AwsBackup>,
    /// One job for each resource.
    pub jobs: Vec<BackupJob>,
}

/// What AWS Backup needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct AwsBackup {
    /// The vault, of the same name in each region.
    pub vault: ResourceName,
    /// The ARN of the role that AWS Backup takes.
    pub role: ResourceName,
}

/// One resource and its backups. Names exactly one resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct BackupJob {
    /// An Aurora cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aurora: Option<DatabaseName>,
    /// An RDS instance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rds: Option<DatabaseName>,
    /// A `DynamoDB` table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dynamodb: Option<ResourceName>,
    /// An `ElastiCache` replication group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elasticache: Option<ResourceName>,
    /// An `OpenSearch` domain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opensearch: Option<ResourceName>,
    /// An object of S3: `bucket/key`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub s3: Option<ResourceName>,
    /// When it is backed up.
    pub schedule: BackupSchedule,
    /// How long copies are kept.
    pub retention: Retention,
    /// A copy in another region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy: Option<CopyPolicy>,
    /// Who takes it. Default: native.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine: Option<BackupProvider>,
    /// The snapshot repository of an `OpenSearch` domain, registered there beforehand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<ResourceName>,
    /// What makes a copy a good one, beyond that it is there and encrypted as its source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify: Option<VerifyPolicy>,
    /// The age at which the newest good copy counts as stale. Default: the longest time between two, and 6 hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fresh_within: Option<Duration>,
    /// The proof that it can be restored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drill: Option<RestoreDrill>,
}

/// What makes a copy a good one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct VerifyPolicy {
    /// How much smaller than the last good one it may be. Default: 50 %.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shrink_at_most: Option<Percent>,
    /// Whether point-in-time recovery of the resource has to be on. Default: no.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub point_in_time: bool,
}

/// When a backup is due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct BackupSchedule {
    /// The local time.
    pub at: ClockTime,
    /// The days. Default: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<Weekdays>,
    /// The zone, if it is not that of the section.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<Zone>,
}

/// How many are kept: grandfather, father, son.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Retention {
    /// Days of which one is kept.
    pub daily: u32,
    /// Weeks of which one is kept.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub weekly: u32,
    /// Months of which one is kept.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub monthly: u32,
    /// Good ones that are never pruned. Default: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum: Option<u32>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// A copy in another region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct CopyPolicy {
    /// Where to.
    pub region: Region,
    /// The key there, for what is encrypted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<ResourceName>,
    /// The key at home, for encrypted copies that are made while the other region serves. Default: alias/aws/rds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub home_key: Option<ResourceName>,
    /// The bucket there, for objects of S3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bucket: Option<ResourceName>,
}

/// Who takes a backup.
#[derive(Debug, Clone, ::core::marker::Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BackupProvider {
    /// The service's own snapshots.
    Native,
    /// AWS Backup.
    AwsBackup,
}
