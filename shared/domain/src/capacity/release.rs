//! Releases: what a service rolls out, and how that went.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How the newest deployment of a service stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rollout {
    /// The tasks of the newest task definition run.
    Completed,
    /// Tasks are being replaced.
    InProgress,
    /// A lifecycle hook holds it until somebody answers (Amazon ECS developer guide, pause hooks): it waits rightly.
    Paused,
    /// The circuit breaker gave up.
    Failed,
}

/// The ARN of a task definition: what a release of a service is, such as
/// `arn:aws:ecs:us-east-1:123456789012:task-definition/h2o-backend:123`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TaskDefinition(String);

impl TaskDefinition {
    /// The task definition with this ARN, as AWS wrote it.
    pub fn new(arn: impl Into<String>) -> Self {
        Self(arn.into())
    }

    /// The ARN.
    pub fn arn(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TaskDefinition {
    /// Family and revision, as people write it: `h2o-backend:123`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.rsplit('/').next().unwrap_or(&self.0))
    }
}

/// When the newest deployment of a service was made, and when it was touched last: by a change of the count, or by its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct DeploymentTimes {
    /// When it was made (`createdAt`; Amazon ECS API reference, `Deployment`).
    pub created: Timestamp,
    /// When it was touched last (`updatedAt`, there).
    pub updated: Timestamp,
    /// When it ended (`finishedAt`, `ServiceDeployment`), where that was asked for and is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
}

/// One deployment of a service, as AWS remembers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ServiceRelease {
    /// What was rolled out.
    pub task_definition: TaskDefinition,
    /// How it went.
    pub rollout: Rollout,
    /// When it began.
    pub started: Timestamp,
    /// When it ended, where it has and AWS says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
}
