//! Wiring of the emergency-scale function.

use std::process::ExitCode;

use watchkeeper_control::emergency::Step;
use watchkeeper_control::runbook::StepCall;
use watchkeeper_lambda::{FunctionContext, LambdaInvocation, serve};

#[tokio::main]
async fn main() -> ExitCode {
    serve(|kit: FunctionContext| {
        let emergency = kit.emergency()?;
        Ok(async move |call: StepCall<Step>, _: LambdaInvocation| emergency.handle(&kit.stack, call).await)
    })
    .await
}
