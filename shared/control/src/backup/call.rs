//! What the schedule and the machines ask, and what they are answered: ids, verdicts and short texts only.

use serde::{Deserialize, Serialize};
use watchkeeper_domain::backup::{BackupOutcome, BackupSource, RestoreEvidence};
use watchkeeper_domain::reconcile::run::RunRef;

use super::{NextStep, StepTaken, Ticked};
use crate::runbook::Begin;

/// A step of an execution.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "step")]
pub enum Step {
    /// Which resources a run is about.
    Begin(Begin),
    /// One step of one resource's backup.
    Job {
        /// The run.
        run: RunRef,
        /// The resource's place in it.
        index: usize,
    },
    /// A resource's part in the run ended with an error.
    Stumble {
        /// The run.
        run: RunRef,
        /// The resource's place in it.
        index: usize,
        /// The error.
        error: String,
    },
    /// Tell how it ended.
    Finish {
        /// The run.
        run: RunRef,
    },
    /// What is restored, and into what.
    BeginRestore(Begin),
    /// One step of a restore.
    Restore {
        /// The run.
        run: RunRef,
        /// The resource.
        source: BackupSource,
    },
    /// The restore ended with an error; what it made is still tidied up.
    FailRestore {
        /// The run.
        run: RunRef,
        /// The resource.
        source: BackupSource,
        /// The error.
        error: String,
    },
    /// Tell how it ended, and keep the evidence.
    FinishRestore {
        /// The run.
        run: RunRef,
        /// The resource.
        source: BackupSource,
    },
}

/// What an event is answered.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// Of the schedule.
    Ticked(Ticked),
    /// Of begin.
    Begun {
        /// The run.
        run: RunRef,
        /// The places of its resources.
        jobs: Vec<usize>,
        /// What will be done, in a sentence; of a plan, why each copy stays or goes.
        summary: String,
    },
    /// Of a step.
    Stepped {
        /// Whether another step follows.
        again: bool,
        /// After how long, in seconds.
        wait_seconds: i64,
        /// What was done, in a few words.
        what: String,
    },
    /// Of the end of a run.
    Finished {
        /// The worst end of a resource.
        outcome: BackupOutcome,
        /// In a line.
        headline: String,
    },
    /// Of the beginning of a restore.
    Restoring {
        /// The run.
        run: RunRef,
        /// The resource.
        source: BackupSource,
        /// What is restored into what.
        summary: String,
    },
    /// Of the end of a restore.
    Restored {
        /// Whether everything was as it should be.
        passed: bool,
        /// In a line.
        headline: String,
        /// The evidence.
        evidence: Box<RestoreEvidence>,
    },
}

impl Answer {
    pub(super) fn stepped(stepped: StepTaken) -> Self {
        let (again, wait_seconds) = match stepped.then {
            NextStep::Again(seconds) => (true, seconds),
            NextStep::Done => (false, 0),
        };
        Self::Stepped { again, wait_seconds, what: stepped.what }
    }
}
