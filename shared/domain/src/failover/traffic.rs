//! Traffic: what a strategy has to change, and how long that takes to be seen.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::estate::{TrafficPolicy, TrafficStrategy};
use crate::name::Region;

/// How long resolvers keep an answer where the document does not say: a minute.
const TTL: SignedDuration = SignedDuration::from_secs(60);

/// A record of a hosted zone that says which region answers for a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DnsRecord {
    /// The DNS name.
    pub name: String,
    /// Its type, such as `A`.
    pub kind: String,
    /// What tells the records of a name apart; it contains the name of its region.
    pub set: String,
    /// How Route 53 chooses it.
    pub routing: DnsRouting,
}

/// How Route 53 chooses among the records of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum DnsRouting {
    /// By health: the primary one while it is healthy.
    Failover {
        /// Whether it is the primary one.
        primary: bool,
    },
    /// By weight: none of it goes to weight 0.
    Weighted(u64),
}

impl DnsRecord {
    fn is_of(&self, region: &Region) -> bool {
        self.set.contains(region.as_str())
    }

    fn answers(&self) -> bool {
        match self.routing {
            DnsRouting::Failover { primary } => primary,
            DnsRouting::Weighted(weight) => weight > 0,
        }
    }
}

/// The region that answers for the names of these records; nothing where both do or none.
pub fn points_to<'a>(records: &[DnsRecord], regions: [&'a Region; 2]) -> Option<&'a Region> {
    let serves = |region: &Region| records.iter().any(|record| record.is_of(region) && record.answers());
    match regions.map(serves) {
        [true, false] => Some(regions[0]),
        [false, true] => Some(regions[1]),
        _ => None,
    }
}

/// The records as they have to be so that `to` answers and `from` does not.
///
/// # Errors
/// What is wrong with them, for a person: then nothing may be changed.
pub fn switched(records: &[DnsRecord], to: &Region, from: &Region) -> Result<Vec<DnsRecord>, String> {
    let known = |record: &DnsRecord| record.is_of(to) != record.is_of(from);
    if let Some(stranger) = records.iter().find(|record| !known(record)) {
        let DnsRecord { name, set, .. } = stranger;
        return Err(format!("record {name} has the set identifier {set:?}, expected one that contains {to} or {from}"));
    }
    for region in [to, from] {
        if !records.iter().any(|record| record.is_of(region)) {
            return Err(format!("no failover or weighted record has a set identifier that contains {region}"));
        }
    }
    let whole = records
        .iter()
        .filter_map(|record| if let DnsRouting::Weighted(weight) = record.routing { Some(weight) } else { None });
    let whole = whole.max().filter(|weight| *weight > 0).unwrap_or(100);
    let change = |record: &DnsRecord| {
        let serves = record.is_of(to);
        let routing = match record.routing {
            DnsRouting::Failover { .. } => DnsRouting::Failover { primary: serves },
            DnsRouting::Weighted(_) => DnsRouting::Weighted(if serves { whole } else { 0 }),
        };
        DnsRecord { routing, ..record.clone() }
    };
    Ok(records.iter().map(change).collect())
}

/// How long until the last client has followed, once the switch is thrown: what the health check or the control plane takes
/// (Amazon Route 53 developer guide: checks every 10 s with a threshold of 1 to 3; an alarm of a minute's
/// period; records within 60 s), and the time that resolvers keep an answer.
pub fn expected(traffic: &TrafficPolicy) -> SignedDuration {
    let switch = SignedDuration::from_secs(match traffic.strategy {
        TrafficStrategy::SwitchObject => 30,
        TrafficStrategy::Alarm => 120,
        TrafficStrategy::RoutingControl => 10,
        TrafficStrategy::Record => 60,
    });
    switch.saturating_add(traffic.ttl.map_or(TTL, crate::value::Duration::signed))
}
