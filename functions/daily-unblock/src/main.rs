//! Wiring of the daily-unblock function.

use std::process::ExitCode;

use daily_unblock::log;
use watchkeeper_control::runbook::FunctionEvent;
use watchkeeper_control::unblock::Step;
use watchkeeper_lambda::{FunctionContext, LambdaInvocation, serve};

#[tokio::main]
async fn main() -> ExitCode {
    serve(|context: FunctionContext| {
        let unblock = context.unblock()?;
        Ok(async move |event: FunctionEvent<Step>, _: LambdaInvocation| {
            let answer = unblock(event.at()).handle(&context.stack, event).await?;
            log(&answer);
            Ok(answer)
        })
    })
    .await
}
