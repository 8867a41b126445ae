//! The local AWS behaves as AWS does where the control plane depends on it, and leaves nothing running.

#![allow(clippy::unwrap_used, clippy::expect_used)]
#![allow(clippy::disallowed_methods, reason = "it waits for processes of its own")]

mod adapters;
mod alarms;
mod databases;
mod events;
mod functions;
mod global_tables;
mod interpreter;
mod metrics;
mod names;
mod permissions;
mod pipelines;
mod preflight;
mod process;
mod record;
mod regions;
mod releases;
mod replicas;
mod requests;
mod services;
mod sites;
mod targets;
mod throttles;
mod tokens;
mod usage;
mod waits;

use aws_sdk_ecs::types::{ContainerDefinition, Tag};
use serde_json::Value;
use std::ops::Deref;
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};
use watchkeeper_tests::sandbox::{
    CheckoutLayout, Emulator, ProgressLines, PythonEnvironment, SandboxError, SandboxOptions,
};

const REGION: &str = "us-east-1";
const CLUSTER: &str = "clos-v2-cluster";
const SERVICE: &str = "clos-v2-core-api-service";

/// How many run at once: more of them would only take memory and each other's processor.
static PLACES: Semaphore = Semaphore::const_new(8);

/// An emulator of one test, which makes room for another one when it ends.
struct Seated {
    emulator: Emulator,
    _place: SemaphorePermit<'static>,
}

impl Seated {
    fn succeeded(self) -> Result<(), SandboxError> {
        self.emulator.succeeded()
    }
}

impl Deref for Seated {
    type Target = Emulator;

    fn deref(&self) -> &Emulator {
        &self.emulator
    }
}

async fn boot() -> Seated {
    boot_with(&SandboxOptions::default()).await
}

async fn boot_with(options: &SandboxOptions) -> Seated {
    let place = PLACES.acquire().await.unwrap();
    let layout = CheckoutLayout::find().unwrap();
    let venv = PythonEnvironment::ensure(&layout, &ProgressLines).await.unwrap();
    let emulator = Emulator::boot(&layout, &venv, options, &ProgressLines).await.unwrap();
    Seated { emulator, _place: place }
}

/// What a module of the emulator says when it is run by itself; what it says as an error where it fails.
async fn module(name: &str) -> Result<String, String> {
    let layout = CheckoutLayout::find().unwrap();
    let venv = PythonEnvironment::ensure(&layout, &ProgressLines).await.unwrap();
    let mut command = tokio::process::Command::new(venv.python());
    command.args(["-B", "-m", &format!("emulator.{name}")]).current_dir(layout.root().join("tests"));
    let output = command.output().await.unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let said = text(&output.stdout);
    if output.status.success() { Ok(said) } else { Err(said + &text(&output.stderr)) }
}

/// Ask again until the answer is the expected one. A test that waits in vain fails with what it saw last.
async fn eventually<T: PartialEq + std::fmt::Debug, F: Future<Output = T>>(expected: T, mut ask: impl FnMut() -> F) {
    let mut seen = ask().await;
    // Two minutes, which only a broken sandbox takes.
    for _ in 0..2400 {
        if seen == expected {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        seen = ask().await;
    }
    assert_eq!(seen, expected);
}

async fn make_service(ecs: &aws_sdk_ecs::Client, desired: i32) {
    ecs.create_cluster().cluster_name(CLUSTER).send().await.unwrap();
    let container = ContainerDefinition::builder().name("app").image("app").memory(64).build();
    ecs.register_task_definition().family("app").container_definitions(container).send().await.unwrap();
    let managed = Tag::builder().key("watchkeeper:managed").value("true").build();
    let service = ecs.create_service().cluster(CLUSTER).service_name(SERVICE).task_definition("app");
    service.desired_count(desired).tags(managed).send().await.unwrap();
}

async fn counts(ecs: &aws_sdk_ecs::Client) -> (i32, i32) {
    let answer = ecs.describe_services().cluster(CLUSTER).services(SERVICE).send().await.unwrap();
    let service = &answer.services()[0];
    (service.desired_count(), service.running_count())
}

/// A call to a service for which this package has no client: the status, and what was answered.
async fn send(
    emulator: &Emulator,
    service: &str,
    method: &str,
    path: &str,
    target: &str,
    request: Value,
) -> (u16, Value) {
    let call = signed(REGION, service, "app/test").method(method).uri(format!("{}{path}", emulator.endpoint()));
    let call = call.header("content-type", "application/x-amz-json-1.0").header("x-amz-target", target);
    let (status, answer) = exchange(call.body(request.to_string()).unwrap()).await;
    (status, serde_json::from_str(&answer).unwrap())
}

/// The beginning of a call to `service` in `region`, made by `agent`.
fn signed(region: &str, service: &str, agent: &str) -> ureq::http::request::Builder {
    let scope = format!("AWS4-HMAC-SHA256 Credential=root/20261120/{region}/{service}/aws4_request");
    ureq::http::Request::builder().header("authorization", scope).header("user-agent", agent)
}

/// Status and body of an answer.
async fn exchange(request: ureq::http::Request<String>) -> (u16, String) {
    let exchange = move || {
        let config = ureq::Agent::config_builder().http_status_as_error(false).allow_non_standard_methods(true);
        let agent: ureq::Agent = config.proxy(None).build().into();
        let mut answer = agent.run(request).unwrap();
        (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
    };
    tokio::task::spawn_blocking(exchange).await.unwrap()
}

/// The same in a JSON protocol, where `target` names the operation.
async fn call(emulator: &Emulator, service: &str, target: &str, request: Value) -> (u16, Value) {
    send(emulator, service, "POST", "/", target, request).await
}

async fn machine(sfn: &aws_sdk_sfn::Client, name: &str, definition: &str) -> String {
    let role = "arn:aws:iam::123456789012:role/sandbox";
    let made = sfn.create_state_machine().name(name).role_arn(role).definition(definition).send().await.unwrap();
    made.state_machine_arn
}

async fn start(sfn: &aws_sdk_sfn::Client, machine: &str) -> String {
    sfn.start_execution().state_machine_arn(machine).send().await.unwrap().execution_arn
}

/// The status of an execution.
async fn status(sfn: &aws_sdk_sfn::Client, execution: &str) -> String {
    sfn.describe_execution().execution_arn(execution).send().await.unwrap().status.as_str().to_owned()
}

/// The inputs of a machine's executions, oldest first.
async fn inputs(sfn: &aws_sdk_sfn::Client, machine: &str) -> Vec<Value> {
    let listed = sfn.list_executions().state_machine_arn(machine).send().await.unwrap();
    let mut found = Vec::new();
    for execution in listed.executions() {
        let known = sfn.describe_execution().execution_arn(execution.execution_arn()).send().await.unwrap();
        found.push((known.start_date, serde_json::from_str(known.input().unwrap()).unwrap()));
    }
    found.sort_by_key(|(began, _)| began.as_nanos());
    found.into_iter().map(|(_, input)| input).collect()
}

/// A state machine that does nothing, and a rule that starts it for the events of `source`: it keeps them.
async fn notifications(emulator: &Emulator, source: &str) -> String {
    let sfn = aws_sdk_sfn::Client::new(&emulator.sdk_config(REGION));
    let events = aws_sdk_eventbridge::Client::new(&emulator.sdk_config(REGION));
    let arn = machine(&sfn, "kept-events", r#"{"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}"#).await;
    let pattern = serde_json::json!({ "source": [source] }).to_string();
    events.put_rule().name("kept-events").event_pattern(pattern).send().await.unwrap();
    let target = aws_sdk_eventbridge::types::Target::builder().id("kept-events").arn(&arn).build().unwrap();
    events.put_targets().rule("kept-events").targets(target).send().await.unwrap();
    arn
}
