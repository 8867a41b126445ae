//! Finish: the record, the ledger and the lease are closed in one transaction, and then it is told.

use std::collections::BTreeSet;

use jiff::Timestamp;
use watchkeeper_domain::capacity::{ReachedTargets, ResourceId};
use watchkeeper_domain::failover::Placement;
use watchkeeper_domain::guardrail::Severity;
use watchkeeper_domain::intent::{Layer, gives_back, placed};
use watchkeeper_domain::message::Message;
use watchkeeper_domain::reconcile::assess::{Verdict, concerns, target};
use watchkeeper_domain::reconcile::report;
use watchkeeper_domain::reconcile::run::{Back, IntentOutcome, RunError, RunOutcome, RunProgress, RunRecord, RunRef};
use watchkeeper_domain::request::RunTrigger;
use watchkeeper_window::report::{DueReport, Evidence, SentIds};

use super::call::FinishedRun;
use super::{Reconciler, ResumedRun};
use crate::ledger::{Ledger, LedgerWrite, RefusedWrite, ScopeStanding, SettledTarget};
use crate::platform::Platform;
use crate::ports::{AwsError, Clock, Fault, Notifier};
use crate::report::note_sent;
use crate::runbook::{ErrorName, NextStep, RunbookError, StepOutcome};
use crate::scoped::ScopedEnvironment;

/// The detail type of the event about a finished run.
pub const RUN_FINISHED: &str = "Watchkeeper Run Finished";

impl<P: Platform> Reconciler<P> {
    /// Closes the run, with the error that ended it if one did, and tells of it. Repeated, it only tells again. News that is
    /// refused for good is no failure of the run: its record and its summary say so, and what stays bad is told by the next run.
    ///
    /// # Errors
    /// [`RunbookError`] when the lease is lost (another run goes on from what is) or the news cannot be sent for now.
    pub async fn finish(
        &self,
        scoped: &ScopedEnvironment,
        run: &RunRef,
        error: Option<RunError>,
    ) -> Result<StepOutcome<FinishedRun>, RunbookError> {
        let mut resumed = self.resume(scoped, run).await?;
        let now = self.clock.now();
        if resumed.run.outcome.is_none() {
            let error = error.or_else(|| refused(&resumed.run));
            resumed.run.outcome = Some(outcome(&resumed.run, error.as_ref()));
            resumed.run.error = error;
            let standing = standing(scoped, &mut resumed, now);
            resumed.run.header.note(now, "finished");
            let mut writes =
                vec![LedgerWrite::PutStanding(standing), LedgerWrite::PutLease(resumed.lease.released(now))];
            writes.extend(forget(&resumed));
            writes.extend(resumed.seen.history.with(|history| history.note(&resumed.run, now)));
            writes.extend(self.due(scoped, &resumed.run, now).map(|due| LedgerWrite::PutDue(Box::new(due))));
            writes.push(LedgerWrite::PutRun(Box::new(resumed.run.clone())));
            self.ledger.commit(&scoped.scope, resumed.lease.generation, &writes).await?;
        }
        let mut untold = String::new();
        if let Some(error) = self.notify(scoped, &resumed.run).await? {
            untold = format!(" (nobody was told of it: {error})");
            self.keep_untold(scoped, &mut resumed, &error).await;
        }
        let record = &resumed.run;
        let finished = FinishedRun {
            outcome: record.outcome.unwrap_or(RunOutcome::Failed),
            back: back(scoped, &resumed),
            writes: record.writes,
            drift: record.left_alone().len(),
            refusals: record.violations.iter().filter(|violation| violation.severity > Severity::Warn).count(),
            took_ms: now.duration_since(record.header.started).as_millis().try_into().unwrap_or(i64::MAX),
        };
        let summary = report::summary(&scoped.scope, record) + &untold;
        Ok(StepOutcome::new(run.clone(), end(record), summary, finished))
    }

    /// The event first: it may come twice where the message must not, should the step be tried again. A bus that takes
    /// nothing for good keeps no message from its turn, and a topic that does not is told of.
    async fn notify(&self, scoped: &ScopedEnvironment, run: &RunRecord) -> Result<Option<AwsError>, RunbookError> {
        let for_good = |answer: Result<String, AwsError>| match answer {
            Err(error) if matches!(error.fault, Fault::Throttled | Fault::Unavailable) => Err(error),
            answer => Ok(answer),
        };
        let due = self.due(scoped, run, self.clock.now());
        let event = report::event(&scoped.scope, run);
        let published = for_good(self.notifier.publish(RUN_FINISHED, &event.to_string()).await)?;
        let message = if run.tell {
            let message = self.announced(report::message(&scoped.scope, run), due.as_ref());
            for_good(self.notifier.notify(&message).await)?.map(Some)
        } else {
            Ok(None)
        };
        if let Some(due) = &due {
            let sent =
                SentIds { message: message.as_ref().ok().cloned().flatten(), event: published.as_ref().ok().cloned() };
            note_sent(&self.ledger, &due.name(), sent).await;
        }
        Ok(message.err().or(published.err()))
    }

    /// What a report of the run is made of, where one is asked for.
    fn due(&self, scoped: &ScopedEnvironment, run: &RunRecord, now: Timestamp) -> Option<DueReport> {
        let desk = self.reports.as_ref().filter(|_| run.facts.is_some())?;
        Some(desk.due(&scoped.scope, now, Evidence::Run(Box::new(run.clone()))))
    }

    fn announced(&self, message: Message, due: Option<&DueReport>) -> Message {
        match self.reports.as_ref().zip(due) {
            Some((desk, due)) => desk.announce(message, &due.name()),
            None => message,
        }
    }

    /// Remembers that the news of a run reached nobody: what is bad and stays so is news again. What was done counts whether
    /// this can be written or not.
    async fn keep_untold(&self, scoped: &ScopedEnvironment, resumed: &mut ResumedRun, error: &AwsError) {
        resumed.run.header.note(self.clock.now(), format!("nobody was told of it: {error}"));
        let kept = self.ledger.load(&scoped.scope).await.map(|seen| seen.standing);
        let standing = kept.ok().map(|standing| LedgerWrite::PutStanding(ScopeStanding { told: None, ..standing }));
        let record = LedgerWrite::PutRun(Box::new(resumed.run.clone()));
        let writes: Vec<LedgerWrite> = standing.into_iter().chain([record]).collect();
        let _kept = self.ledger.commit(&scoped.scope, resumed.lease.generation, &writes).await;
    }
}

/// What becomes of the baseline: what was given back goes from it, and it goes with the last of it.
fn forget(resumed: &ResumedRun) -> Option<LedgerWrite> {
    let (baseline, given_back) = (resumed.seen.baseline.as_ref()?, &resumed.run.progress.given_back);
    let kept = baseline.without(given_back);
    match kept {
        _ if overtaken(&resumed.run) => None,
        Some(kept) if kept == *baseline => None,
        Some(kept) => Some(LedgerWrite::PutBaseline(kept)),
        None => Some(LedgerWrite::DropBaseline),
    }
}

/// What has come back of what we hold and nothing holds any more.
fn back(scoped: &ScopedEnvironment, resumed: &ResumedRun) -> Back {
    let run = &resumed.run;
    let owed = |resource: ResourceId| {
        !run.progress.given_back.contains(&resource)
            && !concerns(&run.deciding, &scoped.allowance, resumed.seen.baseline.as_ref(), &resource)
    };
    let kept = resumed.seen.baseline.as_ref();
    match kept.is_some_and(|kept| kept.capacity.resources().any(owed)) {
        false => Back::GivenBack,
        true if run.progress.given_back.is_empty() => Back::NotGivenBack,
        true => Back::PartlyGivenBack,
    }
}

/// Whether the pair's pointer has moved since: the run that comes after it has the news.
fn overtaken(run: &RunRecord) -> bool {
    run.error.as_ref().is_some_and(|error| error.name == ErrorName::PointerMoved.name())
}

/// The error of a run that was asked for by name, of which AWS let nothing happen.
fn refused(run: &RunRecord) -> Option<RunError> {
    let nothing = run.wanted.is_some() && run.writes == 0 && run.progress.reached.is_empty();
    let first = run.progress.refused.first().filter(|_| nothing)?;
    Some(RunError { name: first.name.clone(), message: first.what.clone() })
}

/// How the execution of a run ends: in order, or with the error that it has, or that its outcome stands for.
fn end(run: &RunRecord) -> NextStep {
    let named = run.error.as_ref().map_or(ErrorName::RunUnverified.name(), |error| error.name.as_str());
    match run.outcome.unwrap_or(RunOutcome::Failed) {
        ended @ (RunOutcome::Done | RunOutcome::PartlyDone | RunOutcome::Drift) => NextStep::done(&ended),
        RunOutcome::Refused => NextStep::failed(&RunOutcome::Refused, &ErrorName::GuardrailRefused),
        ended @ (RunOutcome::Failed | RunOutcome::Unverified) => NextStep::failed(&ended, named),
    }
}

fn outcome(run: &RunRecord, error: Option<&RunError>) -> RunOutcome {
    let whole = run.plan.obstacles.is_empty() && run.progress.held.is_empty();
    match (error, run.verdict) {
        (Some(_), _) => RunOutcome::Failed,
        (None, Verdict::Refused) => RunOutcome::Refused,
        (None, Verdict::Drift) => RunOutcome::Drift,
        (None, Verdict::Hindered) => RunOutcome::PartlyDone,
        (None, _) if run.applied && run.awaited.is_empty() && whole => RunOutcome::Done,
        (None, _) if run.applied && run.awaited.is_empty() => RunOutcome::PartlyDone,
        (None, _) => RunOutcome::Unverified,
    }
}

/// Whether somebody waits for the word of this very run: who asked for something does, but not an emergency that tries to
/// give back each minute until it can.
fn awaits_answer(run: &RunRecord) -> bool {
    match &run.wanted {
        Some(IntentOutcome::TakenBack(_)) => run.header.trigger != RunTrigger::Emergency,
        wanted => wanted.is_some(),
    }
}

/// What the scope has reached with this run, and whether a person must hear of it: good news when something was changed
/// or asked for, bad news once.
fn standing(scoped: &ScopedEnvironment, resumed: &mut ResumedRun, now: Timestamp) -> ScopeStanding {
    let before = resumed.seen.standing.clone();
    let mark = resumed.run.mark();
    resumed.run.tell = match &mark {
        Some(_) if overtaken(&resumed.run) => return before,
        // What went well in a rehearsal, the rehearsal tells of as a whole.
        None if resumed.run.layer == Layer::Rehearsal => false,
        None => resumed.run.writes > 0 || resumed.run.wanted.is_some(),
        Some(_) => awaits_answer(&resumed.run) || mark != before.told,
    };
    let (reached, settled) = (Some(reached(scoped, resumed)), settled(scoped, resumed));
    let refused = RefusedWrite::after(&before.refused, &resumed.run.progress, now);
    let followed = settled.as_ref().and_then(|settled| settled.epoch).max(before.followed);
    ScopeStanding { settled, reached, told: mark, drifted: before.drifted, refused, followed }
}

/// What each resource has reached by now. What is on its way back to its owner is never at rest before it is there.
fn reached(scoped: &ScopedEnvironment, resumed: &ResumedRun) -> ReachedTargets {
    let ResumedRun { seen, run, target, .. } = resumed;
    let RunProgress { reached, written, given_back, .. } = &run.progress;
    let before = seen.standing.reached(target).until(target, &BTreeSet::new());
    if run.verdict != Verdict::Apply {
        return before;
    }
    let held = |resource: &&ResourceId| concerns(&run.deciding, &scoped.allowance, seen.baseline.as_ref(), resource);
    let reached = reached.iter().filter(held).cloned().collect();
    before.after(target, &reached, written, run.instant).until(target, given_back)
}

/// What was reached as a whole, as far as it can be: what a tick compares before it looks.
fn settled(scoped: &ScopedEnvironment, resumed: &ResumedRun) -> Option<SettledTarget> {
    let ResumedRun { seen, run, .. } = resumed;
    let before = seen.standing.settled.clone();
    let applied = run.applied && run.outcome != Some(RunOutcome::Failed);
    if !applied && run.verdict != Verdict::Hindered {
        return before;
    }
    let kept = seen.baseline.as_ref().and_then(|baseline| baseline.without(&run.progress.given_back));
    if kept.is_none() && gives_back(&run.deciding) {
        return None;
    }
    let target = kept.map(|kept| target(&kept, &run.deciding, run.instant, &scoped.allowance)).unwrap_or_default();
    let target = target.fingerprint();
    // A service that must not run here and cannot be stopped is a word that the pointer is not followed yet.
    let forbidden = |resource: &ResourceId| match resource {
        ResourceId::Service(id) => placed(&run.deciding).is_some_and(|placed| placed.forbids(&id.service)),
        ResourceId::Database(_) | ResourceId::Rule(_) => false,
    };
    let fenced = !run.plan.obstacles.iter().any(|(resource, what)| !what.leaves_nothing() && forbidden(resource));
    let (epoch, placement) = if fenced {
        let placed = placed(&run.deciding);
        (placed.map(|placed| placed.epoch), placed.map(Placement::mark))
    } else {
        before.as_ref().map(|before| (before.epoch, before.placement.clone())).unwrap_or_default()
    };
    let same = |settled: &SettledTarget| settled.target == target && settled.epoch == epoch && run.writes == 0;
    let at = before.filter(same).map_or(run.instant, |unchanged| unchanged.at);
    Some(SettledTarget { target, at, epoch, placement })
}
