//! Locks: which are left behind, and what it takes to say so.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{ItemAttribute, UnblockMemory};

/// How long after its end a lock is still taken for held, because its owner's clock may differ from ours.
const GRACE: SignedDuration = SignedDuration::from_mins(1);

/// The largest second of the epoch that is taken for one: the year 2286. Milliseconds are above it, and would make a lock
/// look held for ever.
const LAST_SECOND: i64 = 9_999_999_999;

/// A lock's attributes as they were read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct LockItem {
    /// Who works.
    pub pod: ItemAttribute,
    /// On what.
    pub item: ItemAttribute,
    /// The type of the lock.
    pub lock_type: ItemAttribute,
    /// Who took it.
    pub acquired_by: ItemAttribute,
    /// When it was taken.
    pub acquired_at: ItemAttribute,
    /// When it runs out.
    pub expires_at: ItemAttribute,
    /// When it was released.
    pub released_at: ItemAttribute,
}

/// A lock that reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockEntry {
    /// Who works.
    pub pod: String,
    /// On what.
    pub item: String,
    /// The type of the lock.
    pub lock_type: String,
    /// When it runs out.
    pub expires: Timestamp,
}

/// How a lock stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LockStanding {
    /// It was released before.
    Released,
    /// It is held.
    Live(LockEntry),
    /// Its owner has left it, and this proves it.
    Left(LockEntry, AbandonmentProof),
    /// It would be released, but a person took that back before.
    Kept(LockEntry),
    /// It does not read, which proves nothing: what was found, and what was expected.
    Malformed(String),
}

/// What proves that a lock is left behind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AbandonmentProof {
    /// It has run out.
    Expired,
    /// Its item is finished: this is what its status says.
    Finished(String),
}

/// A release, with all that it takes to undo it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct LockRelease {
    /// The lock as it was read.
    pub lock: LockItem,
    /// What proved it left behind.
    pub proof: AbandonmentProof,
    /// What was written into it.
    pub released_at: String,
    /// What came of it.
    pub end: ReleaseEnd,
    /// What came of undoing it, where somebody asked for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undone: Option<UndoOutcome>,
}

/// What came of a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReleaseEnd {
    /// Written down, and not tried yet.
    Intended,
    /// It is released.
    Released,
    /// It is not what was read any more, renewed perhaps, and stays.
    Changed,
    /// It could not be written, or nobody knows whether it was.
    Failed(String),
}

/// What came of undoing a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UndoOutcome {
    /// It is held again, as it was read.
    Restored,
    /// It has changed since, taken again perhaps, and stays.
    Changed,
}

impl LockItem {
    /// `pod/item`, as people name it.
    pub fn name(&self) -> String {
        let part = |field: &ItemAttribute| field.key().map_or_else(|| field.to_string(), str::to_owned);
        format!("{}/{}", part(&self.pod), part(&self.item))
    }

    /// The lock in it, or what does not read: what was found, and what was expected.
    fn read(&self) -> Result<LockEntry, String> {
        let pod = self.pod.key().ok_or_else(|| odd("the pod", &self.pod, "a text"))?;
        let item = self.item.key().ok_or_else(|| odd("the item", &self.item, "a text"))?;
        let lock_type = self.lock_type.text().ok_or_else(|| odd("the type", &self.lock_type, "a text"))?;
        self.acquired_by.text().ok_or_else(|| odd("who took it", &self.acquired_by, "a text"))?;
        let acquired = self.acquired_at.text().and_then(instant);
        let acquired = acquired.ok_or_else(|| odd("when it was taken", &self.acquired_at, "an ISO 8601 time"))?;
        let expires = seconds(&self.expires_at);
        let expires = expires.ok_or_else(|| odd("when it runs out", &self.expires_at, "seconds of the epoch"))?;
        if expires < acquired {
            return Err(format!("when it runs out: found {expires}, expected a time after it was taken, {acquired}"));
        }
        Ok(LockEntry { pod: pod.to_owned(), item: item.to_owned(), lock_type: lock_type.to_owned(), expires })
    }
}

/// How a lock stands now. `status` is what the status of its item says, where that means finished.
pub fn judge(found: &LockItem, status: Option<&str>, memory: &UnblockMemory, now: Timestamp) -> LockStanding {
    match &found.released_at {
        ItemAttribute::Absent => {}
        ItemAttribute::Text(_) => return LockStanding::Released,
        other => return LockStanding::Malformed(odd("when it was released", other, "nothing, or an ISO 8601 time")),
    }
    let lock = match found.read() {
        Ok(lock) => lock,
        Err(why) => return LockStanding::Malformed(why),
    };
    let expired = lock.expires.saturating_add(GRACE).is_ok_and(|over| over <= now);
    let proof = match status {
        _ if expired => AbandonmentProof::Expired,
        Some(status) => AbandonmentProof::Finished(status.to_owned()),
        None => return LockStanding::Live(lock),
    };
    if memory.keeps(found) { LockStanding::Kept(lock) } else { LockStanding::Left(lock, proof) }
}

fn odd(what: &str, found: &ItemAttribute, expected: &str) -> String {
    format!("{what}: found {found}, expected {expected}")
}

/// An ISO 8601 time. One without an offset is one of UTC, as many libraries write it.
pub(super) fn instant(text: &str) -> Option<Timestamp> {
    text.parse().ok().or_else(|| {
        let local: jiff::civil::DateTime = text.parse().ok()?;
        Some(local.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
    })
}

fn seconds(field: &ItemAttribute) -> Option<Timestamp> {
    let ItemAttribute::Number(number) = field else { return None };
    let second: i64 = number.parse().ok()?;
    (0..=LAST_SECOND).contains(&second).then(|| Timestamp::from_second(second).ok()).flatten()
}
