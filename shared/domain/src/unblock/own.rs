//! Our own: what a dead run leaves behind, and what has run out.

use crate::execution::ExecutionStatus;
use crate::intent::Intent;
use jiff::{SignedDuration, Timestamp};

/// How long an intent is left in the ledger after its expiry: whoever gives back under it has ended by then.
pub const INTENT_GRACE: SignedDuration = SignedDuration::from_hours(1);

/// How long Step Functions remembers an execution (Step Functions quotas); one that is older and unknown is over.
const HISTORY: SignedDuration = SignedDuration::from_hours(90 * 24);

/// What is to be done about a run that has something and may be dead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunFate {
    /// It is alive, or has ended in order: nothing.
    Alone,
    /// It is provably over: this is how it ended.
    Over(String),
    /// It should be over, and is not: it runs.
    Lingers,
    /// Nothing proves that it is over.
    Unproved,
}

/// What is to be done about a run whose right to write ended at `ended` and that has not given it back, or written how it
/// ended. Two proofs are needed: that the time is over, and that the execution does not run.
pub fn run_fate(ended: Timestamp, status: &ExecutionStatus, now: Timestamp) -> RunFate {
    if now < ended {
        return RunFate::Alone;
    }
    match status {
        ExecutionStatus::Running => RunFate::Lingers,
        ExecutionStatus::Succeeded => RunFate::Over("SUCCEEDED".to_owned()),
        ExecutionStatus::Dead(how) => RunFate::Over(how.clone()),
        ExecutionStatus::Unknown if now.duration_since(ended) > HISTORY => RunFate::Over("forgotten".to_owned()),
        ExecutionStatus::Unknown => RunFate::Unproved,
    }
}

/// The intents that ran out longer ago than [`INTENT_GRACE`].
pub fn expired(intents: &[Intent], now: Timestamp) -> Vec<&Intent> {
    let over = |intent: &&Intent| intent.expires.is_some_and(|at| now.duration_since(at) >= INTENT_GRACE);
    intents.iter().filter(over).collect()
}
