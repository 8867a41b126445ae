//! What an emergency wants: a band of tasks for each service that it is for.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::capacity::{ScalingState, ServiceCapacity};
use crate::estate::{EmergencyProfile, ProfileCapacity};
use crate::name::ServiceName;
use crate::value::{AlarmName, CapacityAmount, ProfileName};

/// A profile as it was when somebody asked for it: a document that changes meanwhile changes no target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct RequestedProfile {
    /// Its name in the estate document.
    pub profile: ProfileName,
    /// Its place in the document's order: of two demands for one service the lower rank decides.
    pub rank: u32,
    /// The figures of services without some of their own.
    pub capacity: ProfileCapacity,
    /// Services with figures of their own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub services: BTreeMap<ServiceName, ProfileCapacity>,
    /// The only services that it is for; empty for all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub only: Vec<ServiceName>,
    /// The alarms that hold it; none when a person asked for it.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub alarms: BTreeSet<AlarmName>,
}

impl RequestedProfile {
    /// The demand of a profile that has this rank.
    pub fn of(name: &ProfileName, profile: &EmergencyProfile, rank: u32, alarms: BTreeSet<AlarmName>) -> Self {
        Self {
            profile: name.clone(),
            rank,
            capacity: ProfileCapacity { desired: profile.desired, max: profile.max },
            services: profile.services.clone(),
            only: profile.only.clone(),
            alarms,
        }
    }

    /// What a rehearsal of a failover demands: so many tasks of these services at least, and nothing of any other.
    pub fn rehearsed(services: &BTreeMap<ServiceName, u32>) -> Self {
        let least = |tasks: u32| ProfileCapacity { desired: CapacityAmount::Tasks(tasks), max: None };
        Self {
            profile: ProfileName::rehearsal(),
            rank: 0,
            capacity: least(0),
            services: services.iter().map(|(service, tasks)| (service.clone(), least(*tasks))).collect(),
            only: services.keys().cloned().collect(),
            alarms: BTreeSet::new(),
        }
    }

    /// Whether it comes to the same as another, whatever holds it.
    pub(super) fn same_figures(&self, other: &Self) -> bool {
        (self.capacity, &self.services, &self.only) == (other.capacity, &other.services, &other.only)
    }

    /// Whether it is for a service.
    pub fn is_for(&self, service: &ServiceName) -> bool {
        self.only.is_empty() || self.only.contains(service)
    }

    /// Its figures for a service; nothing if it is not for that one.
    fn figures(&self, service: &ServiceName) -> Option<ProfileCapacity> {
        self.is_for(service).then(|| self.services.get(service).copied().unwrap_or(self.capacity))
    }

    /// Whether it names a service: one that stands at 0 does so on purpose, and is raised only where it is named.
    fn names(&self, service: &ServiceName) -> bool {
        self.services.contains_key(service) || self.only.contains(service)
    }

    /// What it makes of the baseline of a service; nothing if it is not for that one.
    pub(super) fn scale(&self, service: &ServiceName, baseline: ServiceCapacity) -> Option<ServiceCapacity> {
        if baseline.desired == 0 && self.is_for(service) && !self.names(service) {
            return Some(baseline);
        }
        let band = TaskBand::of(self.figures(service)?, baseline);
        // A count that is moved takes the autoscaler's floor along, or the one would contradict the other.
        let stays = band.holds(baseline.desired);
        let least = |min: u32| if stays && band.holds(min) { min } else { band.floor };
        let scaling = baseline.scaling.map(|scaling| ScalingState {
            min: least(scaling.min),
            max: band.ceiling.unwrap_or(scaling.max).max(band.floor),
            ..scaling
        });
        Some(ServiceCapacity { desired: if stays { baseline.desired } else { band.floor }, scaling })
    }
}

/// At least so many tasks and, where there is a ceiling, at most so many. What lies outside is brought to the floor, what
/// lies inside is left to the autoscaler: so a surge never takes away what an autoscaler added before it.
struct TaskBand {
    floor: u32,
    ceiling: Option<u32>,
}

impl TaskBand {
    fn of(figures: ProfileCapacity, baseline: ServiceCapacity) -> Self {
        let whole = baseline.scaling.map_or(baseline.desired, |scaling| scaling.max);
        let floor = figures.desired.of(baseline.desired);
        Self { floor, ceiling: figures.max.map(|max: CapacityAmount| max.of(whole).max(floor)) }
    }

    fn holds(&self, count: u32) -> bool {
        count >= self.floor && self.ceiling.is_none_or(|ceiling| count <= ceiling)
    }
}
