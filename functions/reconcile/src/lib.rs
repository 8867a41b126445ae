//! The one hand: takes one step of a run, as the `reconcile` machine asks. Here is what its logs say.

use watchkeeper_control::reconcile::{Details, FinishedRun, Step};
use watchkeeper_control::runbook::StepOutcome;
use watchkeeper_lambda::telemetry;

/// From here on, the lines of this invocation say which run they are about.
pub fn about(step: &Step) {
    if let (run, Some(scope)) = step.run() {
        telemetry::about(run, scope);
    }
}

/// Logs what a step came to, and the figures of a run that has ended.
pub fn log(outcome: &StepOutcome<Details>) {
    telemetry::stepped(outcome);
    if let Details::Finished(finished) = &outcome.details {
        let FinishedRun { outcome, writes, took_ms, drift, refusals, .. } = finished;
        tracing::info!(%outcome, writes, took_ms, drift, refusals, "run ended");
    }
}
