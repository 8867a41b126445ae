//! What a run was asked for, and the decision about it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use watchkeeper_domain::capacity::{ObservedScope, ReachedTargets};
use watchkeeper_domain::failover::Placement;
use watchkeeper_domain::guardrail::{CapacityQuotas, GuardrailCode, Severity, stops};
use watchkeeper_domain::intent::{Intent, Layer, deciding};
use watchkeeper_domain::plan::Releases;
use watchkeeper_domain::reconcile::assess::{Assessment, ScopeSituation, Verdict, assess, target};
use watchkeeper_domain::reconcile::facts::DecisionFacts;
use watchkeeper_domain::reconcile::releases::ScopeLeft;
use watchkeeper_domain::reconcile::run::{IntentOutcome, RunHeader, RunProgress, RunRecord, RunRef};
use watchkeeper_domain::request::{RequestError, RunRequest, RunTrigger};

use super::call::{BeginVerdict, BegunRun};
use super::intent_change::IntentChange;
use super::{Reconciler, schedules};
use crate::ledger::{LedgerWrite, ScopeStanding, ScopeState};
use crate::platform::Platform;
use crate::ports::Clock;
use crate::runbook::{RunbookError, StepOutcome};
use crate::scoped::ScopedEnvironment;

/// What a run was asked for, and where and when.
pub(super) struct BeginContext<'a> {
    pub(super) scoped: &'a ScopedEnvironment,
    pub(super) request: &'a RunRequest,
    pub(super) id: &'a str,
    pub(super) instant: Timestamp,
    pub(super) intent_change: Option<IntentChange>,
    /// Whether it is only asked if anything differs: what a run needs to know beyond that is not read.
    pub(super) looks_only: bool,
}

/// What was decided, and the releases that the plan goes back to.
pub(super) struct Evaluation {
    pub(super) assessment: Assessment,
    pub(super) wanted: Option<IntentOutcome>,
    /// Whether it is a transition for every resource, whatever was reached before.
    pub(super) afresh: bool,
    /// What was reached before, resource by resource.
    pub(super) reached: ReachedTargets,
    pub(super) releases: Releases,
    /// What was decided by, where a report is asked for.
    pub(super) facts: Option<Box<DecisionFacts>>,
}

/// Where a decision begins.
struct Standpoint {
    /// The intents of the scope, the request's own among them.
    intents: Vec<Intent>,
    /// Whether it is a transition for every resource, whatever was reached before.
    afresh: bool,
    /// What was reached before, resource by resource.
    reached: ReachedTargets,
    /// How the services were left, and when.
    left: Option<ScopeLeft>,
}

/// What a run about a request would decide over what was observed, of what is remembered: all but what only a run asks for
/// (quotas, releases, other schedulers, the age of backups).
///
/// # Errors
/// [`RequestError`] for a request that cannot be meant.
pub(crate) fn preview(
    scoped: &ScopedEnvironment,
    request: &RunRequest,
    (seen, observed): (&ScopeState, &ObservedScope),
    now: Timestamp,
) -> Result<Assessment, RequestError> {
    let intent_change = IntentChange::of(scoped, request, PREVIEW, now)?;
    let ask = BeginContext { scoped, request, id: PREVIEW, instant: now, intent_change, looks_only: true };
    let wanted = ask.wanted(seen);
    let Standpoint { intents, reached, left, .. } = ask.standpoint(seen, wanted.as_ref());
    let mut assessment = assess(&ScopeSituation {
        baseline: seen.baseline.as_ref(),
        intents: &intents,
        observed,
        reached: &reached,
        left: left.as_ref(),
        declares: matches!(wanted, Some(IntentOutcome::Declared(_))),
        releases: &Releases::new(),
        quotas: &CapacityQuotas::default(),
        allowance: &scoped.allowance,
        instant: now,
        now,
        halt: seen.halt.as_ref(),
        approved: &request.approve,
    });
    assessment.verdict = assessment.verdict.answered(wanted.is_some());
    Ok(assessment)
}

/// Who declares an intent that is only looked at.
const PREVIEW: &str = "preview";

impl<P: Platform> Reconciler<P> {
    /// Observes and decides.
    pub(super) async fn look(&self, ask: &BeginContext<'_>, seen: &ScopeState) -> Result<Evaluation, RunbookError> {
        let wanted = ask.wanted(seen);
        let mut observed = self.observe(ask.scoped, seen, ask.urgency(seen)).await?;
        let back = self.back(ask.request, &observed).await?;
        let Standpoint { intents, afresh, reached, left } = ask.standpoint(seen, wanted.as_ref());
        if !ask.looks_only {
            self.look_at_ends(seen.baseline.as_ref(), left.as_ref(), &mut observed, ask.urgency(seen)).await?;
        }
        let mut quotas = CapacityQuotas::default();
        let decide = |observed: &ObservedScope, quotas: &CapacityQuotas| {
            let situation = ScopeSituation {
                baseline: seen.baseline.as_ref(),
                intents: &intents,
                observed,
                reached: &reached,
                left: left.as_ref(),
                declares: matches!(wanted, Some(IntentOutcome::Declared(_))),
                releases: &back.releases,
                quotas,
                allowance: &ask.scoped.allowance,
                instant: ask.instant,
                now: self.clock.now(),
                halt: seen.halt.as_ref(),
                approved: &ask.request.approve,
            };
            (assess(&situation), ask.request.report.then(|| Box::new(DecisionFacts::of(&situation))))
        };
        let (mut assessment, mut facts) = decide(&observed, &quotas);
        if !ask.looks_only
            && self.look_at_health(ask.scoped, &assessment.deciding, &mut observed, &assessment.plan).await
        {
            (assessment, facts) = decide(&observed, &quotas);
        }
        let most_urgent = assessment.deciding.iter().map(|intent| intent.layer).max();
        if let Some(layer) = most_urgent.filter(|layer| !ask.looks_only && layer.raises()) {
            quotas = self.quotas(ask.scoped, &observed, &assessment.plan, layer).await?;
            (assessment, facts) = decide(&observed, &quotas);
        }
        if !ask.looks_only && schedules::asks(ask.request, &assessment) {
            let (found, unread) = self.schedules(ask.urgency(seen)).await;
            observed.learn_schedules(found, seen.baseline.as_ref());
            (assessment, facts) = decide(&observed, &quotas);
            assessment.violations.extend(unread);
        }
        assessment.violations.extend(back.violations);
        assessment.held.extend(back.left);
        assessment.violations.extend(self.stale_backups(ask).await?);
        if stops(&assessment.violations) {
            assessment.verdict = Verdict::Refused;
        }
        assessment.verdict = assessment.verdict.answered(wanted.is_some());
        Ok(Evaluation { assessment, wanted, afresh, reached, releases: back.releases, facts })
    }
}

impl BegunRun {
    /// The same with what an assessment says of its plan.
    pub(super) fn with(self, assessment: &Assessment) -> Self {
        let codes = |severity: Severity| -> BTreeSet<GuardrailCode> {
            let stopping = assessment.violations.iter().filter(|violation| violation.severity == severity);
            stopping.map(|violation| violation.code).collect()
        };
        let (asks, blocked) = (codes(Severity::Ask), codes(Severity::Refuse));
        Self { asks, blocked, writes: assessment.plan.actions().count(), ..self }
    }
}

impl BeginContext<'_> {
    pub(super) fn begun(
        &self,
        generation: Option<u64>,
        verdict: BeginVerdict,
        summary: String,
    ) -> StepOutcome<BegunRun> {
        let run = RunRef { scope: self.scoped.scope.clone(), id: self.id.to_owned(), generation };
        let begun = BegunRun { verdict, asks: BTreeSet::new(), blocked: BTreeSet::new(), writes: 0 };
        StepOutcome::new(run, verdict.then(), summary, begun)
    }

    /// What becomes of what is wanted, given what the ledger holds.
    pub(super) fn wanted(&self, seen: &ScopeState) -> Option<IntentOutcome> {
        self.intent_change.as_ref().and_then(|intent_change| intent_change.given(seen, self.instant))
    }

    /// A summary, and before it what is to be said of a wish that comes to nothing.
    pub(super) fn said(&self, seen: &ScopeState, summary: &str) -> String {
        let vain = self.intent_change.as_ref().and_then(|change| change.in_vain(seen, self.instant));
        vain.unwrap_or_default() + summary
    }

    /// Where the decision begins. Another word of the pair's pointer is a transition, also where it comes to the same.
    fn standpoint(&self, seen: &ScopeState, wanted: Option<&IntentOutcome>) -> Standpoint {
        let intents = intents(seen, wanted);
        let placement = intents.iter().find_map(Intent::placement).map(Placement::mark);
        let followed = seen.standing.settled.as_ref().and_then(|settled| settled.placement.clone());
        let afresh = followed != placement || self.insists(wanted);
        let chosen: Vec<Intent> = deciding(&intents, self.instant).into_iter().cloned().collect();
        let kept = seen.baseline.as_ref().map(|kept| target(kept, &chosen, self.instant, &self.scoped.allowance));
        let reached = seen.standing.reached(&kept.unwrap_or_default());
        let left = left_at(seen).map(|at| {
            let mut services = reached.services.clone();
            services.extend(seen.standing.drifted.clone());
            ScopeLeft { at, services, sent: [].into() }
        });
        Standpoint { intents, afresh, reached: if afresh { ReachedTargets::default() } else { reached }, left }
    }

    /// Whether somebody else's changes are written over: a person's word, or another target, is a transition; an
    /// emergency that is extended is none.
    pub(super) fn insists(&self, wanted: Option<&IntentOutcome>) -> bool {
        wanted.is_some() && self.request.trigger != RunTrigger::Emergency
    }

    /// The layer that the run speaks for: it decides its share of the budgets and whom it may preempt.
    pub(super) fn urgency(&self, seen: &ScopeState) -> Layer {
        let chosen = deciding(&seen.intents, self.instant).first().map_or(Layer::Schedule, |intent| intent.layer);
        let asked = match &self.request.emergency {
            Some(_) => Some(Layer::Emergency),
            None => self.intent_change.as_ref().map(IntentChange::layer),
        };
        asked.map_or(chosen, |asked| chosen.max(asked))
    }

    pub(super) fn run(&self, look: Evaluation, layer: Layer, started: Timestamp) -> RunRecord {
        let Evaluation { assessment, wanted, afresh, releases, facts, .. } = look;
        let approved = self.request.approve.clone();
        let header = RunHeader { approved, ..RunHeader::new(self.id, self.request.trigger, started) };
        RunRecord {
            header,
            layer,
            instant: self.instant,
            deciding: assessment.deciding,
            releases,
            wanted,
            cause: self.request.reason.clone(),
            verdict: assessment.verdict,
            plan: assessment.plan,
            facts,
            violations: assessment.violations,
            slices: 0,
            writes: 0,
            waited_seconds: 0,
            rounds: 0,
            applied: false,
            progress: RunProgress { afresh, held: assessment.held, ..RunProgress::default() },
            awaited: Vec::new(),
            outcome: None,
            error: None,
            tell: false,
        }
    }
}

/// When the last run wrote of which something is in the scope: it settled, or else the baseline was taken.
pub(super) fn left_at(seen: &ScopeState) -> Option<Timestamp> {
    let kept = seen.baseline.as_ref()?;
    Some(seen.standing.settled.as_ref().map_or(kept.taken, |settled| settled.at.max(kept.taken)))
}

/// The intents of the scope as they are once the request's own is among them.
fn intents(seen: &ScopeState, wanted: Option<&IntentOutcome>) -> Vec<Intent> {
    let intent_key = wanted.map(|wanted| match wanted {
        IntentOutcome::Declared(intent) => intent.intent_key(),
        IntentOutcome::TakenBack(intent_key) => intent_key.clone(),
    });
    let others = seen.intents.iter().filter(|intent| Some(intent.intent_key()) != intent_key);
    let own = if let Some(IntentOutcome::Declared(intent)) = wanted { Some(&**intent) } else { None };
    others.chain(own).cloned().collect()
}

/// What an accepted plan leaves in the ledger before its first action.
pub(super) fn durable(look: &Evaluation, standing: &ScopeStanding) -> Vec<LedgerWrite> {
    let assessment = &look.assessment;
    let baseline = assessment.learnt.then(|| LedgerWrite::PutBaseline(assessment.baseline.clone()));
    // Should this run die, nobody takes what it has changed for somebody else's doing.
    let moved: BTreeSet<_> = assessment.plan.written().union(&assessment.joined).cloned().collect();
    let reached = Some(look.reached.clone().until(&assessment.target, &moved));
    let after = ScopeStanding { reached, drifted: assessment.drifted.clone(), ..standing.clone() };
    let standing = (after != *standing).then_some(LedgerWrite::PutStanding(after));
    let intent = look.wanted.as_ref().map(|wanted| match wanted {
        IntentOutcome::Declared(intent) => LedgerWrite::PutIntent(Intent::clone(intent)),
        IntentOutcome::TakenBack(intent_key) => LedgerWrite::DropIntent(intent_key.clone()),
    });
    baseline.into_iter().chain(standing).chain(intent).collect()
}
