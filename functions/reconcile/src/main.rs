//! Wiring of the reconcile function.

use std::process::ExitCode;

use reconcile::{about, log};
use watchkeeper_control::reconcile::Step;
use watchkeeper_control::runbook::StepCall;
use watchkeeper_lambda::{FunctionContext, LambdaInvocation, serve};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    serve(|context: FunctionContext| {
        let reconcile = context.reconcile()?;
        Ok(async move |call: StepCall<Step>, _: LambdaInvocation| {
            about(&call.step);
            let StepCall { now, step } = call;
            let outcome = Box::pin(reconcile(now).handle(&context.stack, step)).await?;
            log(&outcome);
            Ok(outcome)
        })
    })
    .await
}
