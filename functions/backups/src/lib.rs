//! The backups function: the tick that finds out what is due, and the steps of the machines `backup` and `restore-drill`.
//! Here is what its logs and metrics say.

use jiff::Timestamp;
use watchkeeper_control::backup::{Answer, Details, FinishedRestore, Fresh, Step};
use watchkeeper_control::runbook::FunctionEvent;
use watchkeeper_lambda::{Metrics, telemetry};

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

/// Logs what was done, and counts what is stale.
pub fn count(metrics: &Metrics, at: Timestamp, answer: &Answer) {
    match answer {
        Answer::Ticked(ticked) => {
            let all =
                ticked.environments.iter().flat_map(|line| line.fresh.iter().map(move |fresh| (&line.scope, fresh)));
            // What is fresh is told once an hour.
            let told = |fresh: &Fresh| fresh.stale || at.as_second().rem_euclid(3600) < 300;
            for (scope, Fresh { source, age_seconds, stale }) in all.clone().filter(|(_, fresh)| told(fresh)) {
                tracing::info!(estate = %scope.estate, environment = %scope.environment, resource = %source, age_seconds,
                    stale, "newest good copy");
            }
            let stale = all.filter(|(_, fresh)| fresh.stale).count();
            tracing::info!(stale, "backups looked at");
            metrics.stale_backups(stale, at);
        }
        Answer::Stepped(outcome) => {
            telemetry::stepped(outcome);
            if let Details::Restored(FinishedRestore { evidence, .. }) = &outcome.details {
                tracing::info!(rto_seconds = evidence.rto_seconds, rpo_seconds = evidence.rpo_seconds, "restored");
            }
        }
    }
}
