//! Replication between the two replicas of the ledger: with a delay, and the last writer wins.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use crate::memory::{ItemPlace, LedgerItem, Stamp};

/// The way between two regions.
#[derive(Debug, Default)]
pub(crate) struct RegionLink {
    /// How long an item is on its way.
    pub(crate) delay: Duration,
    /// How much longer it may be, drawn from the seed: then items overtake each other.
    pub(crate) jitter: Duration,
    pub(crate) partitioned: bool,
    rng: fastrand::Rng,
    /// By the time of arrival and a number: where to, and what.
    transit: BTreeMap<(Timestamp, u64), (usize, ItemPlace, LedgerItem)>,
    numbered: u64,
}

impl RegionLink {
    /// A way that takes this long.
    pub(crate) fn new(delay: Duration, jitter: Duration, seed: u64) -> Self {
        Self { delay, jitter, rng: fastrand::Rng::with_seed(seed), ..Self::default() }
    }

    /// The stamp of a write.
    pub(crate) fn stamp(&mut self, now: Timestamp) -> Stamp {
        self.numbered += 1;
        (now, self.numbered)
    }

    /// Sends what one region has written to the other one.
    pub(crate) fn send(&mut self, from: usize, now: Timestamp, written: Vec<(ItemPlace, LedgerItem)>) {
        for (key, item) in written {
            let arrives = self.arrival(now);
            self.numbered += 1;
            self.transit.insert((arrives, self.numbered), (1 - from, key, item));
        }
    }

    fn arrival(&mut self, now: Timestamp) -> Timestamp {
        let most = u64::try_from(self.jitter.as_millis()).unwrap_or(u64::MAX);
        let took = self.delay + Duration::from_millis(self.rng.u64(0..=most));
        now.checked_add(took).unwrap_or(Timestamp::MAX)
    }

    /// What has arrived by now.
    pub(crate) fn arrived(&mut self, now: Timestamp) -> Vec<(usize, ItemPlace, LedgerItem)> {
        let later = self.transit.split_off(&(now, u64::MAX));
        std::mem::replace(&mut self.transit, later).into_values().collect()
    }

    /// What waited is on its way again, as if it had been sent now.
    pub(crate) fn resume(&mut self, now: Timestamp) {
        for ((arrives, number), parcel) in std::mem::take(&mut self.transit) {
            let arrives = if arrives > now { arrives } else { self.arrival(now) };
            self.transit.insert((arrives, number), parcel);
        }
    }
}
