//! Begin: what is wanted, what is there, what would be done, and may it be done. It takes the lease only when there is
//! something to do, and writes the baseline before anything else can be written.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use watchkeeper_domain::assess::{Assessment, Situation, Verdict, assess, gives_back, target};
use watchkeeper_domain::guardrail::Halt;
use watchkeeper_domain::intent::{Intent, Layer, Want, deciding};
use watchkeeper_domain::name::Scope;
use watchkeeper_domain::report;
use watchkeeper_domain::request::{Mode, Request, Wish};
use watchkeeper_domain::run::{Outcome, Run, Wanted, mark};

use super::{Begun, Engine, RunRef, StepError};
use crate::lease::{Claim, Lease};
use crate::ledger::{Ledger, LedgerError, Remembered, Write};
use crate::place::Place;
use crate::ports::{Clock, Cloud};

/// What the machine does after begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BeginVerdict {
    /// Apply, verify, finish.
    Apply,
    /// End: the plan was the answer.
    Plan,
    /// End: nothing differs, and nothing was written.
    Nothing,
    /// Finish, which tells of the foreign change.
    Drift,
    /// Finish, which tells of the refusal.
    Refused,
}

/// What a run was asked for, and where and when.
struct Ask<'a> {
    place: &'a Place,
    request: &'a Request,
    id: &'a str,
    instant: Timestamp,
    wanted: Option<Wanted>,
}

impl<C: Cloud, L: Ledger, N, K: Clock> Engine<C, L, N, K> {
    /// Begins the run `id` about `instant`.
    ///
    /// # Errors
    /// [`StepError`]; nothing but the lease has been written then.
    pub async fn begin(
        &self,
        place: &Place,
        request: &Request,
        id: &str,
        instant: Timestamp,
    ) -> Result<Begun, StepError> {
        let ask = Ask { place, request, id, instant, wanted: wanted(place, request, id, instant)? };
        let seen = self.ledger.load(&place.scope).await?;
        if request.mode == Mode::Plan {
            let assessment = self.look(&ask, &seen).await?;
            return Ok(ask.begun(0, BeginVerdict::Plan, report::plan(&place.scope, &assessment)));
        }
        if let Some(summary) = self.nothing_to_do(&ask, &seen).await? {
            return Ok(ask.begun(0, BeginVerdict::Nothing, summary));
        }
        let lease = self.take(&ask, &seen).await?;
        // What was read before the lease may have changed since: read again, now that nobody else writes.
        let seen = self.ledger.load(&place.scope).await?;
        let assessment = self.look(&ask, &seen).await?;
        self.record(&ask, &lease, assessment).await
    }

    /// Turns the halt switch of a scope, or of everything, on or off.
    ///
    /// # Errors
    /// [`StepError`] when the ledger does not take it.
    pub async fn halt(&self, scope: Option<&Scope>, request: &Request, by: &str) -> Result<String, StepError> {
        let what = scope.map_or_else(|| "everything".to_owned(), ToString::to_string);
        if request.halt == Some(true) {
            let reason = request.reason.clone().unwrap_or_else(|| "no reason given".to_owned());
            let halt = Halt { by: by.to_owned(), reason, since: self.clock.now() };
            self.ledger.set_halt(scope, Some(&halt)).await?;
            Ok(format!("{what} is halted: no run writes until it is lifted with \"halt\": false"))
        } else {
            self.ledger.set_halt(scope, None).await?;
            Ok(format!("{what} is not halted any more"))
        }
    }

    /// Whether a tick can end here without a lease and without a write, and why.
    async fn nothing_to_do(&self, ask: &Ask<'_>, seen: &Remembered) -> Result<Option<String>, StepError> {
        if ask.wanted.is_some() {
            return Ok(None);
        }
        let scope = &ask.place.scope;
        let chosen = deciding(&seen.intents, ask.instant);
        let Some(baseline) = &seen.baseline else {
            return Ok(gives_back(chosen).then(|| format!("{scope} is awake, and no baseline is kept")));
        };
        let target = target(baseline, chosen, ask.instant, &ask.place.allowance).fingerprint();
        if seen.standing.settled.as_ref().is_none_or(|settled| settled.target != target) {
            return Ok(None);
        }
        let assessment = self.look(ask, seen).await?;
        let told = || mark(Outcome::Drift, None, &assessment.violations, &[]);
        Ok(match assessment.verdict {
            Verdict::Nothing => Some(format!("{scope} is as it should be")),
            Verdict::Drift if seen.standing.told == Some(told()) => {
                Some(format!("{scope} still has the foreign changes that were told before"))
            }
            _ => None,
        })
    }

    /// Observes and decides.
    async fn look(&self, ask: &Ask<'_>, seen: &Remembered) -> Result<Assessment, StepError> {
        let observed = self.observe(ask.place, seen, ask.urgency(seen)).await?;
        let settled = seen.standing.settled.as_ref().filter(|_| ask.wanted.is_none());
        let mut assessment = assess(&Situation {
            baseline: seen.baseline.as_ref(),
            intents: &ask.intents(seen),
            observed: &observed,
            settled: settled.map(|settled| (settled.target.as_str(), settled.at)),
            allowance: &ask.place.allowance,
            instant: ask.instant,
            now: self.clock.now(),
            halt: seen.halt.as_ref(),
            approved: &ask.request.approve,
        });
        // A wish is recorded and answered even where nothing differs now.
        if ask.wanted.is_some() && assessment.verdict == Verdict::Nothing {
            assessment.verdict = Verdict::Apply;
        }
        Ok(assessment)
    }

    async fn take(&self, ask: &Ask<'_>, seen: &Remembered) -> Result<Lease, StepError> {
        let scope = &ask.place.scope;
        match Lease::claim(seen.lease.as_ref(), ask.id, ask.urgency(seen), self.clock.now()) {
            Claim::Take(lease) => {
                match self.ledger.take_lease(scope, &lease, Lease::generation_of(seen.lease.as_ref())).await {
                    // Somebody was faster by a moment: it is held now, and waited for like any other.
                    Err(LedgerError::Conflict { .. }) => {
                        let holder = "that was faster".to_owned();
                        Err(StepError::LeaseHeld { scope: scope.clone(), holder, until: lease.expires })
                    }
                    answer => Ok(answer.map(|()| lease)?),
                }
            }
            Claim::Held { holder, until } => Err(StepError::LeaseHeld { scope: scope.clone(), holder, until }),
        }
    }

    /// Writes down, in one transaction, all that must be durable before the first write to AWS.
    async fn record(&self, ask: &Ask<'_>, lease: &Lease, assessment: Assessment) -> Result<Begun, StepError> {
        let now = self.clock.now();
        let summary = report::decision(&ask.place.scope, &assessment);
        let verdict = match assessment.verdict {
            Verdict::Nothing => BeginVerdict::Nothing,
            Verdict::Apply => BeginVerdict::Apply,
            Verdict::Drift => BeginVerdict::Drift,
            Verdict::Refused => BeginVerdict::Refused,
        };
        let mut writes = Vec::new();
        if verdict == BeginVerdict::Nothing {
            writes.push(Write::PutLease(lease.released(now)));
        } else {
            writes.push(Write::PutLease(lease.prolonged(now)));
            if verdict == BeginVerdict::Apply {
                writes.extend(ask.durable(&assessment));
            }
            let mut run = ask.run(assessment, now);
            run.note(now, summary.clone());
            writes.push(Write::PutRun(Box::new(run)));
        }
        self.ledger.commit(&ask.place.scope, lease.generation, &writes).await?;
        Ok(ask.begun(lease.generation, verdict, summary))
    }
}

impl Ask<'_> {
    fn begun(&self, generation: u64, verdict: BeginVerdict, summary: String) -> Begun {
        let run = RunRef { scope: self.place.scope.clone(), id: self.id.to_owned(), generation };
        Begun { run, verdict, summary }
    }

    /// The layer that the run speaks for: it decides its share of the budgets and whom it may preempt.
    fn urgency(&self, seen: &Remembered) -> Layer {
        let chosen = deciding(&seen.intents, self.instant).map_or(Layer::Schedule, |intent| intent.layer);
        if self.wanted.is_some() { chosen.max(Layer::Override) } else { chosen }
    }

    /// The intents of the scope as they are once the request's own is among them.
    fn intents(&self, seen: &Remembered) -> Vec<Intent> {
        let Some(wanted) = &self.wanted else { return seen.intents.clone() };
        let mut intents: Vec<Intent> = seen.intents.iter().filter(|i| i.layer != Layer::Override).cloned().collect();
        if let Wanted::Declared(intent) = wanted {
            intents.push(intent.clone());
        }
        intents
    }

    /// What an accepted plan leaves in the ledger before its first action.
    fn durable(&self, assessment: &Assessment) -> Vec<Write> {
        let keeps = assessment.learnt && !gives_back(assessment.deciding.as_ref());
        let baseline = keeps.then(|| Write::PutBaseline(assessment.baseline.clone()));
        let intent = self.wanted.as_ref().map(|wanted| match wanted {
            Wanted::Declared(intent) => Write::PutIntent(intent.clone()),
            Wanted::TakenBack => Write::DropIntent(Layer::Override),
        });
        baseline.into_iter().chain(intent).collect()
    }

    fn run(&self, assessment: Assessment, started: Timestamp) -> Run {
        Run {
            id: self.id.to_owned(),
            trigger: self.request.trigger,
            instant: self.instant,
            started,
            deciding: assessment.deciding,
            wanted: self.wanted.clone(),
            approved: self.request.approve.clone(),
            verdict: assessment.verdict,
            plan: assessment.plan,
            violations: assessment.violations,
            slices: 0,
            writes: 0,
            rounds: 0,
            applied: false,
            awaited: Vec::new(),
            timeline: Vec::new(),
            outcome: None,
            error: None,
            tell: false,
        }
    }
}

/// The override that a request speaks of.
fn wanted(place: &Place, request: &Request, id: &str, instant: Timestamp) -> Result<Option<Wanted>, StepError> {
    let expires = request.end(instant, place.zone.as_ref())?;
    let want = match request.want {
        None => return Ok(None),
        Some(Wish::AsScheduled) => return Ok(Some(Wanted::TakenBack)),
        Some(Wish::Awake) => Want::Awake,
        Some(Wish::Asleep) => Want::Asleep,
    };
    let reason = request.reason.clone().unwrap_or_else(|| "asked for by hand".to_owned());
    let intent = Intent { layer: Layer::Override, want, reason, by: id.to_owned(), declared: instant, expires };
    Ok(Some(Wanted::Declared(intent)))
}
