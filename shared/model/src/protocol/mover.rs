//! An execution of the mover: begin, fence, open, verify, commit, traffic, settle; and the way back.

use watchkeeper_domain::failover::MoveStage;
use watchkeeper_domain::failover::fence::{FenceEvidence, FenceState, SingletonTasks, judge};

use super::state::{ExecutionPhase, MoverEnd, ProtocolAction, ProtocolState, ProtocolViolation, RegionHand};
use super::{ProtocolModel, ProtocolRule};
use crate::pair::{ModelPointer, PairSide};

impl ProtocolModel {
    pub(super) fn mover_actions(&self, state: &ProtocolState, index: usize, actions: &mut Vec<ProtocolAction>) {
        let mover = state.movers[index];
        match mover.phase {
            ExecutionPhase::Ready => {
                // Executions of one region are alike: they start in order.
                let before = state.movers[..index].iter().rev().find(|before| before.side == mover.side);
                if before.is_none_or(|before| before.phase != ExecutionPhase::Ready || before.name % 4 != 1) {
                    actions.push(ProtocolAction::Look(index));
                }
                return;
            }
            ExecutionPhase::Begin(_)
            | ExecutionPhase::Open(_)
            | ExecutionPhase::Commit(_)
            | ExecutionPhase::Settle(_)
            | ExecutionPhase::Back(_)
            | ExecutionPhase::Restore(_) => actions.push(ProtocolAction::Put(index)),
            ExecutionPhase::Fence | ExecutionPhase::Asking | ExecutionPhase::Verify => {
                if self.holds(state, index) {
                    actions.push(ProtocolAction::Proved(index));
                }
                actions.push(ProtocolAction::Late(index));
            }
            ExecutionPhase::Closing(_) => {
                if self.holds(state, index) {
                    actions.push(ProtocolAction::Proved(index));
                }
                actions.push(ProtocolAction::Hold(index));
            }
            ExecutionPhase::Traffic => actions.extend([ProtocolAction::Switch(index), ProtocolAction::Hold(index)]),
            ExecutionPhase::Over(_) => return,
        }
        if state.crashes > 0 {
            actions.push(ProtocolAction::Crash(index));
        }
    }

    /// Whether what the execution waits for is there.
    fn holds(&self, state: &ProtocolState, index: usize) -> bool {
        let mover = state.movers[index];
        let (own, old) = (mover.side.at(), mover.side.other().at());
        let epoch = state.points[own].epoch;
        let empty = |at: usize| !state.desired[at] && !state.alive[at];
        let mark = state.marks[own];
        match mover.phase {
            ExecutionPhase::Fence if !self.keeps(ProtocolRule::FenceBeforeOpen) => true,
            ExecutionPhase::Fence => self.fenced(state, mover.side, None),
            ExecutionPhase::Asking => {
                let quiet = state.writers[old] == RegionHand::Idle && state.late[old].is_none();
                let stays = state.halted == Some(epoch) || state.points[old].epoch >= epoch;
                let word = quiet && stays && empty(old) || !self.keeps(ProtocolRule::Honesty);
                self.fenced(state, mover.side, word.then_some("ann"))
            }
            ExecutionPhase::Verify if !self.keeps(ProtocolRule::VerifyBeforeTraffic) => true,
            ExecutionPhase::Verify => mark.epoch == epoch && mark.up && state.alive[own],
            ExecutionPhase::Closing(_) if !self.keeps(ProtocolRule::ClosedBeforeRestore) => true,
            ExecutionPhase::Closing(_) => {
                let before = !self.keeps(ProtocolRule::ClosedAfterTurn) && mark.epoch + 1 == epoch;
                (mark.epoch == epoch || before) && empty(own)
            }
            _ => false,
        }
    }

    /// The real judgement of the fence, over what this region can see.
    fn fenced(&self, state: &ProtocolState, side: PairSide, word: Option<&str>) -> bool {
        let (own, old) = (side.at(), side.other().at());
        let epoch = state.points[own].epoch;
        let settled = if self.keeps(ProtocolRule::SettledBeforeProved) { state.heard[own] } else { epoch };
        let (desired, alive) = (u32::from(state.desired[old]), u32::from(state.alive[old]));
        let tasks = SingletonTasks { desired, running: alive, pending: 0, alive };
        let now = jiff::Timestamp::UNIX_EPOCH;
        let evidence = FenceEvidence {
            settled: Some(settled.into()),
            // A person is asked where the region does not answer: the word is all there is then.
            tasks: word.is_none().then_some(tasks),
            silence: None,
            beat: None,
            word,
            from_home: side == PairSide::Standby,
            epoch: epoch.into(),
            since: now,
            looked: now,
            silent: None,
            lost: false,
            now,
        };
        matches!(judge(self.pair.singleton(), &evidence), FenceState::Holds(_))
    }

    pub(super) fn move_on(&self, state: &mut ProtocolState, index: usize, action: ProtocolAction) {
        let mover = state.movers[index];
        let point = state.points[mover.side.at()];
        // Each step reads the pointer first, and ends where the move is another's by now.
        let own = |stage: MoveStage| point.own(mover.name, stage).is_some();
        let going_on = |stage: MoveStage, then: ExecutionPhase| {
            if own(stage) { then } else { ExecutionPhase::Over(MoverEnd::Refused) }
        };
        state.movers[index].phase = match (mover.phase, action) {
            (_, ProtocolAction::Crash(_)) => {
                state.crashes -= 1;
                state.movers[index].name += 1;
                ExecutionPhase::Ready
            }
            (_, ProtocolAction::Look(_)) => ExecutionPhase::Begin(point),
            (ExecutionPhase::Begin(seen), ProtocolAction::Put(_)) => self.begin(state, index, seen),
            (ExecutionPhase::Open(seen), ProtocolAction::Put(_)) => {
                self.put(state, index, seen, self.pair.open(&seen, mover.name), |_| ExecutionPhase::Verify)
            }
            (ExecutionPhase::Commit(seen), ProtocolAction::Put(_)) => {
                let next = self.pair.changed(&seen, |pointer| pointer.commit(&mover.name.to_string()));
                self.put(state, index, seen, next, |_| ExecutionPhase::Traffic)
            }
            (ExecutionPhase::Settle(seen), ProtocolAction::Put(_)) => {
                let now = jiff::Timestamp::UNIX_EPOCH;
                let next = self.pair.changed(&seen, |pointer| pointer.settle(&mover.name.to_string(), now));
                self.put(state, index, seen, next, |_| ExecutionPhase::Over(MoverEnd::Done))
            }
            (ExecutionPhase::Back(seen), ProtocolAction::Put(_)) => {
                let next = self.pair.changed(&seen, |pointer| pointer.turn_back(&mover.name.to_string()));
                self.put(state, index, seen, next, |next| ExecutionPhase::Closing(next.revision))
            }
            (ExecutionPhase::Restore(seen), ProtocolAction::Put(_)) => {
                let now = jiff::Timestamp::UNIX_EPOCH;
                let next = self.pair.changed(&seen, |pointer| pointer.restore(&mover.name.to_string(), now));
                self.put(state, index, seen, next, |_| ExecutionPhase::Over(MoverEnd::Compensated))
            }
            (ExecutionPhase::Fence | ExecutionPhase::Asking, ProtocolAction::Proved(_)) => {
                going_on(MoveStage::Opening, ExecutionPhase::Open(point))
            }
            // On the way home the old region answers, or the move goes back: nobody is asked.
            (ExecutionPhase::Fence, ProtocolAction::Late(_)) if self.asks && mover.side == PairSide::Standby => {
                going_on(MoveStage::Opening, ExecutionPhase::Asking)
            }
            (ExecutionPhase::Fence | ExecutionPhase::Asking | ExecutionPhase::Verify, ProtocolAction::Late(_)) => {
                going_on(MoveStage::Opening, ExecutionPhase::Back(point))
            }
            (ExecutionPhase::Verify, ProtocolAction::Proved(_)) => {
                // What is noted is the truth, whatever rule is broken.
                if self.keeps(ProtocolRule::VerifyBeforeTraffic) && own(MoveStage::Opening) {
                    state.verified[mover.side.at()] = point.epoch;
                }
                going_on(MoveStage::Opening, ExecutionPhase::Commit(point))
            }
            (ExecutionPhase::Closing(_), ProtocolAction::Proved(_)) => {
                going_on(MoveStage::Back, ExecutionPhase::Restore(point))
            }
            (ExecutionPhase::Traffic, ProtocolAction::Switch(_))
                if own(MoveStage::Traffic) || !self.keeps(ProtocolRule::OwnBeforeTraffic) =>
            {
                switch(state, mover.side);
                ExecutionPhase::Settle(point)
            }
            (_, ProtocolAction::Hold(_)) => ExecutionPhase::Over(MoverEnd::Held),
            _ => ExecutionPhase::Over(MoverEnd::Refused),
        };
    }

    /// Begins a move, or goes on with the one that is there.
    fn begin(&self, state: &mut ProtocolState, index: usize, seen: ModelPointer) -> ExecutionPhase {
        let mover = state.movers[index];
        let Some(moving) = seen.moving else {
            let next = self.pair.begin(&seen, mover.side, mover.name);
            return self.put(state, index, seen, next, |_| ExecutionPhase::Fence);
        };
        if moving.to != mover.side {
            return ExecutionPhase::Over(MoverEnd::Refused);
        }
        let next = self.pair.changed(&seen, |pointer| pointer.take_over(&mover.name.to_string()));
        self.put(state, index, seen, next, |next| match moving.stage {
            MoveStage::Opening if moving.open => ExecutionPhase::Verify,
            MoveStage::Opening => ExecutionPhase::Fence,
            MoveStage::Traffic => ExecutionPhase::Traffic,
            MoveStage::Back => ExecutionPhase::Closing(next.revision),
        })
    }

    /// Writes the next version over the one that was seen.
    fn put(
        &self,
        state: &mut ProtocolState,
        index: usize,
        seen: ModelPointer,
        next: Option<ModelPointer>,
        then: impl FnOnce(&ModelPointer) -> ExecutionPhase,
    ) -> ExecutionPhase {
        let side = state.movers[index].side;
        let replica = side.at();
        let lost = state.points[replica].revision != seen.revision && self.keeps(ProtocolRule::CompareAndSet);
        let Some(next) = next.filter(|_| !lost) else { return ExecutionPhase::Over(MoverEnd::Refused) };
        let bit = 1 << seen.revision;
        state.note(ProtocolViolation::Twice, state.used & bit != 0);
        state.used |= bit;
        state.note(ProtocolViolation::Epoch, next.epoch < state.points[replica].epoch);
        state.note(ProtocolViolation::Writers, !state.sent.is_empty() && state.towards == side);
        state.points[replica] = next;
        state.towards = side.other();
        state.sent.push(next);
        then(&next)
    }
}

/// The traffic goes to this region, and whether it may is judged by the newest pointer there is.
fn switch(state: &mut ProtocolState, side: PairSide) {
    state.traffic = side;
    let newest = newest(state);
    let serves = match newest.moving {
        Some(moving) => moving.to == side && moving.stage == MoveStage::Traffic,
        None => newest.active == side,
    };
    state.note(ProtocolViolation::Traffic, !serves || state.verified[side.at()] != newest.epoch);
}

/// The pointer of the highest revision.
pub(super) fn newest(state: &ProtocolState) -> ModelPointer {
    let [home, standby] = state.points;
    if home.revision > standby.revision { home } else { standby }
}
