//! Wiring of the alarm-response function.

use std::process::ExitCode;

use alarm_response::read;
use serde_json::Value;
use watchkeeper_lambda::{FunctionContext, LambdaInvocation, serve};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    serve(|context: FunctionContext| {
        let emergency = context.emergency()?;
        Ok(async move |event: Value, invocation: LambdaInvocation| {
            let now = invocation.deadline;
            emergency.hear(&context.stack, read(&event), now).await
        })
    })
    .await
}
