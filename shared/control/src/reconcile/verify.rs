//! Verify: the same difference, empty, is the proof.

use watchkeeper_domain::reconcile::run::{RunRecord, RunRef, SliceTiming};

use super::call::{APPLY, FINISH, VERIFY, slice};
use super::prove::ScopeProof;
use super::{MAX_ROUNDS, Reconciler, counted, follows, left, look_again, not_yet, overdue};
use crate::platform::Platform;
use crate::ports::Clock;
use crate::runbook::{FormerWord, RunbookError, StepOutcome};
use crate::scoped::ScopedEnvironment;

impl<P: Platform> Reconciler<P> {
    /// Looks whether the target is reached.
    ///
    /// # Errors
    /// [`RunbookError`] when the lease is lost or AWS does not answer.
    pub async fn verify(
        &self,
        scoped: &ScopedEnvironment,
        run: &RunRef,
    ) -> Result<StepOutcome<FormerWord>, RunbookError> {
        let began = self.clock.now();
        let mut resumed = self.resume(scoped, run).await?;
        follows(std::mem::replace(&mut resumed.wanted, Ok(None)), &resumed.run)?;
        if let Some(waiting) = not_yet(run, &resumed.lease, self.clock.now(), VERIFY) {
            return Ok(waiting);
        }
        // Whatever is changed is remembered: what has come since is for the next run.
        let selection = scoped.selection(resumed.seen.baseline.as_ref());
        // Its lease may have made way for others by now; its looks are as urgent as ever.
        let mut observed = self.look_at(&selection, resumed.run.layer).await?;
        self.take_in_releases(scoped, &mut resumed, &mut observed).await?;
        let now = self.clock.now();
        let plan = left(scoped, &resumed, &observed, "", now);
        let proof = ScopeProof { scoped, resumed: &resumed, observed: &observed, left: &plan, now };
        let (reached, given_back, unsettled) = (proof.reached(), proof.given_back(), proof.unsettled());
        let record = &mut resumed.run;
        (record.progress.reached, record.progress.given_back) = (reached, given_back);
        record.applied = plan.is_empty();
        record.rounds += u32::from(!record.applied);
        record.awaited = plan.awaited;
        record.awaited.extend(unsettled);
        record.plan.obstacles = plan.obstacles;
        tell_obstacles(record);
        let over = overdue(record, now);
        let left = plan.steps.iter().map(|step| step.actions.len()).sum();
        let (next, wait_seconds, summary) = match (record.applied, record.awaited.len()) {
            (true, 0) => (FINISH, 0, as_it_should_be(record)),
            (true, n) if over => (FINISH, 0, format!("{} not there in time", counted(n, "resource"))),
            (true, n) => (VERIFY, look_again(record.layer), format!("{} on the way", counted(n, "resource"))),
            (false, _) if over || record.rounds >= MAX_ROUNDS => {
                (FINISH, 0, format!("{} left, and somebody else may be writing too", counted(left, "write")))
            }
            (false, _) => (APPLY, 0, format!("{} left", counted(left, "write"))),
        };
        if record.header.timeline.last().is_none_or(|moment| moment.what != summary) {
            record.header.note(now, summary.clone());
        }
        record.waited_seconds += wait_seconds;
        let awaits = record.applied && !record.awaited.is_empty();
        record.progress.timed(SliceTiming { step: VERIFY.to_owned(), began, ended: now, writes: 0, awaits });
        self.keep(scoped, &resumed.lease, record).await?;
        Ok(slice(run, next, wait_seconds, summary))
    }
}

fn as_it_should_be(run: &RunRecord) -> String {
    match run.plan.obstacles.len() {
        0 => "everything is as it should be".to_owned(),
        n => format!("everything is as it should be, but for {}", counted(n, "resource")),
    }
}

/// Adds what stood in the way on the way to what the guardrails said at the beginning.
fn tell_obstacles(run: &mut RunRecord) {
    for (resource, obstacle) in &run.plan.obstacles {
        let news = obstacle.violation(resource);
        let known =
            |told: &&watchkeeper_domain::guardrail::Violation| told.code == news.code && told.resource == news.resource;
        if !run.violations.iter().any(|told| known(&told)) {
            run.violations.push(news);
        }
    }
}
