//! Failover and failback: the watch over a pair, and the steps of its machines. Here is what its logs and metrics say.

use jiff::Timestamp;
use watchkeeper_control::failover::{Details, PairTick, Step};
use watchkeeper_control::runbook::{Ask, Begin, StepOutcome, Tell};
use watchkeeper_domain::failover::MoveEnding;
use watchkeeper_domain::failover::readiness::ReadyVerdict;
use watchkeeper_domain::failover::rehearsal::StandingVerdict;
use watchkeeper_lambda::{Metrics, PairFigures, telemetry};

/// From here on, the lines of this invocation say which execution they are about.
pub fn about(step: &Step) {
    match step {
        Step::Advance { execution, .. } | Step::Ready(Begin { execution, .. }) => {
            tracing::debug!(run = execution.name, "step");
        }
        Step::Ask(Ask { run, .. }) | Step::Tell(Tell { run: Some(run), .. }) => telemetry::about(&run.id, &run.scope),
        Step::Tell(Tell { run: None, .. }) => {}
    }
}

/// Logs what a step came to, and counts a move that is done.
pub fn stepped(metrics: &Metrics, outcome: &StepOutcome<Details>, now: Timestamp) {
    telemetry::stepped(outcome);
    let (Some(run), Details::Advanced(advanced)) = (&outcome.run, &outcome.details) else { return };
    tracing::info!(phase = %advanced.phase, "moving");
    if advanced.ending == Some(MoveEnding::Done) {
        let figures = PairFigures { rto_ms: advanced.rto_ms, ..PairFigures::default() };
        metrics.pair(&run.scope, &figures, now);
    }
}

/// Logs and counts what a tick found of one pair.
pub fn ticked(metrics: &Metrics, ticked: &PairTick, at: Timestamp) {
    let PairTick { scope, pointer, reached, unreached_seconds, readiness, certificate, .. } = ticked;
    let PairTick { unprotected, silent_seconds, did, failed, .. } = ticked;
    tracing::info!(estate = %scope.estate, environment = %scope.environment, pointer, ?reached, ?readiness,
        ?certificate, ?unprotected, ?silent_seconds, did = did.join("; "), failed = failed.join("; "), "pair looked after");
    let readiness = readiness.map(|verdict| match verdict {
        ReadyVerdict::Ready => 0,
        ReadyVerdict::Degraded => 1,
        ReadyVerdict::NotReady => 2,
    });
    let certificate = certificate.map(|verdict| match verdict {
        StandingVerdict::Proved => 0,
        StandingVerdict::Aging => 1,
        StandingVerdict::Stale => 2,
        StandingVerdict::Unproved => 3,
    });
    let unreachable = reached.map(|reached| !reached);
    let figures = PairFigures {
        unreachable,
        unreachable_seconds: *unreached_seconds,
        readiness,
        certificate,
        unprotected: *unprotected,
        silent_seconds: *silent_seconds,
        rto_ms: None,
    };
    metrics.pair(scope, &figures, at);
}
