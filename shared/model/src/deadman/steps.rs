//! What each side may do, and what comes of it.

use jiff::Timestamp;

use super::state::{DeadManAction, DeadManState, MARGIN, MoverPhase, OLD, PendingWrite, RUN, STALE, STOP, TICK};
use super::{DeadMan, DeadManRule};
use crate::pair::PairSide;

/// The one execution.
const NAME: u8 = 1;

impl DeadMan {
    pub(super) fn home_actions(&self, state: &DeadManState, actions: &mut Vec<DeadManAction>) {
        let stopping = state.alive[0] && !state.desired[0];
        let late = |pending: Option<PendingWrite>, limit| pending.is_some_and(|pending| pending.age >= limit);
        let due = state.tick == 0 && self.keeps(DeadManRule::HomeAlive);
        let stops = stopping && state.stopping >= STOP;
        if !(due || stops || late(state.writer, RUN) || late(state.late, MARGIN)) {
            actions.push(DeadManAction::Pass);
        }
        if state.tick == 0 {
            actions.push(DeadManAction::Tick);
        }
        match state.writer {
            None if self.home_wants(state) != state.desired[0] && self.keeps(DeadManRule::HomeAlive) => {
                actions.push(DeadManAction::Look);
            }
            Some(_) if state.late.is_none() => actions.push(DeadManAction::Write),
            _ => {}
        }
        if state.late.is_some() {
            actions.extend([DeadManAction::Land, DeadManAction::Lose]);
        }
        for (at, home) in [(0, true), (1, false)] {
            match (state.desired[at], state.alive[at]) {
                (true, false) => actions.push(DeadManAction::Start(home)),
                (false, true) => actions.push(DeadManAction::Stop(home)),
                _ => {}
            }
        }
        if state.heard != Some(state.beat.min(STALE)) {
            actions.push(DeadManAction::Hear);
        }
        if !state.sent.is_empty() {
            actions.push(DeadManAction::Replicate);
        }
        if self.halts && !state.halted {
            actions.push(DeadManAction::Halt);
        }
    }

    pub(super) fn standby_actions(&self, state: &DeadManState, actions: &mut Vec<DeadManAction>) {
        let point = &state.points[1];
        let beats = match (point.moving, point.active) {
            (None, PairSide::Home) => true,
            (None, PairSide::Standby) => !self.keeps(DeadManRule::SilentWhileServing),
            (Some(_), _) => !self.keeps(DeadManRule::SilentWhileMoving),
        };
        if beats && state.beating.is_none() {
            actions.push(DeadManAction::Beat);
        }
        if state.beating.is_some() {
            actions.push(DeadManAction::Beaten);
        }
        if state.said && !state.armed {
            actions.push(DeadManAction::Arm);
        }
        if self.pair.wants(PairSide::Standby, point, None) != Some(state.desired[1]) {
            actions.push(DeadManAction::Follow);
        }
        let closed = !state.desired[1] && !state.alive[1];
        match state.phase {
            MoverPhase::Idle if state.moves > 0 => actions.push(DeadManAction::Begin),
            MoverPhase::Fence if self.holds(state) => actions.extend([DeadManAction::Open, DeadManAction::Back]),
            MoverPhase::Fence => actions.push(DeadManAction::Back),
            MoverPhase::Opened => actions.extend([DeadManAction::Settle, DeadManAction::Back]),
            MoverPhase::Closing if closed || !self.keeps(DeadManRule::ClosedBeforeRestore) => {
                actions.push(DeadManAction::Restore);
            }
            _ => {}
        }
    }

    pub(super) fn apply(&self, state: &mut DeadManState, action: DeadManAction) {
        match action {
            DeadManAction::Pass => self.pass(state),
            DeadManAction::Tick => {
                state.tick = TICK;
                state.said |= state.heard.is_some() && !(state.hindered && self.keeps(DeadManRule::ArmedIfItCould));
                self.look(state);
            }
            DeadManAction::Look => self.look(state),
            DeadManAction::Write => {
                let up = state.writer.take().map(|pending| pending.up);
                let through = up.filter(|up| *up || self.stops(state));
                state.write(through);
            }
            DeadManAction::Land => {
                let up = state.late.take().map(|pending| pending.up);
                let through = up.filter(|up| *up || self.stops(state));
                state.write(through);
            }
            DeadManAction::Halt => state.halted = true,
            DeadManAction::Lose => state.late = None,
            DeadManAction::Start(home) => state.alive[usize::from(!home)] = true,
            DeadManAction::Stop(true) => (state.alive[0], state.stopping) = (false, 0),
            DeadManAction::Stop(false) => state.alive[1] = false,
            DeadManAction::Beat => state.beating = Some(0),
            DeadManAction::Beaten => {
                let decided = state.beating.take().unwrap_or(OLD);
                let age = if self.keeps(DeadManRule::StampedWhenDecided) { decided } else { 0 };
                state.beat = age.min(state.beat);
            }
            DeadManAction::Hear => state.heard = Some(state.beat.min(STALE)),
            DeadManAction::Arm => state.armed = true,
            DeadManAction::Replicate => state.points[0] = state.sent.remove(0),
            DeadManAction::Follow => {
                let wants = self.pair.wants(PairSide::Standby, &state.points[1], None);
                state.desired[1] = wants.unwrap_or(state.desired[1]);
            }
            DeadManAction::Begin => {
                (state.moves, state.since, state.counted) = (state.moves - 1, 0, state.armed);
                self.put(state, action);
            }
            DeadManAction::Open | DeadManAction::Settle | DeadManAction::Back | DeadManAction::Restore => {
                self.put(state, action);
            }
        }
    }

    /// Whether the home's stop goes through.
    fn stops(&self, state: &DeadManState) -> bool {
        !state.hindered && (!state.halted || self.keeps(DeadManRule::StopsDespiteHalt))
    }

    fn pass(&self, state: &mut DeadManState) {
        let older = |age: u8, oldest: u8| (age + 1).min(oldest);
        state.beat = older(state.beat, self.oldest());
        state.heard = state.heard.map(|age| older(age, STALE));
        state.beating = state.beating.map(|age| age + 1).filter(|age| *age <= self.delay);
        state.since = if state.phase == MoverPhase::Fence { older(state.since, OLD) } else { 0 };
        state.tick = state.tick.saturating_sub(1);
        let age =
            |pending: Option<PendingWrite>| pending.map(|pending| PendingWrite { age: pending.age + 1, ..pending });
        (state.writer, state.late) = (age(state.writer), age(state.late));
        if state.alive[0] && !state.desired[0] {
            state.stopping += 1;
        }
    }

    /// The home's writer looks; a run that is on its way to write is preempted when the answer is another one.
    fn look(&self, state: &mut DeadManState) {
        let up = self.home_wants(state);
        match state.writer {
            Some(pending) if pending.up == up => {}
            Some(pending) => {
                state.late = Some(PendingWrite { age: 0, ..pending });
                state.writer = Some(PendingWrite { up, age: 0 });
            }
            None if up != state.desired[0] => state.writer = Some(PendingWrite { up, age: 0 }),
            None => {}
        }
    }

    /// The pointer changes, by the real functions.
    fn put(&self, state: &mut DeadManState, action: DeadManAction) {
        let (pair, seen, by, now) = (&self.pair, state.points[1], NAME.to_string(), Timestamp::UNIX_EPOCH);
        let (next, phase) = match action {
            DeadManAction::Begin => (pair.begin(&seen, PairSide::Standby, NAME), MoverPhase::Fence),
            DeadManAction::Open => (pair.open(&seen, NAME), MoverPhase::Opened),
            DeadManAction::Back => (pair.changed(&seen, |pointer| pointer.turn_back(&by)), MoverPhase::Closing),
            DeadManAction::Restore => (pair.changed(&seen, |pointer| pointer.restore(&by, now)), MoverPhase::Idle),
            _ => (
                pair.changed(&seen, |pointer| pointer.commit(&by).and_then(|committed| committed.settle(&by, now))),
                MoverPhase::Done,
            ),
        };
        if let Some(next) = next {
            state.points[1] = next;
            state.sent.push(next);
            state.phase = phase;
        }
    }
}

impl DeadManState {
    fn write(&mut self, up: Option<bool>) {
        let up = up.unwrap_or(self.desired[0]);
        if up != self.desired[0] {
            self.stopping = 0;
        }
        self.desired[0] = up;
    }
}
