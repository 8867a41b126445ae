//! What is remembered of one resource's backups: the attempt under way, how the last one ended, and every copy that we
//! made and have not removed.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::restore::{Drilled, Restore};
use super::{Candidate, CopyState, Kind, ObservedCopy, Owner, Policy, Standing, Subject};
use crate::name::Region;

/// How long AWS may take to list what was just made or removed: its lists lag by seconds, and this is on the safe side.
pub const SETTLE: SignedDuration = SignedDuration::from_mins(2);

/// How long an execution may be silent before another one takes over: three of its longest waits.
pub const SILENCE: SignedDuration = SignedDuration::from_mins(15);

/// How often a backup is tried before it counts as failed, and how long the first pause is; each is longer than the last.
pub const TRIES: u32 = 3;
/// See [`TRIES`].
pub const PAUSE: SignedDuration = SignedDuration::from_mins(15);

/// How many instants are remembered for which AWS was asked: longer than any of them may take to show.
const ASKED: usize = 64;

/// The verdict over a copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verified {
    /// When it was looked at.
    pub at: Timestamp,
    /// What is wrong with it; nothing when it is good.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flaws: Vec<String>,
}

/// A copy that we made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// What AWS calls it.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Where it is.
    pub region: Region,
    /// When it was due.
    pub due: Timestamp,
    /// When we first knew of it.
    pub noted: Timestamp,
    /// Its size, in bytes, where AWS says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// What was found of it; nothing before it was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified: Option<Verified>,
}

impl Known {
    /// Whether it was found good.
    pub fn is_good(&self) -> bool {
        self.verified.as_ref().is_some_and(|verified| verified.flaws.is_empty())
    }
}

/// Why an attempt is not going on now, and until when it is left alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parked {
    /// Why.
    pub why: String,
    /// Since when.
    pub since: Timestamp,
    /// When it is looked at again.
    pub until: Timestamp,
}

/// A backup under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// When it was due: its name is made of it.
    pub due: Timestamp,
    /// The execution that does it.
    pub run: String,
    /// When it began.
    pub began: Timestamp,
    /// When it was last worked on.
    pub touched: Timestamp,
    /// When AWS was last asked to make it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<Timestamp>,
    /// When AWS was last asked to copy it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy_asked: Option<Timestamp>,
    /// Why it is not going on, if it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parked: Option<Parked>,
    /// How often an error ended a run of it.
    #[serde(default)]
    pub failures: u32,
}

impl Attempt {
    /// A new one.
    pub fn new(due: Timestamp, run: &str, now: Timestamp) -> Self {
        let run = run.to_owned();
        Self { due, run, began: now, touched: now, asked: None, copy_asked: None, parked: None, failures: 0 }
    }

    /// Whether an execution is at work on it.
    pub fn is_alive(&self, now: Timestamp) -> bool {
        self.parked.is_none() && now.duration_since(self.touched) < SILENCE
    }

    /// Whether it waits for its time.
    pub fn is_parked(&self, now: Timestamp) -> bool {
        self.parked.as_ref().is_some_and(|parked| now < parked.until)
    }
}

/// How a backup ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// Taken, verified, copied where it should be, and the old ones pruned.
    Done,
    /// It could not be done.
    Failed,
    /// It waited until the next one was due.
    Missed,
}

/// The backup that ended last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    /// When it was due.
    pub due: Timestamp,
    /// How it ended.
    pub end: End,
    /// When.
    pub at: Timestamp,
    /// Why, where it is not done.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
}

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
    /// What is known of a copy.
    pub fn known(&self, region: &Region, id: &str) -> Option<&Known> {
        self.copies.iter().find(|known| known.id == id && known.region == *region)
    }

    /// The newest good copy of a region.
    pub fn newest_good(&self, region: &Region) -> Option<&Known> {
        self.copies.iter().filter(|known| known.region == *region && known.is_good()).max_by_key(|known| known.due)
    }

    /// Whether a backup that was due at `due` still has to be done. What is older than the last one has had its time.
    pub fn owes(&self, due: Timestamp) -> bool {
        self.settled.as_ref().is_none_or(|settled| settled.due < due)
    }

    /// Brings what is remembered of a region in line with what is there: what has our name there and is not known is
    /// noted, what is known and has been gone for longer than lists lag is forgotten. Tells whether anything changed.
    pub fn sync(&mut self, subject: &Subject, region: &Region, there: &[ObservedCopy], now: Timestamp) -> bool {
        let (series, before) = (subject.series(), self.copies.clone());
        for copy in there {
            let Some(due) = series.due(&copy.name) else { continue };
            if let Some(known) = self.copies.iter_mut().find(|it| it.id == copy.id && it.region == *region) {
                known.bytes = copy.bytes.or(known.bytes);
                continue;
            }
            // What cannot carry a tag is ours only where we asked for it; the rest says so itself.
            let marked = copy.mark.as_deref() == Some(subject.identity().as_str());
            if marked || (self.asked.contains(&due) && !subject.source.kind.carries_tags(subject.engine)) {
                let (id, name) = (copy.id.clone(), copy.name.clone());
                let (region, bytes) = (region.clone(), copy.bytes);
                self.copies.push(Known { id, name, region, due, noted: now, bytes, verified: None });
            }
        }
        let gone = |known: &Known| {
            known.region == *region
                && now.duration_since(known.noted) > SETTLE
                && !there.iter().any(|copy| copy.id == known.id)
        };
        self.copies.retain(|known| !gone(known));
        self.copies != before
    }

    /// Notes that AWS is about to be asked for a backup: whatever becomes of the call, its copy will be known as ours.
    pub fn ask(&mut self, now: Timestamp) {
        let Some(attempt) = &mut self.attempt else { return };
        attempt.asked = Some(now);
        self.asked.insert(attempt.due);
        while self.asked.len() > ASKED {
            self.asked.pop_first();
        }
    }

    /// Notes what was found of a copy.
    pub fn judge(&mut self, region: &Region, id: &str, verified: &Verified) {
        for known in self.copies.iter_mut().filter(|known| known.id == id && known.region == *region) {
            known.verified = Some(verified.clone());
        }
    }

    /// Ends the attempt.
    pub fn settle(&mut self, end: End, why: impl Into<String>, now: Timestamp) {
        if let Some(attempt) = self.attempt.take() {
            self.settled = Some(Settled { due: attempt.due, end, at: now, why: why.into() });
        }
    }

    /// An error ended a run of the attempt: it is tried again after a pause, and counts as failed after [`TRIES`].
    pub fn stumble(&mut self, why: &str, now: Timestamp) {
        let Some(attempt) = &mut self.attempt else { return };
        attempt.failures += 1;
        if attempt.failures >= TRIES {
            self.settle(End::Failed, why, now);
            return;
        }
        let pause = i32::try_from(attempt.failures).map_or(PAUSE, |failures| PAUSE * failures);
        let until = now.saturating_add(pause).unwrap_or(Timestamp::MAX);
        attempt.parked = Some(Parked { why: format!("tried again after {why}"), since: now, until });
    }

    /// A copy as pruning has it.
    pub fn candidate(&self, policy: &Policy, region: &Region, copy: &ObservedCopy) -> Candidate {
        let known = self.known(region, &copy.id);
        let standing = match (&copy.state, known) {
            (CopyState::Creating | CopyState::Deleting, _) => Standing::Unfinished,
            (CopyState::Failed(_), _) => Standing::Failed,
            (CopyState::Available, Some(known)) if known.is_good() => Standing::Good,
            (CopyState::Available, _) => Standing::Doubtful,
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
