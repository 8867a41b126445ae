//! Regions that are lost and regained, and what several regions share.

use super::{EmulatorControl, SandboxError};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What becomes of calls to a lost region, and of calls out of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LossKind {
    /// Refused at once, with status 503.
    Fail,
    /// Not answered until the caller gives up; when the region is regained first, refused then.
    Hang,
}

/// What becomes of the ECS tasks of a lost region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LostTasks {
    /// They run on: the region cannot be reached, and that is all.
    Stay,
    /// They end. Their services start them again when the region is regained.
    Gone,
}

/// What AWS does inside a lost region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LossEffect {
    /// Nothing: no schedule fires, no rule matches, no alarm moves, no function begins, no execution takes a step. What
    /// was under way goes on when the region is regained.
    Stops,
    /// All goes on, cut off from the rest of the world: functions of the region reach their own region only.
    Runs,
}

/// How a region is lost. In any case, global tables do not replicate from or to it until it is regained; then the last
/// writer wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LossOrder {
    /// Calls.
    pub how: LossKind,
    /// ECS tasks.
    pub tasks: LostTasks,
    /// AWS itself.
    pub inside: LossEffect,
}

impl LossOrder {
    /// Calls are refused, tasks run on, and AWS stands still.
    pub fn fail() -> Self {
        Self { how: LossKind::Fail, tasks: LostTasks::Stay, inside: LossEffect::Stops }
    }

    /// Calls are not answered, tasks run on, and AWS stands still.
    pub fn hang() -> Self {
        Self { how: LossKind::Hang, ..Self::fail() }
    }

    /// The same, and its tasks end.
    #[must_use]
    pub fn with_its_tasks(self) -> Self {
        Self { tasks: LostTasks::Gone, ..self }
    }

    /// The same, but AWS goes on inside the region: a partition.
    #[must_use]
    pub fn alive_inside(self) -> Self {
        Self { inside: LossEffect::Runs, ..self }
    }
}

/// Orders about regions. They fail as all methods of [`EmulatorControl`] do.
impl EmulatorControl {
    /// Lose `region`. Clients of [`super::Emulator::sdk_config`] still see what is in it, and so does any call with the
    /// header `x-sandbox-observer`.
    ///
    /// # Errors
    /// [`SandboxError::Control`], also when it is lost already.
    pub async fn lose(&self, region: &str, loss: LossOrder) -> Result<(), SandboxError> {
        let request = json!({ "region": region, "how": loss.how, "tasks": loss.tasks, "inside": loss.inside });
        self.send::<Value>("PUT", "regions", &request).await.map(drop)
    }

    /// Have `region` back: what stood still in it goes on, and global tables catch up.
    ///
    /// # Errors
    /// [`SandboxError::Control`], also when it is not lost.
    pub async fn regain(&self, region: &str) -> Result<(), SandboxError> {
        self.send::<Value>("DELETE", "regions", &json!({ "region": region })).await.map(drop)
    }

    /// Let the replica of a global table in `region` be described with `status`, for example `UPDATING`.
    pub async fn put_replica_status(&self, region: &str, table: &str, status: &str) -> Result<(), SandboxError> {
        let request = json!({ "region": region, "table": table, "status": status });
        self.send::<Value>("PUT", "replicas", &request).await.map(drop)
    }

    /// Say whether the targets of a target group are healthy. They are, until a test says otherwise.
    pub async fn put_target_health(&self, region: &str, group: &str, healthy: bool) -> Result<(), SandboxError> {
        let request = json!({ "region": region, "arn": group, "healthy": healthy });
        self.send::<Value>("PUT", "target-health", &request).await.map(drop)
    }

    /// Make an ARC routing control under its ARN, or set it. Each call that is signed for one of the five regions of a
    /// cluster counts as one to the endpoint there; a fault of `route53-recovery-cluster` for a region strikes that one.
    pub async fn put_routing_control(&self, arn: &str, name: &str, on: bool) -> Result<(), SandboxError> {
        let request = json!({ "arn": arn, "name": name, "state": if on { "On" } else { "Off" } });
        self.send::<Value>("PUT", "routing-controls", &request).await.map(drop)
    }
}
