//! Wiring of the auto-shutdown function.

use std::process::ExitCode;

use auto_shutdown::{TickError, Ticked, handle};
use watchkeeper_lambda::{FunctionContext, LambdaInvocation, ScheduleTick, serve};

#[tokio::main]
async fn main() -> ExitCode {
    serve(|kit: FunctionContext| {
        let (ledger, machine) = (kit.ledger()?, kit.machine()?);
        Ok(async move |tick: ScheduleTick, _: LambdaInvocation| -> Result<Ticked, TickError> {
            kit.metrics.tick("auto-shutdown", tick.time);
            handle(&ledger, &machine, &kit.estates, &kit.settings.home, &tick).await
        })
    })
    .await
}
