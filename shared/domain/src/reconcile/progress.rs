//! How far a run has come with each resource: what it wrote, and what AWS refused.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::capacity::{ResourceId, ServiceId};
use crate::order::StartOrder;

/// A resource that AWS did not let us change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WriteRefusal {
    /// The resource that was not changed.
    pub resource: ResourceId,
    /// The stable name of the error.
    pub name: String,
    /// What AWS said.
    pub what: String,
}

/// The errors of a write that the same write would meet again: nothing was changed, and nothing will be before a person does
/// something about it.
const FINAL: [&str; 3] = ["Aws.Denied", "Aws.Invalid", "Aws.NotFound"];

impl WriteRefusal {
    /// Whether AWS answered that it will not do it, and not only that it could not.
    pub fn is_final(&self) -> bool {
        FINAL.contains(&self.name.as_str())
    }
}

/// A write that AWS refused for good, as it is remembered once its run is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedWrite {
    /// Of which resource.
    pub resource: ResourceId,
    /// What AWS said.
    pub what: String,
    /// When the run ended that it was refused to.
    pub at: Timestamp,
}

/// For how long a refusal is evidence of what AWS would say today, where nothing was written since. Nobody can ask without
/// writing.
const REFUSED_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);

impl RefusedWrite {
    /// Whether it still says something.
    pub fn counts(&self, now: Timestamp) -> bool {
        now.duration_since(self.at) < REFUSED_FOR
    }

    /// What is remembered after a run: what it was refused, and of the rest what it has not written since.
    #[must_use]
    pub fn after(before: &[Self], progress: &RunProgress, now: Timestamp) -> Vec<Self> {
        let refused: BTreeMap<&ResourceId, &WriteRefusal> =
            progress.refused.iter().filter(|it| it.is_final()).map(|it| (&it.resource, it)).collect();
        let stays = |it: &&Self| {
            it.counts(now) && !refused.contains_key(&it.resource) && !progress.written.contains(&it.resource)
        };
        let new = |it: &&WriteRefusal| Self { resource: it.resource.clone(), what: it.what.clone(), at: now };
        before.iter().filter(stays).cloned().chain(refused.values().map(new)).collect()
    }
}

/// A resource whose writes fail for now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WriteTrouble {
    /// The resource that was not changed.
    pub resource: ResourceId,
    /// Since when.
    pub since: Timestamp,
}

/// The most slices whose times a record keeps: a run lasts 45 minutes at the most, and looks every 40 seconds.
pub const SLICES_MAX: usize = 70;

/// One slice of a run; the last one that is kept stands for those after it, too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SliceTiming {
    /// The step that it took: `apply` or `verify`.
    pub step: String,
    /// When it began.
    pub began: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
    /// Writes to AWS that it made.
    pub writes: u32,
    /// Whether something was still on its way at its end.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub awaits: bool,
}

/// What a run knows of each resource by now.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct RunProgress {
    /// The times of its slices, in order, at most [`SLICES_MAX`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub slices: Vec<SliceTiming>,
    /// Whether it is a transition for all of them, whatever was reached before.
    pub afresh: bool,
    /// Resources that a guardrail keeps from their change, while others are given back.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub held: BTreeSet<ResourceId>,
    /// When a write was sent last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wrote: Option<Timestamp>,
    /// Resources that a write was sent to.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub touched: BTreeSet<ResourceId>,
    /// After which instant a write was sent last to each service: the last look at the lease before it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub sent: BTreeMap<ServiceId, Timestamp>,
    /// Resources whose writes have all been made.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub written: BTreeSet<ResourceId>,
    /// Resources that AWS did not let us change.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<WriteRefusal>,
    /// Resources whose writes fail for now.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub troubled: Vec<WriteTrouble>,
    /// Resources that were seen at their target.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub reached: BTreeSet<ResourceId>,
    /// Since when a wave of the order has waited for each service; how long that may be does not begin anew.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub waited: BTreeMap<ServiceId, Timestamp>,
    /// Resources whose baseline has been given back, or was never left.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub given_back: BTreeSet<ResourceId>,
}

impl RunProgress {
    /// Keeps the time of a slice that has ended.
    pub fn timed(&mut self, slice: SliceTiming) {
        if self.slices.len() < SLICES_MAX {
            self.slices.push(slice);
        } else if let Some(last) = self.slices.last_mut() {
            (last.ended, last.writes, last.awaits) = (slice.ended, last.writes + slice.writes, slice.awaits);
        }
    }

    /// How long it waited for what was on its way, in milliseconds. Looks that only find it still on its way are part of that.
    pub fn waited_ms(&self) -> i64 {
        let waited = self.slices.windows(2).filter(|two| two[0].awaits).map(|two| {
            let until = if two[1].awaits { two[1].ended } else { two[1].began };
            until.duration_since(two[0].ended).as_millis().max(0)
        });
        i64::try_from(waited.sum::<i128>()).unwrap_or(i64::MAX)
    }

    /// The services that no wave of the order waits for any longer.
    pub fn late(&self, order: &StartOrder, now: Timestamp) -> BTreeSet<ServiceId> {
        let over = |(_, since): &(&ServiceId, &Timestamp)| now.duration_since(**since) >= order.within.signed();
        self.waited.iter().filter(over).map(|(id, _)| id.clone()).collect()
    }

    /// What AWS refused, by resource.
    pub fn refusals(&self) -> BTreeMap<ResourceId, String> {
        self.refused.iter().map(|refusal| (refusal.resource.clone(), refusal.what.clone())).collect()
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn a_look_that_only_finds_something_still_on_its_way_is_part_of_the_waiting() {
        let at = |ms: i64| Timestamp::UNIX_EPOCH + SignedDuration::from_millis(ms);
        let waited = |slices: &[(i64, i64, bool)]| {
            let mut progress = RunProgress::default();
            for (began, ended, awaits) in slices {
                let (began, ended) = (at(*began), at(*ended));
                progress.timed(SliceTiming { step: "verify".to_owned(), began, ended, writes: 0, awaits: *awaits });
            }
            progress.waited_ms()
        };
        assert_eq!(waited(&[]), 0);
        assert_eq!(waited(&[(0, 100, false), (150, 250, false)]), 0, "nothing was on its way");
        assert_eq!(waited(&[(0, 100, true), (3100, 3200, false)]), 3000, "the look that found it there is its own");
        assert_eq!(waited(&[(0, 100, true), (3100, 3200, true), (6200, 6300, false)]), 6100);
        assert_eq!(waited(&[(0, 100, true), (90, 200, false)]), 0, "clocks may differ");
    }
}
