//! Wiring of the reconcile function.

use std::process::ExitCode;

use reconcile::{about, count};
use watchkeeper_control::reconcile::Step;
use watchkeeper_control::runbook::StepCall;
use watchkeeper_lambda::{FunctionContext, LambdaInvocation, serve};

#[tokio::main]
async fn main() -> ExitCode {
    serve(|kit: FunctionContext| {
        let reconcile = kit.reconcile()?;
        Ok(async move |call: StepCall<Step>, _: LambdaInvocation| {
            about(&call.step);
            let answer = reconcile(call.now).handle(&kit.stack, call.step.clone()).await?;
            count(&kit.metrics, &call, &answer);
            Ok(answer)
        })
    })
    .await
}
