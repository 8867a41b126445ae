//! What the ledger holds of a scope, in the words of the window.

use jiff::{SignedDuration, Timestamp};
use watchkeeper_domain::capacity::{Capacity, ObservedScope, ServiceId};
use watchkeeper_domain::emergency::PutQuestion;
use watchkeeper_domain::intent::Layer;
use watchkeeper_domain::reconcile::assess::Verdict;
use watchkeeper_domain::reconcile::history::{ScopeHistory, TargetState};
use watchkeeper_domain::reconcile::run::{RunOutcome, RunRecord};
use watchkeeper_domain::violation::{GuardrailCode, Severity, Violation};
use watchkeeper_window::facts::{ObservedCapacity, ObservedCount, OpenQuestion, ScopeTrouble, TroubleKind};

use crate::lease::Lease;

/// For how long a wish that was refused, or failed, is shown where nothing has ended since: a day later nobody waits for it.
const WISH_SHOWN: SignedDuration = SignedDuration::from_hours(24);

/// The run that holds the lease, if one does. Released, a lease ends before it is over for whoever comes next.
pub(super) fn holder(lease: Option<&Lease>, now: Timestamp) -> Option<&Lease> {
    lease.filter(|lease| now < lease.expires)
}

/// The bad news of the last run, as long as it holds. What the calendar wants is tried again by each tick, and so is over where
/// a tick would find nothing to do; a wish of somebody else is over with the next run, or once nobody waits for it any more.
/// What is observed and decided now may not be known.
pub(super) fn trouble(
    history: &ScopeHistory,
    record: Option<&RunRecord>,
    verdict: Option<Verdict>,
    now: Timestamp,
) -> Option<ScopeTrouble> {
    let ending = history.trouble()?;
    let kind = match ending.outcome {
        RunOutcome::Refused => TroubleKind::Refused,
        RunOutcome::Failed => TroubleKind::Failed,
        RunOutcome::Unverified => TroubleKind::Unverified,
        RunOutcome::Drift => TroubleKind::Drift,
        RunOutcome::Done | RunOutcome::PartlyDone => return None,
    };
    let last = ending.again.unwrap_or(ending.at);
    let holds = match (kind, ending.layer) {
        (TroubleKind::Drift, _) => verdict.is_none_or(|verdict| verdict == Verdict::Drift),
        (_, Layer::Schedule) => verdict != Some(Verdict::Nothing),
        _ => now.duration_since(last) < WISH_SHOWN,
    };
    let counts = |violation: &&Violation| match kind {
        TroubleKind::Drift => violation.code == GuardrailCode::Drift,
        _ => violation.severity > Severity::Warn,
    };
    let violations = record.map(|record| record.violations.iter().filter(counts).cloned().collect());
    holds.then(|| ScopeTrouble {
        kind,
        since: ending.at,
        wanted: wanted(&ending.target, ending.layer).to_owned(),
        error: ending.code.clone().filter(|_| matches!(kind, TroubleKind::Failed | TroubleKind::Unverified)),
        violations: violations.unwrap_or_default(),
        run: Some(ending.run.clone()),
    })
}

/// What was wanted, in a word of the runbooks.
pub(super) fn wanted(target: &TargetState, layer: Layer) -> &'static str {
    match (target, layer) {
        (TargetState::At(_), _) => "scale-out",
        (TargetState::Asleep, _) => "sleep",
        (TargetState::Serving | TargetState::StandingBy, _) => "failover",
        (TargetState::Awake, Layer::Emergency) => "give-back",
        (TargetState::Awake, _) => "wake",
    }
}

/// Questions that wait for a person now.
pub(super) fn open(questions: Vec<PutQuestion>, now: Timestamp) -> Vec<OpenQuestion> {
    let open = questions.into_iter().filter(|question| question.asked <= now && now < question.until);
    open.map(question).collect()
}

/// A question as it was put. The guardrails that ask are named by why it is asked.
pub(super) fn question(put: PutQuestion) -> OpenQuestion {
    let mark = put.mark();
    let PutQuestion { execution, what, why, asked, until, .. } = put;
    OpenQuestion { id: execution, what, why, asks: [].into(), mark, asked, until }
}

/// What was observed, beside what is wanted of it; without a target, what ECS wants itself.
pub(super) fn counts(observed: ObservedScope, target: Option<&Capacity>) -> ObservedCapacity {
    let wanted = |id: &ServiceId, own: u32| {
        target.and_then(|target| target.services.get(id)).map_or(own, |wanted| wanted.desired)
    };
    let services = observed.services.into_iter().map(|(id, found)| {
        let desired = found.capacity.desired;
        let count =
            ObservedCount { desired, running: found.running, pending: found.pending, wanted: wanted(&id, desired) };
        (id, count)
    });
    let databases = observed.databases.into_iter().map(|(id, found)| {
        let power = found.power();
        (id, (power, found.state.to_string()))
    });
    ObservedCapacity { services: services.collect(), databases: databases.collect() }
}
