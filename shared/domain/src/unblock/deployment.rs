//! Deployments that do not come to an end.

use jiff::Timestamp;

use crate::capacity::{ObservedService, Rollout};
use crate::estate::{Duration, Unblock};

/// How long a deployment may take, unless the document says otherwise: an hour, in minutes.
const LIMIT: Duration = Duration::minutes(60);

/// A deployment that does not come to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rolling {
    /// In progress for longer than the limit; since when, where ECS says so.
    Stuck(Timestamp),
    /// It failed, and was not followed by another.
    Failed(Option<Timestamp>),
}

/// Whether the newest deployment of a service is stuck, or failed.
pub fn stuck_since(section: Option<&Unblock>, service: &ObservedService, now: Timestamp) -> Option<Rolling> {
    let limit = section.and_then(|section| section.deployment_limit).unwrap_or(LIMIT);
    match service.rollout {
        Rollout::Completed => None,
        Rollout::Failed => Some(Rolling::Failed(service.rollout_since)),
        Rollout::InProgress => {
            let since = service.rollout_since?;
            (now.duration_since(since) >= limit.signed()).then_some(Rolling::Stuck(since))
        }
    }
}
