//! What must hold, each by a name and the sentence that promises it.

mod diary;
mod judge;
mod kept;
mod rest;
mod share;
mod writes;

use std::fmt;

use jiff::Timestamp;

pub(crate) use judge::{Actor, Judge};
pub(crate) use rest::REPEATED;

/// What must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, strum::Display, strum::VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum Invariant {
    /// Nothing is lost.
    AsItWas,
    /// Production is never put to sleep.
    ProductionNeverSleeps,
    /// Counts stay between floor and ceiling.
    FloorAndCeiling,
    /// The baseline is durable before the first write.
    BaselineFirst,
    /// Nothing outside the document is written.
    OutsideUntouched,
    /// Nothing untagged is written.
    UntaggedUntouched,
    /// Nothing is written while it is halted.
    HaltedMeansHalted,
    /// One run at a time, under a lease that is its own.
    OneRunAtATime,
    /// No copy is removed before the proof of a newer one, and never the last good one.
    NoDeletionBeforeTheProof,
    /// No copy is removed that the policy keeps.
    PolicyKeeps,
    /// No copy of somebody else is removed.
    ForeignCopiesStay,
    /// All runs together stay within their share of what AWS lets through.
    WithinTheShare,
    /// Nothing is freed without proof.
    NothingFreedWithoutProof,
    /// No message is lost.
    NoLetterLost,
    /// What is to sleep sleeps, and what is to be awake is, once the world behaves.
    AsTheCalendarSays,
    /// Whatever was held is given back, once the world behaves.
    EverythingGivenBack,
    /// Every execution ends, or waits for a person.
    EveryExecutionEnds,
    /// Nothing is written when nothing differs.
    NoWriteWithoutDifference,
    /// What somebody changes while it is held is left alone.
    DriftLeftAlone,
    /// What is told is told once.
    ToldOnce,
    /// A singleton runs once, in one region.
    SingletonOnce,
    /// A rehearsal moves nothing.
    RehearsalMovesNothing,
    /// Both regions come to have one pointer, and it never goes back.
    OnePointer,
    /// People are sent only to what was verified.
    TrafficToVerified,
    /// The code keeps its own promises.
    NoPanic,
}

impl Invariant {
    /// The sentence that promises it, as it begins in the papers.
    pub fn promise(self) -> &'static str {
        match self {
            Self::AsItWas => {
                "puts development and staging to sleep out of hours, databases too, and wakes them in order, exactly as they were"
            }
            Self::ProductionNeverSleeps => "production is never put to sleep",
            Self::FloorAndCeiling => "a count would fall below `guardrails.floor`",
            Self::BaselineFirst => "Counts, bounds, suspensions and database states are durable before the first write",
            Self::OutsideUntouched => "You describe each system in one YAML document",
            Self::UntaggedUntouched => {
                "What lacks it cannot be changed: the IAM policy says so, and so does a guardrail"
            }
            Self::HaltedMeansHalted => "no run writes to this environment until `\"halt\": false`",
            Self::OneRunAtATime => "A lease with a generation; a write of a stale generation is refused",
            Self::NoDeletionBeforeTheProof => {
                "A copy is pruned only after a newer one is verified, here and where it is copied to"
            }
            Self::PolicyKeeps => "none that the policy would keep if everything of which nothing is known were good",
            Self::WithinTheShare => {
                "Scheduled runs take half of the published ECS API budgets, all of them of an account and region together"
            }
            Self::ForeignCopiesStay => "it never touches what does not bear both our name and our tag",
            Self::NothingFreedWithoutProof => "Nothing is freed without proof",
            Self::NoLetterLost => "sent again as they were, to the queue that SQS says they come from",
            Self::AsTheCalendarSays => "a run that crashed is repeated, not repaired",
            Self::EverythingGivenBack => {
                "If its execution dies, the tick keeps the target until then, and gives the baseline back after it"
            }
            Self::EveryExecutionEnds => "Without an answer in time (`answer-within`, 30 minutes) it refuses itself",
            Self::NoWriteWithoutDifference => {
                "when nothing differs no write but what reserves these reads in the ledger"
            }
            Self::DriftLeftAlone => "is *drift*: told once, left alone until the next transition",
            Self::ToldOnce => "A refusal is told once, not with every tick",
            Self::SingletonOnce => "A singleton never runs twice.",
            Self::RehearsalMovesNothing => {
                "It writes nothing in the region that serves, and nowhere the pointer, traffic, a fence or data"
            }
            Self::OnePointer => "says which region serves, in which epoch, and whether it is moving",
            Self::TrafficToVerified => "Before traffic, everything goes back.",
            Self::NoPanic => "one that failed has a stable name as its error",
        }
    }
}

/// What did not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// What should have held.
    pub invariant: Invariant,
    /// When it was seen.
    pub at: Timestamp,
    /// What was seen.
    pub seen: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}: {}\n  promised: \"{}\"", self.invariant, self.at, self.seen, self.invariant.promise())
    }
}
