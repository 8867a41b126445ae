//! What the `reconcile` machine asks, and what it is answered: ids, verdicts and short texts only.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use watchkeeper_domain::guardrail::GuardrailCode;
use watchkeeper_domain::name::Scope;
use watchkeeper_domain::reconcile::run::{Back, RunOutcome, RunRef};

use crate::runbook::{Begin, CaughtError, FormerWord, NextStep, StepOutcome, Told, Unmade};

/// The steps of the machine, by their names.
pub(super) const APPLY: &str = "apply";
pub(super) const VERIFY: &str = "verify";
pub(super) const FINISH: &str = "finish";

/// A step of a run.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "step")]
pub enum Step {
    /// Decide.
    Begin(Begin),
    /// Write.
    Apply {
        /// The run.
        run: RunRef,
    },
    /// Look.
    Verify {
        /// The run.
        run: RunRef,
    },
    /// Close.
    Finish {
        /// The run.
        run: RunRef,
        /// The error that ended it, if one did.
        #[serde(default)]
        error: Option<CaughtError>,
    },
    /// Tell of a run that could not begin, or not be closed.
    Tell(Unmade),
}

impl Step {
    /// The run that a step belongs to; at its beginning only its name is known.
    pub fn run(&self) -> (&str, Option<&Scope>) {
        match self {
            Self::Begin(Begin { execution, .. }) | Self::Tell(Unmade { execution, .. }) => (&execution.name, None),
            Self::Apply { run } | Self::Verify { run } | Self::Finish { run, .. } => (&run.id, Some(&run.scope)),
        }
    }
}

/// What the machine carries on, or puts out, beside what follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Details {
    /// Of begin.
    Begun(BegunRun),
    /// Of begin, when it was about the halt switch.
    Switched {
        /// The run that turned it.
        run: Switch,
        /// Always `nothing`: the machine ends.
        verdict: BeginVerdict,
    },
    /// Of apply and verify.
    Slice(FormerWord),
    /// Of finish.
    Finished(FinishedRun),
    /// Of tell.
    Told(Told),
}

/// A run that only turned the halt switch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Switch {
    /// The execution's name.
    pub id: String,
}

/// What begin decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum BeginVerdict {
    /// Apply, verify, finish.
    Apply,
    /// End: the plan was the answer.
    Plan,
    /// End: nothing differs, and nothing was written.
    Nothing,
    /// Finish, which tells of the foreign change.
    Drift,
    /// Finish, which tells of what cannot be changed now.
    Hindered,
    /// Finish, which tells of the refusal.
    Refused,
}

impl BeginVerdict {
    /// What the machine does next.
    pub fn then(self) -> NextStep {
        match self {
            Self::Apply => NextStep::at_once(APPLY),
            Self::Plan => NextStep::done("planned"),
            Self::Nothing => NextStep::done("nothing"),
            Self::Drift | Self::Hindered | Self::Refused => NextStep::at_once(FINISH),
        }
    }
}

/// What begin found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BegunRun {
    /// What was decided.
    pub verdict: BeginVerdict,
    /// Guardrails that a person has to approve.
    pub asks: BTreeSet<GuardrailCode>,
    /// Guardrails that nobody can approve.
    pub blocked: BTreeSet<GuardrailCode>,
    /// Writes to AWS that the plan has.
    pub writes: usize,
}

/// What became of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FinishedRun {
    /// How it ended.
    #[serde(skip)]
    pub outcome: RunOutcome,
    /// What has come back of what we hold and nothing holds any more.
    pub back: Back,
    /// Writes to AWS.
    pub writes: u32,
    /// From its start to its end, in milliseconds.
    pub took_ms: i64,
    /// Resources that somebody else had changed.
    pub drift: usize,
    /// Guardrails that stopped it.
    pub refusals: usize,
}

/// A slice that was made, and the step that follows after so many seconds.
pub fn slice(run: &RunRef, step: &'static str, wait_seconds: u32, summary: String) -> StepOutcome<FormerWord> {
    let then = NextStep::Again { step, wait_seconds: wait_seconds.into() };
    StepOutcome::new(run.clone(), then, summary, FormerWord { next: step })
}
