//! Wiring of the daily-unblock function.

use std::process::ExitCode;

use watchkeeper_control::runbook::StepCall;
use watchkeeper_control::unblock::Step;
use watchkeeper_lambda::{FunctionContext, LambdaInvocation, serve, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    serve(|context: FunctionContext| {
        let unblock = context.unblock()?;
        Ok(async move |call: StepCall<Step>, _: LambdaInvocation| {
            let outcome = unblock(call.now).handle(&context.stack, call).await?;
            telemetry::stepped(&outcome);
            Ok(outcome)
        })
    })
    .await
}
