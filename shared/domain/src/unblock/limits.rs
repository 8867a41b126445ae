//! Work in progress: how much is held, and where that is more than allowed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::estate::Unblock;
use crate::value::ResourceName;

/// How many locks are held, by pod and type. Only what the document limits is counted, so that it stays as small as that.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HeldLocks(BTreeMap<String, BTreeMap<String, u32>>);

/// A pod that holds more than it may.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct WipViolation {
    /// The pod that is over its limit.
    pub pod: String,
    /// Of what.
    pub lock_type: String,
    /// How many it holds.
    pub held: u32,
    /// How many it may.
    pub limit: u32,
}

impl HeldLocks {
    /// Counts a lock that is held.
    pub fn count(&mut self, limits: &Unblock, pod: &str, lock_type: &str) {
        if limit(limits, pod, lock_type).is_some() {
            let counts = self.0.entry(pod.to_owned()).or_default();
            *counts.entry(lock_type.to_owned()).or_default() += 1;
        }
    }

    /// How many locks of a type a pod holds.
    pub fn of(&self, pod: &str, lock_type: &str) -> u32 {
        self.0.get(pod).and_then(|counts| counts.get(lock_type)).copied().unwrap_or_default()
    }

    /// Where more is held than allowed, the worst first.
    pub fn violations(&self, limits: &Unblock) -> Vec<WipViolation> {
        let mut found = Vec::new();
        for (pod, counts) in &self.0 {
            for (lock_type, held) in counts {
                if let Some(limit) = limit(limits, pod, lock_type).filter(|limit| held > limit) {
                    let (pod, lock_type) = (pod.clone(), lock_type.clone());
                    found.push(WipViolation { pod, lock_type, held: *held, limit });
                }
            }
        }
        found.sort_by_key(|violation| std::cmp::Reverse(violation.held - violation.limit));
        found
    }
}

/// How many locks of a type the document allows a pod.
pub(super) fn limit(section: &Unblock, pod: &str, lock_type: &str) -> Option<u32> {
    let named = |name: &ResourceName, text: &str| name.as_str() == text;
    let (_, types) = section.limits.iter().find(|(name, _)| named(name, pod))?;
    types.iter().find(|(name, _)| named(name, lock_type)).map(|(_, limit)| *limit)
}
