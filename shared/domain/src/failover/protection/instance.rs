//! An instance of RDS, as far as a new replica in its place has to be like it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::name::Region;
use crate::value::ResourceName;

/// An instance of RDS in one region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct InstanceFacts {
    /// Its ARN.
    pub arn: String,
    /// Its status, in the words of AWS, such as `available`.
    pub status: String,
    /// What it follows, if it is a read replica: an ARN where that is in another region.
    pub source: Option<String>,
    /// Whether it carries our tag.
    pub managed: bool,
    /// What a replica in its place has to be like.
    pub settings: InstanceSettings,
}

impl InstanceFacts {
    /// Whether it follows an instance of a region.
    pub fn follows(&self, region: &Region) -> bool {
        self.source.as_ref().is_some_and(|source| source.split(':').nth(3) == Some(region.as_str()))
    }

    /// The ARN of the instance of a name in another region of the same account and partition.
    pub(super) fn arn_in(&self, region: &Region, name: &ResourceName) -> String {
        let parts: Vec<&str> = self.arn.split(':').collect();
        let part = |at: usize| parts.get(at).copied().unwrap_or_default();
        format!("arn:{}:rds:{region}:{}:db:{name}", part(1), part(4))
    }

    /// Whether it lies where `CreateDBInstanceReadReplica` takes a presigned URL from another region, which the CLI makes from
    /// `--source-region` and we do not: China and `GovCloud` (Amazon RDS API reference, `PreSignedUrl`).
    pub(super) fn needs_presigned_url(&self) -> bool {
        ["aws-cn", "aws-us-gov"].contains(&self.arn.split(':').nth(1).unwrap_or_default())
    }
}

/// What a new instance has of an old one. A replica inherits nothing of its region from a source in another one, and the port,
/// the storage and the rest from the source (Amazon RDS API reference, `CreateDBInstanceReadReplica`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct InstanceSettings {
    /// Its class, such as `db.t4g.small`.
    pub class: String,
    /// Its subnet group.
    pub subnet_group: Option<String>,
    /// Its security groups, by their ids.
    pub security_groups: Vec<String>,
    /// Its parameter group, where the engine lets a replica of another region have one of its own.
    pub parameter_group: Option<String>,
    /// The key that its storage is encrypted with.
    pub key: Option<String>,
    /// Whether it has a standby in another zone.
    pub multi_az: bool,
    /// Whether its name resolves to a public address.
    pub public: bool,
    /// Whether IAM may sign in to it.
    pub iam_authentication: bool,
    /// Its tags, but for those of AWS.
    pub tags: BTreeMap<String, String>,
}

/// A read replica that is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewReplica {
    /// Its name.
    pub name: ResourceName,
    /// The ARN of its source.
    pub source: String,
    /// What it has of the instance in whose place it comes.
    pub settings: InstanceSettings,
}
