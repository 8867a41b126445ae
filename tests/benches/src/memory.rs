//! One environment of 5,000 services, and what memory `reconcile` takes for it.

use serde_json::{Value, json};
use watchkeeper_tests::bench::BenchRow;
use watchkeeper_tests::harness::{SandboxHarness, at_home, documents};
use watchkeeper_tests::sandbox::{CheckoutLayout, ProgressLines, release_build};

use crate::documents::{ACCOUNT, MeasuredEnvironment, REGION, folder};
use crate::error::BenchError;
use crate::rows::row;
use crate::start::{environment, program, step_begin};
use crate::worker::Worker;

/// How many services.
const HUGE: usize = 5_000;
/// Its estate, environment and cluster.
const NAME: &str = "huge";
/// What a function may take, in MB.
const MOST_MB: f64 = 64.0;

/// The steps of the run that are taken: what is wanted is decided and recorded for all services, and one slice writes. The slices
/// after it do the same for others: with all of them the share makes it half an hour.
#[expect(clippy::cast_precision_loss, reason = "a process has less than 2^52 KiB")]
pub(crate) async fn memory(harness: &SandboxHarness) -> Result<BenchRow, BenchError> {
    let layout = CheckoutLayout::find()?;
    let binary = release_build(&layout, "reconcile", &ProgressLines).await?;
    let huge = folder(NAME, &[MeasuredEnvironment::new(NAME, HUGE, "19:00")])?;
    let estates = documents(Some(&huge.path().to_owned()))?;
    let stack = harness.stack(REGION)?;
    for (_, environment) in at_home(&estates, ACCOUNT) {
        stack.site().build(environment).await?;
    }
    let mark = stack.control().mark().await?;
    let now = async || Ok::<_, BenchError>(stack.control().now().await?.to_string());
    let worker = Worker::start(program(&binary, None, environment(harness, huge.path()))?)?;
    let request = json!({"estate": NAME, "environment": NAME, "want": "asleep", "until": "1h"});
    let begun = worker.invoke(step_begin(request, NAME, &now().await?))?;
    expect(&begun, "apply")?;
    let looked = worker.peak_kib()?;
    let applied = worker.invoke(json!({"step": "apply", "now": now().await?, "run": begun["run"]}))?;
    expect(&applied, "apply")?;
    let peak = worker.peak_kib()? as f64 * 1024.0 / 1e6;
    let writes = stack.api_calls(mark).await?.capacity_writes().len();
    let what = format!(
        "one environment of {HUGE} services falls asleep in the sandbox: its first step and its first slice, in one process of \
         `reconcile`, release build"
    );
    let decided = looked as f64 * 1024.0 / 1e6;
    let measured = format!("{peak:.1} MB at most, {decided:.1} MB of it to look at all and decide; {writes} writes");
    let row = row("memory", what, measured).goal("≤ 64 MB in each function", peak <= MOST_MB);
    Ok(row.figures([("decided_mb", decided), ("peak_mb", peak)]).counts([("writes", writes)]).done())
}

fn expect(answer: &Value, step: &str) -> Result<(), BenchError> {
    if answer["step"] == step {
        Ok(())
    } else {
        Err(BenchError::found(format!("reconcile answered {answer}, expected the step {step} next")))
    }
}
