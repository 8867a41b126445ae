//! Wiring of the alarm-response function.

use std::process::ExitCode;

use alarm_response::{Handled, Ports, ResponseError, handle, report};
use serde_json::Value;
use watchkeeper_lambda::{FunctionContext, LambdaInvocation, serve};

#[tokio::main]
async fn main() -> ExitCode {
    serve(|kit: FunctionContext| {
        let (ledger, alarms) = (kit.ledger()?, kit.alarms());
        let (executions, announcer) = (kit.emergency_machine()?, kit.announcer()?);
        Ok(async move |event: Value, invocation: LambdaInvocation| -> Result<Handled, ResponseError> {
            let (ledger, alarms, executions, announcer) = (&ledger, &alarms, &executions, &announcer);
            let ports = Ports { ledger, alarms, executions, announcer };
            let now = invocation.deadline;
            let handled = handle(ports, &kit.estates, &kit.settings.home, &event, now).await?;
            report::count(&kit.metrics, &handled, now);
            Ok(handled)
        })
    })
    .await
}
