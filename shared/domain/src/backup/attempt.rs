//! A backup under way, and how one ended.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// How long an execution may be silent before another one takes over: three of its longest waits.
pub const SILENCE: SignedDuration = SignedDuration::from_mins(15);

/// How often a backup is tried before it counts as failed, and how long the first pause is; each is longer than the last.
pub const TRIES: u32 = 3;
/// See [`TRIES`].
pub const PAUSE: SignedDuration = SignedDuration::from_mins(15);

/// How often one that failed is tried again by itself, and how long the first pause is; each is twice the last: 1, 2, 4 and 8
/// hours fit into the day after which the next one is due.
pub const RETRIES: u32 = 4;
/// See [`RETRIES`].
pub const RETRY_PAUSE: SignedDuration = SignedDuration::from_hours(1);

/// Why an attempt is not going on now, and until when it is left alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParkedAttempt {
    /// The reason, for a person.
    pub why: String,
    /// Since when.
    pub since: Timestamp,
    /// When it is looked at again.
    pub until: Timestamp,
}

/// A backup under way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupAttempt {
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
    /// How often AWS was asked to make it.
    #[serde(default)]
    pub asks: u32,
    /// When AWS was last asked to copy it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy_asked: Option<Timestamp>,
    /// Why it is not going on, if it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parked: Option<ParkedAttempt>,
    /// Why it was not going on before it was last taken up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waited: Option<ParkedAttempt>,
    /// How often an error ended a run of it.
    #[serde(default)]
    pub failures: u32,
    /// How often it has failed before.
    #[serde(default)]
    pub tried: u32,
    /// When the first of these tries was due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<Timestamp>,
}

impl BackupAttempt {
    /// A new one.
    pub fn new(due: Timestamp, run: &str, now: Timestamp) -> Self {
        Self {
            due,
            run: run.to_owned(),
            began: now,
            touched: now,
            asked: None,
            asks: 0,
            copy_asked: None,
            parked: None,
            waited: None,
            failures: 0,
            tried: 0,
            first: None,
        }
    }

    /// Whether an execution is at work on it.
    pub fn is_alive(&self, now: Timestamp) -> bool {
        self.parked.is_none() && now.duration_since(self.touched) < SILENCE
    }

    /// Whether it waits for its time.
    pub fn is_parked(&self, now: Timestamp) -> bool {
        self.parked.as_ref().is_some_and(|parked| now < parked.until)
    }

    /// Leaves it alone for a while. What keeps it waiting for the same reason does so since the first time.
    pub fn park(&mut self, why: String, until: Timestamp, now: Timestamp) {
        let same = self.waited.as_ref().filter(|waited| waited.why == why);
        self.parked = Some(ParkedAttempt { since: same.map_or(now, |waited| waited.since), why, until });
    }
}

/// How a backup ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AttemptEnd {
    /// Taken, verified, copied where it should be, and the old ones pruned.
    Done,
    /// It could not be done.
    Failed,
    /// It waited until the next one was due.
    Missed,
}

/// Whether one that failed is tried again, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RetryDecision {
    /// As it is: what stood in the way may have passed.
    Same,
    /// Under a new name: the old one is used up.
    Anew,
    /// No: it would come to the same, or a person has to look first.
    No,
}

/// When and how one that failed is tried again by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetryPlan {
    /// Not before.
    pub at: Timestamp,
    /// When the first try was due.
    pub first: Timestamp,
    /// How often it has failed.
    pub tried: u32,
    /// Whether under a new name.
    #[serde(default)]
    pub anew: bool,
}

/// For how long ended attempts are remembered: a month, whichever it is.
pub const ENDED_KEPT: SignedDuration = SignedDuration::from_hours(31 * 24);

/// An attempt that ended, as it is remembered for a month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndedAttempt {
    /// When it was due.
    pub due: Timestamp,
    /// When it ended.
    pub at: Timestamp,
    /// How it ended.
    pub end: AttemptEnd,
    /// Why, where it is not done, in at most [`WHY_MAX`] characters.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
}

/// As much of a reason as is remembered for a month, in characters: a resource that fails each hour has hundreds of them.
pub const WHY_MAX: usize = 120;

/// The backup that ended last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettledBackup {
    /// When it was due.
    pub due: Timestamp,
    /// How it ended.
    pub end: AttemptEnd,
    /// When it ended.
    pub at: Timestamp,
    /// Why, where it is not done.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// When it is tried again, if it failed and is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<RetryPlan>,
    /// How often it had failed before.
    #[serde(default)]
    pub tried: u32,
}
