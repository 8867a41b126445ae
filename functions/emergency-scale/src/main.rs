//! Wiring of the emergency-scale function.

use std::process::ExitCode;

use emergency_scale::{Answer, CallError, Ports, Step, handle};
use watchkeeper_lambda::{FunctionContext, LambdaInvocation, StepCall, serve};

#[tokio::main]
async fn main() -> ExitCode {
    serve(|kit: FunctionContext| {
        let (ledger, alarms, announcer) = (kit.ledger()?, kit.alarms(), kit.announcer()?);
        let executions = kit.emergency_machine()?;
        Ok(async move |call: StepCall<Step>, _: LambdaInvocation| -> Result<Answer, CallError> {
            let ports = Ports { ledger: &ledger, alarms: &alarms, executions: &executions, announcer: &announcer };
            handle(ports, &kit.estates, &kit.settings.home, call).await
        })
    })
    .await
}
