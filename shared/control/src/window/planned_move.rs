//! What a planned move of a pair comes to in the region that is to serve, as judged now.

use std::collections::BTreeSet;

use jiff::Timestamp;
use watchkeeper_domain::failover::{Pointer, PointerError, Serving, serving};
use watchkeeper_domain::intent::Layer;
use watchkeeper_domain::name::Region;
use watchkeeper_window::facts::{PlanFacts, Reading};

use super::environment::RememberedEnvironment;
use super::plan;
use crate::ledger::{PairReplica, ScopeState};
use crate::scoped::PairMember;

/// Who moves a pair that is only looked at.
const PREVIEW: &str = "preview";

/// The writes of a move to the region that does not serve, once all of it is open; unread where something that the plan is made of is
/// not of now, or where nothing can move.
pub(super) fn plan_of_move(
    member: &PairMember,
    replica: Option<&PairReplica>,
    read: &RememberedEnvironment<'_>,
    now: Timestamp,
) -> Reading<PlanFacts> {
    match planned(member, replica, read, now) {
        Ok(plan) => Reading::Now(plan),
        Err(why) => Reading::Unread { why },
    }
}

fn planned(
    member: &PairMember,
    replica: Option<&PairReplica>,
    read: &RememberedEnvironment<'_>,
    now: Timestamp,
) -> Result<PlanFacts, String> {
    let replica = replica.ok_or("the pointer of the pair could not be read")?;
    let pointer = member.pointer(replica);
    let to = if pointer.active == member.home { &member.standby } else { &member.home };
    let scope = read.regions.get(to).ok_or_else(|| format!("nothing of it is in {to}"))?;
    let scoped = scope.scoped.as_ref().ok_or("it cannot be planned as its document is")?;
    let there = scoped.pair.as_ref().ok_or("the document has no pair")?;
    let state = scope.state.now().ok_or_else(|| scope.state.why().unwrap_or_default().to_owned())?;
    let observed = scope.observed(now);
    let seen = observed.now().ok_or_else(|| observed.why().unwrap_or_default().to_owned())?;

    let figures = if *to == member.standby {
        serving(&there.failover, &there.declared, replica.samples.get(&pointer.active))
    } else {
        Serving::new()
    };
    let moved = moved(&pointer, to, figures, now).map_err(|error| error.to_string())?;
    let replica = PairReplica { pointer: Some(moved), ..replica.clone() };
    let wanted = there.placement(&replica, state, now).map_err(|error| error.to_string())?;
    let others = state.intents.iter().filter(|intent| intent.layer != Layer::Failover).cloned();
    let state = ScopeState { intents: others.chain(wanted).collect(), ..state.clone() };
    plan::of_tick(scoped, &state, seen, now).map(PlanFacts::from).map_err(|error| error.to_string())
}

/// The pointer after a whole move.
fn moved(pointer: &Pointer, to: &Region, figures: Serving, now: Timestamp) -> Result<Pointer, PointerError> {
    pointer.begin(to, figures, BTreeSet::new(), PREVIEW, now)?.commit(PREVIEW)?.settle(PREVIEW, now)
}
