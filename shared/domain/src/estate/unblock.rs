//! Freeing what is stuck, as data.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::schedule::Weekdays;
use crate::value::{ClockTime, Duration, Label, ResourceName, Zone};

/// When and how an environment is freed of what is stuck.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Unblock {
    /// The local time.
    pub at: ClockTime,
    /// The days.
    pub days: Weekdays,
    /// The zone.
    pub zone: Zone,
    /// The most that one run releases. Default: 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release_at_most: Option<u32>,
    /// Locks that their owner may have left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locks: Option<LockSchema>,
    /// Work in progress that is allowed: by pod, then by type of lock.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub limits: BTreeMap<ResourceName, BTreeMap<ResourceName, u32>>,
    /// Items that wait for somebody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blockers: Option<BlockerPolicy>,
    /// Queues whose dead letters may be sent again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub queues: Vec<QueuePolicy>,
    /// How long a deployment may take before it is reported. Default: 1h.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployment_limit: Option<Duration>,
    /// How long a run or a question may wait for a person before it is named. Default: 8h.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting_limit: Option<Duration>,
    /// The event bus of the estate that hears of it too. Without it, only people and our own bus do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<ReportTarget>,
}

impl Unblock {
    /// The most that one run releases.
    pub fn release_at_most(&self) -> u32 {
        self.release_at_most.unwrap_or(100)
    }
}

/// A table of locks and the names of its attributes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct LockSchema {
    /// The table.
    pub table: ResourceName,
    /// Partition key: who works.
    pub pod: ResourceName,
    /// Sort key: on what.
    pub item: ResourceName,
    /// The type of the lock.
    pub lock_type: ResourceName,
    /// Who took it.
    pub acquired_by: ResourceName,
    /// When, as ISO 8601.
    pub acquired_at: ResourceName,
    /// When it runs out, in seconds of the epoch.
    pub expires_at: ResourceName,
    /// When it was released; absent while it is held.
    pub released_at: ResourceName,
    /// An index by type of lock. The estate's own readers use it; a run reads the table, where nothing is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<ResourceName>,
    /// Where it is told that an item is finished: its locks are left behind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished: Option<FinishedItems>,
}

/// A table of items, by which a lock of a finished one is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct FinishedItems {
    /// The table.
    pub table: ResourceName,
    /// Its partition key, which is the lock's item; it has no sort key.
    pub item: ResourceName,
    /// The attribute that tells how an item stands.
    pub status: ResourceName,
    /// What it says of one that is finished.
    pub values: Vec<Label>,
}

/// Items that wait, and who hears of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct BlockerPolicy {
    /// The table of items.
    pub table: ResourceName,
    /// An index that holds the items to look at, instead of the whole table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<ResourceName>,
    /// The attribute that names an item.
    pub item: ResourceName,
    /// The attribute that tells since when it is blocked, as ISO 8601. Default: that of the last activity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<ResourceName>,
    /// The attribute that tells how an item stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<ResourceName>,
    /// What that says of items that are finished, and wait for nobody.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub finished: Vec<Label>,
    /// The attribute that tells when something last happened, as ISO 8601.
    pub activity: ResourceName,
    /// The attribute that tells who owns the item.
    pub owner: ResourceName,
    /// The attribute that tells what it waits for.
    pub reason: ResourceName,
    /// Without activity for so long, an item is stuck.
    pub stuck_after: Duration,
    /// How far back impediments are read.
    pub impediments_of: Duration,
    /// After so long the owner and the integrator are told.
    pub tell_after: Duration,
    /// After so long leadership is.
    pub escalate_after: Duration,
    /// So many alike are one systemic finding.
    pub systemic: u32,
    /// Who integrates.
    pub integrator: Label,
    /// Who leads.
    pub leadership: Label,
}

/// A queue and its dead letters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct QueuePolicy {
    /// The queue.
    pub queue: ResourceName,
    /// Its dead-letter queue, which other queues may share: a letter goes back to the one that it came from.
    pub dead_letters: ResourceName,
    /// Whether dead letters may be sent again.
    pub redrive: bool,
    /// The most that one run sends again. Default: 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<u32>,
    /// Returns after which a message is parked. Default: 3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub poison: Option<u32>,
    /// The queue for parked messages. Default: they stay with the dead letters, marked with their reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parked: Option<ResourceName>,
}

impl QueuePolicy {
    /// The most that one run sends again.
    pub fn batch(&self) -> u32 {
        self.batch.unwrap_or(100)
    }

    /// Returns after which a message is parked.
    pub fn poison(&self) -> u32 {
        self.poison.unwrap_or(3)
    }
}

/// Where the report goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ReportTarget {
    /// The event bus.
    pub bus: ResourceName,
    /// The event's source.
    pub source: Label,
    /// The event's type.
    pub detail_type: Label,
}
