//! What starts work by itself and moves with its consumers, as data.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::value::ResourceName;

/// Group of schedules and event bus where the document names none (Amazon EventBridge Scheduler and EventBridge user guides).
const DEFAULT: &str = "default";

/// Something that starts work by itself, of the same name in both regions: one of `event-source-mapping`, `schedule` and `rule`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct MovedSource {
    /// An event source mapping of Lambda: the name of its function.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_source_mapping: Option<ResourceName>,
    /// With `event-source-mapping`, and always: the name of the queue, stream, table, broker or cluster that it reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reads: Option<ResourceName>,
    /// A schedule of `EventBridge` Scheduler.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<ResourceName>,
    /// With `schedule`: its group. Default: default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<ResourceName>,
    /// A rule of `EventBridge`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<ResourceName>,
    /// With `rule`: its event bus. Default: default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bus: Option<ResourceName>,
}

/// An event source of a pair.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventSource {
    /// An event source mapping of Lambda. It has another id in each region, so it goes by what it joins.
    Mapping {
        /// The function that it calls.
        function: ResourceName,
        /// What it reads.
        reads: ResourceName,
    },
    /// A schedule.
    Schedule {
        /// Its group.
        group: ResourceName,
        /// Its name.
        name: ResourceName,
    },
    /// A rule.
    Rule {
        /// Its event bus.
        bus: ResourceName,
        /// Its name.
        name: ResourceName,
    },
}

impl EventSource {
    /// The source of an entry of the document; nothing if the entry does not name exactly one, or misses a part of it.
    pub fn of(entry: &MovedSource) -> Option<Self> {
        let MovedSource { event_source_mapping, reads, schedule, group, rule, bus } = entry.clone();
        let or_default = |name: Option<ResourceName>| name.or_else(|| DEFAULT.parse().ok());
        match (event_source_mapping, reads, schedule, group, rule, bus) {
            (Some(function), Some(reads), None, None, None, None) => Some(Self::Mapping { function, reads }),
            (None, None, Some(name), group, None, None) => Some(Self::Schedule { group: or_default(group)?, name }),
            (None, None, None, None, Some(name), bus) => Some(Self::Rule { bus: or_default(bus)?, name }),
            _ => None,
        }
    }
}

impl fmt::Display for EventSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mapping { function, reads } => write!(f, "event source mapping of {function} from {reads}"),
            Self::Schedule { group, name } => write!(f, "schedule {group}/{name}"),
            Self::Rule { bus, name } => write!(f, "rule {name} of bus {bus}"),
        }
    }
}
