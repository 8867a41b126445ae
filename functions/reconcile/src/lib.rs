//! The one hand: takes one step of a run, as the `reconcile` machine asks. Here is what its logs and metrics say.

use watchkeeper_control::reconcile::{Answer, Step};
use watchkeeper_control::runbook::{StepCall, Told};
use watchkeeper_lambda::{Metrics, RunFigures, telemetry};

/// From here on, the lines of this invocation say which run they are about.
pub fn about(step: &Step) {
    if let (run, Some(scope)) = step.run() {
        telemetry::about(run, scope);
    }
}

/// Logs what a step did, and counts a run that has ended.
pub fn count(metrics: &Metrics, call: &StepCall<Step>, answer: &Answer) {
    let run = call.step.run().0;
    match answer {
        Answer::Begun(begun) => {
            telemetry::about(run, &begun.run.scope);
            tracing::info!(verdict = ?begun.verdict, "{}", begun.summary);
        }
        Answer::Switched { summary, .. } => tracing::warn!("{summary}"),
        Answer::Told(Told { told }) => tracing::warn!(told, "the run could not be made"),
        Answer::Slice(slice) => {
            tracing::info!(next = ?slice.next, wait_seconds = slice.wait_seconds, "{}", slice.summary);
        }
        Answer::Finished(finished) => {
            tracing::info!(outcome = %finished.outcome, writes = finished.writes, took_ms = finished.took_ms,
                "{}", finished.summary);
            if let Some(scope) = call.step.run().1 {
                let figures = RunFigures {
                    scope,
                    outcome: &finished.outcome.to_string(),
                    writes: finished.writes,
                    took_ms: finished.took_ms,
                    drift: finished.drift,
                    refusals: finished.refusals,
                };
                metrics.run(&figures, call.now);
            }
        }
    }
}
