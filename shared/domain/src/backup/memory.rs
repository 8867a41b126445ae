//! What is remembered of one resource's backups: the attempt under way, how the last one ended, and every copy that we
//! made and have not removed.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::restore::{RestoreEvidence, RestoreRun};
use super::{
    BackupAttempt, BackupSubject, CopyOwner, CopyStanding, CopyState, EndedAttempt, JobPolicy, KnownCopy, ObservedCopy,
    PendingJob, PruneCandidate, ResourceKind, SettledBackup,
};
use crate::name::Region;

/// How long AWS may take to list what was just made or removed: its lists lag by seconds, and this is on the safe side.
pub const SETTLE: SignedDuration = SignedDuration::from_mins(2);

/// How many instants are remembered for which AWS was asked: longer than any of them may take to show.
pub(super) const ASKED: usize = 64;

/// Everything that is remembered of one resource's backups.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupMemory {
    /// What is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<BackupAttempt>,
    /// What ended last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled: Option<SettledBackup>,
    /// What ended in the last month, that one among it, the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ended: Vec<EndedAttempt>,
    /// Every copy that we made and have not removed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub copies: Vec<KnownCopy>,
    /// What AWS was asked for and has not shown yet, by the instant at which it was due.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub asked: BTreeSet<Timestamp>,
    /// The jobs of AWS Backup whose recovery points are not known yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub jobs: Vec<PendingJob>,
    /// The restore under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restore: Option<RestoreRun>,
    /// The drill that ended last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drilled: Option<RestoreEvidence>,
    /// The restore by a person that ended last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<RestoreEvidence>,
}

impl BackupMemory {
    /// A copy as pruning has it.
    pub fn candidate(&self, policy: &JobPolicy, region: &Region, copy: &ObservedCopy) -> PruneCandidate {
        let known = self.known(region, &copy.id);
        let standing = match (&copy.state, known) {
            (CopyState::Creating | CopyState::Deleting, _) => CopyStanding::Unfinished,
            (CopyState::Failed(_), _) => CopyStanding::Failed,
            (CopyState::Available, known) => match known.and_then(|known| known.verified.as_ref()) {
                None => CopyStanding::Unknown,
                Some(verified) if verified.flaws.is_empty() => CopyStanding::Good,
                Some(_) => CopyStanding::Doubtful,
            },
        };
        let subject = &policy.subject;
        let due = subject.series().due(&copy.name);
        PruneCandidate {
            id: copy.id.clone(),
            name: copy.name.clone(),
            taken: due.or(copy.created).unwrap_or(Timestamp::MIN),
            standing,
            owner: owner(subject, due.is_some(), copy.mark.as_deref(), known.is_some()),
            used_by: self.user(policy, copy),
        }
    }

    /// What uses a copy: a restore, or the copy of it that is being made.
    fn user(&self, policy: &JobPolicy, copy: &ObservedCopy) -> Option<String> {
        let restores = self.restore.as_ref().filter(|restore| restore.uses(&copy.id));
        if let Some(restore) = restores {
            return Some(format!("the restore into {}", restore.target));
        }
        let attempt = self.attempt.as_ref()?;
        (policy.subject.series().name(attempt.due).as_str() == copy.name)
            .then(|| format!("the backup of {}", attempt.due))
    }
}

impl ResourceKind {
    /// Whether what we make of it can carry our tag. An on-demand backup of `DynamoDB` cannot (Amazon DynamoDB developer
    /// guide, tagging restrictions): there the ledger's own record of its ARN stands for the tag.
    pub fn carries_tags(self, engine: crate::estate::BackupProvider) -> bool {
        self != Self::Dynamodb || engine == crate::estate::BackupProvider::AwsBackup
    }
}

fn owner(subject: &BackupSubject, named: bool, mark: Option<&str>, known: bool) -> CopyOwner {
    let identity = subject.identity();
    match (named, mark) {
        (true, Some(mark)) if mark == identity => CopyOwner::Us,
        (true, None) if known && !subject.source.kind.carries_tags(subject.engine) => CopyOwner::Us,
        (true, None) => CopyOwner::NameOnly,
        (_, Some(_)) => CopyOwner::MarkOnly,
        (false, None) => CopyOwner::Other,
    }
}
