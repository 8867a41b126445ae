//! Wiring of the window-act function.

use std::process::ExitCode;

use serde_json::Value;
use watchkeeper_lambda::{FunctionContext, LambdaInvocation, serve};
use window_act::answer;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    serve(|context: FunctionContext| {
        let (actor, began) = (context.window_act()?, context.began()?);
        Ok(async move |event: Value, invocation: LambdaInvocation| {
            let now = began(invocation);
            Ok(Box::pin(answer(&actor(now), &context.stack, event, now)).await)
        })
    })
    .await
}
