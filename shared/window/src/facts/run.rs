//! The facts of one run.

use std::collections::BTreeMap;

use jiff::Timestamp;
use watchkeeper_domain::capacity::Baseline;
use watchkeeper_domain::intent::DesiredState;
use watchkeeper_domain::name::Scope;
use watchkeeper_domain::reconcile::run::RunRecord;
use watchkeeper_domain::value::{AlarmName, ProfileName, Zone};

use super::{Reading, StackFacts, StackRows};

/// Whose time a spell was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::Display)]
#[strum(serialize_all = "kebab-case")]
pub enum SpellKind {
    /// This program's own.
    Work,
    /// Waiting for AWS: tasks, databases, health checks.
    Wait,
    /// Waiting for a person.
    Person,
}

/// A part of a run's time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunSpell {
    /// What was done, such as `begin`, `raise counts` or `verify`.
    pub name: String,
    /// When it began.
    pub began: Timestamp,
    /// When it ended; none while it goes on.
    pub ended: Option<Timestamp>,
    /// Whose time it was.
    pub kind: SpellKind,
    /// What came of it, such as `2 writes`; may be empty.
    pub what: String,
}

/// A run on a page of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct RunFacts {
    /// The stack whose run it is.
    pub stack: StackFacts,
    /// Where.
    pub scope: Scope,
    /// The clocks of the environment.
    pub zone: Zone,
    /// The execution.
    pub id: String,
    /// Its record; `Now(None)` when the ledger has none, for it has not begun, was refused before it began, or is too old.
    pub record: Reading<Option<RunRecord>>,
    /// The generation of its lease, where it has one.
    pub generation: Option<u64>,
    /// Its times, in order; empty in a record of before they were kept.
    pub spells: Vec<RunSpell>,
    /// The baseline, while one is kept.
    pub baseline: Reading<Option<Baseline>>,
    /// Until when the ledger keeps the record.
    pub kept_until: Option<Timestamp>,
    /// The row of its environment, where the run raised capacity for an emergency.
    pub row: Option<StackRows>,
    /// The alarms that forbid the profile to which it raised capacity, each with its state in CloudWatch's own word, as it is now;
    /// empty for another run.
    pub vetoes: Reading<BTreeMap<AlarmName, String>>,
}

/// The times of a run: its slices, and what it waited between them.
pub fn run_spells(run: &RunRecord) -> Vec<RunSpell> {
    let mut all = Vec::new();
    let mut before = None;
    for slice in &run.progress.slices {
        if let Some(since) = before.filter(|since| *since < slice.began) {
            let (name, ended) = ("wait".to_owned(), Some(slice.began));
            all.push(RunSpell { name, began: since, ended, kind: SpellKind::Wait, what: String::new() });
        }
        let what = match slice.writes {
            0 => String::new(),
            1 => "1 write".to_owned(),
            writes => format!("{writes} writes"),
        };
        let (name, began, ended) = (slice.step.clone(), slice.began, Some(slice.ended));
        all.push(RunSpell { name, began, ended, kind: SpellKind::Work, what });
        before = Some(slice.ended);
    }
    all
}

/// The profile to which a run raised capacity; nothing of another run.
pub fn raised(record: &RunRecord) -> Option<&ProfileName> {
    match record.deciding.first().map(|intent| &intent.want) {
        Some(DesiredState::Scaled(requested)) => Some(&requested.profile),
        _ => None,
    }
}
