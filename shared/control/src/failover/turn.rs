//! What a step of a move comes to, and what the machine is told of it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use watchkeeper_domain::failover::{Move, MoveEnding, MovePause, MovePhase, PauseKind};
use watchkeeper_domain::name::Scope;
use watchkeeper_domain::reconcile::run::RunRef;
use watchkeeper_domain::request::RunRequest;

use crate::runbook::ErrorName;

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

/// What the machine does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MoveNext {
    /// The step again.
    Again,
    /// A child run of `reconcile`, then the step again.
    Reconcile,
    /// A person, then the step again.
    Ask,
    /// The end, and good news.
    Done,
    /// The end, and bad news.
    Failed,
}

/// What became of a child.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChildResult {
    /// It ended in order.
    Done,
    /// It failed: its stable error, and what it said.
    Failed(String, String),
}

/// What the machine is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MoveReply {
    /// The execution and where it works.
    pub run: RunRef,
    /// The phase that it is in.
    pub phase: MovePhase,
    /// What follows.
    pub next: MoveNext,
    /// After how long, in seconds, where it looks again.
    pub wait_seconds: i64,
    /// How long a question stands, in seconds, where one is asked.
    pub answer_seconds: i64,
    /// What `reconcile` is asked for, where a child is run.
    pub request: Option<RunRequest>,
    /// The suffix of the child's name.
    pub child: Option<String>,
    /// What is asked for, in a word or two.
    pub what: String,
    /// Why, in a sentence.
    pub why: String,
    /// The plan, for a person.
    pub plan: String,
    /// The stable error that the execution ends with, where it fails.
    pub error: Option<&'static str>,
    /// How it ended.
    pub ending: Option<MoveEnding>,
    /// The time until people reached the new region, in milliseconds, once they did.
    pub rto_ms: Option<i64>,
    /// A sentence for the execution's history.
    pub summary: String,
}

impl MoveReply {
    /// Nothing decided yet.
    pub(super) fn of(scope: Scope, record: &Move) -> Self {
        Self {
            run: RunRef { scope, id: record.id.clone() },
            phase: record.phase,
            next: MoveNext::Again,
            wait_seconds: 0,
            answer_seconds: 0,
            request: None,
            child: None,
            what: if record.graceful { "a switchover".to_owned() } else { "a failover".to_owned() },
            why: record.reason.clone(),
            plan: String::new(),
            error: None,
            ending: record.ending,
            rto_ms: record.rto_ms(),
            summary: record.timeline.last().map_or_else(String::new, |moment| moment.what.clone()),
        }
    }
}

/// The error that an execution of this ending ends with.
pub(super) fn error_of(ending: MoveEnding) -> Option<&'static str> {
    match ending {
        MoveEnding::Done | MoveEnding::Nothing | MoveEnding::Planned | MoveEnding::FalseAlarm => None,
        MoveEnding::Declined => Some(ErrorName::FailoverDeclined.name()),
        MoveEnding::Refused => Some(ErrorName::GuardrailRefused.name()),
        MoveEnding::Compensated => Some(ErrorName::FailoverCompensated.name()),
        MoveEnding::Held => Some(ErrorName::FailoverHeld.name()),
    }
}

/// Counts the time since the last step: as waiting, as far as it was that. Tells what was waited for.
pub(super) fn resume(record: &mut Move, now: Timestamp) -> Option<PauseKind> {
    let MovePause { since, kind } = record.pause.take()?;
    let gap = i64::try_from(now.duration_since(since).as_millis()).unwrap_or(0).max(0);
    match &kind {
        PauseKind::Look(seconds) => record.waited(gap.min(seconds * 1000)),
        PauseKind::Person(_) => record.waited(gap),
        // What of it was waiting is in the child's own record.
        PauseKind::Child(_) => {}
    }
    Some(kind)
}
