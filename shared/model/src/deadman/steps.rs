//! What each side may do, and what comes of it.

use jiff::Timestamp;

use super::state::{Action, MARGIN, OLD, Pending, Phase, RUN, STALE, STOP, State, TICK};
use super::{DeadMan, Rule};
use crate::pair::Side;

/// The one execution.
const NAME: u8 = 1;

impl DeadMan {
    pub(super) fn home_actions(&self, state: &State, actions: &mut Vec<Action>) {
        let stopping = state.alive[0] && !state.desired[0];
        let late = |pending: Option<Pending>, limit| pending.is_some_and(|pending| pending.age >= limit);
        let due = state.tick == 0 && self.keeps(Rule::HomeAlive);
        let stops = stopping && state.stopping >= STOP;
        if !(due || stops || late(state.hand, RUN) || late(state.late, MARGIN)) {
            actions.push(Action::Pass);
        }
        if state.tick == 0 {
            actions.push(Action::Tick);
        }
        match state.hand {
            None if self.home_wants(state) != state.desired[0] && self.keeps(Rule::HomeAlive) => {
                actions.push(Action::Look);
            }
            Some(_) if state.late.is_none() => actions.push(Action::Write),
            _ => {}
        }
        if state.late.is_some() {
            actions.extend([Action::Land, Action::Lose]);
        }
        for (at, home) in [(0, true), (1, false)] {
            match (state.desired[at], state.alive[at]) {
                (true, false) => actions.push(Action::Start(home)),
                (false, true) => actions.push(Action::Stop(home)),
                _ => {}
            }
        }
        if state.heard != Some(state.beat.min(STALE)) {
            actions.push(Action::Hear);
        }
        if !state.sent.is_empty() {
            actions.push(Action::Replicate);
        }
        if self.halts && !state.halted {
            actions.push(Action::Halt);
        }
    }

    pub(super) fn standby_actions(&self, state: &State, actions: &mut Vec<Action>) {
        let point = &state.points[1];
        let beats = match (point.moving, point.active) {
            (None, Side::Home) => true,
            (None, Side::Standby) => !self.keeps(Rule::SilentWhileServing),
            (Some(_), _) => !self.keeps(Rule::SilentWhileMoving),
        };
        if beats && state.beating.is_none() {
            actions.push(Action::Beat);
        }
        if state.beating.is_some() {
            actions.push(Action::Beaten);
        }
        if state.said && !state.armed {
            actions.push(Action::Arm);
        }
        if self.pair.wants(Side::Standby, point, None) != Some(state.desired[1]) {
            actions.push(Action::Follow);
        }
        let closed = !state.desired[1] && !state.alive[1];
        match state.phase {
            Phase::Idle if state.moves > 0 => actions.push(Action::Begin),
            Phase::Fence if self.holds(state) => actions.extend([Action::Open, Action::Back]),
            Phase::Fence => actions.push(Action::Back),
            Phase::Opened => actions.extend([Action::Settle, Action::Back]),
            Phase::Closing if closed || !self.keeps(Rule::ClosedBeforeRestore) => actions.push(Action::Restore),
            _ => {}
        }
    }

    pub(super) fn apply(&self, state: &mut State, action: Action) {
        match action {
            Action::Pass => self.pass(state),
            Action::Tick => {
                state.tick = TICK;
                state.said |= state.heard.is_some() && !(state.hindered && self.keeps(Rule::ArmedIfItCould));
                self.look(state);
            }
            Action::Look => self.look(state),
            Action::Write => {
                let up = state.hand.take().map(|pending| pending.up);
                let through = up.filter(|up| *up || self.stops(state));
                state.write(through);
            }
            Action::Land => {
                let up = state.late.take().map(|pending| pending.up);
                let through = up.filter(|up| *up || self.stops(state));
                state.write(through);
            }
            Action::Halt => state.halted = true,
            Action::Lose => state.late = None,
            Action::Start(home) => state.alive[usize::from(!home)] = true,
            Action::Stop(true) => (state.alive[0], state.stopping) = (false, 0),
            Action::Stop(false) => state.alive[1] = false,
            Action::Beat => state.beating = Some(0),
            Action::Beaten => {
                let decided = state.beating.take().unwrap_or(OLD);
                let age = if self.keeps(Rule::StampedWhenDecided) { decided } else { 0 };
                state.beat = age.min(state.beat);
            }
            Action::Hear => state.heard = Some(state.beat.min(STALE)),
            Action::Arm => state.armed = true,
            Action::Replicate => state.points[0] = state.sent.remove(0),
            Action::Follow => {
                let wants = self.pair.wants(Side::Standby, &state.points[1], None);
                state.desired[1] = wants.unwrap_or(state.desired[1]);
            }
            Action::Begin => {
                (state.moves, state.since, state.counted) = (state.moves - 1, 0, state.armed);
                self.put(state, action);
            }
            Action::Open | Action::Settle | Action::Back | Action::Restore => self.put(state, action),
        }
    }

    /// Whether the home's stop goes through.
    fn stops(&self, state: &State) -> bool {
        !state.hindered && !(state.halted && !self.keeps(Rule::StopsDespiteHalt))
    }

    fn pass(&self, state: &mut State) {
        let older = |age: u8, oldest: u8| (age + 1).min(oldest);
        state.beat = older(state.beat, self.oldest());
        state.heard = state.heard.map(|age| older(age, STALE));
        state.beating = state.beating.map(|age| age + 1).filter(|age| *age <= self.delay);
        state.since = if state.phase == Phase::Fence { older(state.since, OLD) } else { 0 };
        state.tick = state.tick.saturating_sub(1);
        let age = |pending: Option<Pending>| pending.map(|pending| Pending { age: pending.age + 1, ..pending });
        (state.hand, state.late) = (age(state.hand), age(state.late));
        if state.alive[0] && !state.desired[0] {
            state.stopping += 1;
        }
    }

    /// The home's hand looks; a run that is on its way to write is preempted when the answer is another one.
    fn look(&self, state: &mut State) {
        let up = self.home_wants(state);
        match state.hand {
            Some(pending) if pending.up == up => {}
            Some(pending) => {
                state.late = Some(Pending { age: 0, ..pending });
                state.hand = Some(Pending { up, age: 0 });
            }
            None if up != state.desired[0] => state.hand = Some(Pending { up, age: 0 }),
            None => {}
        }
    }

    /// The pointer changes, by the real functions.
    fn put(&self, state: &mut State, action: Action) {
        let (pair, seen, by, now) = (&self.pair, state.points[1], NAME.to_string(), Timestamp::UNIX_EPOCH);
        let (next, phase) = match action {
            Action::Begin => (pair.begin(&seen, Side::Standby, NAME), Phase::Fence),
            Action::Open => (pair.open(&seen, NAME), Phase::Opened),
            Action::Back => (pair.changed(&seen, |pointer| pointer.turn_back(&by)), Phase::Closing),
            Action::Restore => (pair.changed(&seen, |pointer| pointer.restore(&by, now)), Phase::Idle),
            _ => (
                pair.changed(&seen, |pointer| pointer.commit(&by).and_then(|committed| committed.settle(&by, now))),
                Phase::Done,
            ),
        };
        if let Some(next) = next {
            state.points[1] = next;
            state.sent.push(next);
            state.phase = phase;
        }
    }
}

impl State {
    fn write(&mut self, up: Option<bool>) {
        let up = up.unwrap_or(self.desired[0]);
        if up != self.desired[0] {
            self.stopping = 0;
        }
        self.desired[0] = up;
    }
}
