//! The emulator's control API: its clock, its schedules, its record of calls, and what it is told to do.

use super::SandboxError;
use super::emulator_orders::{EmulatorSettings, FaultOrder, PostedMetric, RolloutEnd};
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

/// Where the sandbox serves the operator's window.
const WINDOW: &str = "/_watchkeeper/window";

/// A client of the control API.
#[derive(Debug, Clone)]
pub struct EmulatorControl {
    endpoint: String,
}

/// One API call that the emulated AWS received.
#[derive(Debug, Clone, Deserialize)]
pub struct ApiCall {
    /// Rises with each call.
    pub number: u64,
    /// When it arrived, on the emulated clock.
    pub at: Timestamp,
    /// The service under its signing name: `ecs`, `application-autoscaling`, `rds`, `dynamodb`, `states`, `events` …
    pub service: String,
    /// The operation, for example `UpdateService`.
    pub operation: String,
    /// The region it was sent to.
    pub region: String,
    /// The function that called, or `test` for clients of [`super::Emulator::sdk_config`]. Unknown for others.
    pub caller: Option<String>,
    /// Whether the operation may change something, judged by its name.
    pub write: bool,
    /// The members of the request that name resources, for example `cluster` and `service`.
    pub resources: Map<String, Value>,
    /// The HTTP status of the answer; `None` while there is none.
    pub status: Option<u16>,
    /// The error's code, when it was refused.
    pub error: Option<String>,
    /// The kind of fault that struck it, or `lost` where a lost region did.
    pub fault: Option<String>,
}

#[derive(Deserialize)]
struct Health {
    now: Timestamp,
}

#[derive(Deserialize)]
struct ApiCallList {
    calls: Vec<ApiCall>,
}

#[derive(Deserialize)]
struct Fired {
    fired: String,
}

#[derive(Deserialize)]
struct Posted {
    id: String,
}

impl EmulatorControl {
    pub(super) fn new(endpoint: String) -> Self {
        Self { endpoint }
    }

    pub(super) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// What time it is in the emulated AWS.
    ///
    /// # Errors
    /// [`SandboxError::Control`] when the emulator is gone. So for all methods here.
    pub async fn now(&self) -> Result<Timestamp, SandboxError> {
        Ok(self.send::<Health>("GET", "health", &Value::Null).await?.now)
    }

    /// Make it `now` in the emulated AWS; its clock runs on from there. What is due by then happens, for example the
    /// restart of a database that has been stopped for seven days.
    pub async fn set_clock(&self, now: Timestamp) -> Result<(), SandboxError> {
        self.send::<Health>("PUT", "clock", &json!({ "now": now })).await.map(drop)
    }

    /// Change figures of the emulated AWS.
    pub async fn change(&self, settings: &EmulatorSettings) -> Result<(), SandboxError> {
        self.send::<Health>("PUT", "settings", &json!(settings)).await.map(drop)
    }

    /// Fire the EventBridge Scheduler schedule `name` (or `group/name`) of `region` as if `instant` had come, and
    /// return its ARN. The target is called in the background, as by AWS, and not at all in a region that is lost. The
    /// clock is not changed.
    pub async fn fire_schedule(&self, region: &str, name: &str, instant: Timestamp) -> Result<String, SandboxError> {
        let request = json!({ "name": name, "region": region, "instant": instant });
        Ok(self.send::<Fired>("POST", "schedules", &request).await?.fired)
    }

    /// The same for one of the parts that the schedule's input names.
    pub async fn fire_part(
        &self,
        region: &str,
        name: &str,
        part: &str,
        instant: Timestamp,
    ) -> Result<(), SandboxError> {
        let request = json!({ "name": name, "region": region, "instant": instant, "parts": [part] });
        self.send::<Fired>("POST", "schedules", &request).await.map(drop)
    }

    /// Deliver `event`, in the form in which rules see it, on the default bus of its `region`, and return its id. Nothing
    /// in it is changed, so it may be old, repeated, or say that AWS sent it. Its `source`, `detail-type` and `detail`
    /// are needed; `id`, `time`, `region`, `account` and `resources` are made up where they are missing.
    pub async fn post_event(&self, event: &Value) -> Result<String, SandboxError> {
        Ok(self.send::<Posted>("POST", "events", event).await?.id)
    }

    /// Write metric data as AWS itself does, in any `namespace`, such as `AWS/Usage`.
    pub async fn put_metrics(&self, region: &str, namespace: &str, data: &[PostedMetric]) -> Result<(), SandboxError> {
        let request = json!({ "region": region, "namespace": namespace, "data": data });
        self.send::<Value>("PUT", "metrics", &request).await.map(drop)
    }

    /// Set a quota under its codes, for example `fargate` and `L-3032A538`: the applied value, and the default of AWS.
    /// `None` is what Service Quotas does not know; that is so for both, until a test sets them.
    pub async fn put_quota(
        &self,
        region: &str,
        service: &str,
        code: &str,
        value: Option<f64>,
        default: Option<f64>,
    ) -> Result<(), SandboxError> {
        let request = json!({ "region": region, "service": service, "code": code, "value": value, "default": default });
        self.send::<Value>("PUT", "quotas", &request).await.map(drop)
    }

    /// Say how a deployment of an ECS service ends: the one under way, else the next. The one after that succeeds again.
    pub async fn order_release(
        &self,
        region: &str,
        cluster: &str,
        service: &str,
        outcome: RolloutEnd,
    ) -> Result<(), SandboxError> {
        let request = json!({ "region": region, "cluster": cluster, "service": service, "outcome": outcome });
        self.send::<Value>("POST", "releases", &request).await.map(drop)
    }

    /// The calls after the one numbered `since`, oldest first; all calls for 0.
    pub async fn calls(&self, since: u64) -> Result<Vec<ApiCall>, SandboxError> {
        Ok(self.send::<ApiCallList>("GET", &format!("calls?since={since}"), &Value::Null).await?.calls)
    }

    /// The number of the latest call, to be handed to [`EmulatorControl::calls`] later.
    pub async fn mark(&self) -> Result<u64, SandboxError> {
        Ok(self.calls(0).await?.last().map_or(0, |call| call.number))
    }

    /// Order a fault.
    pub async fn order(&self, fault: &FaultOrder) -> Result<(), SandboxError> {
        self.send::<Value>("POST", "faults", &json!(fault)).await.map(drop)
    }

    /// Take back all faults.
    pub async fn clear_faults(&self) -> Result<(), SandboxError> {
        self.send::<Value>("DELETE", "faults", &Value::Null).await.map(drop)
    }

    /// Empty the emulated AWS, deployed stacks included, and put back clock, settings, record and faults.
    pub async fn reset(&self) -> Result<(), SandboxError> {
        self.send::<Value>("POST", "reset", &Value::Null).await.map(drop)
    }

    /// What a function of the operator's window answers to an event: the page, as text. It is asked as a browser does that
    /// shows the sandbox's own page.
    ///
    /// # Errors
    /// [`SandboxError::Control`] with what the sandbox says, also where the function fails.
    pub async fn widget(&self, function: &str, event: &Value) -> Result<String, SandboxError> {
        let what = format!("POST {WINDOW}/call");
        let body = serde_json::json!({ "endpoint": function, "event": event }).to_string().into_bytes();
        let request = ureq::http::Request::builder().method("POST").uri(format!("{}{WINDOW}/call", self.endpoint));
        let request = request.header("content-type", "application/json").body(body);
        let request = request.map_err(|error| refused(&what, &error))?;
        let answer = tokio::task::spawn_blocking(move || exchange(request)).await;
        match answer.map_err(|error| refused(&what, &error))? {
            Ok((200, page)) => Ok(page),
            Ok((status, text)) => Err(refused(&what, &format!("{status}: {text}"))),
            Err(error) => Err(refused(&what, &error)),
        }
    }

    /// Where a browser finds the window that a function shows.
    pub fn window(&self, function: &str) -> String {
        format!("{}{WINDOW}?function={function}", self.endpoint)
    }

    pub(super) async fn send<T: DeserializeOwned>(
        &self,
        method: &str,
        path: &str,
        request: &Value,
    ) -> Result<T, SandboxError> {
        let what = format!("{method} {path}");
        let request = self.request(method, path, request)?;
        // The client blocks; the answers are quick, except that of a reset.
        let answer = tokio::task::spawn_blocking(move || exchange(request)).await;
        read(&what, answer.map_err(|error| refused(&what, &error))?)
    }

    /// The same for who cannot wait.
    pub(super) fn send_now<T: DeserializeOwned>(
        &self,
        method: &str,
        path: &str,
        request: &Value,
    ) -> Result<T, SandboxError> {
        read(&format!("{method} {path}"), exchange(self.request(method, path, request)?))
    }

    fn request(&self, method: &str, path: &str, request: &Value) -> Result<ureq::http::Request<Vec<u8>>, SandboxError> {
        let url = format!("{}/_watchkeeper/{path}", self.endpoint);
        let body = if request.is_null() { Vec::new() } else { request.to_string().into_bytes() };
        let request = ureq::http::Request::builder().method(method).uri(&url).body(body);
        request.map_err(|error| refused(&format!("{method} {path}"), &error))
    }
}

fn read<T: DeserializeOwned>(what: &str, answer: Result<(u16, String), ureq::Error>) -> Result<T, SandboxError> {
    match answer.map_err(|error| refused(what, &error))? {
        (200, text) => serde_json::from_str(&text)
            .map_err(|source| SandboxError::Decode { what: format!("the emulator's answer to {what}"), source }),
        (_, text) => Err(refused(what, &text)),
    }
}

pub(super) fn refused(what: &str, why: &dyn std::fmt::Display) -> SandboxError {
    SandboxError::Control { request: what.to_owned(), why: why.to_string() }
}

fn exchange(request: ureq::http::Request<Vec<u8>>) -> Result<(u16, String), ureq::Error> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .allow_non_standard_methods(true)
        .proxy(None)
        .build()
        .into();
    let mut response = agent.run(request)?;
    let text = response.body_mut().with_config().limit(u64::MAX).read_to_string()?;
    Ok((response.status().as_u16(), text))
}
