//! What the machines ask, and what they are answered: ids, verdicts and short texts only.

use serde::{Deserialize, Serialize};
use watchkeeper_domain::backup::{BackupOutcome, BackupSource, RestoreEvidence};
use watchkeeper_domain::reconcile::run::RunRef;

use crate::runbook::{Begin, NextStep, StepOutcome, Told, Unmade};

/// The steps that are taken again, by their names.
pub(super) const JOB: &str = "job";
pub(super) const RESTORE: &str = "restore";

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
    /// Tell of a run of backups that could not begin, or not be closed.
    Tell(Unmade),
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
    /// Tell of a restore that could not begin, or not be closed.
    TellRestore(Unmade),
}

/// What the machines carry on, or put out, beside what follows.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Details {
    /// Of begin.
    Begun {
        /// The places of the run's resources.
        jobs: Vec<usize>,
    },
    /// Of a step of a backup or a restore.
    Worked(Worked),
    /// Of the end of a run.
    Finished(FinishedBackup),
    /// Of the beginning of a restore.
    Restoring {
        /// The resource.
        source: BackupSource,
    },
    /// Of the end of a restore.
    Restored(FinishedRestore),
    /// Of tell.
    Told(Told),
}

/// What a step of one resource comes to, as definitions of the release before read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Worked {
    /// Whether another step follows.
    pub again: bool,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FinishedBackup {
    /// The worst of its resources' ends.
    #[serde(skip)]
    pub outcome: BackupOutcome,
    /// In a line, as definitions of the release before read it.
    pub headline: String,
}

/// How a restore ended.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FinishedRestore {
    /// Whether everything was as it should be.
    pub passed: bool,
    /// In a line, as definitions of the release before read it.
    pub headline: String,
    /// The evidence.
    pub evidence: Box<RestoreEvidence>,
}

/// A step of one resource that was taken, and what follows: its next step, or nothing more in this run.
pub fn worked(run: RunRef, then: NextStep, what: impl Into<String>) -> StepOutcome<Worked> {
    let again = then.step().is_some();
    StepOutcome::new(run, then, what, Worked { again })
}
