//! Schedules of somebody else that move what we look after.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{ServiceCapacity, ServiceId};

/// A scheduled action of a scalable target: when it fires, it sets the bounds that it names, and the count follows them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ScheduledAction {
    /// Its name.
    pub name: String,
    /// The minimum that it sets, if it sets one.
    pub min: Option<u32>,
    /// The maximum that it sets, if it sets one.
    pub max: Option<u32>,
}

/// The scheduled actions of services.
pub type Schedules = BTreeMap<ServiceId, Vec<ScheduledAction>>;

impl ScheduledAction {
    /// Whether the bounds of a service are what this action makes of them: then they are its doing, or come to the same, and
    /// say nothing of what the service has at another hour.
    pub fn has_set(&self, found: &ServiceCapacity) -> bool {
        let set = |to: Option<u32>, is: u32| to.is_none_or(|to| to == is);
        let sets_something = self.min.is_some() || self.max.is_some();
        sets_something && found.scaling.is_some_and(|scaling| set(self.min, scaling.min) && set(self.max, scaling.max))
    }
}
