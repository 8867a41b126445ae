//! Intents, and the one function that turns them into a target.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::capacity::{Capacity, Power, Scaling, ServiceCapacity, Suspensions};

/// Who speaks, weakest first: of two intents the stronger layer decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layer {
    /// The calendar.
    Schedule,
    /// A human's "keep it awake until 22:00".
    Override,
    /// An alarm's, or a human's, change of capacity.
    Emergency,
    /// A move to another region.
    Failover,
}

impl Layer {
    /// Every layer, weakest first.
    pub const ALL: [Self; 4] = [Self::Schedule, Self::Override, Self::Emergency, Self::Failover];

    /// Its name, as the ledger and messages have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Schedule => "schedule",
            Self::Override => "override",
            Self::Emergency => "emergency",
            Self::Failover => "failover",
        }
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What is wanted of an environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Want {
    /// Everything at its baseline.
    Awake,
    /// No task, no running database.
    Asleep,
}

impl fmt::Display for Want {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Awake => "awake",
            Self::Asleep => "asleep",
        })
    }
}

/// What somebody wants of an environment. A scope holds at most one intent a layer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// How strongly.
    pub layer: Layer,
    /// What.
    pub want: Want,
    /// Why, as it will be read in messages.
    pub reason: String,
    /// The execution that declared it.
    pub by: String,
    /// When it was declared.
    pub declared: Timestamp,
    /// When it ends by itself; `None` when its owner withdraws it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
}

impl Intent {
    /// Whether it still counts: an intent ends at its expiry, not after it.
    pub fn holds(&self, instant: Timestamp) -> bool {
        self.expires.is_none_or(|expires| instant < expires)
    }
}

impl fmt::Display for Intent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} wants it {}: {}", self.layer, self.want, self.reason)
    }
}

/// The intent that decides at an instant: the strongest that still holds.
pub fn deciding(intents: &[Intent], instant: Timestamp) -> Option<&Intent> {
    intents.iter().filter(|intent| intent.holds(instant)).max_by_key(|intent| intent.layer)
}

/// The state each resource should be in. Without an intent it is the baseline, so giving back is exact by construction.
pub fn resolve(baseline: &Capacity, intents: &[Intent], instant: Timestamp) -> Capacity {
    match deciding(intents, instant).map(|intent| intent.want) {
        Some(Want::Asleep) => asleep(baseline),
        Some(Want::Awake) | None => baseline.clone(),
    }
}

/// Everything down: the maximum is kept, the minimum lowered, because a minimum above desired lifts desired.
fn asleep(baseline: &Capacity) -> Capacity {
    let sleep = |service: &ServiceCapacity| ServiceCapacity {
        desired: 0,
        scaling: service.scaling.map(|scaling| Scaling { min: 0, suspended: Suspensions::ALL, ..scaling }),
    };
    Capacity {
        services: baseline.services.iter().map(|(id, service)| (id.clone(), sleep(service))).collect(),
        databases: baseline.databases.keys().map(|id| (id.clone(), Power::Off)).collect(),
    }
}
