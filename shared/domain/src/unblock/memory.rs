//! What is remembered of an environment from run to run.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{EscalationLevel, ItemAttribute, LockItem};

/// The most locks that are remembered as kept by a person; the oldest go.
pub const KEPT_MAX: usize = 1000;

/// What is remembered of an environment from run to run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct UnblockMemory {
    /// The due instant of the last run of the schedule that came to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done: Option<Timestamp>,
    /// What was escalated and is not over, by item.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub escalated: BTreeMap<String, EscalatedItem>,
    /// The patterns that were told and are not over.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub patterns: BTreeSet<String>,
    /// Locks whose release a person took back, as they were read; they are left alone until they change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<RetakenLock>,
    /// The figures of the last run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<PreviousFigures>,
    /// A mark of the findings that were told last, where a report is told for its findings only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<String>,
}

/// An item that was escalated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct EscalatedItem {
    /// Since when it is blocked.
    pub since: Timestamp,
    /// How far it has gone.
    pub level: EscalationLevel,
    /// Who owned it then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

/// A lock that a person took back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct RetakenLock {
    /// Who works.
    pub pod: ItemAttribute,
    /// On what.
    pub item: ItemAttribute,
    /// When it runs out: a renewed lock is another one.
    pub expires_at: ItemAttribute,
}

impl RetakenLock {
    fn of(lock: &LockItem) -> Self {
        Self { pod: lock.pod.clone(), item: lock.item.clone(), expires_at: lock.expires_at.clone() }
    }
}

/// The figures of a run, which the next one is compared with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PreviousFigures {
    /// The run.
    pub run: String,
    /// Locks that were found left behind.
    pub left: u32,
    /// Pods over a limit.
    pub violations: u32,
    /// Items that wait for somebody.
    pub blockers: u32,
    /// Items that nobody touches.
    pub stuck: u32,
    /// Dead letters that waited.
    pub dead_letters: u64,
    /// Findings that a person has to look at.
    pub findings: u32,
}

impl UnblockMemory {
    /// Remembers that a person took a release back.
    pub fn keep(&mut self, lock: &LockItem) {
        let kept = RetakenLock::of(lock);
        if !self.kept.contains(&kept) {
            self.kept.push(kept);
        }
        let over = self.kept.len().saturating_sub(KEPT_MAX);
        self.kept.drain(..over);
    }

    /// Whether a person took the release of this very lock back.
    pub fn keeps(&self, lock: &LockItem) -> bool {
        !self.kept.is_empty() && self.kept.contains(&RetakenLock::of(lock))
    }
}
