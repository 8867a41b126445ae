//! The backups function: the steps of the machines `backup` and `restore-drill`. Here is what its logs say.

use watchkeeper_control::backup::{Details, FinishedRestore, Step};
use watchkeeper_control::runbook::StepOutcome;
use watchkeeper_lambda::telemetry;

/// From here on, the lines of this invocation say which run they are about.
pub fn about(step: &Step) {
    match step {
        Step::Begin(_) | Step::BeginRestore(_) | Step::Tell(_) | Step::TellRestore(_) => {}
        Step::Job { run, .. }
        | Step::Stumble { run, .. }
        | Step::Finish { run }
        | Step::Restore { run, .. }
        | Step::FailRestore { run, .. }
        | Step::FinishRestore { run, .. } => telemetry::about(&run.id, &run.scope),
    }
}

/// Logs what a step came to.
pub fn log(outcome: &StepOutcome<Details>) {
    telemetry::stepped(outcome);
    if let Details::Restored(FinishedRestore { evidence, .. }) = &outcome.details {
        tracing::info!(rto_seconds = evidence.rto_seconds, rpo_seconds = evidence.rpo_seconds, "restored");
    }
}
