//! The input of the `daily-unblock` machine: by its tick, or by a person in as few words as possible.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::name::{EnvironmentName, EstateName, Scope};
use crate::request::{RequestError, RunMode, RunTrigger};

/// The input of the `daily-unblock` machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct UnblockRequest {
    /// Which estate.
    pub estate: EstateName,
    /// Which environment.
    pub environment: EnvironmentName,
    /// What started it.
    #[serde(default)]
    pub trigger: RunTrigger,
    /// The instant that a run of the schedule was due at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instant: Option<Timestamp>,
    /// Whether it may write.
    #[serde(default)]
    pub mode: RunMode,
    /// Puts back what this run released.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<String>,
    /// Only this lock of it, as `pod/item`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lock: Option<String>,
}

/// What a request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnblockPurpose<'a> {
    /// The run of the schedule that was due at this instant.
    Due(Timestamp),
    /// A run now.
    Now,
    /// To put back what this run released, or one lock of it.
    Undo(&'a str, Option<&'a str>),
}

impl fmt::Display for UnblockRequest {
    /// The request as JSON: the input of an execution.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

impl UnblockRequest {
    /// What the tick asks for.
    pub fn of_tick(scope: &Scope, due: Timestamp) -> Self {
        Self {
            estate: scope.estate.clone(),
            environment: scope.environment.clone(),
            trigger: RunTrigger::Schedule,
            instant: Some(due),
            mode: RunMode::Apply,
            undo: None,
            lock: None,
        }
    }

    /// What it is for.
    ///
    /// # Errors
    /// [`RequestError`] for fields that contradict each other.
    pub fn purpose(&self) -> Result<UnblockPurpose<'_>, RequestError> {
        let bad = |field, found: &str, expected: &str| {
            Err(RequestError { field, found: found.to_owned(), expected: expected.to_owned() })
        };
        match (self.trigger, self.instant, &self.undo) {
            (RunTrigger::Emergency, ..) => bad("trigger", "emergency", "schedule, or nothing for a run by hand"),
            (RunTrigger::Failover, ..) => bad("trigger", "failover", "schedule, or nothing for a run by hand"),
            (RunTrigger::Schedule, None, _) => bad("instant", "nothing", "the instant that the run was due at"),
            (RunTrigger::Schedule, _, Some(_)) => {
                bad("undo", "a run with trigger schedule", "none: a tick undoes nothing")
            }
            (RunTrigger::Human, Some(_), _) => {
                bad("instant", "an instant", "none: a run by hand is about its own start")
            }
            (_, _, None) if self.lock.is_some() => bad("lock", "a lock without `undo`", "the run that released it"),
            (RunTrigger::Schedule, Some(due), None) => Ok(UnblockPurpose::Due(due)),
            (RunTrigger::Human, None, None) => Ok(UnblockPurpose::Now),
            (RunTrigger::Human, None, Some(run)) => Ok(UnblockPurpose::Undo(run, self.lock.as_deref())),
        }
    }
}
