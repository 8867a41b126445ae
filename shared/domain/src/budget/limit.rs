//! The limits within a bucket: which part of it layers may take, and how far apart their calls lie.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::{BucketQuota, LATE, SKEW};
use crate::intent::Layer;

/// By how much AWS may be late with its tokens.
const REFILL: SignedDuration = SignedDuration::from_secs(1);

/// Who goes first, least urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[derive(strum::VariantArray)]
pub enum Precedence {
    /// Schedules, rehearsals and overrides.
    Routine,
    /// Emergencies.
    Emergency,
    /// Failovers.
    Failover,
}

impl From<Layer> for Precedence {
    fn from(layer: Layer) -> Self {
        match layer {
            Layer::Schedule | Layer::Rehearsal | Layer::Override => Self::Routine,
            Layer::Emergency => Self::Emergency,
            Layer::Failover => Self::Failover,
        }
    }
}

/// The part of a budget that the runs of a layer take, together with those of every less urgent one.
pub fn share(layer: Layer) -> f64 {
    Precedence::from(layer).share()
}

impl Precedence {
    /// The limits that a call has to fit into: its own, and those of whoever is more urgent.
    pub(super) fn limits(self) -> impl Iterator<Item = Self> {
        <Self as strum::VariantArray>::VARIANTS.iter().copied().filter(move |limit| *limit >= self)
    }

    /// Those that go before it.
    pub(super) fn before(self) -> impl Iterator<Item = Self> {
        self.limits().filter(move |other| *other > self)
    }

    const fn share(self) -> f64 {
        match self {
            Self::Routine => 0.5,
            Self::Emergency => 0.9,
            Self::Failover => 1.0,
        }
    }

    /// The calls at once that are granted: the share of the burst, less what may come late, early, or be refilled late.
    fn burst(self, quota: BucketQuota) -> f64 {
        let late = if self == Self::Failover { LATE + SKEW + REFILL } else { LATE + SKEW };
        let burst = self.share() * (quota.burst - quota.rate * late.as_secs_f64());
        burst.floor().max(1.0)
    }

    /// The distance of calls that this limit allows, at the full pace.
    pub(super) fn interval(self, quota: BucketQuota) -> SignedDuration {
        SignedDuration::from_secs_f64(1.0 / (quota.rate * self.share())) + SignedDuration::from_nanos(1)
    }

    /// How far `spent` may lie ahead of a slot.
    pub(super) fn tolerance(self, quota: BucketQuota) -> SignedDuration {
        self.interval(quota).mul_f64(self.burst(quota) - 1.0)
    }

    /// How many calls are granted at once: what the share has for a second.
    pub(super) fn block(self, quota: BucketQuota) -> usize {
        let interval = self.interval(quota).as_nanos().max(1);
        usize::try_from((1_000_000_000 + interval - 1) / interval).unwrap_or(1).max(1)
    }
}
