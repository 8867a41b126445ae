//! What there is to back up, what was made of it, and what was restored.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use watchkeeper_domain::backup::{BackupMemory, BackupSource, CopyState, ObservedCopy, ResourceKind};
use watchkeeper_domain::name::Region;

use crate::spec::checked;

/// A resource that can be backed up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreSpec {
    /// The resource.
    pub source: BackupSource,
    /// Whether it is encrypted.
    pub encrypted: bool,
    /// How large it is, in bytes.
    pub bytes: u64,
    /// How many items it has.
    pub items: u64,
    /// Since when it can be recovered to any instant.
    pub recoverable: Option<Timestamp>,
    /// What a restore of it has to have too.
    pub settings: BTreeMap<String, String>,
    /// What a restore does not bring, and that is set on it.
    pub extras: Vec<String>,
}

/// A resource, written `dynamodb:clos-v2-ideas`: encrypted, a megabyte, a hundred items.
///
/// # Panics
/// When that is no resource.
pub fn store(source: &str) -> StoreSpec {
    StoreSpec {
        source: checked(source.parse()),
        encrypted: true,
        bytes: 1_000_000,
        items: 100,
        recoverable: Some(Timestamp::UNIX_EPOCH),
        settings: [("status".to_owned(), "available".to_owned())].into(),
        extras: vec!["tags".to_owned(), "point-in-time recovery".to_owned()],
    }
}

/// A copy in a region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VaultCopy {
    /// What AWS calls it.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Of what it is.
    pub source: BackupSource,
    /// Where it is.
    pub region: Region,
    /// When it was begun.
    pub created: Timestamp,
    /// Its size, in bytes.
    pub bytes: u64,
    /// Its items.
    pub items: u64,
    /// Whose it says that it is.
    pub mark: Option<String>,
    pub(crate) encrypted: bool,
    pub(crate) ready: Timestamp,
    pub(crate) failed: Option<String>,
    /// When it was removed; lists show it a moment longer.
    pub(crate) gone: Option<Timestamp>,
}

impl VaultCopy {
    /// Whether AWS says of it that it has failed.
    pub fn has_failed(&self) -> bool {
        self.failed.is_some()
    }
}

/// A removal, and what the ledger knew at that moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupDeletion {
    /// When it was removed.
    pub at: Timestamp,
    /// What was removed.
    pub copy: VaultCopy,
    /// What was remembered of its resource then.
    pub memory: BackupMemory,
}

/// What was restored.
#[derive(Debug, Clone)]
pub(crate) struct RestoredTarget {
    pub(crate) kind: ResourceKind,
    pub(crate) from: Option<String>,
    pub(crate) created: Timestamp,
    pub(crate) ready: Timestamp,
    pub(crate) items: u64,
    pub(crate) settings: BTreeMap<String, String>,
    pub(crate) extras: Vec<String>,
    pub(crate) mark: Option<String>,
    pub(crate) gone: Option<Timestamp>,
    pub(crate) instance: Option<RestoredInstance>,
}

/// The instance of a restored cluster.
#[derive(Debug, Clone)]
pub(crate) struct RestoredInstance {
    pub(crate) mark: String,
    pub(crate) ready: Timestamp,
    pub(crate) gone: Option<Timestamp>,
}

/// How the task of a check behaves, whatever it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckBehavior {
    /// How long its container runs.
    pub takes: Duration,
    /// The exit code that it ends with.
    pub code: i32,
    /// What it logs.
    pub says: Vec<String>,
}

/// A task of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimCheckTask {
    /// Its ARN.
    pub task: String,
    /// The token of the calls that started it.
    pub token: String,
    /// What its container finds in its environment of the restored identifier, endpoint and port.
    pub told: (String, Option<String>, Option<u16>),
    pub(crate) behavior: CheckBehavior,
    pub(crate) begun: Timestamp,
    pub(crate) stopped: Option<Timestamp>,
}

impl SimCheckTask {
    /// When it ends by itself, or was stopped.
    pub(crate) fn ends(&self) -> Timestamp {
        let own = self.begun.checked_add(self.behavior.takes).unwrap_or(Timestamp::MAX);
        self.stopped.map_or(own, |stopped| stopped.min(own))
    }
}

/// Everything about backups in a simulation.
#[derive(Debug)]
pub(crate) struct SimBackups {
    pub(crate) stores: BTreeMap<BackupSource, StoreSpec>,
    pub(crate) copies: Vec<VaultCopy>,
    pub(crate) targets: BTreeMap<String, RestoredTarget>,
    pub(crate) deletions: Vec<BackupDeletion>,
    pub(crate) made: u64,
    /// How often the copies have changed: the other region of a pair has the same.
    pub(crate) revision: u64,
    /// The most copies of a region; nothing: as many as one likes.
    pub(crate) limit: Option<u32>,
    /// The regions whose shelves do not answer.
    pub(crate) silent: BTreeSet<Region>,
    /// What a backup, a copy, a restore and a removal take.
    pub(crate) takes: Duration,
    /// How long lists show what was, and do not show what is.
    pub(crate) lag: Duration,
    /// How the tasks of checks behave.
    pub(crate) checks: CheckBehavior,
    /// The tasks of checks that ever were.
    pub(crate) tasks: Vec<SimCheckTask>,
}

impl Default for SimBackups {
    fn default() -> Self {
        Self {
            stores: BTreeMap::new(),
            copies: Vec::new(),
            targets: BTreeMap::new(),
            deletions: Vec::new(),
            made: 0,
            revision: 0,
            limit: None,
            silent: BTreeSet::new(),
            takes: Duration::from_mins(2),
            lag: Duration::from_secs(20),
            checks: CheckBehavior { takes: Duration::from_secs(40), code: 0, says: vec!["rows: 5".to_owned()] },
            tasks: Vec::new(),
        }
    }
}

impl SimBackups {
    /// The copies that lists show.
    pub(crate) fn shown(&self, source: &BackupSource, region: &Region, now: Timestamp) -> Vec<ObservedCopy> {
        let lag = now.checked_sub(self.lag).unwrap_or(Timestamp::MIN);
        let shows = |copy: &&VaultCopy| {
            copy.source == *source
                && copy.region == *region
                && copy.created <= lag
                && copy.gone.is_none_or(|gone| gone > lag)
        };
        let observed = |copy: &VaultCopy| ObservedCopy {
            id: copy.id.clone(),
            name: copy.name.clone(),
            state: match (&copy.failed, copy.ready <= now) {
                (_, false) => CopyState::Creating,
                (Some(words), true) => CopyState::Failed(words.clone()),
                (None, true) => CopyState::Available,
            },
            created: Some(copy.created),
            bytes: (copy.ready <= now).then_some(copy.bytes),
            encrypted: copy.encrypted,
            mark: copy.mark.clone(),
        };
        self.copies.iter().filter(shows).map(observed).collect()
    }

    /// The copies that there are.
    pub(crate) fn there(&self) -> impl Iterator<Item = &VaultCopy> {
        self.copies.iter().filter(|copy| copy.gone.is_none())
    }
}
