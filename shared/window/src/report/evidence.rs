//! The records that reports are made of: as the ledger has them, so that nothing is told twice in two ways.

use std::fmt;

use serde::{Deserialize, Serialize};
use watchkeeper_domain::backup::{BackupOutcome, BackupResult, BackupRun, BackupSource, RestoreEvidence, RestoreRun};
use watchkeeper_domain::failover::Move;
use watchkeeper_domain::name::Scope;
use watchkeeper_domain::reconcile::run::RunRecord;

/// What was done, and by what it was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", content = "record", deny_unknown_fields)]
pub enum Evidence {
    /// A run of `reconcile` that was asked to leave a report.
    Run(Box<RunRecord>),
    /// A move of a pair.
    Move(Box<Move>),
    /// A restore drill, or a restore by hand that was asked to leave a report.
    Restore(Box<RestoreRecord>),
    /// A run of backups by hand that was asked to leave a report.
    Backup(Box<BackupRecord>),
}

/// A run of backups that is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct BackupRecord {
    /// The run.
    pub run: BackupRun,
    /// What it came to: the worst of its resources.
    pub outcome: BackupOutcome,
    /// Each resource that could be read.
    pub lines: Vec<BackupResult>,
    /// What is to be known of the environment as a whole, and what could not be read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// A restore drill that is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct RestoreRecord {
    /// The resource whose copy was restored.
    pub source: BackupSource,
    /// What was done.
    pub restore: RestoreRun,
    /// What it came to.
    pub outcome: RestoreEvidence,
}

/// What kind of run a report is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[derive(strum::Display, strum::IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum EvidenceKind {
    /// A run of `reconcile`.
    #[default]
    Run,
    /// A move of a pair.
    Move,
    /// A restore, which is mostly a drill.
    Restore,
    /// A run of backups.
    Backup,
}

/// What tells a report from the others of its estate, in a region: environment, kind and execution. Executions of different
/// machines may have the same name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportName {
    /// The environment, in the region whose stack writes it.
    pub scope: Scope,
    /// What kind of run it is of.
    pub kind: EvidenceKind,
    /// The execution.
    pub run: String,
}

impl ReportName {
    /// What its files are called in the bucket, without an extension.
    pub fn file(&self) -> String {
        format!("{}/{self}", self.scope.estate)
    }
}

impl fmt::Display for ReportName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}-{}", self.scope.environment, self.kind, self.run)
    }
}

impl Evidence {
    /// What kind of run it was.
    pub fn kind(&self) -> EvidenceKind {
        match self {
            Self::Run(_) => EvidenceKind::Run,
            Self::Move(_) => EvidenceKind::Move,
            Self::Restore(_) => EvidenceKind::Restore,
            Self::Backup(_) => EvidenceKind::Backup,
        }
    }

    /// The execution's name.
    pub fn run(&self) -> &str {
        match self {
            Self::Run(record) => &record.header.id,
            Self::Move(record) => &record.header.id,
            Self::Restore(record) => &record.outcome.run,
            Self::Backup(record) => &record.run.header.id,
        }
    }

    /// What the report of it is called.
    pub fn name(&self, scope: &Scope) -> ReportName {
        ReportName { scope: scope.clone(), kind: self.kind(), run: self.run().to_owned() }
    }
}
