//! An execution of the mover: begin, fence, open, verify, commit, traffic, settle; and the way back.

use watchkeeper_domain::failover::Stage;
use watchkeeper_domain::failover::fence::{Evidence, Fenced, Tasks, judge};

use super::state::{Action, End, Fault, Hand, Phase, State};
use super::{Protocol, Rule};
use crate::pair::{Point, Side};

impl Protocol {
    pub(super) fn mover_actions(&self, state: &State, index: usize, actions: &mut Vec<Action>) {
        let mover = state.movers[index];
        match mover.phase {
            Phase::Ready => {
                // Executions of one region are alike: they start in order.
                let before = state.movers[..index].iter().rev().find(|before| before.side == mover.side);
                if before.is_none_or(|before| before.phase != Phase::Ready || before.name % 4 != 1) {
                    actions.push(Action::Look(index));
                }
                return;
            }
            Phase::Begin(_)
            | Phase::Open(_)
            | Phase::Commit(_)
            | Phase::Settle(_)
            | Phase::Back(_)
            | Phase::Restore(_) => actions.push(Action::Put(index)),
            Phase::Fence | Phase::Asking | Phase::Verify => {
                if self.holds(state, index) {
                    actions.push(Action::Proved(index));
                }
                actions.push(Action::Late(index));
            }
            Phase::Closing(_) => {
                if self.holds(state, index) {
                    actions.push(Action::Proved(index));
                }
                actions.push(Action::Hold(index));
            }
            Phase::Traffic => actions.extend([Action::Switch(index), Action::Hold(index)]),
            Phase::Over(_) => return,
        }
        if state.crashes > 0 {
            actions.push(Action::Crash(index));
        }
    }

    /// Whether what the execution waits for is there.
    fn holds(&self, state: &State, index: usize) -> bool {
        let mover = state.movers[index];
        let (own, old) = (mover.side.at(), mover.side.other().at());
        let epoch = state.points[own].epoch;
        let empty = |at: usize| !state.desired[at] && !state.alive[at];
        let mark = state.marks[own];
        match mover.phase {
            Phase::Fence if !self.keeps(Rule::FenceBeforeOpen) => true,
            Phase::Fence => self.fenced(state, mover.side, None),
            Phase::Asking => {
                let quiet = state.hands[old] == Hand::Idle && state.late[old].is_none();
                let stays = state.halted == Some(epoch) || state.points[old].epoch >= epoch;
                let word = quiet && stays && empty(old) || !self.keeps(Rule::Honesty);
                self.fenced(state, mover.side, word.then_some("ann"))
            }
            Phase::Verify if !self.keeps(Rule::VerifyBeforeTraffic) => true,
            Phase::Verify => mark.epoch == epoch && mark.up && state.alive[own],
            Phase::Closing(_) if !self.keeps(Rule::ClosedBeforeRestore) => true,
            Phase::Closing(_) => {
                let before = !self.keeps(Rule::ClosedAfterTurn) && mark.epoch + 1 == epoch;
                (mark.epoch == epoch || before) && empty(own)
            }
            _ => false,
        }
    }

    /// The real judgement of the fence, over what this region can see.
    fn fenced(&self, state: &State, side: Side, word: Option<&str>) -> bool {
        let (own, old) = (side.at(), side.other().at());
        let epoch = state.points[own].epoch;
        let settled = if self.keeps(Rule::SettledBeforeProved) { state.heard[own] } else { epoch };
        let (desired, alive) = (u32::from(state.desired[old]), u32::from(state.alive[old]));
        let tasks = Tasks { desired, running: alive, pending: 0, alive };
        let now = jiff::Timestamp::UNIX_EPOCH;
        let evidence = Evidence {
            settled: Some(settled.into()),
            // A person is asked where the region does not answer: the word is all there is then.
            tasks: word.is_none().then_some(tasks),
            silence: None,
            beat: None,
            word,
            from_home: side == Side::Standby,
            epoch: epoch.into(),
            since: now,
            looked: now,
            now,
        };
        matches!(judge(self.pair.singleton(), &evidence), Fenced::Holds(_))
    }

    pub(super) fn move_on(&self, state: &mut State, index: usize, action: Action) {
        let mover = state.movers[index];
        let point = state.points[mover.side.at()];
        // Each step reads the pointer first, and ends where the move is another's by now.
        let own = |stage: Stage| point.own(mover.name, stage).is_some();
        let going_on = |stage: Stage, then: Phase| if own(stage) { then } else { Phase::Over(End::Refused) };
        state.movers[index].phase = match (mover.phase, action) {
            (_, Action::Crash(_)) => {
                state.crashes -= 1;
                state.movers[index].name += 1;
                Phase::Ready
            }
            (_, Action::Look(_)) => Phase::Begin(point),
            (Phase::Begin(seen), Action::Put(_)) => self.begin(state, index, seen),
            (Phase::Open(seen), Action::Put(_)) => {
                self.put(state, index, seen, self.pair.open(&seen, mover.name), |_| Phase::Verify)
            }
            (Phase::Commit(seen), Action::Put(_)) => {
                let next = self.pair.changed(&seen, |pointer| pointer.commit(&mover.name.to_string()));
                self.put(state, index, seen, next, |_| Phase::Traffic)
            }
            (Phase::Settle(seen), Action::Put(_)) => {
                let now = jiff::Timestamp::UNIX_EPOCH;
                let next = self.pair.changed(&seen, |pointer| pointer.settle(&mover.name.to_string(), now));
                self.put(state, index, seen, next, |_| Phase::Over(End::Done))
            }
            (Phase::Back(seen), Action::Put(_)) => {
                let next = self.pair.changed(&seen, |pointer| pointer.turn_back(&mover.name.to_string()));
                self.put(state, index, seen, next, |next| Phase::Closing(next.revision))
            }
            (Phase::Restore(seen), Action::Put(_)) => {
                let now = jiff::Timestamp::UNIX_EPOCH;
                let next = self.pair.changed(&seen, |pointer| pointer.restore(&mover.name.to_string(), now));
                self.put(state, index, seen, next, |_| Phase::Over(End::Compensated))
            }
            (Phase::Fence | Phase::Asking, Action::Proved(_)) => going_on(Stage::Opening, Phase::Open(point)),
            // On the way home the old region answers, or the move goes back: nobody is asked.
            (Phase::Fence, Action::Late(_)) if self.asks && mover.side == Side::Standby => {
                going_on(Stage::Opening, Phase::Asking)
            }
            (Phase::Fence | Phase::Asking | Phase::Verify, Action::Late(_)) => {
                going_on(Stage::Opening, Phase::Back(point))
            }
            (Phase::Verify, Action::Proved(_)) => {
                // What is noted is the truth, whatever rule is broken.
                if self.keeps(Rule::VerifyBeforeTraffic) && own(Stage::Opening) {
                    state.verified[mover.side.at()] = point.epoch;
                }
                going_on(Stage::Opening, Phase::Commit(point))
            }
            (Phase::Closing(_), Action::Proved(_)) => going_on(Stage::Back, Phase::Restore(point)),
            (Phase::Traffic, Action::Switch(_)) if own(Stage::Traffic) || !self.keeps(Rule::OwnBeforeTraffic) => {
                switch(state, mover.side);
                Phase::Settle(point)
            }
            (_, Action::Hold(_)) => Phase::Over(End::Held),
            _ => Phase::Over(End::Refused),
        };
    }

    /// Begins a move, or goes on with the one that is there.
    fn begin(&self, state: &mut State, index: usize, seen: Point) -> Phase {
        let mover = state.movers[index];
        let Some(moving) = seen.moving else {
            let next = self.pair.begin(&seen, mover.side, mover.name);
            return self.put(state, index, seen, next, |_| Phase::Fence);
        };
        if moving.to != mover.side {
            return Phase::Over(End::Refused);
        }
        let next = self.pair.changed(&seen, |pointer| pointer.take_over(&mover.name.to_string()));
        self.put(state, index, seen, next, |next| match moving.stage {
            Stage::Opening if moving.open => Phase::Verify,
            Stage::Opening => Phase::Fence,
            Stage::Traffic => Phase::Traffic,
            Stage::Back => Phase::Closing(next.revision),
        })
    }

    /// Writes the next version over the one that was seen.
    fn put(
        &self,
        state: &mut State,
        index: usize,
        seen: Point,
        next: Option<Point>,
        then: impl FnOnce(&Point) -> Phase,
    ) -> Phase {
        let side = state.movers[index].side;
        let replica = side.at();
        let lost = state.points[replica].revision != seen.revision && self.keeps(Rule::CompareAndSet);
        let Some(next) = next.filter(|_| !lost) else { return Phase::Over(End::Refused) };
        let bit = 1 << seen.revision;
        state.note(Fault::Twice, state.used & bit != 0);
        state.used |= bit;
        state.note(Fault::Epoch, next.epoch < state.points[replica].epoch);
        state.note(Fault::Writers, !state.sent.is_empty() && state.towards == side);
        state.points[replica] = next;
        state.towards = side.other();
        state.sent.push(next);
        then(&next)
    }
}

/// The traffic goes to this region, and whether it may is judged by the newest pointer there is.
fn switch(state: &mut State, side: Side) {
    state.traffic = side;
    let newest = newest(state);
    let serves = match newest.moving {
        Some(moving) => moving.to == side && moving.stage == Stage::Traffic,
        None => newest.active == side,
    };
    state.note(Fault::Traffic, !serves || state.verified[side.at()] != newest.epoch);
}

/// The pointer of the highest revision.
pub(super) fn newest(state: &State) -> Point {
    let [home, standby] = state.points;
    if home.revision > standby.revision { home } else { standby }
}
