//! The lease of a scope: two writers, one of them more urgent, with clocks that differ, pauses, and calls that take their time;
//! and slices of one run, of which the next begins although the one before may still be at work.
//!
//! What may happen: a writer pauses anywhere; a lease runs out, is prolonged, given back, or preempted by the stronger layer; one
//! look at the ledger is answered [`CALL`] later, and one write lands [`CALL`] later. All others take no time.
//!
//! More than that shows nothing more. Take the first write that lands out of order. It is so too if it takes its longest, if the
//! look before it does where it is the first write after that look, and if all other calls take no time. For nobody's lease
//! depends on when a call ends; a look's age counts from its question; a writer that has its answer sooner can do at any later
//! instant whatever it could have done; and a later generation's write that lands sooner is still there before it.
//!
//! What is shown is what the other models take for granted: no write lands after one of a later generation.

mod state;

use jiff::SignedDuration;
use stateright::{Model, Property};
use watchkeeper_control::lease::{FRESHNESS, Lease, LeaseClaim, MARGIN};
use watchkeeper_domain::intent::Layer;

pub use state::{HeldLease, LeaseAction, LeaseState, NEAR, Takes, WriterActivity};
use state::{held, lease};

/// How long a call may take at the most, in seconds: less than the clients' bound of 10 s.
pub const CALL: u8 = 9;

/// By how much two clocks may differ, in seconds: what the margin leaves when a look and a write take their longest.
pub const SKEW: i8 = 1;

/// The writer that is another slice of the first one's run.
const SLICE: usize = 2;

/// No write lands after one of a later generation.
pub const IN_ORDER: &str = "no write lands after one of a later generation";

/// A rule that the model can break on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeaseRule {
    /// A successor waits the margin.
    SuccessorWaits,
    /// A holder stops a margin before its lease ends, also at the beginning of a slice.
    HolderStops,
    /// A look counts only while it is fresh.
    Fresh,
    /// A lease that preempted another is not given back before it is usable.
    ReleasedWhenUsable,
    /// A look counts from when it was asked for, not from when its answer came.
    FromTheQuestion,
    /// A slice that overtakes one of its own run waits the margin.
    SliceWaits,
}

/// What is explored.
#[derive(Debug)]
pub struct LeaseModel {
    /// How often a lease is claimed.
    pub claims: u8,
    /// How many further slices the first writer's run has. With none, slices are not told apart from their run.
    pub slices: u8,
    /// How many looks, and how many writes, may take their longest; one of each shows all that more would.
    pub slow: u8,
    /// The rule that is broken, if one is.
    pub broken: Option<LeaseRule>,
}

impl LeaseModel {
    fn keeps(&self, rule: LeaseRule) -> bool {
        self.broken != Some(rule)
    }

    /// A look that is older is of no use.
    fn oldest(&self) -> u8 {
        if self.keeps(LeaseRule::Fresh) { 5 } else { 30 }
    }

    fn clear(&self, state: &LeaseState, writer: usize, generation: u8) -> bool {
        let Some(held) = state.lease.filter(|held| held.generation == generation) else { return false };
        let now = state.now(writer);
        lease(held).allows_writes(now) || (!self.keeps(LeaseRule::HolderStops) && now >= lease(held).usable)
    }

    fn fresh(&self, age: u8) -> bool {
        SignedDuration::from_secs(age.into()) < FRESHNESS || !self.keeps(LeaseRule::Fresh)
    }

    fn writer_actions(&self, state: &LeaseState, writer: usize, actions: &mut Vec<LeaseAction>) {
        let sliced = self.slices > 0 && writer != 1;
        let own = |generation: u8| state.lease.filter(|held| held.generation == generation);
        match state.writers[writer] {
            WriterActivity::Nothing
                if sliced && state.slices > 0 && state.lease.is_some_and(|held| held.holder == 0) =>
            {
                actions.push(LeaseAction::Next(writer));
                if writer == 0 && state.claims > 0 && self.claimed(state, writer).is_some() {
                    actions.push(LeaseAction::Claim(writer));
                }
            }
            WriterActivity::Nothing if writer == SLICE => {}
            WriterActivity::Holding(generation, age) if sliced => {
                if age.is_some_and(|age| self.fresh(age)) {
                    actions.extend(writes(state, writer));
                }
                match own(generation) {
                    Some(held) if !held.at_work => {
                        actions.push(LeaseAction::Release(writer));
                        if lease(held).allows_writes(state.now(writer)) {
                            actions.push(LeaseAction::Begin(writer));
                        }
                    }
                    Some(_) => {
                        actions.extend(looks(state, writer));
                        actions.push(LeaseAction::End(writer));
                    }
                    None => actions.extend(looks(state, writer)),
                }
            }
            WriterActivity::Nothing if state.claims > 0 && self.claimed(state, writer).is_some() => {
                actions.push(LeaseAction::Claim(writer));
            }
            WriterActivity::Holding(generation, age) => {
                actions.extend(looks(state, writer));
                actions.push(LeaseAction::Prolong(writer));
                let waits =
                    state.lease.is_some_and(|held| held.generation == generation && held.usable > state.clock(writer));
                if !waits || !self.keeps(LeaseRule::ReleasedWhenUsable) {
                    actions.push(LeaseAction::Release(writer));
                }
                if age.is_some_and(|age| self.fresh(age)) {
                    actions.extend(writes(state, writer));
                }
            }
            WriterActivity::Asking(_, age) if age >= CALL => actions.push(LeaseAction::Answer(writer)),
            WriterActivity::Writing(_, _, age) if age >= CALL => actions.push(LeaseAction::Land(writer)),
            WriterActivity::Cleared(..) => actions.extend(writes(state, writer)),
            WriterActivity::Asking(..) | WriterActivity::Writing(..) | WriterActivity::Nothing => {}
        }
    }

    /// The lease that a writer would take now, by the real rule.
    fn claimed(&self, state: &LeaseState, writer: usize) -> Option<HeldLease> {
        let now = state.now(writer);
        let current = state.lease.map(lease);
        let layer = if writer == 0 { Layer::Schedule } else { Layer::Failover };
        match Lease::claim(current.as_ref(), &writer.to_string(), None, layer, now) {
            LeaseClaim::Take(taken) => {
                let usable = if self.keeps(LeaseRule::SuccessorWaits) { taken.usable } else { now };
                Some(held(&Lease { usable, ..taken }))
            }
            LeaseClaim::Held { .. } => None,
        }
    }
}

/// A look, which may be the one that takes its longest.
fn looks(state: &LeaseState, writer: usize) -> impl Iterator<Item = LeaseAction> + use<> {
    Takes::while_any_is(state.slow_looks).map(move |takes| LeaseAction::Ask(writer, takes))
}

/// A write, which may be the one that takes its longest.
fn writes(state: &LeaseState, writer: usize) -> impl Iterator<Item = LeaseAction> + use<> {
    Takes::while_any_is(state.slow_writes).map(move |takes| LeaseAction::Write(writer, takes))
}

impl Model for LeaseModel {
    type State = LeaseState;
    type Action = LeaseAction;

    fn init_states(&self) -> Vec<LeaseState> {
        let start = |clocks| LeaseState {
            lease: None,
            clocks,
            writers: [WriterActivity::Nothing; 3],
            landed: 0,
            disordered: false,
            claims: self.claims,
            slices: self.slices,
            slow_looks: self.slow,
            slow_writes: self.slow,
        };
        [[0, 0, 0], [0, SKEW, 0], [SKEW, 0, 0]].map(start).to_vec()
    }

    fn actions(&self, state: &LeaseState, actions: &mut Vec<LeaseAction>) {
        let due = |doing: &WriterActivity| match doing {
            WriterActivity::Asking(_, age) | WriterActivity::Writing(_, _, age) => *age >= CALL,
            WriterActivity::Cleared(..) => true,
            WriterActivity::Nothing | WriterActivity::Holding(..) => false,
        };
        let far = |held: &HeldLease| held.expires > NEAR && held.expires < 180 - NEAR;
        if !state.writers.iter().any(due) && !state.lease.as_ref().is_some_and(far) {
            actions.push(LeaseAction::Pass);
        }
        let calm = |doing: &WriterActivity| matches!(doing, WriterActivity::Nothing | WriterActivity::Holding(..));
        if state.writers.iter().all(calm) && state.lease.is_some_and(|held| held.expires > NEAR) {
            actions.push(LeaseAction::Jump);
        }
        for writer in 0..state.writers.len() {
            self.writer_actions(state, writer, actions);
        }
    }

    fn next_state(&self, state: &LeaseState, action: LeaseAction) -> Option<LeaseState> {
        let mut next = state.clone();
        match action {
            LeaseAction::Pass => next.pass(1, self.oldest()),
            LeaseAction::Jump => next.pass(state.lease.map_or(0, |held| held.expires - NEAR), self.oldest()),
            LeaseAction::Claim(writer) => {
                let taken = self.claimed(state, writer)?;
                (next.lease, next.claims) = (Some(taken), state.claims - 1);
                next.writers[writer] = WriterActivity::Holding(taken.generation, None);
            }
            LeaseAction::Next(writer) => {
                let found = state.lease.map(lease)?;
                let now = state.now(writer);
                let taken = found.overtaken(now);
                let usable = if self.keeps(LeaseRule::SliceWaits) { taken.usable } else { found.usable };
                let taken = held(&Lease { usable, ..taken });
                (next.lease, next.slices) = (Some(taken), state.slices - 1);
                next.writers[writer] = WriterActivity::Holding(taken.generation, None);
            }
            LeaseAction::Begin(writer) => {
                let begun = held(&lease(state.lease?).begun(state.now(writer)));
                next.lease = Some(begun);
                next.writers[writer] = WriterActivity::Holding(begun.generation, None);
            }
            LeaseAction::End(writer) => {
                next.lease = Some(held(&lease(state.lease?).prolonged(state.now(writer)).ended()));
                next.writers[writer] = WriterActivity::Nothing;
            }
            LeaseAction::Ask(writer, _) | LeaseAction::Prolong(writer) | LeaseAction::Release(writer) => {
                let WriterActivity::Holding(generation, _) = state.writers[writer] else { return None };
                let own = state.lease.filter(|held| held.generation == generation);
                let now = state.now(writer);
                // A write of the lease is refused when another generation is there.
                (next.lease, next.writers[writer]) = match (action, own) {
                    (LeaseAction::Ask(..), _) if !self.clear(state, writer, generation) => {
                        (state.lease, WriterActivity::Nothing)
                    }
                    (LeaseAction::Ask(_, Takes::NoTime), _) => (state.lease, WriterActivity::Cleared(generation, 0)),
                    (LeaseAction::Ask(..), _) => {
                        next.slow_looks -= 1;
                        (state.lease, WriterActivity::Asking(generation, 0))
                    }
                    (LeaseAction::Prolong(_), Some(own)) => {
                        (Some(held(&lease(own).prolonged(now))), state.writers[writer])
                    }
                    (_, Some(own)) if !self.keeps(LeaseRule::ReleasedWhenUsable) => {
                        let over = now - MARGIN;
                        (Some(held(&Lease { expires: over, ..lease(own) })), WriterActivity::Nothing)
                    }
                    (_, Some(own)) => (Some(held(&lease(own).released(now))), WriterActivity::Nothing),
                    (_, None) => (state.lease, WriterActivity::Nothing),
                };
            }
            LeaseAction::Answer(writer) => {
                let WriterActivity::Asking(generation, age) = state.writers[writer] else { return None };
                let age = if self.keeps(LeaseRule::FromTheQuestion) { age } else { 0 };
                next.writers[writer] = WriterActivity::Cleared(generation, age);
            }
            LeaseAction::Write(writer, takes) => {
                let (WriterActivity::Holding(generation, Some(age)) | WriterActivity::Cleared(generation, age)) =
                    state.writers[writer]
                else {
                    return None;
                };
                match takes {
                    Takes::NoTime => next.land(writer, generation, age),
                    Takes::Longest => {
                        next.slow_writes -= 1;
                        next.writers[writer] = WriterActivity::Writing(generation, age, 0);
                    }
                }
            }
            LeaseAction::Land(writer) => {
                let WriterActivity::Writing(generation, age, _) = state.writers[writer] else { return None };
                next.land(writer, generation, age);
            }
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(IN_ORDER, |_, state: &LeaseState| !state.disordered),
            Property::sometimes("a successor writes", |_, state: &LeaseState| state.landed > 1),
        ]
    }
}
