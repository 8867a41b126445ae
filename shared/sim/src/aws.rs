//! One region, or two that share a clock: how time passes in them, and which calls get through.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use watchkeeper_domain::estate::EventSource;
use watchkeeper_domain::name::Region;

use crate::kinds::loss::{LossAnswer, RegionLoss};
use crate::kinds::site::{HOME, SimSites};
use crate::link::RegionLink;
use crate::sleep::Round;
use crate::state::SimState;

/// All that there is.
#[derive(Debug)]
pub(crate) struct SimAws {
    /// One, or those of home and standby.
    pub(crate) states: Vec<SimState>,
    pub(crate) link: RegionLink,
    pub(crate) site: Option<SimSites>,
    /// How many calls have been made.
    pub(crate) made: u64,
    /// What is gone around at present.
    pub(crate) round: Option<Round>,
    /// Event sources that were on in two regions that both answered, and when first.
    pub(crate) doubled: BTreeMap<EventSource, Timestamp>,
}

impl SimAws {
    /// An AWS of one region.
    pub(crate) fn alone(state: SimState) -> Arc<Mutex<Self>> {
        let link = RegionLink::default();
        Arc::new(Mutex::new(Self {
            states: vec![state],
            link,
            site: None,
            made: 0,
            round: None,
            doubled: BTreeMap::new(),
        }))
    }

    /// One of two.
    pub(crate) fn pair(
        home: SimState,
        standby: SimState,
        link: RegionLink,
        site: Option<SimSites>,
    ) -> Arc<Mutex<Self>> {
        let mut aws = Self { states: vec![home, standby], link, site, made: 0, round: None, doubled: BTreeMap::new() };
        aws.traffic_changed();
        Arc::new(Mutex::new(aws))
    }

    /// The present, which is the same everywhere.
    pub(crate) fn now(&self) -> Timestamp {
        self.states[HOME].now
    }

    /// The place of a region, if it is one of these.
    pub(crate) fn place(&self, region: &Region) -> Option<usize> {
        self.states.iter().position(|state| state.region == *region)
    }

    /// The region whose objects and alarm move the traffic: the standby's, or the only one.
    pub(crate) fn traffic_site(&self) -> usize {
        self.states.len() - 1
    }

    /// Lets time pass everywhere.
    pub(crate) fn advance(&mut self, by: Duration) {
        self.advance_to(self.now().checked_add(by).unwrap_or(Timestamp::MAX));
    }

    /// Lets time pass until an instant; one that is over changes nothing. Regions change each other through the ledger
    /// alone, and that changes nothing by itself: so each one's schedule can run by itself.
    pub(crate) fn advance_to(&mut self, instant: Timestamp) {
        self.replicate();
        for state in &mut self.states {
            state.advance_to(instant);
        }
        self.deliver();
        self.traffic_changed();
    }

    /// What was written goes on its way, and what has come arrives.
    pub(crate) fn replicate(&mut self) {
        // After every call: where there is no other region, nothing goes anywhere.
        if let [alone] = self.states.as_mut_slice() {
            return alone.ledger.forget_written();
        }
        let now = self.now();
        for (from, state) in self.states.iter_mut().enumerate() {
            let written = state.ledger.written(|| self.link.stamp(now));
            self.link.send(from, now, written);
        }
        self.deliver();
    }

    fn deliver(&mut self) {
        if self.is_severed() {
            return;
        }
        for (to, key, item) in self.link.arrived(self.now()) {
            self.states[to].ledger.receive(key, item);
        }
    }

    /// Whether nothing passes between the two replicas of the ledger.
    fn is_severed(&self) -> bool {
        self.link.partitioned || self.states.iter().any(|state| state.loss.is_some())
    }

    /// Cuts the two replicas of the ledger off from each other, or joins them again.
    pub(crate) fn partition(&mut self, partitioned: bool) {
        self.replicate();
        self.link.partitioned = partitioned;
        self.rejoin();
    }

    /// Loses a region, or has it back.
    pub(crate) fn lose(&mut self, at: usize, loss: Option<RegionLoss>) {
        self.replicate();
        self.states[at].become_lost(loss);
        self.rejoin();
    }

    /// What has waited for a way to the other region takes its time once there is one.
    fn rejoin(&mut self) {
        if !self.is_severed() {
            self.link.resume(self.now());
            self.deliver();
        }
    }

    /// How a call from one region to another fails, if one of them is lost.
    pub(crate) fn struck(&self, from: usize, at: usize) -> Option<LossAnswer> {
        let lost = |place: usize| self.states.get(place).and_then(|state| state.loss);
        if from == at {
            return lost(at).filter(|loss| !loss.runs_inside).map(|loss| loss.answering);
        }
        lost(at).or_else(|| lost(from)).map(|loss| loss.answering)
    }
}
