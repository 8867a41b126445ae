//! What the judge found about the calls of functions and machines.

use super::{EmulatorControl, SandboxError};
use serde::Deserialize;
use serde_json::{Value, json};
use std::fmt;

/// All that was judged so far.
#[derive(Debug, Clone, Deserialize)]
pub struct JudgedPermissions {
    /// How many requests on a resource were judged.
    pub judged: u64,
    /// How many of them were different.
    pub decisions: u64,
    /// What AWS would have refused.
    pub denials: Vec<DeniedRequest>,
    /// Which statement allowed what.
    pub used: Vec<UsedRight>,
}

/// A request that the role of who made it does not permit.
#[derive(Debug, Clone, Deserialize)]
pub struct DeniedRequest {
    /// The logical id of the function, machine or schedule.
    pub role: String,
    /// The action, for example `ecs:UpdateService`.
    pub action: String,
    /// The ARN of what it was about.
    pub resource: String,
    /// Each statement about the action, and what of it was not met.
    pub why: String,
    /// How often.
    pub times: u64,
}

/// A right that was used.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub struct UsedRight {
    /// The logical id of the function, machine or schedule.
    pub role: String,
    /// The statement's `Sid`, or its number.
    pub statement: String,
    /// The action.
    pub action: String,
}

impl fmt::Display for DeniedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { role, action, resource, why, times } = self;
        write!(f, "{role} may not {action} on {resource} ({times} times): {why}")
    }
}

fn judged(found: JudgedPermissions) -> Result<(), SandboxError> {
    if found.denials.is_empty() { Ok(()) } else { Err(SandboxError::Denied(found.denials)) }
}

#[derive(Deserialize)]
struct ForgivenDenial {
    denials: Vec<DeniedRequest>,
}

impl EmulatorControl {
    /// What the judge found.
    ///
    /// # Errors
    /// [`SandboxError::Control`] when the emulator is gone. So below.
    pub async fn permissions(&self) -> Result<JudgedPermissions, SandboxError> {
        self.send("GET", "permissions", &Value::Null).await
    }

    /// Refuse to go on where AWS would have refused a call.
    ///
    /// # Errors
    /// [`SandboxError::Denied`] with all of them.
    pub async fn judge_permissions(&self) -> Result<(), SandboxError> {
        judged(self.permissions().await?)
    }

    /// The same for who cannot wait.
    pub(super) fn judge_permissions_now(&self) -> Result<(), SandboxError> {
        judged(self.send_now("GET", "permissions", &Value::Null)?)
    }

    /// Take a statement away from the role of a function or machine, as if nobody had granted it.
    pub async fn withdraw(&self, role: &str, statement: &str) -> Result<(), SandboxError> {
        self.send::<Value>("POST", "rights", &json!({ "role": role, "statement": statement })).await.map(drop)
    }

    /// Give back every statement that was taken away.
    pub async fn restore_rights(&self) -> Result<(), SandboxError> {
        self.send::<Value>("DELETE", "rights", &Value::Null).await.map(drop)
    }

    /// Take the denials away, and return them: for who brought them about on purpose.
    pub async fn forgive_denials(&self) -> Result<Vec<DeniedRequest>, SandboxError> {
        Ok(self.send::<ForgivenDenial>("DELETE", "permissions", &json!({})).await?.denials)
    }
}
