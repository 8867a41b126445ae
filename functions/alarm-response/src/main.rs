//! Wiring of the alarm-response function.

use std::process::ExitCode;

use alarm_response::{count, read};
use serde_json::Value;
use watchkeeper_lambda::{FunctionContext, LambdaInvocation, serve};

#[tokio::main]
async fn main() -> ExitCode {
    serve(|kit: FunctionContext| {
        let emergency = kit.emergency()?;
        Ok(async move |event: Value, invocation: LambdaInvocation| {
            let now = invocation.deadline;
            let handled = emergency.hear(&kit.stack, read(&event), now).await?;
            count(&kit.metrics, &handled, now);
            Ok(handled)
        })
    })
    .await
}
