//! Sleeping within awake hours, once nobody uses an environment.

use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::value::{Duration, UsageLimit};

/// When an environment that is awake by its calendar sleeps all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct SleepWhenIdle {
    /// For how long it has to be idle, 15m to 24h.
    pub after: Duration,
    /// What tells whether it is used.
    pub by: UsageMeasure,
    /// What counts as idle: less than this, all the time. Requests a minute for `request-count` (`10 a minute`), a share of what the
    /// busiest service reserves for `cpu` (`5 %`).
    pub below: UsageLimit,
}

/// What tells whether an environment is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, strum::Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
#[schemars(extend("examples" = ["request-count", "cpu"]))]
pub enum UsageMeasure {
    /// The requests to the target groups that the rule of its wake page forwards to.
    RequestCount,
    /// The CPU of its services.
    Cpu,
}

impl SleepWhenIdle {
    /// The shortest time that it may have to be idle for.
    pub const LEAST: SignedDuration = SignedDuration::from_mins(15);
    /// The longest.
    pub const MOST: SignedDuration = SignedDuration::from_hours(24);
}
