//! What people outside reach: an address for each region, and one for everybody.

use std::collections::{BTreeMap, BTreeSet};

use watchkeeper_domain::estate::{Failover, TrafficPolicy};
use watchkeeper_domain::name::ServiceName;

/// Where a simulation without another one is, and where the home of a pair is.
pub(crate) const HOME: usize = 0;

/// Where the standby of a pair is.
pub(crate) const STANDBY: usize = 1;

/// The addresses of a pair.
#[derive(Debug)]
pub(crate) struct SimSites {
    /// Without a path, by what answers; `None` is where the switch points.
    pub(crate) addresses: Vec<(String, Option<usize>)>,
    /// The service behind each path.
    pub(crate) paths: BTreeMap<String, ServiceName>,
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
    pub(crate) fn find<'a>(&self, address: &'a str) -> Option<(Option<usize>, &'a str)> {
        self.addresses.iter().find_map(|(base, place)| {
            let path = address.strip_prefix(base.trim_end_matches('/'))?;
            (path.is_empty() || path.starts_with('/')).then_some((*place, path))
        })
    }
}
