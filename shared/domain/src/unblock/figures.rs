//! What a run counts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What was counted of the locks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct LockFigures {
    /// Locks that were read.
    pub read: u32,
    /// Held.
    pub live: u32,
    /// Released before this run.
    pub released_before: u32,
    /// Left behind and expired.
    pub expired: u32,
    /// Left behind, of a finished item.
    pub finished: u32,
    /// Left alone, because a person took their release back.
    pub kept: u32,
    /// Left alone, because they do not read.
    pub malformed: u32,
    /// Released by this run; in a plan, those that would be.
    pub released: u32,
    /// Left alone, because they changed in between.
    pub changed: u32,
    /// Left behind and not released: the limit of one run was reached, or the write failed.
    pub remaining: u32,
    /// Put back.
    pub restored: u32,
}

/// What was counted of one queue.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct QueueFigures {
    /// The queue.
    pub queue: String,
    /// Dead letters that waited at the beginning, about.
    pub waiting: u64,
    /// Taken on to be sent again, before the first was: what counts for the batch.
    pub claimed: u32,
    /// Looked at.
    pub looked_at: u32,
    /// Sent again; in a plan, those that would be.
    pub redriven: u32,
    /// Parked by this run.
    pub parked: u32,
    /// Parked before.
    pub parked_before: u32,
    /// Left, because a write failed or they have no room for our stamp.
    pub left: u32,
    /// Left, because the document lets none of this queue be sent again.
    #[serde(default)]
    pub kept: u32,
    /// Left, because they come from a queue that no entry names, by its name; from nobody knows where, by none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub strangers: BTreeMap<String, u32>,
}

/// What was counted of our own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct OwnFigures {
    /// Leases of dead runs that were freed.
    pub leases: u32,
    /// Records of dead runs that were closed.
    pub runs: u32,
    /// Intents past their expiry that were taken out.
    pub intents: u32,
    /// Questions that nobody answered and that were ended.
    pub questions: u32,
    /// Runs of `reconcile` that were started again.
    pub again: u32,
}

/// Capacity that was freed for one pod and type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct FreedCapacity {
    /// The pod whose limit was freed.
    pub pod: String,
    /// Of what.
    pub lock_type: String,
    /// How many locks.
    pub locks: u32,
}
