//! Since when a scope is not as it should be: made of the item `HISTORY` of the ledger.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use watchkeeper_domain::violation::Violation;

/// How something is not as it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum TroubleKind {
    /// The last override or transition was refused, and still is.
    Refused,
    /// The last run ended with an error.
    Failed,
    /// The last run did not see its target reached.
    Unverified,
    /// Somebody else changed something, and it holds.
    Drift,
    /// Something has been due for longer than ticks take, and nothing has brought it about: none comes, or its runs do not begin.
    Overdue,
}

/// What is not as it should be, and still is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ScopeTrouble {
    /// How.
    pub kind: TroubleKind,
    /// Since when without a break.
    pub since: Timestamp,
    /// What was wanted, in a word or two of the runbook, such as `sleep`, `wake` or `scale-out`.
    pub wanted: String,
    /// The error's stable name, where an error ended the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What stops it, or what somebody else changed: with the resource, the figure and the advice.
    pub violations: Vec<Violation>,
    /// The run that found it; none where an alarm was ignored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
}
