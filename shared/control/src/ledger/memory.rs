//! A store in memory, for what needs documents with versions and nothing else.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use watchkeeper_domain::name::Scope;

use super::{Change, Draft, Entry, Key, LedgerError, ListPage, Store, WriteOutcome};
use crate::ports::{AwsError, Fault};

/// Documents, or a store that does not answer. It counts its calls.
#[derive(Debug, Default)]
pub(crate) struct MemoryStore {
    documents: RefCell<BTreeMap<Key, (String, Option<u64>)>>,
    pub(crate) silent: Cell<bool>,
    pub(crate) calls: Cell<usize>,
}

impl MemoryStore {
    fn called(&self) -> Result<(), LedgerError> {
        self.calls.set(self.calls.get() + 1);
        let silent =
            AwsError { operation: "GetItem", subject: "ledger".to_owned(), fault: Fault::Unavailable, source: None };
        if self.silent.get() { Err(silent.into()) } else { Ok(()) }
    }
}

impl Store for MemoryStore {
    async fn get(&self, key: &Key) -> Result<Option<Entry>, LedgerError> {
        self.called()?;
        let documents = self.documents.borrow();
        let found = documents.get(key).cloned();
        Ok(found.map(|(text, number)| Entry { key: key.clone(), text: Ok(text), form: 1, number }))
    }

    async fn put(&self, draft: Draft) -> Result<(), LedgerError> {
        self.called()?;
        let mut documents = self.documents.borrow_mut();
        let there = documents.get(&draft.key).and_then(|(_, number)| *number).unwrap_or(0);
        if draft.number.is_some_and(|number| number.from != there) {
            return Err(draft.key.conflict());
        }
        documents.insert(draft.key, (draft.text, draft.number.map(|number| number.to)));
        Ok(())
    }

    async fn put_all(&self, _: Vec<Draft>) -> Result<(), LedgerError> {
        unreachable!("it has no transactions")
    }

    async fn list(&self, _: &Key) -> Result<Vec<Entry>, LedgerError> {
        unreachable!("it is not asked for lists")
    }

    async fn page(&self, _: &Key, _: &str, _: Option<&str>) -> Result<ListPage<Entry>, LedgerError> {
        unreachable!("it is not asked for pages")
    }

    async fn everything(&self, _: &Scope) -> Result<(Vec<Entry>, Option<Entry>), LedgerError> {
        unreachable!("it is not asked for scopes")
    }

    async fn delete(&self, _: &Key) -> Result<(), LedgerError> {
        unreachable!("it removes nothing")
    }

    async fn delete_if(
        &self,
        _: &Key,
        _: impl Fn(Entry) -> Result<bool, LedgerError>,
    ) -> Result<WriteOutcome, LedgerError> {
        unreachable!("it removes nothing")
    }

    async fn transact(&self, _: &Scope, _: u64, _: Vec<Change>) -> Result<(), LedgerError> {
        unreachable!("it has no transactions")
    }
}
