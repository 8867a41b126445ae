//! The copies that we made, as far as we know.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{BackupMemory, BackupSubject, CopyState, ObservedCopy, SETTLE};
use crate::name::Region;

/// How long a copy is remembered that no list shows any more. One list may come short; and what was made under an earlier
/// document, in another bucket or vault, is told for so long.
pub const FORGET: SignedDuration = SignedDuration::from_hours(24 * 30);

/// The verdict over a copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopyVerdict {
    /// When it was looked at.
    pub at: Timestamp,
    /// What is wrong with it; nothing when it is good.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flaws: Vec<String>,
}

/// A copy that we made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownCopy {
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
    pub verified: Option<CopyVerdict>,
    /// Since when no list shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gone: Option<Timestamp>,
    /// Whether we asked AWS to remove it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub removed: bool,
}

impl KnownCopy {
    /// One that was just found.
    pub fn new(copy: &ObservedCopy, region: &Region, due: Timestamp, now: Timestamp) -> Self {
        let (id, name, region) = (copy.id.clone(), copy.name.clone(), region.clone());
        let (bytes, verified) = (copy.bytes, None);
        Self { id, name, region, due, noted: now, bytes, verified, gone: None, removed: false }
    }

    /// Whether it was found good, and the last list showed it.
    pub fn is_good(&self) -> bool {
        self.gone.is_none() && self.verified.as_ref().is_some_and(|verified| verified.flaws.is_empty())
    }

    /// Whether it need not be remembered: we removed it, or nobody has seen it for long.
    fn is_forgotten(&self, now: Timestamp) -> bool {
        self.gone.is_some_and(|since| self.removed || now.duration_since(since) > FORGET)
    }
}

impl BackupMemory {
    /// What is known of a copy.
    pub fn known(&self, region: &Region, id: &str) -> Option<&KnownCopy> {
        self.copies.iter().find(|known| known.id == id && known.region == *region)
    }

    /// The newest good copy of a region.
    pub fn newest_good(&self, region: &Region) -> Option<&KnownCopy> {
        self.copies.iter().filter(|known| known.region == *region && known.is_good()).max_by_key(|known| known.due)
    }

    /// Brings what is remembered of a region in line with what is there: what has our name there and is not known is
    /// noted. What is known and not there is not forgotten at once: a list may come short, and with a copy its verdict would
    /// be lost. Tells whether anything changed.
    pub fn sync(&mut self, subject: &BackupSubject, region: &Region, there: &[ObservedCopy], now: Timestamp) -> bool {
        let (series, before) = (subject.series(), self.copies.clone());
        for copy in there {
            let Some(due) = series.due(&copy.name) else { continue };
            if let Some(known) = self.copies.iter_mut().find(|it| it.id == copy.id && it.region == *region) {
                known.bytes = copy.bytes.or(known.bytes);
                known.gone = None;
                continue;
            }
            // What cannot carry a tag is ours only where we asked for it; the rest says so itself.
            let marked = copy.mark.as_deref() == Some(subject.identity().as_str());
            if marked || (self.asked.contains(&due) && !subject.source.kind.carries_tags(subject.engine)) {
                self.copies.push(KnownCopy::new(copy, region, due, now));
            }
        }
        for known in self.copies.iter_mut().filter(|known| known.region == *region) {
            // What was just made may not show yet.
            if now.duration_since(known.noted) > SETTLE && !there.iter().any(|copy| copy.id == known.id) {
                known.gone.get_or_insert(now);
            }
        }
        self.copies.retain(|known| !known.is_forgotten(now));
        self.follow(subject, region, there);
        self.copies != before
    }

    /// Notes what was found of a copy.
    pub fn judge(&mut self, region: &Region, id: &str, verified: &CopyVerdict) {
        for known in self.copies.iter_mut().filter(|known| known.id == id && known.region == *region) {
            known.verified = Some(verified.clone());
        }
    }

    /// Notes that a copy is about to be removed: once no list shows it, it is forgotten.
    pub fn remove(&mut self, region: &Region, id: &str) {
        for known in self.copies.iter_mut().filter(|known| known.id == id && known.region == *region) {
            known.removed = true;
        }
    }

    /// The copies of ours that nobody has looked at, or of which we have forgotten what was found.
    pub fn unknown<'a>(&self, region: &Region, there: &'a [ObservedCopy]) -> Vec<&'a ObservedCopy> {
        let unseen = |copy: &&ObservedCopy| self.known(region, &copy.id).is_some_and(|known| known.verified.is_none());
        there.iter().filter(|copy| copy.state == CopyState::Available).filter(unseen).collect()
    }
}
