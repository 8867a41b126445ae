//! The facts about backups: of a row, and of their own page.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use watchkeeper_domain::backup::{AttemptEnd, BackupMemory, BackupSource};
use watchkeeper_domain::name::{Region, Scope};
use watchkeeper_domain::value::Zone;

use super::{Reading, StackFacts};

/// How fresh one resource's backups are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct BackupFreshness {
    /// The resource.
    pub resource: BackupSource,
    /// When the newest good copy was due; none where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newest: Option<Timestamp>,
    /// How old it may be, in seconds.
    pub within_seconds: i64,
    /// The attempts that failed since the newest good copy was due, the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<EndedAttempt>,
}

/// An attempt that ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct EndedAttempt {
    /// When it was due.
    pub due: Timestamp,
    /// When it ended.
    pub at: Timestamp,
    /// How.
    pub end: AttemptEnd,
    /// Why, where it is not done, such as `Aws.Throttled`; else empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
}

/// Where copies go besides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyTarget {
    /// The region.
    pub region: Region,
    /// How long they are kept there, as the document says it.
    pub kept: String,
}

/// A resource whose backups are taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupJob {
    /// The resource.
    pub resource: BackupSource,
    /// Where it is backed up: at home, or where its pair is served.
    pub region: Region,
    /// When it is due, as the document says it, such as `03:00`.
    pub schedule: String,
    /// How long copies are kept, such as `14 d`.
    pub kept: String,
    /// How old the newest good copy may be, in seconds.
    pub within_seconds: i64,
    /// Where copies go besides, where the document says so.
    pub copy: Option<CopyTarget>,
    /// The instants at which it was due in the 15 days up to the end of the page's day in UTC, in order: some may be to come.
    pub dues: Vec<Timestamp>,
    /// When it is due next, or tried again, whichever is first.
    pub next: Option<Timestamp>,
    /// Whether the document asks for restore drills.
    pub drilled: bool,
    /// What is remembered of it.
    pub memory: Reading<BackupMemory>,
    /// The attempts of these days that ended, the oldest first.
    pub ended: Vec<EndedAttempt>,
}

/// The page of an environment's backups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupsFacts {
    /// The stack that takes them.
    pub stack: StackFacts,
    /// Whose.
    pub scope: Scope,
    /// The clocks of the environment.
    pub zone: Zone,
    /// Its resources, in the document's order.
    pub jobs: Vec<BackupJob>,
}
