//! Samples: what the active region says of itself while it can, so that a failover need not ask it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::pointer::Serving;
use crate::capacity::ServiceCapacity;
use crate::estate::{DeclaredCapacity, EventSource, Failover};
use crate::intent::{ScalingBounds, ServiceFigures};
use crate::name::ServiceName;
use crate::value::{AlarmName, ResourceName};

/// How old a sample may be and still count as fresh: fifteen ticks of a minute.
pub const FRESH: SignedDuration = SignedDuration::from_mins(15);

/// How often lag and quota are read anew: each is a call that CloudWatch bills, and a planned move reads the lag itself.
pub const FIGURES_EVERY: SignedDuration = SignedDuration::from_mins(5);

/// What a region runs, and how far its data has got to the other one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct RegionSample {
    /// When it was taken.
    pub at: Timestamp,
    /// Each service of the region.
    pub services: BTreeMap<ServiceName, ServiceSample>,
    /// The replication lag of each global table towards the other region, in milliseconds, where AWS tells it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub lag_ms: BTreeMap<ResourceName, u64>,
    /// Fargate vCPUs that the region's quota allows, where AWS tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vcpu: Option<u32>,
    /// When lag and quota were read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub figures_at: Option<Timestamp>,
    /// The alarms of the document's evidence that the region has, where they could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alarms: Option<BTreeSet<AlarmName>>,
    /// The event sources of the document that were seen off: a failover that cannot ask switches them on nowhere.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub sources_off: BTreeSet<EventSource>,
}

/// A service at the time of a sample.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ServiceSample {
    /// Count and bounds.
    pub capacity: ServiceCapacity,
    /// The images of its task definition, in the order of its containers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<String>,
}

impl RegionSample {
    /// Whether it still counts.
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        now.duration_since(self.at) <= FRESH
    }

    /// Whether lag and quota still count at an instant.
    pub fn has_figures(&self, now: Timestamp) -> bool {
        self.figures_at.is_some_and(|read| now.duration_since(read) < FIGURES_EVERY)
    }

    /// The longest lag of any table; `None` where a table of the document was not told.
    pub fn lag(&self, failover: &Failover) -> Option<SignedDuration> {
        let lags = failover.tables.iter().map(|table| self.lag_ms.get(&table.table).copied());
        let worst = lags.collect::<Option<Vec<u64>>>()?.into_iter().max().unwrap_or(0);
        Some(SignedDuration::from_millis(i64::try_from(worst).unwrap_or(i64::MAX)))
    }
}

/// What the standby is to run: what the active region ran when it was last seen, and at least what the document says. A
/// singleton is as the document says, whatever was seen.
pub fn serving(
    failover: &Failover,
    declared: &BTreeMap<ServiceName, DeclaredCapacity>,
    sample: Option<&RegionSample>,
) -> Serving {
    let figures = |(service, least): (&ServiceName, &u32)| {
        let single = failover.singletons.iter().any(|singleton| singleton.service == *service);
        let seen = sample.and_then(|sample| sample.services.get(service)).map(|seen| seen.capacity);
        let desired = seen.filter(|_| !single).map_or(*least, |seen| seen.desired.max(*least));
        let bounds = seen.and_then(|seen| seen.scaling).map(|found| ScalingBounds { min: found.min, max: found.max });
        let bounds = bounds.or_else(|| {
            let document = declared.get(service)?;
            Some(ScalingBounds { min: document.min?, max: document.max? })
        });
        let bounds = bounds.map(|bounds| ScalingBounds { min: bounds.min.min(desired), max: bounds.max.max(desired) });
        (service.clone(), ServiceFigures { desired, bounds })
    };
    failover.capacity.iter().map(figures).collect()
}
