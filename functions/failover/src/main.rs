//! Wiring of the failover function.

use std::process::ExitCode;

use failover::{about, stepped, ticked};
use watchkeeper_control::failover::{Answer, Details, FailoverRunbook, Step, member};
use watchkeeper_control::runbook::{FunctionEvent, RunbookError, StepCall};
use watchkeeper_lambda::{FunctionContext, LambdaInvocation, serve};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    serve(|context: FunctionContext| {
        let pairs = context.pairs()?;
        Ok(async move |event: FunctionEvent<Step>, _: LambdaInvocation| -> Result<Answer, RunbookError> {
            match event {
                FunctionEvent::Tick(tick) => {
                    let of = |member: &_| pairs.failover(member, tick.time);
                    let watched = FailoverRunbook::watch_all(&context.stack, tick.time, of).await;
                    watched.pairs.iter().for_each(|pair| ticked(&context.metrics, pair, tick.time));
                    watched.answer()
                }
                // What failed before it was any pair's has to be told, too.
                FunctionEvent::Call(StepCall { step: Step::Tell(tell), .. }) => {
                    Ok(Answer::Stepped(Box::new(tell.send(pairs.notifier()).await?.map(Details::Told))))
                }
                FunctionEvent::Call(call) => {
                    about(&call.step);
                    let (member, now) = (member(&context.stack, &call.step)?, call.now);
                    let outcome = Box::pin(pairs.failover(&member, now).handle(&member, call)).await?;
                    stepped(&context.metrics, &outcome, now);
                    Ok(Answer::Stepped(Box::new(outcome)))
                }
            }
        })
    })
    .await
}
