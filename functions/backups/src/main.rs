//! Wiring of the backups function.

use std::process::ExitCode;

use backups::{Answer, CallError, Step, handle, report};
use watchkeeper_control::backup::BackupRunbook;
use watchkeeper_lambda::{FunctionContext, FunctionEvent, LambdaInvocation, serve};

#[tokio::main]
async fn main() -> ExitCode {
    serve(|kit: FunctionContext| {
        let (cloud, ledger, announcer) = (kit.vaults(), kit.ledger()?, kit.announcer()?);
        let (backup, restore) = (kit.backup_machine()?, kit.restore_machine()?);
        Ok(async move |event: FunctionEvent<Step>, _: LambdaInvocation| -> Result<Answer, CallError> {
            report::about(&event);
            let at = event.at();
            let keeper = BackupRunbook { cloud: &cloud, ledger: &ledger, announcer: &announcer };
            let machines = (&backup, &restore);
            let answer = handle(keeper, machines, &kit.estates, &kit.settings.home, event).await?;
            report::count(&kit.metrics, at, &answer);
            Ok(answer)
        })
    })
    .await
}
