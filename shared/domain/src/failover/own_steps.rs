//! Steps of the estate's own within a move: which is due, what it is told, and what its time-out means.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Move, MovePhase, Pointer};
use crate::estate::{Failover, HoldPoint, OwnStep, OwnStepPlace};
use crate::execution::{ExecutionStatus, execution_name};
use crate::name::{MachineName, Scope};
use crate::value::Duration;

/// How long a step may take where the document does not say.
pub const OWN_STEP_WITHIN: SignedDuration = SignedDuration::from_mins(10);

/// How long an execution that was started may not show: Step Functions answers about it after a moment.
const SETTLES: SignedDuration = SignedDuration::from_secs(30);

impl OwnStepPlace {
    /// The phase that waits for it.
    pub fn holds_up(self) -> MovePhase {
        match self {
            Self::Promote => MovePhase::Scale,
            Self::Scale => MovePhase::Verify,
            Self::Verify => MovePhase::Traffic,
            Self::Traffic => MovePhase::Settle,
        }
    }
}

impl HoldPoint {
    /// The phase that it is before.
    pub fn phase(self) -> MovePhase {
        match self {
            Self::Promote => MovePhase::Promote,
            Self::Scale => MovePhase::Scale,
            Self::Traffic => MovePhase::Traffic,
        }
    }
}

/// One execution of an estate's own machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct OwnStepRun {
    /// The step, by the machine that it runs.
    pub step: MachineName,
    /// The machine: the step's, or the one that takes it back.
    pub machine: MachineName,
    /// The name of the execution: the token by which a start that is tried again is the same.
    pub execution: String,
    /// When it was started first.
    pub began: Timestamp,
    /// How it ended: `ok`, or what went wrong; nothing while it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<OwnStepEnd>,
    /// Whether it is tried again: it had failed when somebody took the move over.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub again: bool,
}

/// How a step of the estate's own ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OwnStepEnd {
    /// It came to its end.
    Done,
    /// It did not, and why.
    Failed(String),
}

/// What follows for a step that was started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OwnStepNext {
    /// It runs: look again.
    Wait,
    /// It runs for too long: it is ended, and has failed.
    Stop(String),
    /// It is over.
    Ended(OwnStepEnd),
}

impl OwnStepRun {
    /// The next run of a step of a move, or of what takes it back. Until it is kept in the record it has the same name.
    pub fn new(scope: &Scope, pointer: &Pointer, record: &Move, step: &OwnStep, back: bool, now: Timestamp) -> Self {
        let machine = step.back.as_ref().filter(|_| back).unwrap_or(&step.run);
        let tried = record.own_steps.iter().filter(|run| run.machine == *machine).count();
        let number = format!("{}-{tried}", pointer.epoch);
        let words = [EXECUTIONS, machine.as_str(), scope.estate.as_str(), scope.environment.as_str(), &number];
        let execution = execution_name(&words, pointer.since);
        Self { step: step.run.clone(), machine: machine.clone(), execution, began: now, ended: None, again: false }
    }

    /// Whether it takes its step back.
    pub fn is_back(&self) -> bool {
        self.machine != self.step
    }

    /// What follows, given how its execution stands.
    pub fn next(&self, step: &OwnStep, status: ExecutionStatus, now: Timestamp) -> OwnStepNext {
        let (age, within) = (now.duration_since(self.began), step.within());
        let Self { machine, execution, .. } = self;
        match status {
            ExecutionStatus::Succeeded => OwnStepNext::Ended(OwnStepEnd::Done),
            ExecutionStatus::Dead(how) => {
                OwnStepNext::Ended(OwnStepEnd::Failed(format!("{execution} of {machine} ended as {how}")))
            }
            ExecutionStatus::Unknown if age >= SETTLES => {
                OwnStepNext::Ended(OwnStepEnd::Failed(format!("{machine} knows no execution {execution}")))
            }
            ExecutionStatus::Running if age >= within => {
                OwnStepNext::Stop(format!("{execution} of {machine} takes longer than {within:#}"))
            }
            ExecutionStatus::Running | ExecutionStatus::Unknown => OwnStepNext::Wait,
        }
    }
}

/// How the names of these executions begin: the role may look at them, and end them, by it.
pub const EXECUTIONS: &str = "watchkeeper-step";

impl OwnStep {
    /// How long it may take.
    pub fn within(&self) -> SignedDuration {
        self.within.map_or(OWN_STEP_WITHIN, Duration::signed)
    }

    /// What its machine is given.
    pub fn input(&self, scope: &Scope, record: &Move, back: bool) -> Value {
        json!({
            "estate": scope.estate,
            "environment": scope.environment,
            "region": scope.region,
            "from": record.from,
            "to": record.to,
            "after": self.after,
            "graceful": record.graceful,
            "back": back,
        })
    }
}

impl Move {
    /// The run of a step, or of what takes it back, that counts.
    pub fn own_step(&self, step: &OwnStep, back: bool) -> Option<&OwnStepRun> {
        self.own_steps.iter().find(|run| run.step == step.run && run.is_back() == back && !run.again)
    }

    /// Steps that failed are tried again.
    pub fn try_own_steps_again(&mut self) {
        let failed = |run: &&mut OwnStepRun| matches!(run.ended, Some(OwnStepEnd::Failed(_)));
        self.own_steps.iter_mut().filter(failed).for_each(|run| run.again = true);
    }

    /// Keeps what is known of a run of a step.
    pub fn keep_own_step(&mut self, run: OwnStepRun) {
        match self.own_steps.iter_mut().find(|it| it.execution == run.execution) {
            Some(there) => *there = run,
            None => self.own_steps.push(run),
        }
    }
}

/// The lines of a plan about the estate's own steps and about what a move is held before.
pub(super) fn plan(failover: &Failover) -> String {
    let step = |step: &OwnStep| {
        let optional = if step.optional { ", optional" } else { "" };
        let back = if step.back.is_some() { ", taken back with the move" } else { "" };
        let (after, run, within) = (step.after, &step.run, step.within());
        format!("  after {after}: {run} of the estate's own, within {within:#}{optional}{back}; StartExecution\n")
    };
    let held = |point: &HoldPoint| format!("  before {point}: held until a person says that it goes on\n");
    failover.steps.iter().map(step).chain(failover.hold_before.iter().map(held)).collect()
}
