//! Wiring of the backups function.

use std::process::ExitCode;

use backups::{about, count};
use watchkeeper_control::backup::Step;
use watchkeeper_control::runbook::FunctionEvent;
use watchkeeper_lambda::{FunctionContext, LambdaInvocation, serve};

#[tokio::main]
async fn main() -> ExitCode {
    serve(|kit: FunctionContext| {
        let backup = kit.backup()?;
        Ok(async move |event: FunctionEvent<Step>, _: LambdaInvocation| {
            about(&event);
            let at = event.at();
            let answer = backup.handle(&kit.stack, event).await?;
            count(&kit.metrics, at, &answer);
            Ok(answer)
        })
    })
    .await
}
