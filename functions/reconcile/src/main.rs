//! Wiring of the reconcile function.

use std::process::ExitCode;
use std::sync::Arc;

use reconcile::{Answer, CallError, Step, handle, report};
use watchkeeper_control::pacing::Pacer;
use watchkeeper_control::steps::Engine;
use watchkeeper_lambda::{Call, EventClock, Invocation, Kit, serve};

#[tokio::main]
async fn main() -> ExitCode {
    serve(|kit: Kit| {
        let (cloud, ledger, announcer, pacer) = (kit.cloud(), kit.ledger()?, kit.announcer()?, Arc::<Pacer>::default());
        Ok(async move |call: Call<Step>, _: Invocation| -> Result<Answer, CallError> {
            let clock = EventClock::set_to(call.now);
            let (cloud, ledger, announcer) = (cloud.clone(), ledger.clone(), announcer.clone());
            let engine = Engine { cloud, ledger, announcer, clock, pacer: Arc::clone(&pacer) };
            report::about(&call.step);
            let answer = handle(&engine, &kit.estates, &kit.settings.home, call.step.clone()).await?;
            report::count(&kit.metrics, &call, &answer);
            Ok(answer)
        })
    })
    .await
}
