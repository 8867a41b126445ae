//! What was held against sources that are not ours, as figures: a sandbox counts from its boot to its end.

use std::fmt;
use std::ops::AddAssign;

use serde::Deserialize;
use serde_json::Value;

use super::{EmulatorControl, SandboxError};

/// Everything that a sandbox counted. What tests did on purpose is among what was found, and counted again by itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub struct Figures {
    /// Requests held against AWS's models of their operations.
    pub requests: u64,
    /// Those that AWS would have refused.
    pub requests_invalid: u64,
    /// Those of them that were meant to be.
    pub requests_invalid_on_purpose: u64,
    /// Calls judged by the role of who made them: one for each resource and right.
    pub calls: u64,
    /// Those that differed from all before them.
    pub calls_different: u64,
    /// Those that AWS would have denied.
    pub calls_denied: u64,
    /// Those of them that were meant to be.
    pub calls_denied_on_purpose: u64,
    /// Those that AWS would have throttled.
    pub calls_throttled: u64,
    /// Those of them that were meant to be.
    pub calls_throttled_on_purpose: u64,
    /// Evaluations of expressions that the reference implementation made, too.
    pub expressions: u64,
    /// Variations of them, with something in it that is awkward.
    pub expressions_varied: u64,
    /// Where the two differ.
    pub expressions_different: u64,
}

impl EmulatorControl {
    /// What was counted so far.
    ///
    /// # Errors
    /// [`SandboxError::Control`] when the emulator is gone.
    pub async fn figures(&self) -> Result<Figures, SandboxError> {
        self.send("GET", "figures", &Value::Null).await
    }
}

impl AddAssign for Figures {
    fn add_assign(&mut self, other: Self) {
        self.requests += other.requests;
        self.requests_invalid += other.requests_invalid;
        self.requests_invalid_on_purpose += other.requests_invalid_on_purpose;
        self.calls += other.calls;
        self.calls_different += other.calls_different;
        self.calls_denied += other.calls_denied;
        self.calls_denied_on_purpose += other.calls_denied_on_purpose;
        self.calls_throttled += other.calls_throttled;
        self.calls_throttled_on_purpose += other.calls_throttled_on_purpose;
        self.expressions += other.expressions;
        self.expressions_varied += other.expressions_varied;
        self.expressions_different += other.expressions_different;
    }
}

/// Requests and calls, and expressions where any were judged.
impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { requests, calls, calls_different, expressions, expressions_different, .. } = self;
        let invalid = self.requests_invalid - self.requests_invalid_on_purpose;
        let denied = self.calls_denied - self.calls_denied_on_purpose;
        write!(f, "{requests} requests validated, {invalid} invalid; ")?;
        let throttled = self.calls_throttled - self.calls_throttled_on_purpose;
        write!(f, "{calls} calls judged ({calls_different} different), {denied} denied, {throttled} throttled")?;
        if *expressions > 0 {
            write!(f, "; {expressions} expressions evaluated, {expressions_different} differ")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_sandboxes_add_up_and_read_as_a_sentence() {
        let one = Figures { requests: 10, calls: 7, calls_different: 3, ..Figures::default() };
        let meant = Figures { requests: 5, requests_invalid: 1, requests_invalid_on_purpose: 1, ..Figures::default() };
        let mut all = one;
        all += meant;
        assert_eq!(
            all.to_string(),
            "15 requests validated, 0 invalid; 7 calls judged (3 different), 0 denied, 0 throttled"
        );
        all += Figures { expressions: 4, calls_denied: 2, calls_throttled: 1, ..Figures::default() };
        let text = "15 requests validated, 0 invalid; 7 calls judged (3 different), 2 denied, 1 throttled; 4 expressions evaluated, \
                    0 differ";
        assert_eq!(all.to_string(), text);
    }
}
