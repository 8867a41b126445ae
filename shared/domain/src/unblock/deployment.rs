//! Deployments that do not come to an end.

use jiff::Timestamp;

use crate::capacity::{ObservedService, Rollout};
use crate::estate::Unblock;
use crate::value::Duration;

/// How long a deployment may take, unless the document says otherwise: an hour, in minutes.
const LIMIT: Duration = Duration::minutes(60);

/// How long somebody may be waited for, unless the document says otherwise: eight hours, in minutes.
const WAITING_LIMIT: Duration = Duration::minutes(8 * 60);

/// A deployment that does not come to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StuckDeployment {
    /// In progress for longer than the limit; since when, where ECS says so.
    Stuck(Timestamp),
    /// A lifecycle hook holds it, for longer than anybody may be waited for; since when it was begun.
    Paused(Timestamp),
    /// It failed, and was not followed by another.
    Failed(Option<Timestamp>),
}

/// Whether the newest deployment of a service is stuck, or failed. One that waits for somebody's word is not stuck: it is
/// named like a question that nobody answers.
pub fn stuck_since(section: Option<&Unblock>, service: &ObservedService, now: Timestamp) -> Option<StuckDeployment> {
    let limit = section.and_then(|section| section.deployment_limit).unwrap_or(LIMIT);
    let over = |limit: Duration| service.rollout_since.filter(|since| now.duration_since(*since) >= limit.signed());
    match service.rollout {
        Rollout::Completed => None,
        Rollout::Failed => Some(StuckDeployment::Failed(service.rollout_since)),
        Rollout::Paused => {
            let limit = section.and_then(|section| section.waiting_limit).unwrap_or(WAITING_LIMIT);
            over(limit).map(StuckDeployment::Paused)
        }
        Rollout::InProgress => over(limit).map(StuckDeployment::Stuck),
    }
}
