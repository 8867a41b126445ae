//! What holds in every state, and what must be reachable lest the model proves nothing.

use stateright::{Model, Property};

use super::ProtocolModel;
use super::mover::newest;
use super::state::{ExecutionPhase, MoverEnd, ProtocolAction, ProtocolState, ProtocolViolation};

/// Two regions never run the singleton.
pub const SINGLE: &str = "at most one region runs the singleton";
/// The traffic.
pub const TRAFFIC: &str = "traffic goes only to a region that was verified in this epoch and serves";
/// Executions.
pub const ONE_ACTS: &str = "at most one execution acts on a revision";
/// Regions.
pub const ONE_WRITES: &str = "a region writes the pointer only when it has the other's last write";
/// Epochs.
pub const EPOCH: &str = "the epoch of a replica never goes down";
/// Ends.
pub const ENDS: &str = "every run ends in done, compensated or waiting for a person";
/// The world at the end.
pub const RIGHT: &str = "when all is told and done the active region runs the singleton and gets the traffic";

pub(super) fn all() -> Vec<Property<ProtocolModel>> {
    vec![
        Property::always(SINGLE, |_, state: &ProtocolState| state.alive != [true, true]),
        Property::always(TRAFFIC, |_, state: &ProtocolState| state.fault != Some(ProtocolViolation::Traffic)),
        Property::always(ONE_ACTS, |_, state: &ProtocolState| state.fault != Some(ProtocolViolation::Twice)),
        Property::always(ONE_WRITES, |_, state: &ProtocolState| state.fault != Some(ProtocolViolation::Writers)),
        Property::always(EPOCH, |_, state: &ProtocolState| state.fault != Some(ProtocolViolation::Epoch)),
        Property::always(ENDS, ends),
        Property::always(RIGHT, right),
        Property::sometimes("a failover is done", |_, state: &ProtocolState| ended(state, MoverEnd::Done)),
        Property::sometimes("a failover is compensated", |_, state: &ProtocolState| {
            ended(state, MoverEnd::Compensated)
        }),
        Property::sometimes("a person is called", |_, state: &ProtocolState| ended(state, MoverEnd::Held)),
    ]
}

fn ended(state: &ProtocolState, end: MoverEnd) -> bool {
    state.movers.iter().any(|mover| mover.phase == ExecutionPhase::Over(end))
}

/// Where nothing can happen any more but that something arrives, which may never be: every execution that started is
/// over, and a move that still stands has called a person.
fn ends(model: &ProtocolModel, state: &ProtocolState) -> bool {
    let mut actions = Vec::new();
    model.actions(state, &mut actions);
    if actions.iter().any(|action| !matches!(action, ProtocolAction::Replicate | ProtocolAction::Tell(_))) {
        return true;
    }
    let over = |phase| matches!(phase, ExecutionPhase::Ready | ExecutionPhase::Over(_));
    let all_over = state.movers.iter().all(|mover| over(mover.phase));
    all_over && (newest(state).moving.is_none() || ended(state, MoverEnd::Held))
}

/// Where nothing at all can happen any more and the pointer is steady.
fn right(model: &ProtocolModel, state: &ProtocolState) -> bool {
    let mut actions = Vec::new();
    model.actions(state, &mut actions);
    let [home, standby] = state.points;
    if !actions.is_empty() || home.moving.is_some() {
        return true;
    }
    let (active, idle) = (home.active, home.active.other());
    let runs = state.alive[active.at()] && !state.alive[idle.at()];
    home == standby && runs && state.traffic == active
}
