//! What `reconcile` takes of its machine as an environment grows: the release build, at a run that puts all of it to sleep.

use std::time::Duration;

use serde_json::{Value, json};
use watchkeeper_domain::estate::Estate;
use watchkeeper_in_memory::documents;
use watchkeeper_tests::bench::{BenchRow, SizePoint};
use watchkeeper_tests::harness::SandboxHarness;
use watchkeeper_tests::sandbox::{CheckoutLayout, ProgressLines, release_build};

use crate::documents::{MeasuredEnvironment, REGION, folder};
use crate::error::BenchError;
use crate::growth::SIZES;
use crate::rows::row;
use crate::start::{environment, program, step_begin};
use crate::worker::{ColdStart, cold_start};

/// What each function may take, in megabytes (10^6 bytes).
const MOST_MB: f64 = 64.0;
/// The estate, and the beginning of the names of its environments.
const NAME: &str = "size";

/// All sizes, and the points of the chart.
pub(crate) async fn sizes(harness: &SandboxHarness) -> Result<(BenchRow, Vec<SizePoint>), BenchError> {
    let mut points = Vec::new();
    for services in SIZES {
        points.push(point(harness, services).await?);
    }
    let one = |SizePoint { services, cpu_seconds, peak_mb }: &SizePoint| {
        format!("{services}: {peak_mb:.1} MB, {cpu_seconds:.2} CPU-s")
    };
    let measured = points.iter().map(one).collect::<Vec<_>>().join("; ");
    let most = points.iter().map(|point| point.peak_mb).fold(0.0, f64::max);
    let what = "the most memory of `reconcile`, release build, as it begins to put one environment of 50, 200, 1,000 and 5,000 \
                services to sleep in the sandbox, and writes for the time of a slice; the processor's time of both";
    let row = row("size", what.to_owned(), measured).goal("≤ 64 MB with 5,000 services", most <= MOST_MB);
    Ok((row.runs(points.len()).figures([("most_mb", most)]).done(), points))
}

async fn point(harness: &SandboxHarness, services: usize) -> Result<SizePoint, BenchError> {
    let name = format!("{NAME}-{services}");
    let folder = folder(NAME, &[MeasuredEnvironment::new(name.clone(), services, "22:00")])?;
    let stack = harness.stack(REGION)?;
    for environment in documents(folder.path()).iter().flat_map(Estate::environments) {
        stack.site().build(environment).await?;
    }
    let binary = release_build(&CheckoutLayout::find()?, "reconcile", &ProgressLines).await?;
    let step = |event: &Value| -> Result<ColdStart, BenchError> {
        cold_start(program(&binary, None, environment(harness, folder.path()))?, event)
    };
    let now = stack.control().now().await?.to_string();
    let request = json!({"estate": NAME, "environment": name, "want": "asleep", "until": "2h", "reason": "measured"});
    let begun = step(&step_begin(&request, &name, &now))?;
    if begun.answer["step"] != "apply" {
        return Err(BenchError::found(format!("reconcile answered {}, expected the step apply", begun.answer)));
    }
    let now = stack.control().now().await?.to_string();
    let written = step(&json!({"step": "apply", "now": now, "run": begun.answer["run"]}))?;
    if written.answer["step"].is_null() {
        return Err(BenchError::found(format!("reconcile answered {}, expected another step", written.answer)));
    }
    let cpu: Duration = [&begun, &written].iter().map(|step| step.cpu).sum();
    Ok(SizePoint { services, cpu_seconds: cpu.as_secs_f64(), peak_mb: begun.peak_mb().max(written.peak_mb()) })
}
