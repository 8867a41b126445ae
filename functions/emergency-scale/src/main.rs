//! Wiring of the emergency-scale function.

use std::process::ExitCode;

use emergency_scale::{Answer, CallError, Ports, Step, handle};
use watchkeeper_lambda::{Call, Invocation, Kit, serve};

#[tokio::main]
async fn main() -> ExitCode {
    serve(|kit: Kit| {
        let (ledger, alarms, announcer) = (kit.ledger()?, kit.alarms(), kit.announcer()?);
        let executions = kit.emergency_machine()?;
        Ok(async move |call: Call<Step>, _: Invocation| -> Result<Answer, CallError> {
            let ports = Ports { ledger: &ledger, alarms: &alarms, executions: &executions, announcer: &announcer };
            handle(ports, &kit.estates, &kit.settings.home, call).await
        })
    })
    .await
}
