//! What the emulator can be told through its control API: faults, figures, metric data, and the ends of deployments.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a fault does to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FaultKind {
    /// Refused as too many calls, with the service's own code.
    Throttle,
    /// Refused with [`FaultOrder::code`] and [`FaultOrder::status`], or as an internal failure.
    Error,
    /// Held up until all orders are forgotten, and does its work then.
    Hold,
    /// Not answered, until the caller gives up.
    Hang,
}

/// An order to strike the next calls of an operation. `FaultOrder::new` strikes one call; change the fields for more.
#[derive(Debug, Clone, Serialize)]
pub struct FaultOrder {
    /// The service, as in `Call::service`.
    pub service: String,
    /// The operation, or `*` for all of the service.
    pub operation: String,
    /// What happens to the call.
    pub kind: FaultKind,
    /// Only calls to this region.
    pub region: Option<String>,
    /// Only puts of items of DynamoDB whose `pk` begins so.
    pub partition: Option<String>,
    /// How many matching calls pass before the first is struck.
    pub skip: u32,
    /// How many calls are struck; all when `None`.
    pub times: Option<u32>,
    /// Seconds after which a [`FaultKind::Hang`] is answered with an error all the same.
    pub seconds: f64,
    /// The error's code instead of the usual one.
    pub code: Option<String>,
    /// The HTTP status instead of the usual one.
    pub status: Option<u16>,
    /// The call does its work, and only its answer is lost.
    pub after_effect: bool,
}

impl FaultOrder {
    /// A fault that strikes the next call.
    pub fn new(service: &str, operation: &str, kind: FaultKind) -> Self {
        Self {
            service: service.to_owned(),
            operation: operation.to_owned(),
            kind,
            region: None,
            partition: None,
            skip: 0,
            times: Some(1),
            seconds: 0.0,
            code: None,
            status: None,
            after_effect: false,
        }
    }
}

/// Figures of the emulated AWS; what is `None` stays as it is. Seconds are real seconds.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub struct EmulatorSettings {
    /// From `UpdateService` to the start or stop of its tasks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ecs_settle_seconds: Option<f64>,
    /// How long an ECS task is stopping; 0 by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ecs_stop_seconds: Option<f64>,
    /// Tasks that a region of ECS has room for; as good as any number by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ecs_most_tasks: Option<u32>,
    /// Milliseconds from a write to a global table to its arrival in the other regions; 0 by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replication_ms: Option<f64>,
    /// Items of a table that one `BatchGetItem` answers; 100 by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch_get_items: Option<u32>,
    /// From a minimum above desired to the count being lifted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scaling_seconds: Option<f64>,
    /// How long a database is starting or stopping.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rds_transition_seconds: Option<f64>,
    /// Days, on the emulated clock, after which a stopped database is started by AWS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rds_restart_days: Option<f64>,
    /// Whether schedules fire by themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub native_schedules: Option<bool>,
    /// Whether metric alarms are evaluated, each minute of the emulated clock. Otherwise only `SetAlarmState` moves them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alarm_evaluation: Option<bool>,
    /// Whether EventBridge delivers each event twice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duplicate_events: Option<bool>,
    /// From a failed asynchronous invocation of a function to the next try.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lambda_retry_seconds: Option<f64>,
    /// What a second of a short Wait state takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait_scale: Option<f64>,
    /// Seconds of a Wait state. From here on, it is not scaled, but ends when the emulated clock has moved that far.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait_scaled_below_seconds: Option<f64>,
}

/// A datum that AWS itself writes to CloudWatch.
#[derive(Debug, Clone, Serialize)]
pub struct PostedMetric {
    /// The metric, for example `ResourceCount`.
    pub name: String,
    /// Its dimensions.
    pub dimensions: BTreeMap<String, String>,
    /// The value, in the metric's unit.
    pub value: f64,
    /// When it was measured; now, on the emulated clock, when `None`.
    pub at: Option<Timestamp>,
}

/// How a deployment of an ECS service ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RolloutEnd {
    /// Its tasks run, and it completes. Without an order, every deployment does.
    Succeed,
    /// It stays in progress until the next order.
    Hold,
    /// Its tasks do not start: `FAILED`, while those of the deployment before go on. The service deployment is `STOPPED`.
    Fail,
    /// It fails, and ECS goes back to the last one that completed: `ROLLBACK_SUCCESSFUL`.
    Rollback,
}
