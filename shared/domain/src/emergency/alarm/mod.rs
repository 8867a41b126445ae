//! Alarms: what CloudWatch says of them, what is remembered of them, and what is made of a change.

mod memory;
mod respond;
mod veto;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::name::Region;
use crate::value::{AccountId, AlarmName};

pub use memory::{AlarmMemory, NotedMessage, ResponseRecord};
pub use respond::{AlarmQuestion, ConsideredAnswer, IgnoreReason, ResponseDecision, consider, found};
pub use veto::{standing, vetoes};

/// The state of an alarm, in CloudWatch's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, strum::Display)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum AlarmState {
    /// The threshold is not crossed.
    #[serde(rename = "OK")]
    Ok,
    /// It is.
    #[serde(rename = "ALARM")]
    Alarm,
    /// Too little is known.
    #[serde(rename = "INSUFFICIENT_DATA")]
    InsufficientData,
}

/// An alarm that changed its state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlarmChange {
    /// The name of the alarm.
    pub alarm: AlarmName,
    /// The account that it lives in, where the message says so.
    pub account: Option<AccountId>,
    /// The region that it lives in, where the message says so.
    pub region: Option<Region>,
    /// Its state now.
    pub state: AlarmState,
    /// Its state before, where the message says so.
    pub previous: Option<AlarmState>,
    /// When it changed.
    pub at: Timestamp,
    /// Why, in CloudWatch's words.
    pub reason: String,
    /// Whether somebody holds its actions back: another alarm that suppresses them, or a mute.
    pub suppressed: bool,
}

/// An alarm as CloudWatch describes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmStatus {
    /// Its state.
    pub state: AlarmState,
    /// Since when; `None` where CloudWatch does not say.
    pub since: Option<Timestamp>,
    /// Whether somebody holds its actions back.
    pub suppressed: bool,
}

/// Alarms as CloudWatch describes them; one that does not exist is left out.
pub type AlarmStates = BTreeMap<AlarmName, AlarmStatus>;
