//! What a phase of a move comes to, and how its execution ends.

use jiff::Timestamp;
use watchkeeper_domain::failover::{Move, MoveEnding, MovePause, MovePhase, PauseKind};

use crate::runbook::{ErrorName, NextStep};

/// What a phase comes to.
pub(super) enum PhaseOutcome {
    /// The next phase.
    Enter(MovePhase),
    /// The same again, after so many seconds, and why.
    Again(i64, String),
    /// A child run of the own hand, by the suffix of its name.
    Child(String, String),
    /// A person, about the asks in the record.
    Ask(String),
    /// It cannot go on: it goes back, or is held.
    Fail(String),
    /// It is over.
    End(MoveEnding),
}

/// How an execution of this ending ends: in order, or with the error that stands for it.
pub fn end(ending: MoveEnding) -> NextStep {
    // Its sentence has a blank where its word has none.
    let outcome = ending.to_string().replace(' ', "-");
    let error = match ending {
        MoveEnding::Done | MoveEnding::Nothing | MoveEnding::Planned | MoveEnding::FalseAlarm => {
            return NextStep::done(&outcome);
        }
        MoveEnding::Declined => ErrorName::FailoverDeclined,
        MoveEnding::Refused => ErrorName::GuardrailRefused,
        MoveEnding::Compensated => ErrorName::FailoverCompensated,
        MoveEnding::Held => ErrorName::FailoverHeld,
    };
    NextStep::failed(&outcome, &error)
}

/// Counts the time since the last step: as waiting, as far as it was that. Tells what was waited for.
pub(super) fn resume(record: &mut Move, now: Timestamp) -> Option<PauseKind> {
    let MovePause { since, kind } = record.pause.take()?;
    let gap = i64::try_from(now.duration_since(since).as_millis()).unwrap_or(0).max(0);
    match &kind {
        PauseKind::Look(seconds) => record.waited(gap.min(seconds * 1000)),
        PauseKind::Person(_) => record.waited_for_person(gap),
        // What of it was waiting is in the child's own record.
        PauseKind::Child(_) => {}
    }
    Some(kind)
}
