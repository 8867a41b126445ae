//! What a scope was, and since when it is not as it should be: the item `HISTORY` of the ledger.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use watchkeeper_domain::intent::Layer;
use watchkeeper_domain::reconcile::run::RunOutcome;
use watchkeeper_domain::value::{AlarmName, ProfileName};
use watchkeeper_domain::violation::Violation;

/// What a scope was brought to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HistoryTarget {
    /// Its baseline.
    Awake,
    /// No task, no database.
    Asleep,
    /// At the capacity of an emergency.
    At(ProfileName),
    /// Half of a pair, which serves.
    Serving,
    /// Half of a pair, of which no service runs here.
    StandingBy,
}

/// Something that ended, or was switched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HistoryEvent {
    /// A run ended.
    Run {
        /// The execution.
        id: String,
        /// What it was to bring about.
        target: HistoryTarget,
        /// The layer that wanted it.
        layer: Layer,
        /// Why, as messages say it.
        reason: String,
        /// How it ended.
        outcome: RunOutcome,
        /// The error, or the first guardrail that stopped it, if one did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
        /// Writes that AWS accepted, where that is kept.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        writes: Option<u32>,
    },
    /// An alarm called for capacity, and a guardrail said no: there was no run.
    AlarmIgnored {
        /// The alarm.
        alarm: AlarmName,
        /// The guardrail's code.
        code: String,
    },
    /// The halt switch of the scope was turned on.
    Halted {
        /// What for.
        reason: String,
    },
    /// It was turned off.
    Lifted,
}

/// An entry of the history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryEntry {
    /// When it ended, or was switched; of several runs with the same bad news, when the first ended.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub event: HistoryEvent,
}

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
