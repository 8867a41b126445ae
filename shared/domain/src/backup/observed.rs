//! Resources and their copies as AWS describes them.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;

/// The state of a resource, as far as it decides whether a backup can be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceState {
    /// A backup can be taken.
    Available,
    /// It is stopped, or on its way there: no backup until it runs again.
    Stopped,
    /// Anything else, in the words of AWS: a moment later perhaps.
    Busy(String),
}

/// The times to which a resource can be restored without a backup of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RestoreWindow {
    /// The earliest, where AWS says so.
    pub from: Option<Timestamp>,
    /// The latest.
    pub to: Timestamp,
}

/// A resource as AWS describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedSource {
    /// Its state.
    pub state: SourceState,
    /// Whether what it holds is encrypted.
    pub encrypted: bool,
    /// Point-in-time recovery, where it is on.
    pub window: Option<RestoreWindow>,
    /// What a restored copy has to have too, by name: engine, version, keys.
    pub settings: BTreeMap<String, String>,
}

/// The state of a copy.
#[derive(Debug, Clone, PartialEq, Eq, strum::Display)]
#[strum(serialize_all = "lowercase")]
pub enum CopyState {
    /// It is being made.
    Creating,
    /// It is there.
    Available,
    /// It is on its way out.
    Deleting,
    /// It is of no use, in the words of AWS.
    #[strum(to_string = "{0}")]
    Failed(String),
}

/// A copy of a resource in one region, anybody's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedCopy {
    /// What AWS calls it: an ARN or an id, unique in its region.
    pub id: String,
    /// The name that it was given.
    pub name: String,
    /// Its state.
    pub state: CopyState,
    /// When it was begun, where AWS says so.
    pub created: Option<Timestamp>,
    /// How large it is, in bytes, where AWS says so.
    pub bytes: Option<u64>,
    /// Whether it is encrypted.
    pub encrypted: bool,
    /// The value of [`super::BACKUP_TAG`]; nothing where it carries none, or the service cannot tag.
    pub mark: Option<String>,
}

/// How many copies a region may hold, and holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CopyQuota {
    /// Copies that are there, everybody's.
    pub used: u32,
    /// The most that there may be.
    pub limit: u32,
}

impl CopyQuota {
    /// How full it is when it becomes a finding, in per cent: twenty manual snapshots before the end of a hundred.
    pub const NEAR_PERCENT: u32 = 80;

    /// Whether its end is near.
    pub fn is_near(self) -> bool {
        u64::from(self.used) * 100 >= u64::from(self.limit) * u64::from(Self::NEAR_PERCENT)
    }

    /// Whether nothing more fits in.
    pub fn is_full(self) -> bool {
        self.used >= self.limit
    }
}

impl fmt::Display for CopyQuota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} manual snapshots", self.used, self.limit)
    }
}

/// What a restore has made, as AWS describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedRestore {
    /// Its state.
    pub state: SourceState,
    /// Whether it is on its way out.
    pub deleting: bool,
    /// When it was made, where AWS says so.
    pub created: Option<Timestamp>,
    /// What it was restored from, where AWS says so.
    pub from: Option<String>,
    /// The value of [`super::RESTORE_TAG`].
    pub mark: Option<String>,
    /// As of the source.
    pub settings: BTreeMap<String, String>,
    /// Where it answers, where it does by an address of its own.
    pub endpoint: Option<RestoredEndpoint>,
    /// The instance of a restored Aurora cluster.
    pub instance: Option<ObservedInstance>,
}

/// Where a restored database answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestoredEndpoint {
    /// Its name in the DNS.
    pub address: String,
    /// Its port.
    pub port: u16,
}

/// The instance that a restored Aurora cluster got for its check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObservedInstance {
    /// Its state.
    pub state: SourceState,
    /// Whether it is on its way out.
    pub deleting: bool,
    /// The value of [`super::RESTORE_TAG`].
    pub mark: Option<String>,
}
