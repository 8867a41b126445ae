//! What the ledger in memory holds, as JSON: what does not survive being written down does not survive here either.

use std::collections::BTreeMap;
use std::io::Write as _;

use serde::Serialize;
use serde::de::DeserializeOwned;
use watchkeeper_control::lease::Lease;
use watchkeeper_control::ledger::{LedgerError, Remembered, Write};
use watchkeeper_control::ports::{AwsError, Fault};
use watchkeeper_domain::alarm::AlarmMemory;
use watchkeeper_domain::backup::{self, Source};
use watchkeeper_domain::estate::AlarmName;
use watchkeeper_domain::guardrail::Halt;
use watchkeeper_domain::intent::{Intent, Slot};
use watchkeeper_domain::name::Scope;
use watchkeeper_domain::run::Run;

/// The largest item, in bytes (DynamoDB quotas: 400 KB).
pub(crate) const ITEM_MAX: usize = 400 * 1024;

/// The most items in one transaction (DynamoDB API reference, `TransactWriteItems`).
const TRANSACTION_MAX: usize = 100;

/// The items of every scope, and those of none.
#[derive(Debug, Clone, Default)]
pub(crate) struct Memory {
    items: BTreeMap<(Option<Scope>, String), String>,
}

/// The name of an item within its scope.
pub(crate) mod item {
    pub(crate) const BASELINE: &str = "baseline";
    pub(crate) const LEASE: &str = "lease";
    pub(crate) const STANDING: &str = "standing";
    pub(crate) const HALT: &str = "halt";
    pub(crate) const INTENT: &str = "intent ";

    pub(crate) fn alarm(name: &watchkeeper_domain::estate::AlarmName) -> String {
        format!("alarm {name}")
    }

    pub(crate) fn backup(source: &str) -> String {
        format!("backup {source}")
    }

    pub(crate) fn backup_run(id: &str) -> String {
        format!("backups {id}")
    }

    pub(crate) fn intent(slot: &watchkeeper_domain::intent::Slot) -> String {
        format!("{INTENT}{slot}")
    }

    pub(crate) fn run(id: &str) -> String {
        format!("run {id}")
    }
}

/// An item's name and its new text; `None` removes it.
type Put = (String, Option<String>);

impl Memory {
    pub(crate) fn load(&self, scope: &Scope) -> Result<Remembered, LedgerError> {
        let own = self.read(Some(scope), item::HALT)?;
        Ok(Remembered {
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

    pub(crate) fn run(&self, scope: &Scope, id: &str) -> Result<Option<Run>, LedgerError> {
        self.read(Some(scope), &item::run(id))
    }

    pub(crate) fn runs(&self, scope: &Scope) -> Result<Vec<Run>, LedgerError> {
        let mut runs: Vec<Run> = self.all(scope, &item::run(""))?;
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
    pub(crate) fn commit(&mut self, scope: &Scope, generation: u64, writes: &[Write]) -> Result<(), LedgerError> {
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

    pub(crate) fn withdraw(&mut self, scope: &Scope, slot: &Slot) {
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

    pub(crate) fn backup(&self, scope: &Scope, source: &Source) -> Result<(backup::Memory, u64), LedgerError> {
        Ok(self.read(Some(scope), &item::backup(&source.to_string()))?.unwrap_or_default())
    }

    pub(crate) fn backups(&self, scope: &Scope) -> Result<BTreeMap<Source, backup::Memory>, LedgerError> {
        let prefix = item::backup("");
        let own = self.items.keys().filter(|(of, name)| of.as_ref() == Some(scope) && name.starts_with(&prefix));
        let sources = own.filter_map(|(_, name)| name.strip_prefix(&prefix)?.parse::<Source>().ok());
        sources.map(|source| self.backup(scope, &source).map(|(memory, _)| (source, memory))).collect()
    }

    pub(crate) fn put_backup(
        &mut self,
        scope: &Scope,
        source: &Source,
        memory: &backup::Memory,
        expected: u64,
    ) -> Result<(), LedgerError> {
        if self.backup(scope, source)?.1 != expected {
            return Err(LedgerError::Conflict { scope: scope.to_string() });
        }
        let put = put(scope, &item::backup(&source.to_string()), &(memory, expected + 1))?;
        self.apply(Some(scope), vec![put]);
        Ok(())
    }

    pub(crate) fn backup_run(&self, scope: &Scope, id: &str) -> Result<Option<backup::Run>, LedgerError> {
        self.read(Some(scope), &item::backup_run(id))
    }

    pub(crate) fn put_backup_run(&mut self, scope: &Scope, run: &backup::Run) -> Result<(), LedgerError> {
        let put = put(scope, &item::backup_run(&run.id), run)?;
        self.apply(Some(scope), vec![put]);
        Ok(())
    }

    pub(crate) fn set_halt(&mut self, scope: Option<&Scope>, halt: Option<&Halt>) -> Result<(), LedgerError> {
        let text = halt.map(serde_json::to_string).transpose().map_err(|error| corrupt(scope, item::HALT, error))?;
        self.apply(scope, vec![(item::HALT.to_owned(), text)]);
        Ok(())
    }

    /// Puts text as it is, readable or not.
    pub(crate) fn apply(&mut self, scope: Option<&Scope>, puts: Vec<Put>) {
        for (name, text) in puts {
            let key = (scope.cloned(), name);
            match text {
                Some(text) => self.items.insert(key, text),
                None => self.items.remove(&key),
            };
        }
    }

    /// Every item of a scope whose name begins like this.
    fn all<T: DeserializeOwned>(&self, scope: &Scope, prefix: &str) -> Result<Vec<T>, LedgerError> {
        let names = self.items.keys().filter(|(of, name)| of.as_ref() == Some(scope) && name.starts_with(prefix));
        names.filter_map(|(of, name)| self.read(of.as_ref(), name).transpose()).collect()
    }

    fn read<T: DeserializeOwned>(&self, scope: Option<&Scope>, name: &str) -> Result<Option<T>, LedgerError> {
        let text = self.items.get(&(scope.cloned(), name.to_owned()));
        text.map(|text| serde_json::from_str(text).map_err(|error| corrupt(scope, name, error))).transpose()
    }
}

/// The put or removal that a write is.
fn put_of(scope: &Scope, generation: u64, write: &Write) -> Result<Put, LedgerError> {
    match write {
        Write::PutBaseline(baseline) => put(scope, item::BASELINE, baseline),
        Write::DropBaseline => Ok((item::BASELINE.to_owned(), None)),
        Write::PutStanding(standing) => put(scope, item::STANDING, standing),
        Write::PutIntent(intent) => put(scope, &item::intent(&intent.slot()), intent),
        Write::DropIntent(slot) => Ok((item::intent(slot), None)),
        Write::PutRun(run) => put(scope, &item::run(&run.id), run),
        Write::PutLease(lease) if lease.generation != generation => {
            let found = format!("a lease of generation {} put under generation {generation}", lease.generation);
            Err(invalid(scope, found))
        }
        Write::PutLease(lease) => put(scope, item::LEASE, lease),
    }
}

fn put<T: Serialize>(scope: &Scope, name: &str, value: &T) -> Result<Put, LedgerError> {
    let text = serde_json::to_string(value).map_err(|error| corrupt(Some(scope), name, error))?;
    let bytes = stored(&text).map_err(|error| corrupt(Some(scope), name, serde_json::Error::io(error)))?;
    if bytes > ITEM_MAX {
        let item = if name == item::BASELINE { "baseline" } else { "record" };
        return Err(LedgerError::TooLarge { item, scope: scope.to_string(), bytes, limit: ITEM_MAX });
    }
    Ok((name.to_owned(), Some(text)))
}

/// What an item takes, in bytes: the ledger compresses what would not fit.
fn stored(text: &str) -> std::io::Result<usize> {
    if text.len() <= ITEM_MAX {
        return Ok(text.len());
    }
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text.as_bytes())?;
    Ok(encoder.finish()?.len())
}

/// Refuses what `TransactWriteItems` would: too many items, or one item twice. One item is the lease, checked or put.
fn check_transaction(scope: &Scope, puts: &[Put]) -> Result<(), LedgerError> {
    let mut names: Vec<&str> = puts.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    if let Some([twice, ..]) = names.windows(2).find(|pair| pair.first() == pair.last()) {
        return Err(invalid(scope, format!("item {twice} twice in one transaction")));
    }
    let items = names.len() + usize::from(!names.contains(&item::LEASE));
    if items > TRANSACTION_MAX {
        return Err(invalid(scope, format!("{items} items in one transaction, at most {TRANSACTION_MAX} expected")));
    }
    Ok(())
}

fn invalid(scope: &Scope, found: String) -> LedgerError {
    let (operation, subject) = ("TransactWriteItems", scope.to_string());
    AwsError { operation, subject, fault: Fault::Invalid, source: Some(found.into()) }.into()
}

fn corrupt(scope: Option<&Scope>, name: &str, error: serde_json::Error) -> LedgerError {
    let scope = scope.map_or_else(|| "everything".to_owned(), Scope::to_string);
    LedgerError::Corrupt { item: name.to_owned(), scope, source: error.into() }
}
