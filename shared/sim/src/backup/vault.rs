//! What a test may do to backups, and look at.

use std::collections::BTreeMap;
use std::time::Duration;

use watchkeeper_control::ledger::Key;
use watchkeeper_domain::backup::{BackupMemory, BackupSource, ResourceKind, RestoreWindow, SourceState};
use watchkeeper_domain::capacity::{DatabaseId, DatabaseState};
use watchkeeper_domain::name::{DatabaseName, Region, Scope};

use crate::aws::SimAws;
use crate::kinds::vault::{BackupDeletion, CheckBehavior, RestoredTarget, SimCheckTask, StoreSpec, VaultCopy};
use crate::region::SimRegion;
use crate::state::SimState;

impl SimAws {
    /// The copies have changed in a region: whoever asks for them in the other one finds the same.
    pub(crate) fn copies_changed(&mut self, at: usize) {
        let changed = &self.states[at].vault;
        let behind = |state: &SimState| state.vault.revision < changed.revision;
        let Some(other) = self.states.iter().position(behind) else { return };
        let (copies, made, revision) = (changed.copies.clone(), changed.made, changed.revision);
        let vault = &mut self.states[other].vault;
        (vault.copies, vault.made, vault.revision) = (copies, made, revision);
    }
}

impl SimState {
    /// The state of a resource: a database may be stopped.
    pub(super) fn store_state(&self, source: &BackupSource) -> SourceState {
        let name = || DatabaseName::new(source.name.as_str()).ok();
        let id = match source.kind {
            ResourceKind::Aurora => name().map(DatabaseId::Aurora),
            ResourceKind::Rds => name().map(DatabaseId::Rds),
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

    /// A region does not answer about its copies, or does again.
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

    /// How many items there are in a table that was restored; nothing if it is not there.
    pub fn restored_items(&self, name: &str) -> Option<u64> {
        self.lock().vault.targets.get(name).filter(|target| target.gone.is_none()).map(|target| target.items)
    }

    /// A resource that can be backed up.
    pub fn store_of(&self, source: &BackupSource) -> Option<StoreSpec> {
        self.lock().vault.stores.get(source).cloned()
    }

    /// Somebody else makes a copy under this name.
    pub fn make_foreign_copy(&self, source: &BackupSource, region: &Region, name: &str) {
        let mut state = self.lock();
        let now = state.now;
        state.vault.made += 1;
        state.vault.revision += 1;
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
        let target = RestoredTarget {
            kind: ResourceKind::Dynamodb,
            from: None,
            created: now,
            ready: now,
            items: 0,
            settings,
            extras,
            mark: None,
            gone: None,
            instance: None,
        };
        state.vault.targets.insert(name.to_owned(), target);
    }

    /// The tasks of checks behave like this from now on.
    pub fn checks_behave(&self, behavior: CheckBehavior) {
        self.lock().vault.checks = behavior;
    }

    /// The tasks of checks that ever were.
    pub fn check_tasks(&self) -> Vec<SimCheckTask> {
        self.lock().vault.tasks.clone()
    }

    /// The tasks of checks that run.
    pub fn running_checks(&self) -> Vec<String> {
        let state = self.lock();
        let running = state.vault.tasks.iter().filter(|task| task.ends() > state.now);
        running.map(|task| task.task.clone()).collect()
    }

    /// The newest copy of a resource turns out to have failed.
    pub fn fail_newest_copy(&self, source: &BackupSource, words: &str) {
        let mut state = self.lock();
        let newest = state.vault.copies.iter_mut().filter(|copy| copy.source == *source && copy.gone.is_none());
        if let Some(copy) = newest.max_by_key(|copy| copy.created) {
            copy.failed = Some(words.to_owned());
        }
        state.vault.revision += 1;
    }
}

/// What the ledger remembers of a resource's backups; nothing of what does not read.
pub(super) fn remembered(state: &SimState, scope: &Scope, source: &BackupSource) -> BackupMemory {
    let found = state.ledger.get(&Key::backup(scope, source)).and_then(|found| found.read().ok());
    found.unwrap_or_default()
}
