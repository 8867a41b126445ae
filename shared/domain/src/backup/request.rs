//! What the machines `backup` and `restore-drill` are asked for, by the tick or by a person.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{BackupSource, CATCH_UP};
use crate::name::{EnvironmentName, EstateName, Scope};
use crate::request::{RequestError, RunMode, RunTrigger};
use crate::value::ResourceName;

/// The input of the `backup` machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct BackupRequest {
    /// Which estate.
    pub estate: EstateName,
    /// Which environment.
    pub environment: EnvironmentName,
    /// What started it.
    #[serde(default)]
    pub trigger: RunTrigger,
    /// The instant that a tick is about; a person's run is about its start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instant: Option<Timestamp>,
    /// Whether it may write.
    #[serde(default)]
    pub mode: RunMode,
    /// Only this resource, written `kind:name`; without it, a person means all of the environment, the tick all that are
    /// due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<BackupSource>,
    /// Whether a report of the run is kept.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub report: bool,
}

/// The input of the `restore-drill` machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RestoreRequest {
    /// Which estate.
    pub estate: EstateName,
    /// Which environment.
    pub environment: EnvironmentName,
    /// What started it.
    #[serde(default)]
    pub trigger: RunTrigger,
    /// Which resource, written `kind:name`.
    pub resource: BackupSource,
    /// The new name. With it, what is restored stays; without it, the restore is a drill.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub into: Option<ResourceName>,
    /// The instant whose state is wanted, by point-in-time recovery; without it, the newest good backup is restored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Timestamp>,
    /// Whether a report of the restore is kept; of a drill one is, where the stack keeps any.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub report: bool,
}

impl BackupRequest {
    /// What a tick asks for.
    pub fn of_tick(scope: &Scope, instant: Timestamp) -> Self {
        Self {
            estate: scope.estate.clone(),
            environment: scope.environment.clone(),
            trigger: RunTrigger::Schedule,
            instant: Some(instant),
            mode: RunMode::Apply,
            resource: None,
            report: false,
        }
    }

    /// Whether the instant of a tick may still be acted upon: one that is older than a day, or from the future, is none that
    /// a tick brought. A report is of a run that writes, by hand.
    ///
    /// # Errors
    /// [`RequestError`] for such an instant, and for a report of something else.
    pub fn check(&self, now: Timestamp) -> Result<(), RequestError> {
        if self.report && (self.mode != RunMode::Apply || self.trigger != RunTrigger::Human) {
            let expected = "a run by hand with mode apply".to_owned();
            return Err(RequestError { field: "report", found: "true".to_owned(), expected });
        }
        match self.instant {
            Some(instant) if now.duration_since(instant).abs() >= CATCH_UP => {
                let expected = format!("an instant less than {CATCH_UP:#} from now, {now}");
                Err(RequestError { field: "instant", found: instant.to_string(), expected })
            }
            _ => Ok(()),
        }
    }
}

impl RestoreRequest {
    /// The drill that a tick asks for.
    pub fn of_tick(scope: &Scope, resource: BackupSource) -> Self {
        Self {
            estate: scope.estate.clone(),
            environment: scope.environment.clone(),
            trigger: RunTrigger::Schedule,
            resource,
            into: None,
            to: None,
            report: false,
        }
    }
}

impl fmt::Display for BackupRequest {
    /// The request as JSON: the input of an execution.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Display for RestoreRequest {
    /// The request as JSON: the input of an execution.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}
