//! What a pipeline asks for: awake until its release is made, and no longer.

use super::{RequestError, RequestedState, RunRequest, bad};

impl RunRequest {
    /// Checks a request of a pipeline, if it is one.
    pub(super) fn check_release(&self) -> Result<(), RequestError> {
        let Some(release) = &self.for_release else { return Ok(()) };
        let found = match self.want {
            Some(RequestedState::Awake | RequestedState::AsScheduled) => return Ok(()),
            Some(RequestedState::Asleep) => format!("{release} beside `want` asleep"),
            None => format!("{release} without `want`"),
        };
        Err(bad("for-release", found, "a release only with `want` awake, or with as-scheduled to end that"))
    }
}
