//! Wiring of the window function.

use std::process::ExitCode;

use serde_json::Value;
use watchkeeper_lambda::{FunctionContext, LambdaInvocation, serve};
use window::handle;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    serve(|context: FunctionContext| {
        let (reader, peers, began) = (context.window()?, context.window_peers(), context.began()?);
        Ok(async move |event: Value, invocation: LambdaInvocation| {
            let now = began(invocation);
            Ok(Box::pin(handle(&reader(now), &peers, &context.stack, event, now)).await)
        })
    })
    .await
}
