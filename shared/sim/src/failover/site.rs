//! What people outside reach: an address for each region, one for everybody, and what answers there.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use watchkeeper_control::failover::ports::HealthProber;
use watchkeeper_domain::estate::{Failover, TrafficPolicy};
use watchkeeper_domain::name::ServiceName;

use crate::globe::{HOME, STANDBY, SimAws};
use crate::loss::LossAnswer;
use crate::operation::Operation;
use crate::world::SimRegion;

/// The addresses of a pair.
#[derive(Debug)]
pub(crate) struct SimSites {
    /// Without a path, by what answers; `None` is where the switch points.
    addresses: Vec<(String, Option<usize>)>,
    /// The service behind each path.
    paths: BTreeMap<String, ServiceName>,
    pub(crate) traffic: TrafficPolicy,
    /// Places whose own address is not reached although nothing is wrong with the region.
    pub(crate) blocked: BTreeSet<usize>,
}

impl SimSites {
    /// The addresses that a document probes.
    pub(crate) fn of(failover: &Failover) -> Self {
        let traffic = failover.traffic.clone();
        let mut addresses = Vec::new();
        let mut paths = BTreeMap::new();
        let mut public = traffic.names.first().map(|name| format!("https://{name}"));
        if let Some(probe) = &failover.probe {
            addresses.push((probe.primary.to_string(), Some(HOME)));
            addresses.push((probe.standby.to_string(), Some(STANDBY)));
            paths.extend(probe.paths.iter().map(|(service, path)| (path.to_string(), service.clone())));
            public = probe.public.as_ref().map(ToString::to_string).or(public);
        }
        addresses.extend(public.map(|public| (public, None)));
        Self { addresses, paths, traffic, blocked: BTreeSet::new() }
    }

    /// What answers at an address, and its path.
    fn find<'a>(&self, address: &'a str) -> Option<(Option<usize>, &'a str)> {
        self.addresses.iter().find_map(|(base, place)| {
            let path = address.strip_prefix(base.trim_end_matches('/'))?;
            (path.is_empty() || path.starts_with('/')).then_some((*place, path))
        })
    }
}

impl HealthProber for SimRegion {
    async fn get(&self, address: &str, timeout: Duration) -> Result<u16, String> {
        let mut asked = self.asked(Operation::Probe, address, None);
        asked.patience = Some(timeout);
        let from = self.from;
        let answer = self.reach_or_refuse(asked, |globe| Ok(globe.answer_outside(from, address, timeout))).await;
        answer.map_err(|error| error.to_string())?
    }
}

impl SimAws {
    /// What an address answers: 200 where the service of the path has a running task, 503 where it has none, 404 where no
    /// service has the path.
    fn answer_outside(&mut self, from: usize, address: &str, timeout: Duration) -> Result<u16, String> {
        let unknown = || format!("{address} has no address");
        let (place, path) = self.site.as_ref().and_then(|site| site.find(address)).ok_or_else(unknown)?;
        let of_people = place.is_none();
        let place = match place {
            Some(place) => place,
            None => self.sent_to().ok_or_else(|| format!("{address} answers for no region"))?,
        };
        let lost = self.states.get(place).and_then(|state| state.loss).map(|loss| loss.answering);
        let blocked = !of_people && self.site.as_ref().is_some_and(|site| site.blocked.contains(&place));
        match lost.or_else(|| self.struck(from, place)) {
            Some(LossAnswer::Refused) => return Err("the connection is refused".to_owned()),
            Some(LossAnswer::Never) => return self.no_answer(timeout),
            None if blocked => return self.no_answer(timeout),
            None => {}
        }
        let Some(service) = self.site.as_ref().and_then(|site| site.paths.get(path)) else { return Ok(404) };
        let state = self.states.get(place).ok_or_else(unknown)?;
        let of_path = state.services.keys().filter(|id| id.service == *service);
        let runs = of_path.filter_map(|id| state.service(id)).any(|found| found.running > 0);
        Ok(if runs { 200 } else { 503 })
    }

    fn no_answer(&mut self, timeout: Duration) -> Result<u16, String> {
        self.advance(timeout);
        Err(format!("no answer within {timeout:?}"))
    }
}
