//! The pair: two regions with their replicas of the pointer, a writer in each, executions of the mover, and the singleton.
//!
//! What may happen at any time, in any order: a version of the pointer or a mark arrives late or never; a writer reads, and
//! writes much later; it loses its lease and its write is still on its way; tasks start and stop late; an execution
//! pauses, crashes and is started again, or is taken for dead while it lives; a fence is not proved in time; a person is
//! asked, says no, or says yes when it is so; a rehearsal begins in the standby, and is given back much later.
//!
//! What is assumed: a replica gets the versions of one writer in order; a mark may overtake the pointer. A writer's write
//! never lands after its successor has the lease ([`crate::lease`] shows it). A person who says yes has stopped the
//! home's writer until its replica has the move. The standby's baseline has no singleton.

mod mover;
mod properties;
mod state;
mod writer;

use stateright::{Model, Property};

pub use properties::{ENDS, EPOCH, ONE_ACTS, ONE_WRITES, RIGHT, SINGLE, TRAFFIC};
pub use state::{
    ExecutionPhase, MoverEnd, MoverState, ProtocolAction, ProtocolState, ProtocolViolation, RegionHand, SettledMark,
};

use crate::pair::{ModelPair, ModelPointer, PairSide};

/// A rule that the model can break on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProtocolRule {
    /// A write of the pointer is a compare-and-set on its revision.
    CompareAndSet,
    /// `prove` waits until the old region's writer has settled in this epoch.
    SettledBeforeProved,
    /// A lease is taken only when no write of its last holder can land any more.
    Margin,
    /// The singleton opens after its fence.
    FenceBeforeOpen,
    /// The point of no return is passed after the new region is verified.
    VerifyBeforeTraffic,
    /// Traffic is switched only while the move is the execution's own.
    OwnBeforeTraffic,
    /// The pointer is restored after the new region's singleton is proved stopped.
    ClosedBeforeRestore,
    /// What proves that is settled in the epoch of the turn, not in the one before it.
    ClosedAfterTurn,
    /// A person says yes only when it is so.
    Honesty,
    /// A rehearsal starts no singleton.
    RehearsedFigures,
}

/// What is explored.
#[derive(Debug)]
pub struct ProtocolModel {
    /// The pair.
    pub pair: ModelPair,
    /// The region of each execution.
    pub movers: Vec<PairSide>,
    /// Crashes of executions.
    pub crashes: u8,
    /// Whether a person is asked where the fence is not proved in time; else the move goes back.
    pub asks: bool,
    /// Writers that lose their lease with a write on its way.
    pub stalls: u8,
    /// Rehearsals in the standby.
    pub rehearsals: u8,
    /// The rule that is broken, if one is.
    pub broken: Option<ProtocolRule>,
}

impl ProtocolModel {
    /// Whether the rule holds in this model.
    pub fn keeps(&self, rule: ProtocolRule) -> bool {
        self.broken != Some(rule)
    }
}

impl Model for ProtocolModel {
    type State = ProtocolState;
    type Action = ProtocolAction;

    fn init_states(&self) -> Vec<ProtocolState> {
        let mark = |up| SettledMark { epoch: 0, revision: 0, up };
        let name = |index: usize| u8::try_from(index * 4 + 1).unwrap_or(u8::MAX);
        let mover = |(index, side): (usize, &PairSide)| MoverState {
            side: *side,
            name: name(index),
            phase: ExecutionPhase::Ready,
        };
        vec![ProtocolState {
            points: [ModelPointer::START; 2],
            sent: Vec::new(),
            towards: PairSide::Home,
            marks: [mark(true), mark(false)],
            heard: [0; 2],
            writers: [RegionHand::Idle; 2],
            late: [None; 2],
            desired: [true, false],
            alive: [true, false],
            halted: None,
            movers: self.movers.iter().enumerate().map(mover).collect(),
            traffic: PairSide::Home,
            verified: [0; 2],
            used: 0,
            crashes: self.crashes,
            stalls: self.stalls,
            rehearsals: self.rehearsals,
            rehearsing: false,
            fault: None,
        }]
    }

    fn actions(&self, state: &ProtocolState, actions: &mut Vec<ProtocolAction>) {
        Self::replication(state, actions);
        for side in PairSide::BOTH {
            self.writer_actions(state, side, actions);
        }
        for index in 0..state.movers.len() {
            self.mover_actions(state, index, actions);
        }
        if state.rehearsing {
            actions.push(ProtocolAction::GiveBack);
        } else if state.rehearsals > 0 && self.pair.may_rehearse(&state.points[PairSide::Standby.at()]) {
            actions.push(ProtocolAction::Rehearse);
        }
    }

    fn next_state(&self, state: &ProtocolState, action: ProtocolAction) -> Option<ProtocolState> {
        let mut next = state.clone();
        match action {
            ProtocolAction::Replicate => next.replicate(),
            ProtocolAction::Rehearse => (next.rehearsing, next.rehearsals) = (true, next.rehearsals - 1),
            ProtocolAction::GiveBack => next.rehearsing = false,
            ProtocolAction::Tell(side) => next.heard[side.other().at()] = next.marks[side.at()].epoch,
            ProtocolAction::Look(index)
            | ProtocolAction::Put(index)
            | ProtocolAction::Proved(index)
            | ProtocolAction::Late(index)
            | ProtocolAction::Hold(index)
            | ProtocolAction::Switch(index)
            | ProtocolAction::Crash(index) => self.move_on(&mut next, index, action),
            _ => self.hand_on(&mut next, action),
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::all()
    }
}

impl ProtocolModel {
    /// What is on its way; it may stay so for ever, which is a partition.
    fn replication(state: &ProtocolState, actions: &mut Vec<ProtocolAction>) {
        if !state.sent.is_empty() {
            actions.push(ProtocolAction::Replicate);
        }
        let untold = |side: &PairSide| state.heard[side.other().at()] != state.marks[side.at()].epoch;
        actions.extend(PairSide::BOTH.into_iter().filter(untold).map(ProtocolAction::Tell));
    }
}

impl ProtocolState {
    /// Notes what went wrong first.
    fn note(&mut self, fault: ProtocolViolation, happened: bool) {
        self.fault = self.fault.or(happened.then_some(fault));
    }

    fn replicate(&mut self) {
        let version = self.sent.remove(0);
        let replica = self.towards.at();
        self.note(ProtocolViolation::Epoch, version.epoch < self.points[replica].epoch);
        self.points[replica] = version;
        if self.towards == PairSide::Home {
            self.halted = self.halted.filter(|epoch| version.epoch < *epoch);
        }
    }
}
