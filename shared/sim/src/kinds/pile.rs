//! What may be stuck: tables of an estate, its queues and buses, and the executions of our machines.

use std::collections::BTreeMap;

use jiff::Timestamp;
use watchkeeper_control::unblock::ports::{DeadLetter, PendingQuestion};
use watchkeeper_domain::capacity::ServiceId;
use watchkeeper_domain::unblock::{BlockerItem, ItemAttribute, LockItem};

/// An event on a bus of an estate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BusEvent {
    /// The bus.
    pub bus: String,
    /// Its source.
    pub source: String,
    /// What kind.
    pub detail_type: String,
    /// What it says.
    pub detail: serde_json::Value,
}

/// A message in a queue.
#[derive(Debug, Clone)]
pub(crate) struct QueuedMessage {
    pub(crate) letter: DeadLetter,
    pub(crate) visible: Timestamp,
}

/// Everything that may be stuck.
#[derive(Debug, Default)]
pub(crate) struct StuckItems {
    pub(crate) locks: BTreeMap<String, BTreeMap<(ItemAttribute, ItemAttribute), LockItem>>,
    pub(crate) statuses: BTreeMap<String, BTreeMap<String, ItemAttribute>>,
    pub(crate) items: BTreeMap<String, BTreeMap<String, BlockerItem>>,
    pub(crate) queues: BTreeMap<String, Vec<QueuedMessage>>,
    pub(crate) buses: BTreeMap<String, Vec<BusEvent>>,
    pub(crate) questions: Vec<PendingQuestion>,
    pub(crate) words: BTreeMap<ServiceId, Vec<String>>,
    /// Locks that their owners renew right before somebody releases them: table and new lock, by name.
    pub(crate) renewals: BTreeMap<String, (String, LockItem)>,
    pub(crate) numbered: u64,
}
