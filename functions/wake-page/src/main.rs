//! Wiring of the wake-page function.

use std::process::ExitCode;

use wake_page::{AlbRequest, handle};
use watchkeeper_lambda::{FunctionContext, LambdaInvocation, serve};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    serve(|context: FunctionContext| {
        let (pages, began) = (context.wake_pages()?, context.began()?);
        Ok(async move |event: AlbRequest, invocation: LambdaInvocation| {
            Ok(Box::pin(handle(&pages, &context.stack, event, began(invocation))).await)
        })
    })
    .await
}
