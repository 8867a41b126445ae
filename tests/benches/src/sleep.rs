//! Environments that fall asleep in the deployed stack, held against the buckets of AWS; and Cloud Custodian at the same work.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use tempfile::TempDir;
use tokio::process::Command;
use watchkeeper_domain::name::Region;
use watchkeeper_tests::bench::{BenchRow, most_of_bucket};
use watchkeeper_tests::harness::{DeployedStack, SandboxHarness};
use watchkeeper_tests::sandbox::{ApiCall, CheckoutLayout, ProgressLines, SandboxOptions, python_of};
use watchkeeper_tests::scenarios::all_asleep;

use crate::documents::{ACCOUNT, MeasuredEnvironment, REGION, folder};
use crate::error::BenchError;
use crate::rows::row;

/// The bucket of ECS for `UpdateService`: what it holds, and what it gets each second (`tests/data/buckets.json`).
const BURST: f64 = 50.0;
const RATE: f64 = 5.0;
/// What scheduled runs may take of it.
const SHARE: f64 = 0.5;
/// How long an empty bucket takes to be full again, in seconds.
const FULL_AGAIN: Duration = Duration::from_secs(10);

/// How many environments fall asleep at one tick, and how many services each has.
const CROWD: usize = 4;
const EACH: usize = 60;
/// How many services the large environment has.
const LARGE: usize = 200;

/// A sandbox with everything that is measured in it.
pub(crate) struct MeasuredSandbox {
    pub(crate) harness: SandboxHarness,
    _documents: TempDir,
}

/// The sandbox, everything awake, on a Monday at noon.
pub(crate) async fn prepared() -> Result<MeasuredSandbox, BenchError> {
    let crowd = (0..CROWD).map(|n| MeasuredEnvironment::new(format!("crowd-{n}"), EACH, "22:00"));
    let all: Vec<_> = crowd.chain([MeasuredEnvironment::new("large", LARGE, "19:00")]).collect();
    let documents = folder("bench", &all)?;
    let options = SandboxOptions {
        estates: Some(documents.path().to_owned()),
        account: ACCOUNT.to_owned(),
        ..SandboxOptions::default()
    };
    let region = Region::new(REGION).map_err(|error| BenchError::found(error.to_string()))?;
    let harness = SandboxHarness::set(&options, &[region], &ProgressLines).await?;
    harness.sandbox().control().set_clock(at("2026-11-16T12:00:00Z")?).await?;
    let stack = harness.stack(REGION)?;
    for (_, environment) in harness.at_home() {
        stack.site().build(environment).await?;
    }
    Ok(MeasuredSandbox { harness, _documents: documents })
}

pub(crate) fn at(instant: &str) -> Result<Timestamp, BenchError> {
    instant.parse().map_err(|error| BenchError::found(format!("{instant}: {error}")))
}

/// What a way into sleep took of AWS.
struct Night {
    /// From the first count to the last, in seconds.
    seconds: f64,
    /// What the share of the bucket makes necessary for as many counts, in seconds.
    floor: f64,
    /// The fullest window of the bucket.
    most: f64,
    /// Calls about capacity, and those of them that write.
    calls: usize,
    writes: usize,
    throttled: usize,
}

impl Night {
    #[expect(clippy::cast_precision_loss, reason = "counts of a benchmark are small")]
    fn of(calls: &[&ApiCall], throttled: usize) -> Result<Self, BenchError> {
        let counts: Vec<Timestamp> =
            calls.iter().filter(|call| call.operation == "UpdateService").map(|call| call.at).collect();
        let (Some(first), Some(last)) = (counts.iter().min(), counts.iter().max()) else {
            return Err(BenchError::found("no count was set, so there is nothing to measure"));
        };
        let floor = ((counts.len() as f64 - SHARE * BURST) / (SHARE * RATE)).max(0.0);
        Ok(Self {
            seconds: last.duration_since(*first).as_secs_f64(),
            floor,
            most: most_of_bucket(&counts, BURST, RATE),
            calls: calls.len(),
            writes: calls.iter().filter(|call| call.write).count(),
            throttled,
        })
    }

    fn ratio(&self) -> f64 {
        self.seconds / self.floor
    }
}

/// Whether a call is about capacity of clusters whose names begin like this.
fn concerns(call: &ApiCall, cluster: &str) -> bool {
    let capacity = ["ecs", "application-autoscaling", "rds"].contains(&call.service.as_str());
    capacity && call.resources.values().any(|value| value.to_string().contains(cluster))
}

async fn night(stack: &DeployedStack, instant: Timestamp, cluster: &str) -> Result<Night, BenchError> {
    let mark = stack.control().mark().await?;
    let ticked = stack.tick(instant).await?;
    if let Some(run) = ticked.runs.iter().find(|run| run.outcome() != "done") {
        return Err(BenchError::found(format!("the run {} ended with {}: {}", run.name, run.outcome(), run.says())));
    }
    let calls = stack.api_calls(mark).await?;
    let about: Vec<&ApiCall> = calls.all().iter().filter(|call| concerns(call, cluster)).collect();
    Night::of(&about, stack.control().throttled().await?.len())
}

async fn sleeps(harness: &SandboxHarness, names: &str) -> Result<bool, BenchError> {
    let stack = harness.stack(REGION)?;
    for (_, environment) in harness.at_home().filter(|(_, it)| it.name().as_str().starts_with(names)) {
        if !all_asleep(&stack.capacity(environment).await?) {
            return Ok(false);
        }
    }
    Ok(true)
}

async fn held(harness: &SandboxHarness, names: &str) -> Result<(), BenchError> {
    if sleeps(harness, names).await? { Ok(()) } else { Err(BenchError::found(format!("{names}: not all sleep"))) }
}

/// One environment of 200 services.
pub(crate) async fn large(harness: &SandboxHarness) -> Result<BenchRow, BenchError> {
    tokio::time::sleep(FULL_AGAIN).await;
    let night = night(harness.stack(REGION)?, at("2026-11-16T19:05:00Z")?, "large").await?;
    held(harness, "large").await?;
    let Night { seconds, floor, most, calls, writes, throttled } = night;
    let ratio = night.ratio();
    let what = format!("one environment of {LARGE} services falls asleep in the sandbox");
    let measured = format!(
        "{seconds:.1} s from first to last count, {ratio:.3} × the floor of {floor:.0} s; {calls} calls, {writes} writes, \
         {throttled} throttled, {:.0} % of the bucket",
        100.0 * most
    );
    let goal = "≤ 1.03 × the floor, ≤ 460 calls, 400 writes, 0 throttled";
    let met = ratio <= 1.03 && calls <= 460 && writes <= 2 * LARGE && throttled == 0;
    let figures = [("ratio", ratio), ("sleep_seconds", seconds), ("floor_seconds", floor), ("most_share", most)];
    let counts = [("calls", calls), ("writes", writes), ("throttled", throttled)];
    Ok(row("large", what, measured).goal(goal, met).figures(figures).counts(counts).done())
}

/// Four environments of 60 services at one tick.
pub(crate) async fn crowd(harness: &SandboxHarness) -> Result<BenchRow, BenchError> {
    tokio::time::sleep(FULL_AGAIN).await;
    let night = night(harness.stack(REGION)?, at("2026-11-16T22:05:00Z")?, "crowd-").await?;
    held(harness, "crowd-").await?;
    let Night { seconds, floor, most, throttled, writes, .. } = night;
    let what = format!("{CROWD} environments of {EACH} services fall asleep at one tick in the sandbox");
    let measured = format!(
        "{throttled} throttled, at most {:.0} % of the bucket, {:.1} s over the floor of {floor:.0} s",
        100.0 * most,
        seconds - floor
    );
    let met = throttled == 0 && most <= SHARE + 0.005;
    let figures = [("sleep_seconds", seconds), ("floor_seconds", floor), ("most_share", most)];
    let row = row("crowd", what, measured).goal("0 throttled, never above half of the bucket", met);
    Ok(row.figures(figures).counts([("throttled", throttled), ("writes", writes)]).done())
}

/// What a program took of the machine, as `measured.py` says it.
#[derive(Debug, Deserialize)]
struct ProgramUse {
    seconds: f64,
    cpu_seconds: f64,
    status: i32,
}

/// Cloud Custodian puts the same 200 services to sleep; they are awake again after it.
pub(crate) async fn custodian(harness: &SandboxHarness) -> Result<BenchRow, BenchError> {
    let layout = CheckoutLayout::find()?;
    let benches = layout.root().join("tests/benches");
    let python = python_of("custodian", &layout, &benches.join("requirements.txt"), &ProgressLines).await?;
    let stack = harness.stack(REGION)?;
    let output = tempfile::tempdir().map_err(BenchError::io("cannot make a folder for Cloud Custodian"))?;
    tokio::time::sleep(FULL_AGAIN).await;
    let mark = stack.control().mark().await?;
    let used = run_custodian(harness, &benches, &python, output.path()).await?;
    let calls = stack.control().calls(mark).await?;
    let throttled = stack.control().forgive_throttled().await?.len();
    let ours = calls.iter().filter(|call| call.caller.as_deref() == Some("custodian")).collect::<Vec<_>>();
    let night = Night::of(&ours, throttled)?;
    let asleep = sleeps(harness, "large").await?;
    for (_, environment) in harness.at_home().filter(|(_, it)| it.name().as_str() == "large") {
        stack.site().build(environment).await?;
    }
    let Night { most, calls, writes, .. } = night;
    let what = format!("Cloud Custodian 0.9.53, `resize` of the same {LARGE} services in the same sandbox");
    let measured = format!(
        "{:.1} s, {calls} calls, {writes} writes, {throttled} throttled, {:.0} % of the bucket, {:.1} CPU-s; {}",
        used.seconds,
        100.0 * most,
        used.cpu_seconds,
        if asleep { "all asleep" } else { "not all asleep" }
    );
    let figures = [("took_seconds", used.seconds), ("cpu_seconds", used.cpu_seconds), ("most_share", most)];
    let counts = [("calls", calls), ("writes", writes), ("throttled", throttled)];
    Ok(row("custodian", what, measured).figures(figures).counts(counts).done())
}

async fn run_custodian(
    harness: &SandboxHarness,
    benches: &Path,
    python: &Path,
    output: &Path,
) -> Result<ProgramUse, BenchError> {
    let emulator = harness.sandbox().emulator();
    let mut command = Command::new(python);
    command
        .arg(benches.join("measured.py"))
        .args([python.with_file_name("custodian").as_os_str(), "run".as_ref(), "--region".as_ref(), REGION.as_ref()])
        .arg("--output-dir")
        .arg(output)
        .arg(benches.join("custodian.json"))
        .env_clear()
        .envs(std::env::var_os("PATH").map(|path| ("PATH", path)))
        .env("HOME", output)
        .envs(emulator.client_environment(REGION))
        // As a function of the account: so it is named in the record of calls, and held against the buckets.
        .env("AWS_SDK_UA_APP_ID", "custodian")
        .env("AWS_EXECUTION_ENV", format!("AWS_Lambda_{REGION}"))
        .kill_on_drop(true);
    let answer = command.output().await.map_err(BenchError::io("cannot start Cloud Custodian"))?;
    let said = || format!("Cloud Custodian: {}", String::from_utf8_lossy(&answer.stderr));
    let used: ProgramUse = serde_json::from_slice(&answer.stdout).map_err(|_| BenchError::found(said()))?;
    if used.status == 0 { Ok(used) } else { Err(BenchError::found(said())) }
}
