//! Building a pair.

use std::time::Duration;

use watchkeeper_domain::estate::{Failover, TrafficStrategy};
use watchkeeper_domain::failover::{DnsRecord, DnsRouting};
use watchkeeper_domain::name::Region;

use super::SimPair;
use crate::aws::SimAws;
use crate::builder::SimRegionBuilder;
use crate::kinds::site::SimSites;
use crate::link::RegionLink;
use crate::region::SimRegion;
use crate::spec::checked;
use crate::state::SimState;

/// What a pair will be like. By default both regions are empty, the ledger is replicated after a second, and there is
/// neither an address nor a switch.
#[derive(Debug, Clone)]
pub struct PairBuilder {
    regions: [Region; 2],
    home: SimRegionBuilder,
    standby: SimRegionBuilder,
    delay: Duration,
    jitter: Duration,
    failover: Option<Failover>,
}

impl PairBuilder {
    pub(super) fn new(home: &str, standby: &str) -> Self {
        Self {
            regions: [home, standby].map(|name| checked(Region::new(name))),
            home: SimRegion::builder(),
            standby: SimRegion::builder(),
            delay: Duration::from_secs(1),
            jitter: Duration::ZERO,
            failover: None,
        }
    }

    /// The home is like this; its time counts for both.
    #[must_use]
    pub fn home(mut self, home: SimRegionBuilder) -> Self {
        self.home = home;
        self
    }

    /// The standby is like this.
    #[must_use]
    pub fn standby(mut self, standby: SimRegionBuilder) -> Self {
        self.standby = standby;
        self
    }

    /// What is written takes so long to the other replica of the ledger.
    #[must_use]
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// And up to so much longer, drawn from the home's seed: then items overtake each other.
    #[must_use]
    pub fn jitter(mut self, jitter: Duration) -> Self {
        self.jitter = jitter;
        self
    }

    /// With the addresses and the switch of a document: the probe's, and the switch points to the home.
    #[must_use]
    pub fn failover(mut self, failover: &Failover) -> Self {
        self.failover = Some(failover.clone());
        self
    }

    /// The pair.
    ///
    /// # Panics
    /// When both regions are the same one.
    pub fn build(self) -> SimPair {
        let Self { regions: [home, standby], delay, jitter, failover, .. } = self;
        assert_ne!(home, standby, "a pair has two regions");
        let link = RegionLink::new(delay, jitter, self.home.of_seed());
        let standby_state = self.standby.starting(self.home.begins()).region(standby.as_str()).state();
        let mut states = [self.home.region(home.as_str()).state(), standby_state];
        if let Some(failover) = &failover {
            set_up(&mut states[1], failover, [&home, &standby]);
        }
        let [first, second] = states;
        let aws = SimAws::pair(first, second, link, failover.as_ref().map(SimSites::of));
        SimPair { aws, home, standby }
    }
}

/// Everything that the strategy needs, pointing to the home.
fn set_up(state: &mut SimState, failover: &Failover, [home, standby]: [&Region; 2]) {
    let traffic = &failover.traffic;
    match traffic.strategy {
        TrafficStrategy::SwitchObject => {}
        TrafficStrategy::Alarm => {
            state.traffic_site.alarm.clone_from(&traffic.alarm);
            if let Some(alarm) = &traffic.alarm {
                state.set_alarm(alarm.clone(), watchkeeper_domain::emergency::alarm::AlarmState::Ok);
            }
        }
        TrafficStrategy::RoutingControl => {
            let controls = [(&traffic.primary_control, true), (&traffic.standby_control, false)];
            let named = controls.into_iter().filter_map(|(name, on)| Some((name.clone()?, on)));
            state.traffic_site.controls.extend(named);
        }
        TrafficStrategy::Record => {
            let record = |name: &str, region: &Region| DnsRecord {
                name: name.to_owned(),
                kind: "A".to_owned(),
                set: format!("{name} {region}"),
                routing: DnsRouting::Failover { primary: region == home },
            };
            let names = traffic.names.iter().flat_map(|name| [home, standby].map(|of| record(name.as_str(), of)));
            if let Some(zone) = &traffic.hosted_zone {
                state.traffic_site.records.entry(zone.clone()).or_default().extend(names);
            }
        }
    }
}
