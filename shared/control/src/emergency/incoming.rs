//! What an event about alarms says, and what was made of it.

use serde::Serialize;
use watchkeeper_domain::emergency::alarm::{AlarmChange, IgnoreReason};
use watchkeeper_domain::name::Scope;
use watchkeeper_domain::value::AlarmName;

/// What an event about alarms says, whichever way it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Incoming {
    /// Alarms changed: at least one entry. What tells of no change is so in its own place.
    Changes(Vec<Result<AlarmChange, Unread>>),
    /// The tick that makes up for lost events.
    Sweep,
}

/// A message, or a record of one, that tells of no change of an alarm; each with what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unread {
    /// It is about an alarm, and damaged; the alarm, where its name can be read.
    Damaged(Option<AlarmName>, String),
    /// It is whole, and about one of the time series of an alarm.
    Contributor(String),
    /// It is about no alarm.
    NoAlarm(String),
}

/// What was made of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Handled {
    /// Each thing that an alarm of it calls for.
    pub lines: Vec<AlarmResult>,
    /// What of it is nothing for us.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub passed: Vec<Passed>,
}

/// A message, or a record of one, that is nothing for us.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Passed {
    /// The reason's name.
    pub why: Nothing,
    /// The reason.
    pub text: String,
}

/// Why a message is nothing for us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, strum::IntoStaticStr)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Nothing {
    /// It is about one of the time series of an alarm.
    Contributor,
    /// It is about no alarm.
    NoAlarm,
    /// It is about an alarm that no document names here.
    NotOurs,
}

impl Nothing {
    /// The stable text of the reason.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// What was made of one thing that an alarm calls for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AlarmResult {
    /// In which environment.
    #[serde(flatten)]
    pub scope: Scope,
    /// What the alarm calls for: a profile, or `rollback`.
    pub what: String,
    /// What was made of it.
    pub did: AlarmOutcome,
}

/// What was made of something that an alarm calls for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AlarmOutcome {
    /// An execution was started.
    Started {
        /// Its name.
        execution: String,
    },
    /// The execution was there already.
    Doubled {
        /// Its name.
        execution: String,
    },
    /// Nothing.
    Ignored {
        /// The reason's name.
        why: IgnoreReason,
        /// The reason.
        text: String,
    },
}
