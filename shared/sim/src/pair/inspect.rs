//! What a test may look at in a pair: the truth, without delay, record or fault.

use jiff::Timestamp;
use watchkeeper_domain::name::{Region, ServiceName};

use super::SimPair;
use crate::kinds::site::{HOME, STANDBY};
use crate::region::hold;

impl SimPair {
    /// Whether a region is lost.
    ///
    /// # Panics
    /// When it is none of the two.
    pub fn is_lost(&self, region: &Region) -> bool {
        self.sim(region).lock().loss.is_some()
    }

    /// Whether a region's own stack runs: it does unless the region is lost and not only cut off.
    ///
    /// # Panics
    /// When it is none of the two.
    pub fn runs(&self, region: &Region) -> bool {
        !self.sim(region).lock().stands_still()
    }

    /// Where people are sent now, once health checks and resolvers have followed; `None` when that is nowhere, or there is
    /// no switch.
    pub fn serving(&self) -> Option<Region> {
        match hold(&self.aws).sent_to() {
            Some(HOME) => Some(self.home.clone()),
            Some(STANDBY) => Some(self.standby.clone()),
            _ => None,
        }
    }

    /// The tasks of a service that run or still stop, in home and standby.
    pub fn working(&self, service: &ServiceName) -> [u32; 2] {
        let aws = hold(&self.aws);
        let of_state = |place: usize| {
            let services = aws.states.get(place).into_iter().flat_map(|state| &state.services);
            services.filter(|(id, _)| id.service == *service).map(|(_, found)| found.working()).sum()
        };
        [of_state(HOME), of_state(STANDBY)]
    }

    /// The most tasks of a service that have worked at once in both regions together, ever since the beginning, and since
    /// when they did: those that run, and those that still stop. No moment is missed.
    pub fn most_at_once(&self, service: &ServiceName) -> (u32, Timestamp) {
        let aws = hold(&self.aws);
        let all = aws.states.iter().flat_map(|state| &state.services);
        let lives: Vec<_> = all.filter(|(id, _)| id.service == *service).map(|(_, found)| &found.lives).collect();
        let at = |instant: &Timestamp| {
            let last = lives.iter().filter_map(|lives| lives.range(..=*instant).next_back());
            (last.map(|(_, tasks)| *tasks).sum::<u32>(), *instant)
        };
        let instants = lives.iter().flat_map(|lives| lives.keys());
        let mut most = (0, Timestamp::MIN);
        for (tasks, since) in instants.map(at) {
            if tasks > most.0 {
                most = (tasks, since);
            }
        }
        most
    }
}
