//! Wiring of the backups function.

use std::process::ExitCode;

use backups::{about, count};
use watchkeeper_control::backup::Step;
use watchkeeper_control::runbook::FunctionEvent;
use watchkeeper_lambda::{FunctionContext, LambdaInvocation, serve};

#[tokio::main]
async fn main() -> ExitCode {
    serve(|context: FunctionContext| {
        let backup = context.backup()?;
        Ok(async move |event: FunctionEvent<Step>, _: LambdaInvocation| {
            about(&event);
            let at = event.at();
            let answer = backup.handle(&context.stack, event).await?;
            count(&context.metrics, at, &answer);
            Ok(answer)
        })
    })
    .await
}
