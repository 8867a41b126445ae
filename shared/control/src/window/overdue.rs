//! What has been due for so long that whatever is to bring it about does not: no tick comes, or no run of one can begin.

use jiff::Timestamp;
use watchkeeper_domain::capacity::ObservedScope;
use watchkeeper_domain::estate::Environment;
use watchkeeper_domain::intent::Layer;
use watchkeeper_domain::intent::idle::scheduled;
use watchkeeper_domain::reconcile::assess::Verdict;
use watchkeeper_domain::reconcile::history::TargetState;
use watchkeeper_domain::reconcile::trouble::GAP;
use watchkeeper_window::facts::{ScopeTrouble, TroubleKind};

use super::plan;
use super::scope::wanted;
use crate::ledger::{KeptHistory, ScopeState};
use crate::scoped::ScopedEnvironment;

/// What a tick would write by now, where what it would write for is due for longer than ticks take, and no run has ended since. A
/// run that is at it is looked for by the caller.
pub(super) fn overdue(
    environment: &Environment,
    scoped: &ScopedEnvironment,
    state: &ScopeState,
    observed: &ObservedScope,
    now: Timestamp,
) -> Option<ScopeTrouble> {
    // The calendar speaks by the tick: without one the ledger has what it said last.
    let others = state.intents.iter().filter(|intent| intent.layer != Layer::Schedule);
    let turned = environment.calendar().and_then(|calendar| calendar.at(now).since);
    let word = scheduled(environment, &state.intents, now);
    let idle = state.intents.iter().find(|intent| intent.is_idle() && word.is_idle()).map(|intent| intent.declared);
    let due = others.clone().flat_map(|intent| [Some(intent.declared), intent.expires]).chain([turned, idle]);
    let due = due.flatten().filter(|at| *at <= now).max()?;
    let KeptHistory::Known(history, _) = &state.history else { return None };
    // A run that has ended since says itself what it could not do.
    if now.duration_since(due) <= GAP || history.endings.last().is_some_and(|ending| ending.at >= due) {
        return None;
    }
    let intents = others.cloned().chain([word]).collect();
    let decided = plan::of_tick(scoped, &ScopeState { intents, ..state.clone() }, observed, now).ok()?;
    let layer = decided.deciding.first().map_or(Layer::Schedule, |intent| intent.layer);
    let writes = decided.verdict == Verdict::Apply && decided.plan.actions().next().is_some();
    writes.then(|| ScopeTrouble {
        kind: TroubleKind::Overdue,
        since: due,
        wanted: wanted(&TargetState::of(&decided.deciding), layer).to_owned(),
        error: None,
        violations: Vec::new(),
        run: None,
    })
}
