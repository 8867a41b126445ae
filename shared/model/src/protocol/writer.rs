//! The writer of a region, its tasks, and the person who can stop the home's writer.

use watchkeeper_domain::failover::MoveStage;

use super::state::{ExecutionPhase, MoverState, ProtocolAction, ProtocolState, RegionHand, SettledMark};
use super::{ProtocolModel, ProtocolRule};
use crate::pair::{PairSide, Rehearsed};

impl ProtocolModel {
    pub(super) fn writer_actions(&self, state: &ProtocolState, side: PairSide, actions: &mut Vec<ProtocolAction>) {
        let at = side.at();
        match state.writers[at] {
            RegionHand::Idle => actions.extend(self.due(state, side).map(|_| ProtocolAction::Take(side))),
            RegionHand::Read(_) => {
                actions.push(ProtocolAction::Write(side));
                if state.stalls > 0 && state.late[at].is_none() {
                    actions.push(ProtocolAction::Stall(side));
                }
            }
            RegionHand::Wrote(mark) if state.desired[at] != mark.up => actions.push(ProtocolAction::Drift(side)),
            RegionHand::Wrote(mark) if state.alive[at] == mark.up => actions.push(ProtocolAction::Mark(side)),
            RegionHand::Wrote(_) => {}
        }
        if state.late[at].is_some() {
            actions.extend([ProtocolAction::Land(side), ProtocolAction::Lose(side)]);
        }
        match (state.desired[at], state.alive[at]) {
            (true, false) => actions.push(ProtocolAction::Start(side)),
            (false, true) => actions.push(ProtocolAction::Stop(side)),
            _ => {}
        }
        if side == PairSide::Home && Self::halts(state) {
            actions.push(ProtocolAction::Halt);
        }
    }

    /// Whether a person who is asked has to stop the home's writer, because that cannot know of the move yet.
    fn halts(state: &ProtocolState) -> bool {
        let [home, standby] = state.points;
        let asks = |mover: &MoverState| {
            mover.phase == ExecutionPhase::Asking && standby.own(mover.name, MoveStage::Opening).is_some()
        };
        let stopped = state.halted == Some(standby.epoch) && !state.desired[PairSide::Home.at()];
        home.epoch < standby.epoch && !stopped && state.movers.iter().any(asks)
    }

    /// What a writer would do now, if there is a reason to take the lease and nobody else can still write.
    fn due(&self, state: &ProtocolState, side: PairSide) -> Option<SettledMark> {
        let at = side.at();
        let point = state.points[at];
        let halted = side == PairSide::Home && state.halted.is_some();
        if halted || (state.late[at].is_some() && self.keeps(ProtocolRule::Margin)) {
            return None;
        }
        let last = state.marks[at];
        let what = if self.keeps(ProtocolRule::RehearsedFigures) { Rehearsed::Figures } else { Rehearsed::Everything };
        let rehearsed = (state.rehearsing && side == PairSide::Standby).then_some(what);
        let up = self.pair.wants_rehearsing(side, &point, Some(last.epoch), rehearsed)?;
        let waited_for = || {
            let waits = |phase| matches!(phase, ExecutionPhase::Closing(since) if since > last.revision);
            state.movers.iter().any(|mover| mover.side == side && waits(mover.phase))
        };
        let same = (last.epoch, last.up) == (point.epoch, up) && state.desired[at] == up;
        (!same || waited_for()).then_some(SettledMark { epoch: point.epoch, revision: point.revision, up })
    }

    pub(super) fn hand_on(&self, state: &mut ProtocolState, action: ProtocolAction) {
        match action {
            ProtocolAction::Take(side) => {
                let read = self.due(state, side).map_or(RegionHand::Idle, RegionHand::Read);
                state.writers[side.at()] = read;
            }
            ProtocolAction::Write(side) => {
                if let RegionHand::Read(mark) = state.writers[side.at()] {
                    state.desired[side.at()] = mark.up;
                    state.writers[side.at()] = RegionHand::Wrote(mark);
                }
            }
            ProtocolAction::Mark(side) => {
                if let RegionHand::Wrote(mark) = state.writers[side.at()] {
                    state.marks[side.at()] = mark;
                }
                state.writers[side.at()] = RegionHand::Idle;
            }
            ProtocolAction::Drift(side) => state.writers[side.at()] = RegionHand::Idle,
            ProtocolAction::Stall(side) => {
                if let RegionHand::Read(mark) = state.writers[side.at()] {
                    state.late[side.at()] = Some(mark.up);
                }
                state.writers[side.at()] = RegionHand::Idle;
                state.stalls -= 1;
            }
            ProtocolAction::Land(side) => {
                if let Some(up) = state.late[side.at()].take() {
                    state.desired[side.at()] = up;
                }
            }
            ProtocolAction::Lose(side) => state.late[side.at()] = None,
            ProtocolAction::Start(side) => state.alive[side.at()] = true,
            ProtocolAction::Stop(side) => state.alive[side.at()] = false,
            ProtocolAction::Halt => {
                // A person stops the writer until it can know of the move.
                state.halted = Some(state.points[PairSide::Standby.at()].epoch);
                state.desired[PairSide::Home.at()] = false;
            }
            _ => {}
        }
    }
}
