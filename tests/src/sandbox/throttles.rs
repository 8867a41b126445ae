//! The calls that AWS would have throttled, by its published buckets.

use serde::Deserialize;
use serde_json::Value;

use super::{EmulatorControl, SandboxError};

/// A call that found its bucket empty.
#[derive(Debug, Clone, Deserialize)]
pub struct ThrottledCall {
    /// The number of the call.
    pub number: u64,
    /// When it was made, by the emulated clock.
    pub at: String,
    /// Its service, as in [`super::ApiCall::service`].
    pub service: String,
    /// Its operation.
    pub operation: String,
    /// Its region.
    pub region: String,
    /// Who made it.
    pub caller: Option<String>,
    /// The bucket, as AWS's documentation names it.
    pub bucket: String,
}

#[derive(Deserialize)]
struct Throttled {
    throttled: Vec<ThrottledCall>,
}

impl EmulatorControl {
    /// The throttled calls so far.
    ///
    /// # Errors
    /// [`SandboxError::Control`] when the emulator is gone. So below.
    pub async fn throttled(&self) -> Result<Vec<ThrottledCall>, SandboxError> {
        Ok(self.send::<Throttled>("GET", "throttled", &Value::Null).await?.throttled)
    }

    /// The same, and they are forgotten: for who brought them about on purpose.
    pub async fn forgive_throttled(&self) -> Result<Vec<ThrottledCall>, SandboxError> {
        Ok(self.send::<Throttled>("DELETE", "throttled", &Value::Null).await?.throttled)
    }

    /// Refuse to go on where AWS would have throttled a call.
    ///
    /// # Errors
    /// [`SandboxError::Throttled`] with all of them.
    pub async fn judge_throttled(&self) -> Result<(), SandboxError> {
        judged(self.throttled().await?)
    }

    /// The same for who cannot wait.
    pub(super) fn judge_throttled_now(&self) -> Result<(), SandboxError> {
        judged(self.send_now::<Throttled>("GET", "throttled", &Value::Null)?.throttled)
    }
}

fn judged(found: Vec<ThrottledCall>) -> Result<(), SandboxError> {
    if found.is_empty() { Ok(()) } else { Err(SandboxError::Throttled(found)) }
}

impl std::fmt::Display for ThrottledCall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { number, at, service, operation, region, bucket, .. } = self;
        let caller = self.caller.as_deref().unwrap_or("unknown");
        write!(f, "call {number} at {at}: {service} {operation} of {caller} in {region}, from the bucket {bucket}")
    }
}
