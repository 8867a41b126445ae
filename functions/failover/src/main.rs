//! Wiring of the failover function.

use std::process::ExitCode;

use failover::{about, stepped, ticked};
use watchkeeper_control::failover::{Answer, FailoverRunbook, Step, half};
use watchkeeper_control::runbook::{FunctionEvent, RunbookError, StepCall};
use watchkeeper_lambda::{FunctionContext, LambdaInvocation, serve};

#[tokio::main]
async fn main() -> ExitCode {
    serve(|kit: FunctionContext| {
        let pairs = kit.pairs()?;
        Ok(async move |event: FunctionEvent<Step>, _: LambdaInvocation| -> Result<Answer, RunbookError> {
            match event {
                FunctionEvent::Tick(tick) => {
                    kit.metrics.watch(tick.time);
                    let of = |half: &_| pairs.failover(half, tick.time);
                    let watched = FailoverRunbook::watch_all(&kit.stack, tick.time, of).await;
                    watched.pairs.iter().for_each(|pair| ticked(&kit.metrics, pair, tick.time));
                    watched.answer()
                }
                // What failed before it was any pair's has to be told, too.
                FunctionEvent::Call(StepCall { step: Step::Tell(tell), .. }) => {
                    Ok(Answer::Told(tell.send(pairs.announcer()).await?))
                }
                FunctionEvent::Call(call) => {
                    about(&call.step);
                    let (half, now) = (half(&kit.stack, &call.step)?, call.now);
                    let answer = Box::pin(pairs.failover(&half, now).handle(&half, call)).await?;
                    stepped(&kit.metrics, &answer, now);
                    Ok(answer)
                }
            }
        })
    })
    .await
}
