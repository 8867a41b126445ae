//! Finish: the record, the ledger and the lease are closed in one transaction, and then it is told.

use watchkeeper_domain::assess::{Verdict, gives_back};
use watchkeeper_domain::failover::Placement;
use watchkeeper_domain::guardrail::Severity;
use watchkeeper_domain::intent::placed;
use watchkeeper_domain::report;
use watchkeeper_domain::request::Trigger;
use watchkeeper_domain::run::{Outcome, Run, RunError, Wanted};

use super::{Engine, Finished, LeasedRun, POINTER_MOVED, Resumed, StepError};
use crate::ledger::{Ledger, Settled, Standing, Write};
use crate::place::Place;
use crate::ports::{Announcer, AwsError, Clock, Fault};

/// The detail type of the event about a finished run.
pub const RUN_FINISHED: &str = "Watchkeeper Run Finished";

impl<C, L: Ledger, N: Announcer, K: Clock> Engine<C, L, N, K> {
    /// Closes the run, with the error that ended it if one did, and tells of it. Repeated, it only tells again.
    ///
    /// # Errors
    /// [`StepError`] when the lease is lost (another run goes on from what is) or the news cannot be sent.
    pub async fn finish(&self, place: &Place, run: &LeasedRun, error: Option<RunError>) -> Result<Finished, StepError> {
        let mut resumed = self.resume(place, run).await?;
        let now = self.clock.now();
        if resumed.run.outcome.is_none() {
            resumed.run.outcome = Some(outcome(&resumed.run, error.as_ref()));
            resumed.run.error = error;
            let standing = standing(&mut resumed);
            resumed.run.note(now, "finished");
            let mut writes = vec![Write::PutStanding(standing), Write::PutLease(resumed.lease.released(now))];
            let given_back = resumed.run.outcome != Some(Outcome::Failed)
                && resumed.run.applied
                && gives_back(&resumed.run.deciding);
            if given_back && resumed.seen.baseline.is_some() {
                writes.push(Write::DropBaseline);
            }
            writes.push(Write::PutRun(Box::new(resumed.run.clone())));
            self.ledger.commit(&place.scope, run.generation, &writes).await?;
        }
        self.tell(place, &resumed.run).await?;
        let record = &resumed.run;
        Ok(Finished {
            outcome: record.outcome.unwrap_or(Outcome::Failed),
            error: record.error.as_ref().map(|error| error.name.clone()),
            summary: report::summary(&place.scope, record),
            writes: record.writes,
            drift: record.left_alone().len(),
            refusals: record.violations.iter().filter(|violation| violation.severity > Severity::Warn).count(),
            took_ms: now.duration_since(record.started).as_millis().try_into().unwrap_or(i64::MAX),
        })
    }

    /// The event first: it may come twice where the message must not, should the step be tried again. A bus that takes
    /// nothing for good keeps no message from its turn.
    async fn tell(&self, place: &Place, run: &Run) -> Result<(), StepError> {
        let event = report::event(&place.scope, run);
        let published = self.announcer.publish(RUN_FINISHED, &event.to_string()).await;
        let later = |error: &AwsError| matches!(error.fault, Fault::Throttled | Fault::Unavailable);
        if !published.as_ref().is_err_and(later) && run.tell {
            let message = report::message(&place.scope, run);
            self.announcer.tell(&message.subject, &message.text).await?;
        }
        Ok(published?)
    }
}

fn outcome(run: &Run, error: Option<&RunError>) -> Outcome {
    match (error, run.verdict) {
        (Some(_), _) => Outcome::Failed,
        (None, Verdict::Refused) => Outcome::Refused,
        (None, Verdict::Drift) => Outcome::Drift,
        (None, _) if run.applied && run.awaited.is_empty() => Outcome::Done,
        (None, _) => Outcome::Unverified,
    }
}

/// Whether somebody waits for the word of this very run: who asked for something does, but not an emergency that tries to
/// give back each minute until it can.
fn awaits_answer(run: &Run) -> bool {
    match &run.wanted {
        Some(Wanted::TakenBack(_)) => run.trigger != Trigger::Emergency,
        wanted => wanted.is_some(),
    }
}

/// What the scope has reached with this run, and whether a person must hear of it: good news when something was changed
/// or asked for, bad news once.
fn standing(resumed: &mut Resumed) -> Standing {
    let before = resumed.seen.standing.clone();
    let run = &mut resumed.run;
    let mark = run.mark();
    run.tell = match &mark {
        // The run that comes after it has the news.
        Some(_) if run.error.as_ref().is_some_and(|error| error.name == POINTER_MOVED) => return before,
        None => run.writes > 0 || run.wanted.is_some(),
        Some(_) => awaits_answer(run) || mark != before.told,
    };
    let epoch = placed(&run.deciding).map(|placed| placed.epoch);
    let settled = if !run.applied || run.outcome == Some(Outcome::Failed) {
        before.settled
    } else if gives_back(&run.deciding) {
        None
    } else {
        let target = resumed.target.fingerprint();
        // A run that wrote nothing leaves the time of the last write, from which AWS counts its seven days.
        let same = |settled: &Settled| settled.target == target && settled.epoch == epoch && run.writes == 0;
        let unchanged = before.settled.filter(same);
        let placement = placed(&run.deciding).map(Placement::mark);
        let at = unchanged.map_or(run.instant, |unchanged| unchanged.at);
        Some(Settled { target, at, epoch, placement })
    };
    let followed = settled.as_ref().and_then(|settled| settled.epoch).max(before.followed);
    Standing { settled, told: mark, followed }
}
