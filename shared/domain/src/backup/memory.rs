//! What is remembered of one resource's backups: the attempt under way, how the last one ended, and every copy that we
//! made and have not removed.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::restore::{Drilled, Restore};
use super::{Attempt, Candidate, CopyState, Job, Kind, Known, ObservedCopy, Owner, Policy, Settled, Standing, Subject};
use crate::name::Region;

/// How long AWS may take to list what was just made or removed: its lists lag by seconds, and this is on the safe side.
pub const SETTLE: SignedDuration = SignedDuration::from_mins(2);

/// How many instants are remembered for which AWS was asked: longer than any of them may take to show.
pub(super) const ASKED: usize = 64;

/// Everything that is remembered of one resource's backups.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// What is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<Attempt>,
    /// What ended last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled: Option<Settled>,
    /// Every copy that we made and have not removed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub copies: Vec<Known>,
    /// What AWS was asked for and has not shown yet, by the instant at which it was due.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub asked: BTreeSet<Timestamp>,
    /// The jobs of AWS Backup whose recovery points are not known yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub jobs: Vec<Job>,
    /// The restore under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restore: Option<Restore>,
    /// The drill that ended last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drilled: Option<Drilled>,
    /// The restore by a person that ended last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<Drilled>,
}

impl Memory {
    /// A copy as pruning has it.
    pub fn candidate(&self, policy: &Policy, region: &Region, copy: &ObservedCopy) -> Candidate {
        let known = self.known(region, &copy.id);
        let standing = match (&copy.state, known) {
            (CopyState::Creating | CopyState::Deleting, _) => Standing::Unfinished,
            (CopyState::Failed(_), _) => Standing::Failed,
            (CopyState::Available, known) => match known.and_then(|known| known.verified.as_ref()) {
                None => Standing::Unknown,
                Some(verified) if verified.flaws.is_empty() => Standing::Good,
                Some(_) => Standing::Doubtful,
            },
        };
        let subject = &policy.subject;
        let due = subject.series().due(&copy.name);
        Candidate {
            id: copy.id.clone(),
            name: copy.name.clone(),
            taken: due.or(copy.created).unwrap_or(Timestamp::MIN),
            standing,
            owner: owner(subject, due.is_some(), copy.mark.as_deref(), known.is_some()),
            used_by: self.user(policy, copy),
        }
    }

    /// What uses a copy: a restore, or the copy of it that is being made.
    fn user(&self, policy: &Policy, copy: &ObservedCopy) -> Option<String> {
        let restores = self.restore.as_ref().filter(|restore| restore.uses(&copy.id));
        if let Some(restore) = restores {
            return Some(format!("the restore into {}", restore.target));
        }
        let attempt = self.attempt.as_ref()?;
        (policy.subject.series().name(attempt.due).as_str() == copy.name)
            .then(|| format!("the backup of {}", attempt.due))
    }
}

impl Kind {
    /// Whether what we make of it can carry our tag. An on-demand backup of `DynamoDB` cannot (Amazon DynamoDB developer
    /// guide, tagging restrictions): there the ledger's own record of its ARN stands for the tag.
    pub fn carries_tags(self, engine: crate::estate::Engine) -> bool {
        self != Self::Dynamodb || engine == crate::estate::Engine::AwsBackup
    }
}

fn owner(subject: &Subject, named: bool, mark: Option<&str>, known: bool) -> Owner {
    let identity = subject.identity();
    match (named, mark) {
        (true, Some(mark)) if mark == identity => Owner::Us,
        (true, None) if known && !subject.source.kind.carries_tags(subject.engine) => Owner::Us,
        (true, None) => Owner::NameOnly,
        (_, Some(_)) => Owner::MarkOnly,
        (false, None) => Owner::Other,
    }
}
