//! The cold start of `reconcile`, against a function in Python that makes the same reads with boto3.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use watchkeeper_tests::bench::{BenchRow, median};
use watchkeeper_tests::harness::SandboxHarness;
use watchkeeper_tests::sandbox::{CheckoutLayout, ProgressLines, PythonEnvironment, release_build};

use crate::documents::{ACCOUNT, MeasuredEnvironment, REGION, add, compiled};
use crate::error::BenchError;
use crate::rows::row;
use crate::worker::{ColdStart, cold_start};

/// How often each is started; one more before it, which is not counted, reads everything into the machine's memory.
const RUNS: usize = 21;
/// What a start is to be.
const GOAL: &str = "≥ 15 ×, ≤ 16 ms, ≤ 16 MB, no slower with 1,000 services";

/// What starts of one program came to, as medians.
struct Starts {
    ready_ms: f64,
    answered_ms: f64,
    cpu_ms: f64,
    peak_mb: f64,
}

impl Starts {
    fn of(starts: &[ColdStart]) -> Self {
        let ms = |duration: Duration| duration.as_secs_f64() * 1000.0;
        let middle =
            |of: &dyn Fn(&ColdStart) -> f64| median(&starts.iter().map(of).collect::<Vec<_>>()).unwrap_or_default();
        Self {
            ready_ms: middle(&|start| ms(start.ready)),
            answered_ms: middle(&|start| ms(start.answered)),
            cpu_ms: middle(&|start| ms(start.cpu)),
            peak_mb: middle(&ColdStart::peak_mb),
        }
    }

    fn words(&self) -> String {
        let Self { ready_ms, answered_ms, cpu_ms, peak_mb } = self;
        format!("{answered_ms:.1} ms ({ready_ms:.1} before the first event, {cpu_ms:.1} CPU-ms), {peak_mb:.1} MB")
    }
}

/// The environment variables that a function of the stack finds, over these documents.
pub(crate) fn environment(
    harness: &SandboxHarness,
    documents: &Path,
) -> Result<Vec<(&'static str, String)>, BenchError> {
    let outputs = harness.stack(REGION)?.outputs();
    let function = outputs.get("ReconcileFunction").map_err(BenchError::from)?.to_owned();
    let get = |name: &str| outputs.get(name).map(str::to_owned);
    let mut all = harness.sandbox().emulator().client_environment(REGION);
    all.extend([
        ("AWS_LAMBDA_FUNCTION_NAME", function.clone()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256".to_owned()),
        ("AWS_LAMBDA_LOG_GROUP_NAME", format!("/aws/lambda/{function}")),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "measured".to_owned()),
        ("AWS_LAMBDA_LOG_LEVEL", "INFO".to_owned()),
        // Named in the sandbox's record, held against the buckets, and judged by the role of the function.
        ("AWS_SDK_UA_APP_ID", function.chars().take(50).collect()),
        ("AWS_EXECUTION_ENV", format!("AWS_Lambda_{REGION}")),
        ("ACCOUNT_ID", ACCOUNT.to_owned()),
        ("ESTATES_DIR", documents.display().to_string()),
        ("LEDGER_TABLE", get("LedgerTable")?),
        ("TOPIC_ARN", get("TopicArn")?),
        ("EVENT_BUS", get("EventBusName")?),
    ]);
    Ok(all)
}

/// The first step of a run, as the machine `reconcile` sends it.
pub(crate) fn step_begin(request: &Value, name: &str, now: &str) -> Value {
    let execution = json!({"id": name, "name": name, "start": now});
    json!({"step": "begin", "now": now, "request": request, "execution": execution})
}

/// An event, and the calls that `reconcile` makes for it.
struct Measured {
    event: Value,
    /// The same calls for Python.
    reads: Value,
    operations: Vec<String>,
}

/// What is started: our program and its peer, each over the same stack.
struct Programs<'a> {
    harness: &'a SandboxHarness,
    binary: PathBuf,
    python: PathBuf,
    script: PathBuf,
    few: TempDir,
    many: TempDir,
}

impl Programs<'_> {
    fn own(&self, documents: &TempDir) -> Result<Command, BenchError> {
        program(&self.binary, None, environment(self.harness, documents.path()))
    }

    fn peer(&self) -> Result<Command, BenchError> {
        program(&self.python, Some(&self.script), environment(self.harness, self.few.path()))
    }

    /// The operations that a start calls, in the order in which they arrive.
    async fn operations(&self, command: Command, event: &Value) -> Result<Vec<String>, BenchError> {
        let control = self.harness.stack(REGION)?.control();
        let mark = control.mark().await?;
        cold_start(command, event)?;
        let calls = control.calls(mark).await?;
        Ok(calls.into_iter().map(|call| call.operation).collect())
    }

    /// An event after it has been handled once by each: the machine has read the files then, and the judge has decided.
    async fn measured(&self, event: Value) -> Result<Measured, BenchError> {
        let operations = self.operations(self.own(&self.few)?, &event).await?;
        let reads = reads(self.harness, &operations)?;
        let (mut ours, mut theirs) = (operations.clone(), self.operations(self.peer()?, &reads).await?);
        ours.sort();
        theirs.sort();
        if ours != theirs {
            let text = format!("reconcile makes the calls {ours:?}, and Python {theirs:?}: they are to be the same");
            return Err(BenchError::found(text));
        }
        cold_start(self.own(&self.many)?, &event)?;
        Ok(Measured { event, reads, operations })
    }

    /// Starts of both, and of ours with many documents: in turns, so that whatever else the machine does strikes all alike.
    fn started(&self, it: &Measured) -> Result<[Vec<ColdStart>; 3], BenchError> {
        let [mut few, mut many, mut peer] = [const { Vec::new() }; 3];
        for _ in 0..RUNS {
            few.push(cold_start(self.own(&self.few)?, &it.event)?);
            many.push(cold_start(self.own(&self.many)?, &it.event)?);
            peer.push(cold_start(self.peer()?, &it.reads)?);
        }
        Ok([few, many, peer])
    }
}

/// The cold start over the five example documents, and with one of a thousand services beside them, of a run that finds nothing to
/// do: it makes three reads, and takes no slot of a budget, for which starts one after the other would have to wait.
pub(crate) async fn start(harness: &SandboxHarness) -> Result<BenchRow, BenchError> {
    let layout = CheckoutLayout::find()?;
    let (few, many) = (examples(&layout)?, examples(&layout)?);
    add(many.path(), "many", &[MeasuredEnvironment::new("many", 1000, "19:00")])?;
    let programs = Programs {
        harness,
        binary: release_build(&layout, "reconcile", &ProgressLines).await?,
        python: PythonEnvironment::ensure(&layout, &ProgressLines).await?.python(),
        script: layout.root().join("tests/benches/cold_start.py"),
        few,
        many,
    };
    let now = harness.stack(REGION)?.control().now().await?.to_string();
    let tick = json!({"estate": "fleet-orchestration", "environment": "prod", "trigger": "schedule", "instant": now});
    let tick = programs.measured(step_begin(&tick, "cold", &now)).await?;
    told(&tick, &programs.started(&tick)?)
}

/// This repository's own documents, compiled.
fn examples(layout: &CheckoutLayout) -> Result<TempDir, BenchError> {
    let own = layout.root().join("shared/estates");
    let cannot = || BenchError::io(format!("cannot copy the documents of {}", own.display()));
    let folder = tempfile::tempdir().map_err(cannot())?;
    for entry in std::fs::read_dir(&own).map_err(cannot())? {
        let path = entry.map_err(cannot())?.path();
        if let (Some("yaml"), Some(name)) = (path.extension().and_then(|it| it.to_str()), path.file_name()) {
            std::fs::copy(&path, folder.path().join(name)).map_err(cannot())?;
        }
    }
    compiled(folder.path())?;
    Ok(folder)
}

fn told(it: &Measured, [few, many, peer]: &[Vec<ColdStart>; 3]) -> Result<BenchRow, BenchError> {
    if let Some(start) = few.iter().chain(many).find(|start| start.answer["verdict"] != "nothing") {
        return Err(BenchError::found(format!("reconcile answered {}, expected the verdict nothing", start.answer)));
    }
    let (few, many, peer) = (Starts::of(few), Starts::of(many), Starts::of(peer));
    let ratio = peer.answered_ms / few.answered_ms;
    let what = format!(
        "cold start of `reconcile` for a run that finds nothing to do, release build, from the start of the process to its answer, \
         without TLS, against Python with boto3 at the same calls ({})",
        it.operations.join(", ")
    );
    let measured = format!(
        "{}; with a document of 1,000 services more {}; boto3 {}; {ratio:.1} ×",
        few.words(),
        many.words(),
        peer.words()
    );
    // No slower: within what one start differs from the next.
    let met =
        ratio >= 15.0 && few.answered_ms <= 16.0 && few.peak_mb <= 16.0 && many.answered_ms <= 1.1 * few.answered_ms;
    Ok(row("start", what, measured)
        .goal(GOAL, met)
        .runs(RUNS)
        .figures([
            ("own_ms", few.answered_ms),
            ("own_ready_ms", few.ready_ms),
            ("own_cpu_ms", few.cpu_ms),
            ("own_mb", few.peak_mb),
            ("thousand_ms", many.answered_ms),
            ("thousand_mb", many.peak_mb),
            ("boto3_ms", peer.answered_ms),
            ("boto3_cpu_ms", peer.cpu_ms),
            ("boto3_mb", peer.peak_mb),
            ("ratio", ratio),
        ])
        .done())
}

/// A program with nothing but these variables, which it cannot do without.
pub(crate) fn program(
    binary: &Path,
    argument: Option<&PathBuf>,
    environment: Result<Vec<(&'static str, String)>, BenchError>,
) -> Result<Command, BenchError> {
    let mut command = Command::new(binary);
    command.args(argument).env_clear().envs(environment?);
    Ok(command)
}

/// The same calls for Python.
fn reads(harness: &SandboxHarness, operations: &[String]) -> Result<Value, BenchError> {
    let outputs = harness.stack(REGION)?.outputs();
    let table = outputs.get("LedgerTable").map_err(BenchError::from)?;
    let of = |operation: &String| {
        Ok(match operation.as_str() {
            "Query" => json!(["dynamodb", "query", {
                "TableName": table, "ConsistentRead": true, "KeyConditionExpression": "pk = :pk",
                "ExpressionAttributeValues": {":pk": {"S": format!("SCOPE#measured#measured#{REGION}")}}
            }]),
            "GetItem" => json!(["dynamodb", "get_item", {
                "TableName": table, "ConsistentRead": true, "Key": {"pk": {"S": "HALT"}, "sk": {"S": "ALL"}}
            }]),
            other => return Err(BenchError::found(format!("reconcile calls {other}, for which Python has nothing"))),
        })
    };
    let reads = operations.iter().map(of).collect::<Result<Vec<_>, _>>()?;
    Ok(json!({ "reads": reads }))
}
