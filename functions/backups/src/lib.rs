//! The backups function: the tick that finds out what is due, and the steps of the machines `backup` and `restore-drill`.
//! Here is what its logs and metrics say.

use jiff::Timestamp;
use watchkeeper_control::backup::{Answer, Details, FinishedRestore, Step};
use watchkeeper_control::runbook::FunctionEvent;
use watchkeeper_lambda::{BackupFigures, Metrics, telemetry};

/// From here on, the lines of this invocation say which run they are about.
pub fn about(event: &FunctionEvent<Step>) {
    let FunctionEvent::Call(call) = event else { return };
    match &call.step {
        Step::Begin(_) | Step::BeginRestore(_) | Step::Tell(_) | Step::TellRestore(_) => {}
        Step::Job { run, .. }
        | Step::Stumble { run, .. }
        | Step::Finish { run }
        | Step::Restore { run, .. }
        | Step::FailRestore { run, .. }
        | Step::FinishRestore { run, .. } => telemetry::about(&run.id, &run.scope),
    }
}

/// Logs what was done, and counts it.
pub fn count(metrics: &Metrics, at: Timestamp, answer: &Answer) {
    match answer {
        Answer::Ticked(ticked) => {
            let all = ticked.environments.iter().flat_map(|line| line.fresh.iter().map(move |fresh| (line, fresh)));
            for (line, fresh) in all.clone() {
                let resource = &fresh.source.to_string();
                let (scope, age_seconds) = (&line.scope, fresh.age_seconds);
                metrics.backup(&BackupFigures { scope, resource, age_seconds }, at);
            }
            metrics.stale_backups(all.filter(|(_, fresh)| fresh.stale).count(), at);
        }
        Answer::Stepped(outcome) => {
            telemetry::stepped(outcome);
            if let Details::Restored(FinishedRestore { evidence, .. }) = &outcome.details {
                tracing::info!(rto_seconds = evidence.rto_seconds, rpo_seconds = evidence.rpo_seconds, "restored");
            }
        }
    }
}
