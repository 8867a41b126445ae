//! Wiring of the emergency-scale function.

use std::process::ExitCode;

use watchkeeper_control::emergency::Step;
use watchkeeper_control::runbook::StepCall;
use watchkeeper_lambda::{FunctionContext, LambdaInvocation, serve, telemetry};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    serve(|context: FunctionContext| {
        let emergency = context.emergency()?;
        Ok(async move |call: StepCall<Step>, _: LambdaInvocation| {
            let outcome = emergency.handle(&context.stack, call).await?;
            telemetry::stepped(&outcome);
            Ok(outcome)
        })
    })
    .await
}
