//! Environments that fall asleep in the deployed stack, held against the buckets of AWS; and Cloud Custodian at the same work.

use std::path::Path;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use tempfile::TempDir;
use tokio::process::Command;
use watchkeeper_domain::name::Region;
use watchkeeper_tests::bench::{BenchRow, median, most_of_bucket};
use watchkeeper_tests::harness::{DeployedStack, SandboxHarness, scope};
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

/// From one evening to the next.
const DAY: SignedDuration = SignedDuration::from_hours(24);

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

/// What a way into sleep took of AWS, or several, in the middle.
struct Night {
    /// From the first count to the last, in seconds.
    seconds: f64,
    /// What the share of the bucket makes necessary for as many counts, in seconds.
    floor: f64,
    /// The fullest window of the bucket.
    most: f64,
    /// Calls about capacity, and those of them that write.
    calls: f64,
    writes: f64,
    throttled: f64,
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
            calls: calls.len() as f64,
            writes: calls.iter().filter(|call| call.write).count() as f64,
            throttled: throttled as f64,
        })
    }

    /// The middle of each figure; of what must not be too much, the most.
    fn middle(nights: &[Self]) -> Self {
        let most = |of: fn(&Self) -> f64| nights.iter().map(of).fold(0.0, f64::max);
        Self {
            seconds: middle(nights, |night| night.seconds),
            floor: middle(nights, |night| night.floor),
            most: most(|night| night.most),
            calls: middle(nights, |night| night.calls),
            writes: middle(nights, |night| night.writes),
            throttled: most(|night| night.throttled),
        }
    }

    fn ratio(&self) -> f64 {
        self.seconds / self.floor
    }
}

/// Environments whose names begin like this, awake as their documents say, and nothing remembered of them.
async fn renewed(harness: &SandboxHarness, names: &str) -> Result<(), BenchError> {
    let stack = harness.stack(REGION)?;
    for (estate, environment) in harness.at_home().filter(|(_, it)| it.name().as_str().starts_with(names)) {
        stack.forget(&scope(estate, environment, stack.region())).await?;
        stack.site().build(environment).await?;
    }
    tokio::time::sleep(FULL_AGAIN).await;
    Ok(())
}

/// So many nights of them, each the same evening of another day.
async fn nights(harness: &SandboxHarness, names: &str, first: &str, rounds: usize) -> Result<Night, BenchError> {
    let (mut nights, mut evening) = (Vec::new(), at(first)?);
    for _ in 0..rounds {
        renewed(harness, names).await?;
        nights.push(night(harness.stack(REGION)?, evening, names).await?);
        held(harness, names).await?;
        evening = evening.checked_add(DAY).map_err(|error| BenchError::found(error.to_string()))?;
    }
    Ok(Night::middle(&nights))
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
pub(crate) async fn large(harness: &SandboxHarness, rounds: usize) -> Result<BenchRow, BenchError> {
    let night = nights(harness, "large", "2026-11-16T19:05:00Z", rounds).await?;
    let Night { seconds, floor, most, calls, writes, throttled } = night;
    let ratio = night.ratio();
    let what = format!("one environment of {LARGE} services falls asleep in the sandbox");
    let measured = format!(
        "{seconds:.1} s from first to last count, {ratio:.3} × the floor of {floor:.0} s; {calls:.0} calls, {writes:.0} writes, \
         {throttled:.0} throttled, {:.0} % of the bucket",
        100.0 * most
    );
    let goal = "≤ 1.03 × the floor, ≤ 460 calls, 400 writes, 0 throttled";
    let met = ratio <= 1.03 && calls <= 460.0 && writes <= 400.0 && throttled < 1.0;
    let figures = [("ratio", ratio), ("sleep_seconds", seconds), ("floor_seconds", floor), ("most_share", most)];
    let counts = [("calls", calls), ("writes", writes), ("throttled", throttled)];
    Ok(row("large", what, measured).goal(goal, met).runs(rounds).figures(figures).figures(counts).done())
}

/// Four environments of 60 services at one tick.
pub(crate) async fn crowd(harness: &SandboxHarness, rounds: usize) -> Result<BenchRow, BenchError> {
    let night = nights(harness, "crowd-", "2026-11-23T22:05:00Z", rounds).await?;
    let Night { seconds, floor, most, throttled, writes, .. } = night;
    let what = format!("{CROWD} environments of {EACH} services fall asleep at one tick in the sandbox");
    let measured = format!(
        "{throttled:.0} throttled, at most {:.0} % of the bucket, {:.1} s over the floor of {floor:.0} s",
        100.0 * most,
        seconds - floor
    );
    let met = throttled < 1.0 && most <= SHARE + 0.005;
    let row = row("crowd", what, measured).goal("0 throttled, never above half of the bucket", met).runs(rounds);
    let figures = [("sleep_seconds", seconds), ("floor_seconds", floor), ("most_share", most)];
    Ok(row.figures(figures).figures([("throttled", throttled), ("writes", writes)]).done())
}

/// What a program took of the machine, as `measured.py` says it.
#[derive(Debug, Deserialize)]
struct ProgramUse {
    seconds: f64,
    cpu_seconds: f64,
    status: i32,
}

/// Cloud Custodian puts the same 200 services to sleep.
pub(crate) async fn custodian(harness: &SandboxHarness, rounds: usize) -> Result<BenchRow, BenchError> {
    let layout = CheckoutLayout::find()?;
    let benches = layout.root().join("tests/benches");
    let python = python_of("custodian", &layout, &benches.join("requirements.txt"), &ProgressLines).await?;
    let stack = harness.stack(REGION)?;
    let (mut nights, mut uses, mut asleep) = (Vec::new(), Vec::new(), 0);
    for _ in 0..rounds {
        renewed(harness, "large").await?;
        let output = tempfile::tempdir().map_err(BenchError::io("cannot make a folder for Cloud Custodian"))?;
        let mark = stack.control().mark().await?;
        uses.push(run_custodian(harness, &benches, &python, output.path()).await?);
        let calls = stack.control().calls(mark).await?;
        let throttled = stack.control().forgive_throttled().await?.len();
        let ours = calls.iter().filter(|call| call.caller.as_deref() == Some("custodian")).collect::<Vec<_>>();
        nights.push(Night::of(&ours, throttled)?);
        asleep += usize::from(sleeps(harness, "large").await?);
    }
    let Night { most, calls, writes, throttled, .. } = Night::middle(&nights);
    let seconds = middle(&uses, |it| it.seconds);
    let cpu_seconds = middle(&uses, |it| it.cpu_seconds);
    let what = format!("Cloud Custodian 0.9.53, `resize` of the same {LARGE} services in the same sandbox");
    let measured = format!(
        "{seconds:.1} s, {calls:.0} calls, {writes:.0} writes, up to {throttled:.0} throttled, {:.0} % of the bucket, \
         {cpu_seconds:.1} CPU-s; all asleep in {asleep} of {rounds}",
        100.0 * most
    );
    let figures = [("took_seconds", seconds), ("cpu_seconds", cpu_seconds), ("most_share", most)];
    let counts = [("calls", calls), ("writes", writes), ("throttled", throttled)];
    Ok(row("custodian", what, measured).runs(rounds).figures(figures).figures(counts).done())
}

/// The middle of a figure.
fn middle<T>(of: &[T], figure: impl Fn(&T) -> f64) -> f64 {
    median(&of.iter().map(figure).collect::<Vec<_>>()).unwrap_or_default()
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
