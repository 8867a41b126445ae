//! What has been played: which event in which phase, under which fault.

use std::collections::{BTreeMap, BTreeSet};

use watchkeeper_sim::CallTrouble;

use crate::story::EventKind;

/// What an estate was in the middle of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, strum::Display, strum::VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum Phase {
    /// Nothing is held, and nothing goes on.
    Awake,
    /// A calendar or a person wants it asleep, and nothing goes on.
    Asleep,
    /// An emergency holds, and nothing goes on.
    Surging,
    /// A run of the one hand is under way.
    Changing,
    /// A person is asked.
    Asked,
    /// A backup is under way.
    BackingUp,
    /// What is stuck is being freed.
    Unblocking,
    /// A rehearsal is under way.
    Rehearsing,
    /// A pair of regions moves.
    Moving,
}

/// How often what was played.
#[derive(Debug, Clone, Default)]
pub struct Coverage {
    events: BTreeMap<(EventKind, Option<CallTrouble>, Phase), u64>,
    strikes: BTreeMap<(CallTrouble, &'static str, Phase), u64>,
}

impl Coverage {
    /// An event happened while a fault was about, or none.
    pub fn event(&mut self, kind: EventKind, fault: Option<CallTrouble>, phase: Phase) {
        *self.events.entry((kind, fault, phase)).or_default() += 1;
    }

    /// A fault struck a call of an operation.
    pub fn strike(&mut self, trouble: CallTrouble, operation: &'static str, phase: Phase) {
        *self.strikes.entry((trouble, operation, phase)).or_default() += 1;
    }

    /// Takes in what another one has.
    pub fn add(&mut self, other: Self) {
        for (key, count) in other.events {
            *self.events.entry(key).or_default() += count;
        }
        for (key, count) in other.strikes {
            *self.strikes.entry(key).or_default() += count;
        }
    }

    /// How often a kind of event happened in a phase, and under how many kinds of faults.
    pub fn cell(&self, kind: EventKind, phase: Phase) -> (u64, usize) {
        let here = self.events.iter().filter(|((of, _, at), _)| *of == kind && *at == phase);
        let (mut count, mut faults) = (0, BTreeSet::new());
        for ((_, fault, _), times) in here {
            count += times;
            faults.extend(*fault);
        }
        (count, faults.len())
    }

    /// How often a kind of fault struck in a phase, and how many operations.
    pub fn struck(&self, trouble: CallTrouble, phase: Phase) -> (u64, usize) {
        let here = self.strikes.iter().filter(|((of, _, at), _)| *of == trouble && *at == phase);
        (here.clone().map(|(_, count)| count).sum(), here.count())
    }

    /// Different combinations of event, fault and phase.
    pub fn combinations(&self) -> usize {
        self.events.len()
    }
}
