//! Wiring of the auto-shutdown function.

use std::process::ExitCode;

use watchkeeper_control::runbook::ScheduleTick;
use watchkeeper_lambda::{FunctionContext, LambdaInvocation, serve};

#[tokio::main]
async fn main() -> ExitCode {
    serve(|context: FunctionContext| {
        let schedule = context.schedule()?;
        Ok(async move |tick: ScheduleTick, _: LambdaInvocation| schedule.handle(&context.stack, &tick).await)
    })
    .await
}
