//! Wiring of the backups function.

use std::process::ExitCode;

use backups::{about, log};
use watchkeeper_control::backup::Step;
use watchkeeper_control::runbook::StepCall;
use watchkeeper_lambda::{FunctionContext, LambdaInvocation, serve};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    serve(|context: FunctionContext| {
        let backup = context.backup()?;
        Ok(async move |call: StepCall<Step>, _: LambdaInvocation| {
            about(&call.step);
            let outcome = Box::pin(backup.handle(&context.stack, call)).await?;
            log(&outcome);
            Ok(outcome)
        })
    })
    .await
}
