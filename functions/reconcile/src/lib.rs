//! The one hand: takes one step of a run, as the `reconcile` machine asks. Here is what its logs and metrics say.

use jiff::Timestamp;
use watchkeeper_control::reconcile::{Details, Step};
use watchkeeper_control::runbook::StepOutcome;
use watchkeeper_lambda::{Metrics, RunFigures, telemetry};

/// From here on, the lines of this invocation say which run they are about.
pub fn about(step: &Step) {
    if let (run, Some(scope)) = step.run() {
        telemetry::about(run, scope);
    }
}

/// Logs what a step came to, and counts a run that has ended.
pub fn count(metrics: &Metrics, at: Timestamp, outcome: &StepOutcome<Details>) {
    telemetry::stepped(outcome);
    if let (Some(run), Details::Finished(finished)) = (&outcome.run, &outcome.details) {
        let figures = RunFigures {
            scope: &run.scope,
            outcome: &finished.outcome.to_string(),
            writes: finished.writes,
            took_ms: finished.took_ms,
            drift: finished.drift,
            refusals: finished.refusals,
        };
        metrics.run(&figures, at);
    }
}
