//! What a decision about a backup is made of, and what it may be.

use std::fmt;

use jiff::Timestamp;

use super::{
    BackupAttempt, BackupMemory, CopyQuota, JobPolicy, ObservedCopy, ObservedSource, RemovalReason, RetryDecision,
};
use crate::name::Region;

/// A copy that goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyRemoval {
    /// Where it is.
    pub region: Region,
    /// The copy.
    pub copy: ObservedCopy,
    /// Why it may go.
    pub why: RemovalReason,
}

/// What follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BackupNext {
    /// Ask AWS for the backup.
    Start,
    /// Look whether a copy is good.
    Verify {
        /// Where it is.
        region: Region,
        /// The copy.
        copy: ObservedCopy,
    },
    /// Look at what there is in the other region.
    LookAway,
    /// Ask AWS for the copy in the other region.
    Copy(ObservedCopy),
    /// Look at older copies of which nothing is known, or nothing any more.
    Review(Vec<(Region, ObservedCopy)>),
    /// Remove these.
    Prune(Vec<CopyRemoval>),
    /// Look again after so many seconds.
    Wait(i64, String),
    /// Leave it until then.
    Park(Timestamp, String),
    /// It cannot be done; whether it is tried again by itself.
    Fail(String, RetryDecision),
    /// All of it is done.
    Done,
}

impl fmt::Display for BackupNext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start => f.write_str("taken"),
            Self::Verify { region, copy } => write!(f, "{} in {region} verified", copy.name),
            Self::LookAway => f.write_str("looks at the other region"),
            Self::Copy(copy) => write!(f, "{} copied", copy.name),
            Self::Review(copies) => write!(f, "{} older copies looked at", copies.len()),
            Self::Prune(removals) => write!(f, "{} pruned", removals.len()),
            Self::Wait(_, why) => write!(f, "waits: {why}"),
            Self::Park(until, why) => write!(f, "waits until {until}: {why}"),
            Self::Fail(why, _) => write!(f, "failed: {why}"),
            Self::Done => f.write_str("done"),
        }
    }
}

/// What there is in one region.
#[derive(Debug, Clone, Copy)]
pub struct CopyInventory<'a> {
    /// The region that was looked at.
    pub region: &'a Region,
    /// The copies of the resource, everybody's.
    pub copies: &'a [ObservedCopy],
    /// How full it is, where there is a limit.
    pub quota: Option<CopyQuota>,
}

/// The other region.
#[derive(Debug, Clone, Copy)]
pub enum CopyRegion<'a> {
    /// The document names none.
    None,
    /// It was not looked at yet: home comes first, and does not wait for it.
    Unseen,
    /// What there is.
    Seen(CopyInventory<'a>),
}

/// Everything that a decision is made of.
#[derive(Debug, Clone, Copy)]
pub struct BackupView<'a> {
    /// What the document says.
    pub policy: &'a JobPolicy,
    /// What is remembered, in line with what is there.
    pub memory: &'a BackupMemory,
    /// What is under way.
    pub attempt: &'a BackupAttempt,
    /// The resource.
    pub source: Option<&'a ObservedSource>,
    /// What there is in its own region.
    pub home: CopyInventory<'a>,
    /// The other region.
    pub away: CopyRegion<'a>,
    /// When the environment wakes, if its calendar says that it sleeps; of interest where the resource is stopped.
    pub wakes: Option<Timestamp>,
    /// The present.
    pub now: Timestamp,
}

impl<'a> BackupView<'a> {
    /// What was looked at.
    pub(super) fn inventories(&self) -> impl Iterator<Item = CopyInventory<'a>> {
        let away = match self.away {
            CopyRegion::Seen(away) => Some(away),
            CopyRegion::None | CopyRegion::Unseen => None,
        };
        std::iter::once(self.home).chain(away)
    }
}
