//! What a region of a pair runs, as an intent: derived from the pointer, which a failover moves.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::hash::{Hash, Hasher};

use serde::{Deserialize, Serialize};

use crate::capacity::{ScalingState, ServiceCapacity, Suspensions};
use crate::name::ServiceName;

/// The tasks of a service that the active region runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ServiceFigures {
    /// Tasks.
    pub desired: u32,
    /// Bounds for a service that has a scalable target there, in tasks; `None` keeps the target's maximum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bounds: Option<ScalingBounds>,
}

/// Bounds of an autoscaler, in tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ScalingBounds {
    /// The least.
    pub min: u32,
    /// The most.
    pub max: u32,
}

/// What a region is to run of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PlacedService {
    /// No task.
    Down,
    /// So many tasks.
    At(ServiceFigures),
}

impl PlacedService {
    /// What it makes of the baseline of a service. A region that serves away from home has its autoscaler at work, as the
    /// region that it stands in for had.
    pub fn scale(self, baseline: ServiceCapacity) -> ServiceCapacity {
        match self {
            Self::Down => ServiceCapacity {
                desired: 0,
                scaling: baseline.scaling.map(|scaling| ScalingState {
                    min: 0,
                    suspended: Suspensions::ALL,
                    ..scaling
                }),
            },
            Self::At(ServiceFigures { desired, bounds }) => ServiceCapacity {
                desired,
                scaling: baseline.scaling.map(|found| ScalingState {
                    min: bounds.map_or(desired, |bounds| bounds.min.min(desired)),
                    max: bounds.map_or(found.max, |bounds| bounds.max).max(desired),
                    suspended: found.suspended,
                }),
            },
        }
    }
}

/// What a region runs of a pair: services that it does not name have their baseline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Placement {
    /// The epoch of the pointer that says so.
    pub epoch: u64,
    /// By service.
    pub services: BTreeMap<ServiceName, PlacedService>,
    /// Stops that the other region counts on without seeing them, as a dead man's switch promises: no halt holds them up.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub promised: BTreeSet<ServiceName>,
}

impl Placement {
    /// A short stable mark of it, to tell one placement from another.
    pub fn mark(&self) -> String {
        let mut hash = fnv::FnvHasher::default();
        self.epoch.hash(&mut hash);
        for (service, placed) in &self.services {
            service.hash(&mut hash);
            match placed {
                PlacedService::Down => 0_u8.hash(&mut hash),
                PlacedService::At(ServiceFigures { desired, bounds }) => {
                    (1_u8, desired, bounds.map(|bounds| (bounds.min, bounds.max))).hash(&mut hash);
                }
            }
        }
        format!("{:016x}", hash.finish())
    }

    /// Whether it forbids a service.
    pub fn forbids(&self, service: &ServiceName) -> bool {
        self.services.get(service) == Some(&PlacedService::Down)
    }
}

impl fmt::Display for Placement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let down = self.services.values().filter(|placed| **placed == PlacedService::Down).count();
        let all = self.services.len();
        match () {
            () if down == all => write!(f, "down ({all} of its services, epoch {})", self.epoch),
            () if down == 0 => write!(f, "serving (epoch {})", self.epoch),
            () => write!(f, "serving, with {down} of its services down (epoch {})", self.epoch),
        }
    }
}
