//! Wiring of the auto-shutdown function.

use std::process::ExitCode;

use watchkeeper_control::runbook::ScheduleTick;
use watchkeeper_lambda::{FunctionContext, LambdaInvocation, serve};

#[tokio::main]
async fn main() -> ExitCode {
    serve(|kit: FunctionContext| {
        let schedule = kit.schedule()?;
        Ok(async move |tick: ScheduleTick, _: LambdaInvocation| {
            kit.metrics.tick("auto-shutdown", tick.time);
            schedule.handle(&kit.stack, &tick).await
        })
    })
    .await
}
