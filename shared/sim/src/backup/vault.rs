//! What there is to back up, what was made of it, and what was restored.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use watchkeeper_control::ledger::Key;
use watchkeeper_domain::backup::{BackupMemory, BackupSource, CopyState, ObservedCopy, RestoreWindow, SourceState};
use watchkeeper_domain::capacity::{DatabaseId, DatabaseState};
use watchkeeper_domain::name::{DatabaseName, Region, Scope};

use crate::spec::checked;
use crate::state::SimState;
use crate::world::SimRegion;

/// A resource that can be backed up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreSpec {
    /// Which.
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
    pub(super) encrypted: bool,
    pub(super) ready: Timestamp,
    pub(super) failed: Option<String>,
    /// When it was removed; lists show it a moment longer.
    pub(super) gone: Option<Timestamp>,
}

/// A removal, and what the ledger knew at that moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupDeletion {
    /// When.
    pub at: Timestamp,
    /// What was removed.
    pub copy: VaultCopy,
    /// What was remembered of its resource then.
    pub memory: BackupMemory,
}

/// What was restored.
#[derive(Debug, Clone)]
pub(super) struct RestoredTarget {
    pub(super) from: Option<String>,
    pub(super) created: Timestamp,
    pub(super) ready: Timestamp,
    pub(super) items: u64,
    pub(super) settings: BTreeMap<String, String>,
    pub(super) extras: Vec<String>,
    pub(super) mark: Option<String>,
    pub(super) gone: Option<Timestamp>,
}

/// Everything about backups in a world.
#[derive(Debug)]
pub(crate) struct SimBackups {
    pub(super) stores: BTreeMap<BackupSource, StoreSpec>,
    pub(super) copies: Vec<VaultCopy>,
    pub(super) targets: BTreeMap<String, RestoredTarget>,
    pub(super) deletions: Vec<BackupDeletion>,
    pub(super) made: u64,
    /// The most copies of a region; nothing: as many as one likes.
    pub(super) limit: Option<u32>,
    /// The regions whose shelves do not answer.
    pub(super) silent: BTreeSet<Region>,
    /// What a backup, a copy, a restore and a removal take.
    pub(super) takes: Duration,
    /// How long lists show what was, and do not show what is.
    pub(super) lag: Duration,
}

impl Default for SimBackups {
    fn default() -> Self {
        Self {
            stores: BTreeMap::new(),
            copies: Vec::new(),
            targets: BTreeMap::new(),
            deletions: Vec::new(),
            made: 0,
            limit: None,
            silent: BTreeSet::new(),
            takes: Duration::from_mins(2),
            lag: Duration::from_secs(20),
        }
    }
}

impl SimBackups {
    /// The copies that lists show.
    pub(super) fn shown(&self, source: &BackupSource, region: &Region, now: Timestamp) -> Vec<ObservedCopy> {
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
    pub(super) fn there(&self) -> impl Iterator<Item = &VaultCopy> {
        self.copies.iter().filter(|copy| copy.gone.is_none())
    }
}

impl SimState {
    /// The state of a resource: a database may be stopped.
    pub(super) fn store_state(&self, source: &BackupSource) -> SourceState {
        let name = || DatabaseName::new(source.name.as_str()).ok();
        let id = match source.kind {
            watchkeeper_domain::backup::ResourceKind::Aurora => name().map(DatabaseId::Aurora),
            watchkeeper_domain::backup::ResourceKind::Rds => name().map(DatabaseId::Rds),
            _ => None,
        };
        match id.and_then(|id| self.database(&id)).map(|database| &database.observed.state) {
            None | Some(DatabaseState::Available) => SourceState::Available,
            Some(DatabaseState::Stopped | DatabaseState::Stopping) => SourceState::Stopped,
            Some(other) => SourceState::Busy(other.to_string()),
        }
    }

    pub(super) fn window(&self, store: &StoreSpec) -> Option<RestoreWindow> {
        store.recoverable.map(|from| RestoreWindow { from: Some(from), to: self.now })
    }
}

impl SimRegion {
    /// Has this resource, which can be backed up.
    pub fn put_store(&self, spec: StoreSpec) {
        self.lock().vault.stores.insert(spec.source.clone(), spec);
    }

    /// Holds at most so many copies in a region.
    pub fn limit_copies(&self, limit: u32) {
        self.lock().vault.limit = Some(limit);
    }

    /// Holds as many copies as one likes again.
    pub fn unlimit_copies(&self) {
        self.lock().vault.limit = None;
    }

    /// The shelf of a region does not answer, or does again.
    pub fn silence_shelf(&self, region: &Region, silent: bool) {
        let mut state = self.lock();
        if silent {
            state.vault.silent.insert(region.clone());
        } else {
            state.vault.silent.remove(region);
        }
    }

    /// Backups, copies, restores and removals take so long.
    pub fn backups_take(&self, time: Duration) {
        self.lock().vault.takes = time;
    }

    /// Every copy that is there.
    pub fn vault(&self) -> Vec<VaultCopy> {
        self.lock().vault.there().cloned().collect()
    }

    /// Every copy that ever was.
    pub fn vault_history(&self) -> Vec<VaultCopy> {
        self.lock().vault.copies.clone()
    }

    /// What the ledger remembers of a resource's backups; nothing of what does not read.
    pub fn backup_memory(&self, scope: &Scope, source: &BackupSource) -> BackupMemory {
        remembered(&self.lock(), scope, source)
    }

    /// Every removal of a copy.
    pub fn deletions(&self) -> Vec<BackupDeletion> {
        self.lock().vault.deletions.clone()
    }

    /// The names of what was restored and is there.
    pub fn restored(&self) -> Vec<String> {
        let state = self.lock();
        state.vault.targets.iter().filter(|(_, it)| it.gone.is_none()).map(|(name, _)| name.clone()).collect()
    }

    /// Somebody else makes a copy under this name.
    pub fn make_foreign_copy(&self, source: &BackupSource, region: &Region, name: &str) {
        let mut state = self.lock();
        let now = state.now;
        state.vault.made += 1;
        let id = format!("arn:foreign:{}", state.vault.made);
        state.vault.copies.push(VaultCopy {
            id,
            name: name.to_owned(),
            source: source.clone(),
            region: region.clone(),
            created: now,
            bytes: 1,
            items: 0,
            mark: None,
            encrypted: true,
            ready: now,
            failed: None,
            gone: None,
        });
    }

    /// Something that nobody restored has this name.
    pub fn make_foreign_target(&self, name: &str) {
        let mut state = self.lock();
        let now = state.now;
        let (settings, extras) = (BTreeMap::new(), Vec::new());
        let target =
            RestoredTarget { from: None, created: now, ready: now, items: 0, settings, extras, mark: None, gone: None };
        state.vault.targets.insert(name.to_owned(), target);
    }

    /// The newest copy of a resource turns out to have failed.
    pub fn fail_newest_copy(&self, source: &BackupSource, words: &str) {
        let mut state = self.lock();
        let newest = state.vault.copies.iter_mut().filter(|copy| copy.source == *source && copy.gone.is_none());
        if let Some(copy) = newest.max_by_key(|copy| copy.created) {
            copy.failed = Some(words.to_owned());
        }
    }
}

/// What the ledger remembers of a resource's backups; nothing of what does not read.
pub(super) fn remembered(state: &SimState, scope: &Scope, source: &BackupSource) -> BackupMemory {
    let found = state.ledger.get(&Key::backup(scope, source)).and_then(|found| found.read().ok());
    found.unwrap_or_default()
}
