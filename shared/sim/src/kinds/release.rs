//! The deployments of a service, and task definitions.

use jiff::Timestamp;
use watchkeeper_control::ports::RELEASES_MAX;
use watchkeeper_domain::capacity::{DeploymentTimes, Rollout, ServiceRelease, TaskDefinition};

/// The deployments of a service.
#[derive(Debug)]
pub(crate) struct ReleaseHistory {
    /// Those before the newest, oldest first.
    pub(crate) history: Vec<ServiceRelease>,
    pub(crate) newest: ServiceRelease,
    pub(crate) since: Timestamp,
    /// When the newest was touched last: by a change of the count, or as it stands otherwise.
    pub(crate) updated: Timestamp,
    pub(crate) epoch: u64,
    pub(crate) keeps_history: bool,
}

impl ReleaseHistory {
    /// What the newest deployment rolls out.
    pub(crate) fn current(&self) -> &TaskDefinition {
        &self.newest.task_definition
    }

    /// How the newest deployment stands.
    pub(crate) fn rollout(&self) -> Rollout {
        self.newest.rollout
    }

    /// Since when it stands so.
    pub(crate) fn since(&self) -> Timestamp {
        self.since
    }

    /// When the newest was made, and touched last.
    pub(crate) fn times(&self) -> DeploymentTimes {
        DeploymentTimes { created: self.newest.started, updated: self.updated, ended: None }
    }

    /// What AWS tells of them: newest first, and not all of them.
    pub(crate) fn remembered(&self) -> Vec<ServiceRelease> {
        let all = std::iter::once(&self.newest).chain(self.history.iter().rev());
        all.take(if self.keeps_history { RELEASES_MAX } else { 0 }).cloned().collect()
    }

    /// A deployment begins; one that was under way is stopped by it.
    pub(crate) fn begin(&mut self, task_definition: TaskDefinition, now: Timestamp) {
        let next = ServiceRelease { task_definition, rollout: Rollout::InProgress, started: now, ended: None };
        let mut before = std::mem::replace(&mut self.newest, next);
        if before.rollout == Rollout::InProgress {
            (before.rollout, before.ended) = (Rollout::Failed, Some(now));
        }
        self.history.push(before);
        self.stand(Rollout::InProgress, now);
    }

    /// The newest deployment stands like this from now on.
    pub(crate) fn stand(&mut self, rollout: Rollout, now: Timestamp) {
        (self.newest.rollout, self.since, self.updated) = (rollout, now, now);
        self.newest.ended = matches!(rollout, Rollout::Completed | Rollout::Failed).then_some(now);
        self.epoch += 1;
    }
}

/// What a task definition says.
#[derive(Debug, Clone)]
pub(crate) struct SimDefinition {
    /// What a task of it takes, in CPU units.
    pub(crate) cpu_units: Option<u32>,
    /// The images of its containers.
    pub(crate) images: Vec<String>,
    /// Whether it was deregistered.
    pub(crate) inactive: bool,
}
