//! Scaling in an emergency, as data.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::name::ServiceName;
use crate::value::{AlarmName, CapacityAmount, Duration, ProfileName};

/// The longest that an emergency may last: what lasts longer is no emergency, and belongs into the estate's own code.
pub const MAX_LASTS: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Profiles of capacity, and the alarms that call for them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Emergency {
    /// What can be run, by name.
    pub profiles: BTreeMap<ProfileName, EmergencyProfile>,
    /// Which of two profiles that hold at once decides: the first one here. Default: the one with more tasks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub precedence: Vec<ProfileName>,
    /// Which alarm calls for which profile.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub responses: Vec<AlarmResponse>,
    /// How long an alarm has been quiet before capacity is given back. Default: 10m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cool_down: Option<Duration>,
    /// The shortest time between two responses to the same alarm. Default: 5m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum_delay: Option<Duration>,
    /// The age at which an alarm's message is too old to act upon. Default: 15m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<Duration>,
    /// When an alarm that comes and goes is handed to a person. Default: 6 transitions within 30m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flap: Option<FlapLimits>,
    /// What a veto counts as whose alarm does not exist. Default: tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<MissingVeto>,
    /// Going back to the last good release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollback: Option<RollbackPolicy>,
    /// Quotas to assume where AWS does not tell them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quotas: Option<DeclaredQuotas>,
}

/// How long an alarm has been quiet before capacity is given back, unless the document says otherwise.
const COOL_DOWN: Duration = Duration::minutes(10);
/// The shortest time between two responses to the same alarm, unless the document says otherwise.
const MINIMUM_DELAY: Duration = Duration::minutes(5);
/// The age at which an alarm's message is too old to act upon, unless the document says otherwise.
const MAX_AGE: Duration = Duration::minutes(15);
/// How long a question stands before it refuses itself, unless the document says otherwise.
const ANSWER_WITHIN: Duration = Duration::minutes(30);
/// When an alarm that comes and goes is handed to a person, unless the document says otherwise.
const FLAP: FlapLimits = FlapLimits { transitions: 6, within: Duration::minutes(30) };

impl Emergency {
    /// How long an alarm has been quiet before capacity is given back.
    pub fn cool_down(&self) -> Duration {
        self.cool_down.unwrap_or(COOL_DOWN)
    }

    /// The shortest time between two responses to the same alarm.
    pub fn minimum_delay(&self) -> Duration {
        self.minimum_delay.unwrap_or(MINIMUM_DELAY)
    }

    /// The age at which an alarm's message is too old to act upon.
    pub fn max_age(&self) -> Duration {
        self.max_age.unwrap_or(MAX_AGE)
    }

    /// When an alarm that comes and goes is handed to a person.
    pub fn flap(&self) -> FlapLimits {
        self.flap.unwrap_or(FLAP)
    }

    /// What a veto counts as whose alarm does not exist.
    pub fn missing(&self) -> MissingVeto {
        self.missing.unwrap_or_default()
    }

    /// The place of a profile in the document's order: those of `precedence` first, then the others, more tasks first. A
    /// share is compared as that share of `declared` tasks.
    pub fn rank(&self, profile: &ProfileName, declared: u32) -> u32 {
        let listed = |name: &ProfileName| self.precedence.iter().position(|listed| listed == name);
        let tasks = |name: &ProfileName| self.profiles.get(name).map_or(0, |profile| profile.desired.of(declared));
        let mut order: Vec<&ProfileName> = self.profiles.keys().collect();
        order.sort_by_key(|name| (listed(name).unwrap_or(usize::MAX), std::cmp::Reverse(tasks(name)), *name));
        let place = order.iter().position(|name| *name == profile).unwrap_or(order.len());
        u32::try_from(place).unwrap_or(u32::MAX)
    }

    /// Every alarm that calls for a profile.
    pub fn calls(&self, profile: &ProfileName) -> BTreeSet<&AlarmName> {
        self.responses.iter().filter(|response| response.run == *profile).map(|response| &response.alarm).collect()
    }

    /// Every alarm that forbids a profile while it is in ALARM.
    pub fn vetoes(&self, profile: &ProfileName) -> BTreeSet<&AlarmName> {
        self.responses.iter().filter(|response| response.run == *profile).flat_map(|response| &response.veto).collect()
    }
}

impl EmergencyProfile {
    /// How long the question stands before it refuses itself.
    pub fn answer_within(&self) -> Duration {
        self.answer_within.unwrap_or(ANSWER_WITHIN)
    }
}

/// What a veto counts as whose alarm does not exist where it is looked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MissingVeto {
    /// It forbids nothing, and people are told.
    #[default]
    Tell,
    /// A person has to approve.
    Ask,
    /// It forbids, as if it were in ALARM.
    Veto,
}

/// A capacity for an emergency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct EmergencyProfile {
    /// The least number of tasks that each service gets: the autoscaler's floor. A count that is less, or more than
    /// `max`, becomes this one.
    pub desired: CapacityAmount,
    /// The greatest number of tasks: the autoscaler's ceiling. Default: as it is, or the desired count if that is more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<CapacityAmount>,
    /// How long it holds at most.
    #[serde(rename = "for")]
    pub lasts: Duration,
    /// Whether a person has to approve it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ask: bool,
    /// How long the question stands before it refuses itself. Default: 30m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer_within: Option<Duration>,
    /// Services with figures of their own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub services: BTreeMap<ServiceName, ProfileCapacity>,
    /// The only services that it is for. Default: all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub only: Vec<ServiceName>,
}

/// A service's own figures in a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ProfileCapacity {
    /// Tasks.
    pub desired: CapacityAmount,
    /// The autoscaler's ceiling.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<CapacityAmount>,
}

/// What an alarm calls for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct AlarmResponse {
    /// The alarm.
    pub alarm: AlarmName,
    /// The profile.
    pub run: ProfileName,
    /// Alarms that forbid it while they are in ALARM: more tasks would make those worse.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub veto: Vec<AlarmName>,
    /// How long the alarm has to last first. Default: at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm: Option<Duration>,
}

/// An alarm that comes and goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct FlapLimits {
    /// So many changes of state …
    pub transitions: u32,
    /// … in so much time.
    pub within: Duration,
}

/// Going back to the last task definition that was rolled out completely.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RollbackPolicy {
    /// The alarms that say that a release is bad.
    pub alarms: Vec<AlarmName>,
    /// How soon after a deployment an alarm counts against it.
    pub within: Duration,
    /// Whether a person has to approve it. Default: yes.
    #[serde(default = "yes")]
    pub ask: bool,
    /// How long the question stands before it refuses itself. Default: 30m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer_within: Option<Duration>,
}

impl RollbackPolicy {
    /// How long the question stands before it refuses itself.
    pub fn answer_within(&self) -> Duration {
        self.answer_within.unwrap_or(ANSWER_WITHIN)
    }
}

const fn yes() -> bool {
    true
}

/// Quotas of the account and region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct DeclaredQuotas {
    /// Fargate vCPUs that run at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fargate_vcpu: Option<u32>,
    /// Tasks of one service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tasks_per_service: Option<u32>,
}
