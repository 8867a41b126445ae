//! Backups: when they are due, what they are called, whether they are good, which go, and what proves that they can be
//! restored. Decisions only: what is looked at comes in, what follows goes out.

mod attempt;
mod check_task;
mod checks;
mod claim;
mod decide;
mod due;
mod fresh;
mod jobs;
mod known;
mod memory;
mod name;
mod notice;
mod observed;
mod policy;
mod prune;
mod report;
mod report_restore;
mod request;
mod restore;
mod restore_step;
mod restore_wants;
mod served;
mod turn;
mod verify;
mod view;

pub use crate::estate::source::{BackupSource, BackupSubject, ResourceKind};
pub use attempt::{
    AttemptEnd, BackupAttempt, ENDED_KEPT, EndedAttempt, PAUSE, ParkedAttempt, RETRIES, RETRY_PAUSE, RetryDecision,
    RetryPlan, SILENCE, SettledBackup, TRIES, WHY_MAX,
};
pub use check_task::{CHECK_LOG_LINES, CHECK_LOG_WIDTH, CheckEnd, CheckRun, ObservedCheckTask, kept_lines};
pub use checks::{RestoreCheck, RestoredFacts, checks, compared};
pub use claim::BackupClaim;
pub use decide::{decide, fates};
pub use due::{ALLOWANCE, CATCH_UP, DueSchedule};
pub use fresh::Freshness;
pub use jobs::PendingJob;
pub use known::{CopyVerdict, FORGET, KnownCopy};
pub use memory::{BackupMemory, SETTLE};
pub use name::{BACKUP_TAG, CopyName, CopySeries, RESTORE_TAG};
pub use notice::{BackupNotice, abandoned};
pub use observed::{
    CopyQuota, CopyState, ObservedCopy, ObservedInstance, ObservedRestore, ObservedSource, RestoreWindow,
    RestoredEndpoint, SourceState,
};
pub use policy::{JobPolicy, RetentionCounts, SHRINK};
pub use prune::{CopyFate, CopyOwner, CopyStanding, PruneCandidate, RemovalReason, RetentionReason, prune};
pub use report::{BackupLine, BackupOutcome, BackupResult, BackupRun, event, fitting, inventory, message, plan, worst};
pub use report_restore::restored;
pub use request::{BackupRequest, RestoreRequest};
pub use restore::{RestoreEvidence, RestorePurpose, RestoreRun, RestoreSource, drill_is_due};
pub use restore_step::{RestoreNext, RestoreView, decide_restore};
pub use restore_wants::RestoreWants;
pub use turn::{AT_ONCE, CLUSTERS_AT_ONCE, turn, wanted};
pub use verify::{CopyComparison, CopyFlaw, verify};
pub use view::{BackupNext, BackupView, CopyInventory, CopyRegion, CopyRemoval};

use jiff::{SignedDuration, SpanRound, Unit};

/// A length of time for a person: `2d 3h`, to the minute.
pub fn ago(length: SignedDuration) -> String {
    let largest = SpanRound::new().smallest(Unit::Minute).largest(Unit::Day).days_are_24_hours();
    let span = jiff::Span::try_from(length).and_then(|span| span.round(largest));
    span.map_or_else(|_| format!("{length:#}"), |span| format!("{span:#}"))
}

/// A size for a person: `1.5 MB`.
pub fn size(bytes: Option<u64>) -> String {
    const UNITS: [&str; 5] = ["B", "kB", "MB", "GB", "TB"];
    let Some(bytes) = bytes else { return "size unknown".to_owned() };
    let mut unit = 0;
    let mut whole = bytes;
    let mut rest = 0;
    while whole >= 1000 && unit + 1 < UNITS.len() {
        rest = whole % 1000 / 100;
        whole /= 1000;
        unit += 1;
    }
    if rest == 0 { format!("{whole} {}", UNITS[unit]) } else { format!("{whole}.{rest} {}", UNITS[unit]) }
}
