//! What the judge found about the calls of functions and machines.

use super::{Control, SandboxError};
use serde::Deserialize;
use serde_json::{Value, json};
use std::fmt;

/// All that was judged so far.
#[derive(Debug, Clone, Deserialize)]
pub struct Permissions {
    /// How many requests on a resource were judged.
    pub judged: u64,
    /// How many of them were different.
    pub decisions: u64,
    /// What AWS would have refused.
    pub denials: Vec<Denial>,
    /// Which statement allowed what.
    pub used: Vec<Used>,
}

/// A request that the role of who made it does not permit.
#[derive(Debug, Clone, Deserialize)]
pub struct Denial {
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
pub struct Used {
    /// The logical id of the function, machine or schedule.
    pub role: String,
    /// The statement's `Sid`, or its number.
    pub statement: String,
    /// The action.
    pub action: String,
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { role, action, resource, why, times } = self;
        write!(f, "{role} may not {action} on {resource} ({times} times): {why}")
    }
}

fn judged(found: Permissions) -> Result<(), SandboxError> {
    if found.denials.is_empty() { Ok(()) } else { Err(SandboxError::Denied(found.denials)) }
}

#[derive(Deserialize)]
struct Forgiven {
    denials: Vec<Denial>,
}

impl Control {
    /// What the judge found.
    ///
    /// # Errors
    /// [`SandboxError::Control`] when the emulator is gone. So below.
    pub async fn permissions(&self) -> Result<Permissions, SandboxError> {
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
    pub async fn forgive_denials(&self) -> Result<Vec<Denial>, SandboxError> {
        Ok(self.send::<Forgiven>("DELETE", "permissions", &json!({})).await?.denials)
    }
}
