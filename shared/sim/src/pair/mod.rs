//! Two regions of one account that share a clock, a ledger with two replicas, and a public address.

mod builder;
mod inspect;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use watchkeeper_domain::name::Region;

pub use builder::PairBuilder;

use crate::aws::SimAws;
use crate::kinds::loss::RegionLoss;
use crate::kinds::site::{HOME, STANDBY};
use crate::region::{SimRegion, hold};

/// A pair of regions. What one region's stack sees is a [`SimRegion`]: its own by [`SimPair::sim`], the other one by
/// [`SimPair::peer`].
#[derive(Debug, Clone)]
pub struct SimPair {
    aws: Arc<Mutex<SimAws>>,
    home: Region,
    standby: Region,
}

impl SimPair {
    /// A pair to be built of these two regions.
    ///
    /// # Panics
    /// When one of them is no name of a region.
    pub fn builder(home: &str, standby: &str) -> PairBuilder {
        PairBuilder::new(home, standby)
    }

    /// The home's own simulation.
    pub fn home(&self) -> SimRegion {
        SimRegion::of(&self.aws, HOME, HOME)
    }

    /// The standby's own simulation.
    pub fn standby(&self) -> SimRegion {
        SimRegion::of(&self.aws, STANDBY, STANDBY)
    }

    /// The home's name.
    pub fn home_region(&self) -> &Region {
        &self.home
    }

    /// The standby's name.
    pub fn standby_region(&self) -> &Region {
        &self.standby
    }

    /// A region's own simulation.
    ///
    /// # Panics
    /// When it is none of the two.
    pub fn sim(&self, region: &Region) -> SimRegion {
        let place = self.place(region);
        SimRegion::of(&self.aws, place, place)
    }

    /// The other region as it is seen from this one: calls count, fail on purpose and crash as calls of this region's stack
    /// do; they fail or hang while one of the two is lost; and none of them may change capacity.
    ///
    /// # Panics
    /// When it is none of the two.
    pub fn peer(&self, of: &Region) -> SimRegion {
        let place = self.place(of);
        SimRegion::of(&self.aws, 1 - place, place)
    }

    /// Lets time pass in both regions.
    pub fn advance(&self, by: Duration) {
        hold(&self.aws).advance(by);
    }

    /// Lets time pass in both regions until an instant; one that is over changes nothing.
    pub fn set_now(&self, instant: Timestamp) {
        hold(&self.aws).advance_to(instant);
    }

    /// The present.
    pub fn now(&self) -> Timestamp {
        hold(&self.aws).now()
    }

    /// From now on what is written takes so long to the other replica of the ledger, and up to `jitter` longer, drawn from
    /// the seed.
    pub fn set_delay(&self, delay: Duration, jitter: Duration) {
        let mut aws = hold(&self.aws);
        (aws.link.delay, aws.link.jitter) = (delay, jitter);
    }

    /// Cuts the two replicas of the ledger off from each other, and nothing else.
    pub fn partition(&self) {
        hold(&self.aws).partition(true);
    }

    /// Joins them again: what was written meanwhile is on its way.
    pub fn heal(&self) {
        hold(&self.aws).partition(false);
    }

    /// Loses a region.
    ///
    /// # Panics
    /// When it is none of the two.
    pub fn lose(&self, region: &Region, loss: RegionLoss) {
        let place = self.place(region);
        hold(&self.aws).lose(place, Some(loss));
    }

    /// Has a region back: its tasks are as they were, or start again; what fell due happens; and what was written
    /// meanwhile is on its way.
    ///
    /// # Panics
    /// When it is none of the two.
    pub fn regain(&self, region: &Region) {
        let place = self.place(region);
        hold(&self.aws).lose(place, None);
    }

    /// A region's own address is not reached from outside, or is again, with nothing wrong in the region.
    ///
    /// # Panics
    /// When it is none of the two.
    pub fn block(&self, region: &Region, blocked: bool) {
        let place = self.place(region);
        if let Some(site) = &mut hold(&self.aws).site {
            let _changed = if blocked { site.blocked.insert(place) } else { site.blocked.remove(&place) };
        }
    }

    fn place(&self, region: &Region) -> usize {
        let place = hold(&self.aws).place(region);
        place.unwrap_or_else(|| panic!("{region} is none of {} and {}", self.home, self.standby))
    }
}
