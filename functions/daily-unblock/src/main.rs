//! Wiring of the daily-unblock function.

use std::process::ExitCode;

use daily_unblock::{Answer, CallError, Step, answer};
use watchkeeper_control::unblock::UnblockRunbook;
use watchkeeper_lambda::{EventClock, FunctionContext, FunctionEvent, LambdaInvocation, serve};

#[tokio::main]
async fn main() -> ExitCode {
    serve(|kit: FunctionContext| {
        let (stuck, ledger, announcer) = (kit.stuck()?, kit.ledger()?, kit.announcer()?);
        let (reconcile, machine) = (kit.machine()?, kit.unblock_machine()?);
        Ok(async move |event: FunctionEvent<Step>, _: LambdaInvocation| -> Result<Answer, CallError> {
            if let FunctionEvent::Tick(tick) = &event {
                kit.metrics.tick("daily-unblock", tick.time);
            }
            let (stuck, ledger, announcer) = (stuck.clone(), ledger.clone(), announcer.clone());
            let (reconcile, clock) = (reconcile.clone(), EventClock::set_to(event.at()));
            let unblocker = UnblockRunbook { stuck, ledger, reconcile, announcer, clock };
            answer(&unblocker, &machine, &kit.estates, &kit.settings.home, event).await
        })
    })
    .await
}
