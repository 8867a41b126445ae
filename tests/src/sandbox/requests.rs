//! The requests that the emulated AWS held against AWS's own models, and those that AWS would have refused.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{EmulatorControl, SandboxError};

/// What was checked, by service and operation, and what was found.
#[derive(Debug, Clone, Deserialize)]
pub struct CheckedRequests {
    /// How many requests were held against the model of their operation.
    pub checked: BTreeMap<String, u64>,
    /// How many there were that no model of AWS describes: the API of a search domain itself.
    pub unmodelled: BTreeMap<String, u64>,
    /// The requests that AWS would have refused, and so did the sandbox.
    pub violations: Vec<InvalidRequest>,
}

/// A request that AWS would refuse as it is, whatever the state of the world.
#[derive(Debug, Clone, Deserialize)]
pub struct InvalidRequest {
    /// The number of its call.
    pub number: u64,
    /// Its service, as in [`super::ApiCall::service`].
    pub service: String,
    /// Its operation.
    pub operation: String,
    /// Its region.
    pub region: String,
    /// Who sent it.
    pub caller: Option<String>,
    /// What is wrong, in the words of AWS where there are any.
    pub problems: Vec<String>,
}

#[derive(Deserialize)]
struct ForgivenRequest {
    violations: Vec<InvalidRequest>,
}

impl EmulatorControl {
    /// What was checked so far.
    ///
    /// # Errors
    /// [`SandboxError::Control`] when the emulator is gone. So below.
    pub async fn requests(&self) -> Result<CheckedRequests, SandboxError> {
        self.send("GET", "requests", &Value::Null).await
    }

    /// The violations so far. They are forgotten, for the test made them on purpose.
    ///
    /// # Errors
    /// [`SandboxError`] says what failed.
    pub async fn forgive_requests(&self) -> Result<Vec<InvalidRequest>, SandboxError> {
        Ok(self.send::<ForgivenRequest>("DELETE", "requests", &Value::Null).await?.violations)
    }

    /// Whether AWS would have taken every request since the last time that this was asked.
    ///
    /// # Errors
    /// [`SandboxError::Requests`] with those that it would have refused.
    pub async fn judge_requests(&self) -> Result<(), SandboxError> {
        judged(self.forgive_requests().await?)
    }

    /// The same for who cannot wait.
    ///
    /// # Errors
    /// [`SandboxError`] says what failed.
    pub(super) fn judge_requests_now(&self) -> Result<(), SandboxError> {
        judged(self.send_now::<ForgivenRequest>("DELETE", "requests", &Value::Null)?.violations)
    }
}

fn judged(violations: Vec<InvalidRequest>) -> Result<(), SandboxError> {
    if violations.is_empty() { Ok(()) } else { Err(SandboxError::Requests(violations)) }
}

impl std::fmt::Display for InvalidRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let caller = self.caller.as_deref().unwrap_or("unknown");
        write!(f, "{} {} of {caller} in {}: {}", self.service, self.operation, self.region, self.problems.join("; "))
    }
}
