//! What the ledger in memory holds, as JSON: what does not survive being written down does not survive here either.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use watchkeeper_control::lease::Lease;
use watchkeeper_control::ledger::{LedgerError, LedgerWrite, ScopeState};
use watchkeeper_domain::backup::{self, BackupSource};
use watchkeeper_domain::emergency::alarm::AlarmMemory;
use watchkeeper_domain::guardrail::HaltSwitch;
use watchkeeper_domain::intent::{Intent, IntentKey};
use watchkeeper_domain::name::Scope;
use watchkeeper_domain::reconcile::run::RunRecord;
use watchkeeper_domain::value::AlarmName;

use crate::link::Stamp;
use crate::put::{Put, check_transaction, corrupt, owner, put, put_of};

/// The scope of an item, or none, and its name within it.
pub(crate) type Key = (Option<Scope>, String);

/// An item of this replica; one that was removed has no text.
#[derive(Debug, Clone)]
pub(crate) struct LedgerItem {
    text: Option<String>,
    /// Which write it is of; `None` until that is known.
    stamp: Option<Stamp>,
}

/// The items of every scope, and those of none.
#[derive(Debug, Default)]
pub(crate) struct LedgerMemory {
    items: BTreeMap<Key, LedgerItem>,
    /// Those that were written here, and not stamped yet.
    fresh: Vec<Key>,
}

/// The name of an item within its scope.
pub(crate) mod item {
    pub(crate) const BASELINE: &str = "baseline";
    pub(crate) const LEASE: &str = "lease";
    pub(crate) const STANDING: &str = "standing";
    pub(crate) const HALT: &str = "halt";
    pub(crate) const INTENT: &str = "intent ";

    pub(crate) fn alarm(name: &watchkeeper_domain::value::AlarmName) -> String {
        format!("alarm {name}")
    }

    pub(crate) fn backup(source: &str) -> String {
        format!("backup {source}")
    }

    pub(crate) fn backup_run(id: &str) -> String {
        format!("backups {id}")
    }

    pub(crate) fn intent(slot: &watchkeeper_domain::intent::IntentKey) -> String {
        format!("{INTENT}{slot}")
    }

    pub(crate) fn run(id: &str) -> String {
        format!("run {id}")
    }
}

impl LedgerMemory {
    pub(crate) fn load(&self, scope: &Scope) -> Result<ScopeState, LedgerError> {
        let own = self.read(Some(scope), item::HALT)?;
        Ok(ScopeState {
            baseline: self.read(Some(scope), item::BASELINE)?,
            intents: self.intents(scope)?,
            lease: self.lease(scope)?,
            standing: self.read(Some(scope), item::STANDING)?.unwrap_or_default(),
            halt: match own {
                Some(halt) => Some(halt),
                None => self.read(None, item::HALT)?,
            },
        })
    }

    /// The intents of a scope, the weakest layer first.
    fn intents(&self, scope: &Scope) -> Result<Vec<Intent>, LedgerError> {
        let mut intents: Vec<Intent> = self.all(scope, item::INTENT)?;
        intents.sort_by_key(Intent::slot);
        Ok(intents)
    }

    pub(crate) fn lease(&self, scope: &Scope) -> Result<Option<Lease>, LedgerError> {
        self.read(Some(scope), item::LEASE)
    }

    pub(crate) fn run(&self, scope: &Scope, id: &str) -> Result<Option<RunRecord>, LedgerError> {
        self.read(Some(scope), &item::run(id))
    }

    pub(crate) fn runs(&self, scope: &Scope) -> Result<Vec<RunRecord>, LedgerError> {
        let mut runs: Vec<RunRecord> = self.all(scope, &item::run(""))?;
        runs.sort_by_key(|run| run.started);
        Ok(runs)
    }

    pub(crate) fn take_lease(&mut self, scope: &Scope, lease: &Lease, expected: u64) -> Result<(), LedgerError> {
        if Lease::generation_of(self.lease(scope)?.as_ref()) != expected {
            return Err(LedgerError::Conflict { scope: scope.to_string() });
        }
        let put = put(scope, item::LEASE, lease)?;
        self.apply(Some(scope), vec![put]);
        Ok(())
    }

    /// All writes or none: every one is made into text and checked before the first is put.
    pub(crate) fn commit(&mut self, scope: &Scope, generation: u64, writes: &[LedgerWrite]) -> Result<(), LedgerError> {
        if self.lease(scope)?.is_none_or(|lease| lease.generation != generation) {
            return Err(LedgerError::LeaseLost { scope: scope.to_string() });
        }
        let puts = writes.iter().map(|write| put_of(scope, generation, write)).collect::<Result<Vec<_>, _>>()?;
        check_transaction(scope, &puts)?;
        self.apply(Some(scope), puts);
        Ok(())
    }

    pub(crate) fn declare(&mut self, scope: &Scope, intent: &Intent) -> Result<(), LedgerError> {
        let put = put(scope, &item::intent(&intent.slot()), intent)?;
        self.apply(Some(scope), vec![put]);
        Ok(())
    }

    pub(crate) fn withdraw(&mut self, scope: &Scope, slot: &IntentKey) {
        self.apply(Some(scope), vec![(item::intent(slot), None)]);
    }

    pub(crate) fn recall(&self, scope: &Scope, alarm: &AlarmName) -> Result<(AlarmMemory, u64), LedgerError> {
        Ok(self.read(Some(scope), &item::alarm(alarm))?.unwrap_or_default())
    }

    pub(crate) fn remember(
        &mut self,
        scope: &Scope,
        alarm: &AlarmName,
        memory: &AlarmMemory,
        expected: u64,
    ) -> Result<(), LedgerError> {
        if self.recall(scope, alarm)?.1 != expected {
            return Err(LedgerError::Conflict { scope: scope.to_string() });
        }
        let put = put(scope, &item::alarm(alarm), &(memory, expected + 1))?;
        self.apply(Some(scope), vec![put]);
        Ok(())
    }

    pub(crate) fn backup(
        &self,
        scope: &Scope,
        source: &BackupSource,
    ) -> Result<(backup::BackupMemory, u64), LedgerError> {
        Ok(self.read(Some(scope), &item::backup(&source.to_string()))?.unwrap_or_default())
    }

    pub(crate) fn backups(&self, scope: &Scope) -> Result<BTreeMap<BackupSource, backup::BackupMemory>, LedgerError> {
        let prefix = item::backup("");
        let own = self.names(Some(scope), &prefix);
        let sources = own.filter_map(|name| name.strip_prefix(&prefix)?.parse::<BackupSource>().ok());
        sources.map(|source| self.backup(scope, &source).map(|(memory, _)| (source, memory))).collect()
    }

    pub(crate) fn put_backup(
        &mut self,
        scope: &Scope,
        source: &BackupSource,
        memory: &backup::BackupMemory,
        expected: u64,
    ) -> Result<(), LedgerError> {
        if self.backup(scope, source)?.1 != expected {
            return Err(LedgerError::Conflict { scope: scope.to_string() });
        }
        let put = put(scope, &item::backup(&source.to_string()), &(memory, expected + 1))?;
        self.apply(Some(scope), vec![put]);
        Ok(())
    }

    pub(crate) fn backup_run(&self, scope: &Scope, id: &str) -> Result<Option<backup::BackupRun>, LedgerError> {
        self.read(Some(scope), &item::backup_run(id))
    }

    pub(crate) fn put_backup_run(&mut self, scope: &Scope, run: &backup::BackupRun) -> Result<(), LedgerError> {
        let put = put(scope, &item::backup_run(&run.id), run)?;
        self.apply(Some(scope), vec![put]);
        Ok(())
    }

    /// A note and its version.
    pub(crate) fn note<T: DeserializeOwned>(&self, scope: &Scope, name: &str) -> Result<Option<(T, u64)>, LedgerError> {
        self.read(Some(scope), name)
    }

    /// Puts a note as the version after `expected`.
    pub(crate) fn put_note<T: Serialize>(
        &mut self,
        scope: &Scope,
        name: &str,
        value: &T,
        expected: u64,
    ) -> Result<(), LedgerError> {
        let current: Option<(serde_json::Value, u64)> = self.read(Some(scope), name)?;
        if current.map_or(0, |(_, version)| version) != expected {
            return Err(LedgerError::Conflict { scope: scope.to_string() });
        }
        let put = put(scope, name, &(value, expected + 1))?;
        self.apply(Some(scope), vec![put]);
        Ok(())
    }

    pub(crate) fn set_halt(&mut self, scope: Option<&Scope>, halt: Option<&HaltSwitch>) -> Result<(), LedgerError> {
        let text = halt.map(serde_json::to_string).transpose();
        let text = text.map_err(|error| corrupt(&owner(scope), item::HALT, error))?;
        self.apply(scope, vec![(item::HALT.to_owned(), text)]);
        Ok(())
    }

    /// Puts text as it is, readable or not.
    pub(crate) fn apply(&mut self, scope: Option<&Scope>, puts: Vec<Put>) {
        for (name, text) in puts {
            let key = (scope.cloned(), name);
            self.items.insert(key.clone(), LedgerItem { text, stamp: None });
            self.fresh.push(key);
        }
    }

    /// What was written here since the last call, stamped: what the other replica has to learn of.
    pub(crate) fn written(&mut self, mut stamp: impl FnMut() -> Stamp) -> Vec<(Key, LedgerItem)> {
        let mut written = Vec::new();
        for key in std::mem::take(&mut self.fresh) {
            if let Some(item) = self.items.get_mut(&key).filter(|item| item.stamp.is_none()) {
                item.stamp = Some(stamp());
                written.push((key, item.clone()));
            }
        }
        written
    }

    /// Takes what the other replica has written, unless what is here was written later.
    pub(crate) fn receive(&mut self, key: Key, item: LedgerItem) {
        if self.items.get(&key).is_none_or(|own| own.stamp < item.stamp) {
            self.items.insert(key, item);
        }
    }

    /// Every item of a scope whose name begins like this.
    fn all<T: DeserializeOwned>(&self, scope: &Scope, prefix: &str) -> Result<Vec<T>, LedgerError> {
        self.names(Some(scope), prefix).filter_map(|name| self.read(Some(scope), name).transpose()).collect()
    }

    /// The names of the items of a scope that begin like this; among them those that were removed.
    pub(crate) fn names<'a>(&'a self, scope: Option<&'a Scope>, prefix: &'a str) -> impl Iterator<Item = &'a str> {
        let names = self.items.keys().filter(move |(of, name)| of.as_ref() == scope && name.starts_with(prefix));
        names.map(|(_, name)| name.as_str())
    }

    pub(crate) fn read<T: DeserializeOwned>(
        &self,
        scope: Option<&Scope>,
        name: &str,
    ) -> Result<Option<T>, LedgerError> {
        let text = self.items.get(&(scope.cloned(), name.to_owned())).and_then(|item| item.text.as_ref());
        let read = |text: &String| serde_json::from_str(text).map_err(|error| corrupt(&owner(scope), name, error));
        text.map(read).transpose()
    }
}
