//! Wiring of the tick function.

use std::process::ExitCode;

use tick::{found, slept};
use watchkeeper_control::tick::Tick;
use watchkeeper_lambda::{FunctionContext, LambdaInvocation, serve};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    serve(|context: FunctionContext| {
        let runbook = context.tick()?;
        Ok(async move |tick: Tick, invocation: LambdaInvocation| {
            let ticked = Box::pin(runbook(tick.time).handle(&context.stack, &tick, invocation.deadline)).await;
            slept(&context.metrics, &ticked, tick.time);
            found(&context.metrics, &ticked, tick.time);
            ticked.answer()
        })
    })
    .await
}
