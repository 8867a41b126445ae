//! Wiring of the failover function.

use std::process::ExitCode;

use failover::{Answer, CallError, Step, half, halves, report, step};
use watchkeeper_lambda::{Event, Invocation, Kit, serve};

#[tokio::main]
async fn main() -> ExitCode {
    serve(|kit: Kit| {
        let watch = kit.watch()?;
        Ok(async move |event: Event<Step>, _: Invocation| -> Result<Answer, CallError> {
            match event {
                Event::Call(call) => {
                    report::about(&call.step);
                    let half = half(&kit.estates, &kit.settings.home, &call.step)?;
                    let now = call.now;
                    let answer = step(&watch.mover(&half, now), &half, call).await?;
                    report::stepped(&kit.metrics, &answer, now);
                    Ok(answer)
                }
                Event::Tick(tick) => {
                    kit.metrics.watch(tick.time);
                    let mut pairs = Vec::new();
                    let mut failed = None;
                    for half in halves(&kit.estates, &kit.settings.home) {
                        match watch.watcher(&half, tick.time).tick(&half, tick.time).await {
                            Ok(ticked) => {
                                report::ticked(&kit.metrics, &ticked, tick.time);
                                pairs.push(ticked);
                            }
                            Err(error) => {
                                tracing::warn!(pair = %half.id, %error, "the pair could not be looked after");
                                failed.get_or_insert(error);
                            }
                        }
                    }
                    failed.map_or(Ok(Answer::Ticked { pairs }), |error| Err(error.into()))
                }
            }
        })
    })
    .await
}
