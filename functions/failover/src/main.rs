//! Wiring of the failover function.

use std::process::ExitCode;

use failover::{Answer, CallError, Step, half, halves, report, step, tell};
use watchkeeper_domain::message::Message;
use watchkeeper_lambda::{FunctionContext, FunctionEvent, LambdaInvocation, StepCall, serve};

#[tokio::main]
async fn main() -> ExitCode {
    serve(|kit: FunctionContext| {
        let watch = kit.watch()?;
        Ok(async move |event: FunctionEvent<Step>, _: LambdaInvocation| -> Result<Answer, CallError> {
            match event {
                FunctionEvent::Call(StepCall { step: Step::Tell { run, subject, text }, .. }) => {
                    report::about(&Step::Tell { run, subject: subject.clone(), text: text.clone() });
                    tell(watch.announcer(), &Message { subject, text }).await
                }
                FunctionEvent::Call(call) => {
                    report::about(&call.step);
                    let half = half(&kit.estates, &kit.settings.home, &call.step)?;
                    let now = call.now;
                    let answer = Box::pin(step(&watch.mover(&half, now), &half, call)).await?;
                    report::stepped(&kit.metrics, &answer, now);
                    Ok(answer)
                }
                FunctionEvent::Tick(tick) => {
                    kit.metrics.watch(tick.time);
                    let mut pairs = Vec::new();
                    let mut failed = None;
                    for (half, allowance) in halves(&kit.estates, &kit.settings.home, tick.time) {
                        match Box::pin(watch.watcher(&half, tick.time).tick(&half, &allowance, tick.time)).await {
                            Ok(ticked) => {
                                report::ticked(&kit.metrics, &ticked, tick.time);
                                let half = ticked
                                    .failed
                                    .first()
                                    .map(|why| CallError::Half(ticked.scope.to_string(), why.clone()));
                                failed = failed.or(half);
                                pairs.push(ticked);
                            }
                            Err(error) => {
                                tracing::warn!(pair = %half.id, %error, "the pair could not be looked after");
                                failed.get_or_insert(error.into());
                            }
                        }
                    }
                    failed.map_or(Ok(Answer::Ticked { pairs }), Err)
                }
            }
        })
    })
    .await
}
