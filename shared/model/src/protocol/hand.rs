//! The hand of a region, its tasks, and the person who can stop the home's hand.

use watchkeeper_domain::failover::Stage;

use super::state::{Action, Hand, Mark, Mover, Phase, State};
use super::{Protocol, Rule};
use crate::pair::Side;

impl Protocol {
    pub(super) fn hand_actions(&self, state: &State, side: Side, actions: &mut Vec<Action>) {
        let at = side.at();
        match state.hands[at] {
            Hand::Idle => actions.extend(self.due(state, side).map(|_| Action::Take(side))),
            Hand::Read(_) => {
                actions.push(Action::Write(side));
                if state.stalls > 0 && state.late[at].is_none() {
                    actions.push(Action::Stall(side));
                }
            }
            Hand::Wrote(mark) if state.desired[at] != mark.up => actions.push(Action::Drift(side)),
            Hand::Wrote(mark) if state.alive[at] == mark.up => actions.push(Action::Mark(side)),
            Hand::Wrote(_) => {}
        }
        if state.late[at].is_some() {
            actions.extend([Action::Land(side), Action::Lose(side)]);
        }
        match (state.desired[at], state.alive[at]) {
            (true, false) => actions.push(Action::Start(side)),
            (false, true) => actions.push(Action::Stop(side)),
            _ => {}
        }
        if side == Side::Home && Self::halts(state) {
            actions.push(Action::Halt);
        }
    }

    /// Whether a person who is asked has to stop the home's hand, because that cannot know of the move yet.
    fn halts(state: &State) -> bool {
        let [home, standby] = state.points;
        let asks = |mover: &Mover| mover.phase == Phase::Asking && standby.own(mover.name, Stage::Opening).is_some();
        let stopped = state.halted == Some(standby.epoch) && !state.desired[Side::Home.at()];
        home.epoch < standby.epoch && !stopped && state.movers.iter().any(asks)
    }

    /// What a hand would do now, if there is a reason to take the lease and nobody else can still write.
    fn due(&self, state: &State, side: Side) -> Option<Mark> {
        let at = side.at();
        let point = state.points[at];
        let halted = side == Side::Home && state.halted.is_some();
        if halted || (state.late[at].is_some() && self.keeps(Rule::Margin)) {
            return None;
        }
        let last = state.marks[at];
        let up = self.pair.wants(side, &point, Some(last.epoch))?;
        let waited_for = || {
            let waits = |phase| matches!(phase, Phase::Closing(since) if since > last.revision);
            state.movers.iter().any(|mover| mover.side == side && waits(mover.phase))
        };
        let same = (last.epoch, last.up) == (point.epoch, up) && state.desired[at] == up;
        (!same || waited_for()).then_some(Mark { epoch: point.epoch, revision: point.revision, up })
    }

    pub(super) fn hand_on(&self, state: &mut State, action: Action) {
        match action {
            Action::Take(side) => {
                let read = self.due(state, side).map_or(Hand::Idle, Hand::Read);
                state.hands[side.at()] = read;
            }
            Action::Write(side) => {
                if let Hand::Read(mark) = state.hands[side.at()] {
                    state.desired[side.at()] = mark.up;
                    state.hands[side.at()] = Hand::Wrote(mark);
                }
            }
            Action::Mark(side) => {
                if let Hand::Wrote(mark) = state.hands[side.at()] {
                    state.marks[side.at()] = mark;
                }
                state.hands[side.at()] = Hand::Idle;
            }
            Action::Drift(side) => state.hands[side.at()] = Hand::Idle,
            Action::Stall(side) => {
                if let Hand::Read(mark) = state.hands[side.at()] {
                    state.late[side.at()] = Some(mark.up);
                }
                state.hands[side.at()] = Hand::Idle;
                state.stalls -= 1;
            }
            Action::Land(side) => {
                if let Some(up) = state.late[side.at()].take() {
                    state.desired[side.at()] = up;
                }
            }
            Action::Lose(side) => state.late[side.at()] = None,
            Action::Start(side) => state.alive[side.at()] = true,
            Action::Stop(side) => state.alive[side.at()] = false,
            Action::Halt => {
                // A person stops the hand until it can know of the move.
                state.halted = Some(state.points[Side::Standby.at()].epoch);
                state.desired[Side::Home.at()] = false;
            }
            _ => {}
        }
    }
}
