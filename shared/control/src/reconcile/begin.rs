//! Begin: what is wanted, what is there, what would be done, and may it be done. It takes the lease only when there is
//! something to do, and writes the baseline before anything else can be written.

use jiff::Timestamp;
use watchkeeper_domain::failover::Placement;
use watchkeeper_domain::intent::{DesiredState, Intent, Layer, deciding, gives_back, placed};
use watchkeeper_domain::name::Scope;
use watchkeeper_domain::reconcile::assess::{Assessment, Verdict, target};
use watchkeeper_domain::reconcile::history;
use watchkeeper_domain::reconcile::report;
use watchkeeper_domain::reconcile::run::{IntentOutcome, RunOutcome, mark};
use watchkeeper_domain::request::{RunMode, RunRequest, Urgency};
use watchkeeper_domain::wake_page::is_of_page;

use super::Reconciler;
use super::ask::{BeginContext, Evaluation, durable};
use super::call::{BeginVerdict, BegunRun};
use super::intent_change::IntentChange;
use crate::lease::{Lease, LeaseClaim};
use crate::ledger::{Ledger, LedgerError, LedgerWrite, ScopeStanding, ScopeState, SettledTarget};
use crate::platform::Platform;
use crate::ports::Clock;
use crate::runbook::{RunbookError, Stack, StepOutcome};
use crate::scoped::ScopedEnvironment;

/// What a plan that puts it to sleep would save, where it is known when it wakes: by its override, else by its calendar.
fn would_save(scoped: &ScopedEnvironment, assessment: &Assessment, instant: Timestamp) -> String {
    let sleeps = assessment.verdict == Verdict::Apply;
    let first = assessment.deciding.first().filter(|intent| sleeps && intent.want == DesiredState::Asleep);
    let until = first.and_then(|intent| match intent.layer {
        Layer::Schedule => scoped.calendar.as_ref()?.wakes_after(instant),
        _ => intent.expires,
    });
    let told = until.and_then(|until| history::would_save(instant, until, scoped.awake_cost));
    told.map_or_else(String::new, |told| format!("{told}\n"))
}

impl<P: Platform> Reconciler<P> {
    /// Begins the run `id` about `instant`.
    ///
    /// # Errors
    /// [`RunbookError`]; nothing but the lease has been written then.
    pub async fn begin(
        &self,
        scoped: &ScopedEnvironment,
        request: &RunRequest,
        id: &str,
        instant: Timestamp,
    ) -> Result<StepOutcome<BegunRun>, RunbookError> {
        let ask = BeginContext {
            scoped,
            request,
            id,
            instant,
            intent_change: IntentChange::of(scoped, request, id, instant)?,
            looks_only: false,
        };
        let seen = self.remember(scoped).await?;
        if request.mode == RunMode::Plan {
            let assessment = self.look(&ask, &seen).await?.assessment;
            let summary = report::plan(&scoped.scope, &assessment) + &would_save(scoped, &assessment, instant);
            return Ok(ask.begun(None, BeginVerdict::Plan, summary).map(|begun| begun.with(&assessment)));
        }
        if let Some(summary) = self.nothing_to_do(&ask, &seen).await? {
            return Ok(ask.begun(None, BeginVerdict::Nothing, ask.said(&seen, &summary)));
        }
        let lease = self.take(&ask, &seen).await?;
        let begun = self.begin_under(&ask, &lease).await;
        if begun.is_err() {
            // Nobody shall wait for a lease under which nothing was written; should that fail too, it expires.
            let released = LedgerWrite::PutLease(lease.released(self.clock.now()));
            let _kept = self.ledger.commit(&scoped.scope, lease.generation, &[released]).await;
        }
        begun
    }

    /// Whether the run `id` of a tick would end at once, without a lease and without a write, and why: then it need not be
    /// started.
    ///
    /// # Errors
    /// [`RunbookError`] when that cannot be told.
    pub async fn settled(
        &self,
        stack: &Stack,
        scope: &Scope,
        id: &str,
        instant: Timestamp,
    ) -> Result<Option<String>, RunbookError> {
        let scoped = &stack.place(scope.estate.as_str(), scope.environment.as_str(), instant)?;
        let request = &RunRequest::of_tick(scope, instant);
        let ask = BeginContext { scoped, request, id, instant, intent_change: None, looks_only: true };
        self.nothing_to_do(&ask, &self.remember(scoped).await?).await
    }

    /// Decides and records, now that nobody else writes: what was read before the lease may have changed since.
    async fn begin_under(&self, ask: &BeginContext<'_>, lease: &Lease) -> Result<StepOutcome<BegunRun>, RunbookError> {
        let seen = self.remember(ask.scoped).await?;
        let look = self.look(ask, &seen).await?;
        self.record(ask, lease, look, &seen).await
    }

    /// Whether a tick can end here without a lease and without a write, and why.
    async fn nothing_to_do(&self, ask: &BeginContext<'_>, seen: &ScopeState) -> Result<Option<String>, RunbookError> {
        if ask.wanted(seen).is_some() || matches!(ask.request.emergency, Some(Urgency::RollBack { .. })) {
            return Ok(None);
        }
        let scope = &ask.scoped.scope;
        let chosen: Vec<Intent> = deciding(&seen.intents, ask.instant).into_iter().cloned().collect();
        if seen.baseline.is_none() && gives_back(&chosen) {
            return Ok(Some(format!("{scope} is awake, and no baseline is kept")));
        }
        let kept = seen.baseline.as_ref().map(|kept| target(kept, &chosen, ask.instant, &ask.scoped.allowance));
        let target = kept.unwrap_or_default().fingerprint();
        let placement = placed(&chosen).map(Placement::mark);
        let other = |settled: &SettledTarget| settled.target != target || settled.placement != placement;
        if seen.standing.settled.as_ref().is_none_or(other) {
            return Ok(None);
        }
        let assessment = self.look(ask, seen).await?.assessment;
        let told = |outcome: RunOutcome| {
            let news = mark(outcome, None, &assessment.deciding, &assessment.violations, &[]);
            seen.standing.told == Some(news)
        };
        Ok(match assessment.verdict {
            Verdict::Nothing => Some(format!("{scope} is as it should be")),
            Verdict::Drift if told(RunOutcome::Drift) => {
                Some(format!("{scope} still has the foreign changes that were told before"))
            }
            // An emergency that is to give back is told of its end what is true, each time that it asks.
            Verdict::Hindered if told(RunOutcome::PartlyDone) && ask.request.emergency.is_none() => {
                Some(format!("{scope} is as it should be, but for what was told before"))
            }
            _ => None,
        })
    }

    async fn take(&self, ask: &BeginContext<'_>, seen: &ScopeState) -> Result<Lease, RunbookError> {
        let scope = &ask.scoped.scope;
        let instead_of = ask.request.instead_of.as_deref();
        let urgency = ask.urgency(seen);
        // A pipeline waits for whoever is at work, another pipeline's wake among them: it would end an execution that is waited for.
        // Somebody at the page of what falls asleep waits for it, as somebody at the window does.
        let waits = ask.request.for_release.as_ref().is_some_and(|release| !is_of_page(release));
        let claims = if waits { Layer::Schedule } else { urgency };
        match Lease::claim(seen.lease.as_ref(), ask.id, instead_of, claims, self.clock.now()) {
            LeaseClaim::Take(lease) => {
                let lease = Lease { layer: urgency, ..lease };
                match self.ledger.take_lease(scope, &lease, Lease::generation_of(seen.lease.as_ref())).await {
                    // Somebody was faster by a moment: it is held now, and waited for like any other.
                    Err(LedgerError::Conflict { .. }) => {
                        let holder = "that was faster".to_owned();
                        Err(RunbookError::LeaseHeld { scope: scope.clone(), holder, until: lease.expires })
                    }
                    answer => Ok(answer.map(|()| lease)?),
                }
            }
            LeaseClaim::Held { holder, until } => Err(RunbookError::LeaseHeld { scope: scope.clone(), holder, until }),
        }
    }

    /// Writes down, in one transaction, all that must be durable before the first write to AWS.
    async fn record(
        &self,
        ask: &BeginContext<'_>,
        lease: &Lease,
        look: Evaluation,
        seen: &ScopeState,
    ) -> Result<StepOutcome<BegunRun>, RunbookError> {
        let now = self.clock.now();
        let assessment = &look.assessment;
        let summary = ask.said(seen, &report::decision(&ask.scoped.scope, assessment));
        let verdict = match assessment.verdict {
            Verdict::Nothing => BeginVerdict::Nothing,
            Verdict::Apply => BeginVerdict::Apply,
            Verdict::Drift => BeginVerdict::Drift,
            Verdict::Hindered => BeginVerdict::Hindered,
            Verdict::Refused => BeginVerdict::Refused,
        };
        let begun = ask.begun(Some(lease.generation), verdict, summary.clone()).map(|begun| begun.with(assessment));
        let mut writes = Vec::new();
        if verdict == BeginVerdict::Nothing {
            writes.push(LedgerWrite::PutLease(lease.released(now)));
        } else {
            writes.push(LedgerWrite::PutLease(lease.prolonged(now)));
            if verdict == BeginVerdict::Apply {
                writes.extend(durable(&look, &seen.standing));
            } else if verdict == BeginVerdict::Drift {
                let drifted = assessment.drifted.clone();
                writes.push(LedgerWrite::PutStanding(ScopeStanding { drifted, ..seen.standing.clone() }));
            } else if let (BeginVerdict::Refused, Some(IntentOutcome::TakenBack(intent_key))) = (verdict, &look.wanted)
                && intent_key.layer == Layer::Emergency
            {
                // The emergency is over, whatever keeps its capacity from being given back now: the tick does that as soon as
                // it may, and not only when the intent would have expired.
                writes.push(LedgerWrite::DropIntent(intent_key.clone()));
            }
            let mut run = ask.run(look, lease.layer, now);
            run.header.note(now, summary);
            writes.push(LedgerWrite::PutRun(Box::new(run)));
        }
        self.ledger.commit(&ask.scoped.scope, lease.generation, &writes).await?;
        Ok(begun)
    }
}
