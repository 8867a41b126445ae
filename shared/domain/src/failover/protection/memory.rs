//! What both regions remember of protection: the one that is to stand by what it has found and tried, the one that serves what it
//! has told. Each writes its own, and reads the other's replica.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::list::{ProtectionItem, ProtectionWork};
use super::replica::ReplicaStep;
use crate::value::ResourceName;

/// How often a pair that is not protected is looked at: a promotion or a rename takes minutes, a new replica hours.
pub const PROTECTION_EVERY: SignedDuration = SignedDuration::from_mins(5);

/// How often one step is tried in a row.
const TRIES: u32 = 3;

/// How long after that it is tried once more.
const TRY_AGAIN: SignedDuration = SignedDuration::from_hours(24);

/// How long after a move nothing is told: a planned one costs nothing, and the other stack has to look first.
const SETTLES: SignedDuration = SignedDuration::from_mins(15);

/// How often people are reminded.
const REMIND_EVERY: SignedDuration = SignedDuration::from_hours(24);

/// Tries of one step.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct StepTries {
    /// How many.
    pub count: u32,
    /// When the last one was.
    pub last: Timestamp,
    /// Why that one failed, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

impl StepTries {
    fn is_due(&self, now: Timestamp) -> bool {
        self.count < TRIES || now.duration_since(self.last) >= TRY_AGAIN
    }
}

/// What the region that is to stand by knows of protection since one move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ProtectionMemory {
    /// The epoch of the pointer since that move.
    pub epoch: u64,
    /// When it was looked at last.
    pub looked: Timestamp,
    /// What is missing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<ProtectionItem>,
    /// Old primaries that were set aside, and hold what was not replicated.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub left: BTreeSet<ResourceName>,
    /// What the stack has tried, by step.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tries: BTreeMap<String, StepTries>,
    /// Since when the pair is protected again. What is missing after that, readiness tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protected: Option<Timestamp>,
}

impl ProtectionMemory {
    /// The memory of the move of an epoch, as far as there is one.
    pub fn of(before: Option<Self>, epoch: u64, now: Timestamp) -> Self {
        before.filter(|memory| memory.epoch == epoch).unwrap_or(Self {
            epoch,
            looked: now,
            items: Vec::new(),
            left: BTreeSet::new(),
            tries: BTreeMap::new(),
            protected: None,
        })
    }

    /// Whether it is to be looked at.
    pub fn is_due(before: Option<&Self>, epoch: u64, now: Timestamp) -> bool {
        let known = before.filter(|memory| memory.epoch == epoch);
        known.is_none_or(|it| it.protected.is_none() && now.duration_since(it.looked) >= PROTECTION_EVERY)
    }

    /// Takes in what a look has found, and what the stack may do now: one step, of which the try is counted before it is made.
    pub fn look(
        &mut self,
        work: Vec<ProtectionWork>,
        left: BTreeSet<ResourceName>,
        fenced: bool,
        now: Timestamp,
    ) -> Option<ReplicaStep> {
        (self.looked, self.left) = (now, left);
        if work.is_empty() {
            (self.items, self.tries) = (Vec::new(), BTreeMap::new());
            self.protected = Some(now);
            return None;
        }
        let may_take = |step: &ReplicaStep| self.tries.get(&step.key()).is_none_or(|tries| tries.is_due(now));
        let ready = work.iter().filter(|it| it.item.by == super::ProtectionHand::Stack);
        let next = ready.filter_map(|it| it.step.clone()).find(|step| fenced && may_take(step));
        if let Some(step) = &next {
            let tries = self.tries.entry(step.key()).or_default();
            (tries.count, tries.last, tries.why) = (tries.count + 1, now, None);
        }
        self.items = work.into_iter().map(|it| self.given_up(it, now)).collect();
        next
    }

    /// The try of a step failed.
    pub fn failed(&mut self, step: &ReplicaStep, why: String) {
        if let Some(tries) = self.tries.get_mut(&step.key()) {
            tries.why = Some(why);
        }
    }

    /// What was tried often enough says so.
    fn given_up(&self, work: ProtectionWork, now: Timestamp) -> ProtectionItem {
        let known = work.step.as_ref().and_then(|step| self.tries.get(&step.key()));
        let Some(tries) = known.filter(|tries| !tries.is_due(now) && tries.last < now) else { return work.item };
        let why = tries.why.as_deref().unwrap_or("nothing came of it");
        let hindrance =
            format!("it was tried {} times, last at {}: {why}; it is tried again after a day", tries.count, tries.last);
        ProtectionItem { by: super::ProtectionHand::Person, hindrance: Some(hindrance), ..work.item }
    }
}

/// What the region that serves has told of protection since one move.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ProtectionTold {
    /// The epoch of the pointer since that move.
    pub epoch: u64,
    /// What was told last, as a mark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<String>,
    /// When it was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// Whether it is over: the pair is protected again, and whoever had heard that it is not has heard of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub closed: bool,
}

impl ProtectionTold {
    /// The memory of the move of an epoch, as far as there is one.
    pub fn of(before: Option<Self>, epoch: u64) -> Self {
        before.filter(|told| told.epoch == epoch).unwrap_or(Self { epoch, mark: None, at: None, closed: false })
    }

    /// Whether what is missing is to be told: when it is news, and once a day.
    pub fn is_due(&self, mark: &str, moved: Timestamp, now: Timestamp) -> bool {
        let again = self.at.is_none_or(|at| now.duration_since(at) >= REMIND_EVERY);
        (again || self.mark.as_deref() != Some(mark)) && now.duration_since(moved) >= SETTLES
    }
}

/// A short mark of what is missing, the same whatever is on its way there, so that each thing is told once.
pub fn protection_mark(items: &[ProtectionItem]) -> String {
    let told: BTreeSet<String> =
        items.iter().map(|it| format!("{}{}", it.resource, if it.hindrance.is_some() { "!" } else { "" })).collect();
    told.into_iter().collect::<Vec<_>>().join(", ")
}
