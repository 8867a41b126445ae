//! Wiring of the reconcile function.

use std::process::ExitCode;
use std::sync::Arc;

use reconcile::{Answer, CallError, Step, handle, report};
use watchkeeper_control::pacing::Pacer;
use watchkeeper_control::steps::Reconciler;
use watchkeeper_lambda::{EventClock, FunctionContext, LambdaInvocation, StepCall, serve};

#[tokio::main]
async fn main() -> ExitCode {
    serve(|kit: FunctionContext| {
        let (cloud, ledger, announcer, pacer) = (kit.cloud(), kit.ledger()?, kit.announcer()?, Arc::<Pacer>::default());
        Ok(async move |call: StepCall<Step>, _: LambdaInvocation| -> Result<Answer, CallError> {
            let clock = EventClock::set_to(call.now);
            let (cloud, ledger, announcer) = (cloud.clone(), ledger.clone(), announcer.clone());
            let engine = Reconciler { cloud, ledger, announcer, clock, pacer: Arc::clone(&pacer) };
            report::about(&call.step);
            let answer = handle(&engine, &kit.estates, &kit.settings.home, call.step.clone()).await?;
            report::count(&kit.metrics, &call, &answer);
            Ok(answer)
        })
    })
    .await
}
