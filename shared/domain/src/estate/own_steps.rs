//! Steps of the estate's own within a move, as data.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::name::MachineName;
use crate::value::Duration;

/// A step of the estate's own: a state machine of the region that is to serve, of the stack's account, with the tag
/// `watchkeeper:managed = true`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct OwnStep {
    /// What it comes after.
    pub after: OwnStepPlace,
    /// The state machine that is started, the same name in both regions.
    pub run: MachineName,
    /// How long it may take. Default: 10m.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Duration>,
    /// The state machine that takes it back, should the move go back. Not with `after: traffic`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back: Option<MachineName>,
    /// Whether the move goes on where it fails; it is told then. Default: no.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
}

/// What a step of the estate's own comes after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[derive(strum::Display)]
#[strum(serialize_all = "kebab-case")]
pub enum OwnStepPlace {
    /// After databases are writers in the new region, before services start.
    Promote,
    /// After all waves have started.
    Scale,
    /// After all of it was verified, before traffic moves.
    Verify,
    /// After people reach the new region.
    Traffic,
}

/// What a move can be held before, until a person says that it goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[derive(strum::Display)]
#[strum(serialize_all = "kebab-case")]
pub enum HoldPoint {
    /// Before databases are promoted.
    Promote,
    /// Before services start.
    Scale,
    /// Before traffic moves, which is the point of no return.
    Traffic,
}
