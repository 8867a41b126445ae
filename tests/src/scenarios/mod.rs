//! Scenarios, each told once: a function over a [`Harness`]. Tests play them in memory, and some on the sandbox; the drill plays
//! some on anybody's documents and prints what they check.

pub mod backup;
mod capacity;
pub mod emergency;
pub mod failover;
mod harness;
mod night;
pub mod schedule;
pub mod unblock;
pub mod wake;

pub use capacity::{all_asleep, asleep, difference, line, parted};
pub use harness::Harness;
pub use night::{ChosenNight, NoNight, next_night};

use std::fmt::Display;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use watchkeeper_control::ledger::LedgerError;

use crate::harness::{EndedExecution, HarnessError};

/// Something that is not played: what is missing, and what would make it play.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{found}; it plays with {needed}")]
pub struct Unplayed {
    /// What the document has not, or has.
    pub found: String,
    /// What it would have to have.
    pub needed: String,
}

impl Unplayed {
    /// What was found, and what is needed.
    pub fn new(found: impl Into<String>, needed: impl Into<String>) -> Self {
        Self { found: found.into(), needed: needed.into() }
    }
}

/// Why a scenario is not played to its end.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// The document lacks what it needs: nothing was done.
    #[error(transparent)]
    Lacks(#[from] Unplayed),
    /// The harness cannot go on.
    #[error(transparent)]
    Harness(#[from] HarnessError),
}

impl From<LedgerError> for ScenarioError {
    fn from(error: LedgerError) -> Self {
        HarnessError::from(error).into()
    }
}

/// What a scenario returns. What it found lies with the harness that it told.
pub type Played<T = ()> = Result<T, ScenarioError>;

/// How an execution of a machine ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunEnd {
    /// Its name, which is the run's id.
    pub name: String,
    /// Whether it succeeded.
    pub succeeded: bool,
    /// The outcome in its output, or the name of its error.
    pub outcome: String,
    /// What it says for a person.
    pub says: String,
    /// Its output, where it succeeded.
    pub output: Value,
    /// How long it took, and what set it going; of the simulated time, in memory.
    pub took: Duration,
}

impl From<&EndedExecution> for RunEnd {
    fn from(run: &EndedExecution) -> Self {
        let (outcome, says) = (run.outcome().to_owned(), run.says().to_owned());
        let (name, succeeded, output) = (run.name.clone(), run.succeeded, run.output.clone());
        Self { name, succeeded, outcome, says, output, took: run.took }
    }
}

impl Display for RunEnd {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.outcome, self.says)
    }
}

/// A write that changed capacity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapacityWrite {
    /// The operation of the API.
    pub operation: String,
    /// What it was about.
    pub about: String,
}

impl Display for CapacityWrite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {}", self.operation, self.about)
    }
}

/// Some things as a person reads them.
fn listed(things: impl IntoIterator<Item = impl Display>) -> String {
    let all: Vec<String> = things.into_iter().map(|thing| thing.to_string()).collect();
    if all.is_empty() { "none".to_owned() } else { all.join(", ") }
}

/// Whole milliseconds.
pub fn millis(duration: Duration) -> u64 {
    duration.as_millis().try_into().unwrap_or(u64::MAX)
}

/// A count as a figure.
pub fn count(number: usize) -> u64 {
    number.try_into().unwrap_or(u64::MAX)
}

/// Some time after an instant.
pub fn later(instant: Timestamp, by: jiff::SignedDuration) -> Timestamp {
    instant.saturating_add(by).unwrap_or(Timestamp::MAX)
}

/// Makes a test of each line: a scenario of a runbook, played on an environment by a function.
#[macro_export]
macro_rules! every_scenario {
    ($runbook:ident, $play:path; $($scenario:ident: $estate:literal, $environment:literal;)*) => {$(
        #[test]
        fn $scenario() {
            $play(stringify!($scenario), ($estate, $environment), $runbook::$scenario);
        }
    )*};
}
