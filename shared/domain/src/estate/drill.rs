//! Restore drills, as data.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::name::ClusterName;
use crate::value::{Duration, Label, ResourceName};

/// The proof that a backup can be restored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RestoreDrill {
    /// How often.
    pub every: Duration,
    /// The scratch name it is restored under. Default: the resource's name with `-drill`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scratch: Option<ResourceName>,
    /// Items that the restored copy has at least.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items_at_least: Option<u64>,
    /// Items that it has at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items_at_most: Option<u64>,
    /// The key of an item that it has to have, by attribute.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub known_item: BTreeMap<String, KeyValue>,
    /// A check by a task of the estate's own: with exit code 0 what was restored is proved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<CheckTask>,
    /// The class of the instance that a restored Aurora cluster gets for its check. Default: that of the original's writer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_class: Option<ResourceName>,
    /// A query that has to give a row, where the database can be asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<Label>,
}

/// The value of a key's attribute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum KeyValue {
    /// A number.
    Number(i64),
    /// A text.
    Text(String),
}

/// A task of the estate's own that looks into what was restored. Its container finds where that is in its environment:
/// `RESTORED_IDENTIFIER`, `RESTORED_ENDPOINT`, `RESTORED_PORT`, and `RESTORED_TAKEN`, the instant whose state it has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct CheckTask {
    /// The task definition: a family, of which the newest revision runs, or `family:revision`.
    pub task_definition: ResourceName,
    /// The ECS cluster that it runs in.
    pub cluster: ClusterName,
    /// What its container runs. Default: what the task definition says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<Label>,
    /// The container that checks. Default: the only one of the task definition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<ResourceName>,
    /// The subnets, for the network mode awsvpc; Fargate needs it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subnets: Vec<ResourceName>,
    /// The security groups, likewise. Default: that of the VPC.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub security_groups: Vec<ResourceName>,
    /// How long it may take; then it is stopped, and has failed. Default: 30m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Duration>,
}
