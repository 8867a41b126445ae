//! The lease of a scope: two hands, one of them more urgent, with clocks that differ, pauses, and calls that take their time.
//!
//! What may happen: a hand pauses anywhere; a look at the ledger is answered at once and the answer arrives up to [`CALL`]
//! later; so does a write to AWS; a lease runs out, is prolonged, given back, or preempted by the stronger layer.
//!
//! What is shown is what the other models take for granted: no write lands after one of a later generation.

mod state;

use jiff::SignedDuration;
use stateright::{Model, Property};
use watchkeeper_control::lease::{Claim, FRESHNESS, Lease, MARGIN};
use watchkeeper_domain::intent::Layer;

pub use state::{Action, Doing, Held, NEAR, State};
use state::{held, lease};

/// How long a call may take at the most, in seconds: less than the clients' bound of 10 s.
pub const CALL: u8 = 9;

/// By how much two clocks may differ, in seconds: what the margin leaves when a look and a write take their longest.
pub const SKEW: i8 = 1;

/// No write lands after one of a later generation.
pub const IN_ORDER: &str = "no write lands after one of a later generation";

/// A rule that the model can break on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
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
}

/// What is explored.
#[derive(Debug)]
pub struct Leases {
    /// How often a lease is claimed.
    pub claims: u8,
    /// The rule that is broken, if one is.
    pub broken: Option<Rule>,
}

impl Leases {
    fn keeps(&self, rule: Rule) -> bool {
        self.broken != Some(rule)
    }

    /// A look that is older is of no use.
    fn oldest(&self) -> u8 {
        if self.keeps(Rule::Fresh) { 5 } else { 30 }
    }

    fn clear(&self, state: &State, hand: usize, generation: u8) -> bool {
        let Some(held) = state.lease.filter(|held| held.generation == generation) else { return false };
        let now = state.now(hand);
        lease(held).allows_writes(now) || (!self.keeps(Rule::HolderStops) && now >= lease(held).usable)
    }

    fn fresh(&self, age: u8) -> bool {
        SignedDuration::from_secs(age.into()) < FRESHNESS || !self.keeps(Rule::Fresh)
    }

    fn hand_actions(&self, state: &State, hand: usize, actions: &mut Vec<Action>) {
        match state.hands[hand] {
            Doing::Nothing if state.claims > 0 && self.claimed(state, hand).is_some() => {
                actions.push(Action::Claim(hand));
            }
            Doing::Holding(generation, age) => {
                actions.extend([Action::Ask(hand), Action::Prolong(hand)]);
                let waits =
                    state.lease.is_some_and(|held| held.generation == generation && held.usable > state.clock(hand));
                if !waits || !self.keeps(Rule::ReleasedWhenUsable) {
                    actions.push(Action::Release(hand));
                }
                if age.is_some_and(|age| self.fresh(age)) {
                    actions.push(Action::Write(hand));
                }
            }
            Doing::Asking(..) => actions.push(Action::Answer(hand)),
            Doing::Cleared(..) => actions.push(Action::Write(hand)),
            Doing::Writing(..) => actions.push(Action::Land(hand)),
            Doing::Nothing => {}
        }
    }

    /// The lease that a hand would take now, by the real rule.
    fn claimed(&self, state: &State, hand: usize) -> Option<Held> {
        let now = state.now(hand);
        let current = state.lease.map(lease);
        let layer = if hand == 0 { Layer::Schedule } else { Layer::Failover };
        match Lease::claim(current.as_ref(), &hand.to_string(), None, layer, now) {
            Claim::Take(taken) => {
                let usable = if self.keeps(Rule::SuccessorWaits) { taken.usable } else { now };
                Some(held(&Lease { usable, ..taken }))
            }
            Claim::Held { .. } => None,
        }
    }
}

impl Model for Leases {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let start = |clocks| State {
            lease: None,
            clocks,
            hands: [Doing::Nothing; 2],
            landed: 0,
            disordered: false,
            claims: self.claims,
        };
        [[0, 0], [0, SKEW], [SKEW, 0]].map(start).to_vec()
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        let due = |doing: &Doing| match doing {
            Doing::Asking(_, age, _) | Doing::Writing(_, _, age) => *age >= CALL,
            Doing::Cleared(..) => true,
            Doing::Nothing | Doing::Holding(..) => false,
        };
        let far = |held: &Held| held.expires > NEAR && held.expires < 180 - NEAR;
        if !state.hands.iter().any(due) && !state.lease.as_ref().is_some_and(far) {
            actions.push(Action::Pass);
        }
        let calm = |doing: &Doing| matches!(doing, Doing::Nothing | Doing::Holding(..));
        if state.hands.iter().all(calm) && state.lease.is_some_and(|held| held.expires > NEAR) {
            actions.push(Action::Jump);
        }
        for hand in 0..state.hands.len() {
            self.hand_actions(state, hand, actions);
        }
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut next = state.clone();
        match action {
            Action::Pass => next.pass(1, self.oldest()),
            Action::Jump => next.pass(state.lease.map_or(0, |held| held.expires - NEAR), self.oldest()),
            Action::Claim(hand) => {
                let taken = self.claimed(state, hand)?;
                (next.lease, next.claims) = (Some(taken), state.claims - 1);
                next.hands[hand] = Doing::Holding(taken.generation, None);
            }
            Action::Ask(hand) | Action::Prolong(hand) | Action::Release(hand) => {
                let Doing::Holding(generation, _) = state.hands[hand] else { return None };
                let own = state.lease.filter(|held| held.generation == generation);
                let now = state.now(hand);
                // A write of the lease is refused when another generation is there.
                (next.lease, next.hands[hand]) = match (action, own) {
                    (Action::Ask(_), _) => {
                        (state.lease, Doing::Asking(generation, 0, self.clear(state, hand, generation)))
                    }
                    (Action::Prolong(_), Some(own)) => (Some(held(&lease(own).prolonged(now))), state.hands[hand]),
                    (_, Some(own)) if !self.keeps(Rule::ReleasedWhenUsable) => {
                        let over = now - MARGIN;
                        (Some(held(&Lease { expires: over, ..lease(own) })), Doing::Nothing)
                    }
                    (_, Some(own)) => (Some(held(&lease(own).released(now))), Doing::Nothing),
                    (_, None) => (state.lease, Doing::Nothing),
                };
            }
            Action::Answer(hand) => {
                let Doing::Asking(generation, age, clear) = state.hands[hand] else { return None };
                let age = if self.keeps(Rule::FromTheQuestion) { age } else { 0 };
                next.hands[hand] = if clear { Doing::Cleared(generation, age) } else { Doing::Nothing };
            }
            Action::Write(hand) => match state.hands[hand] {
                Doing::Holding(generation, Some(age)) | Doing::Cleared(generation, age) => {
                    next.hands[hand] = Doing::Writing(generation, age, 0);
                }
                _ => return None,
            },
            Action::Land(hand) => {
                let Doing::Writing(generation, age, _) = state.hands[hand] else { return None };
                next.disordered |= generation < state.landed;
                next.landed = state.landed.max(generation);
                next.hands[hand] = Doing::Holding(generation, Some(age));
            }
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(IN_ORDER, |_, state: &State| !state.disordered),
            Property::sometimes("a successor writes", |_, state: &State| state.landed > 1),
        ]
    }
}
