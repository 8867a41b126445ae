//! The store under the ledger: documents by their keys, as text. `aws` keeps them in DynamoDB, `sim` in memory.

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use watchkeeper_domain::name::Scope;

use super::{Document, Key, LedgerError, Number};

/// What is wrong with a document.
pub type Flaw = Box<dyn std::error::Error + Send + Sync>;

/// One page of something that has many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListPage<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// Where the next one begins; `None` on the last.
    pub next: Option<String>,
}

/// What came of a write with a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteOutcome {
    /// It is written: by this call, or by an earlier one that was not answered.
    Done,
    /// What is there is not what was read: nothing was written.
    Changed,
}

/// A document that is to be put.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Where it is put.
    pub key: Key,
    /// The document, as JSON.
    pub text: String,
    /// Its form.
    pub form: u64,
    /// The number that the write raises; without one it counts whatever is there.
    pub number: Option<Number>,
    /// What a query may look for beside it.
    pub mark: Option<(&'static str, String)>,
    /// Until when it is kept.
    pub expires: Option<Timestamp>,
}

impl Draft {
    /// A document that is put whatever is there.
    ///
    /// # Errors
    /// [`LedgerError::Corrupt`] when it cannot be written as JSON.
    pub fn of<D: Document>(key: Key, document: &D) -> Result<Self, LedgerError> {
        let (form, expires) = (D::FORM, document.expiry());
        Ok(Self { form, expires, mark: document.mark(), ..Self::plain(key, document)? })
    }

    /// A document that is put while its number is `from`.
    ///
    /// # Errors
    /// [`LedgerError`] says what failed.
    pub fn over<D: Document>(key: Key, document: &D, from: u64) -> Result<Self, LedgerError> {
        Ok(Self { number: Some(document.number(from)), ..Self::of(key, document)? })
    }

    /// A note of any type, that is put while its version is `from`, and kept until then.
    ///
    /// # Errors
    /// [`LedgerError`] says what failed.
    pub fn note(key: Key, value: &impl Serialize, from: u64, until: Timestamp) -> Result<Self, LedgerError> {
        let number = Some(Number { name: "version", from, to: from + 1 });
        Ok(Self { number, expires: Some(until), ..Self::plain(key, value)? })
    }

    fn plain(key: Key, value: &impl Serialize) -> Result<Self, LedgerError> {
        let text = serde_json::to_string(value).map_err(|flaw| key.corrupt(flaw.into()))?;
        Ok(Self { key, text, form: 1, number: None, mark: None, expires: None })
    }
}

/// A document that is there.
#[derive(Debug)]
pub struct Entry {
    /// Its key.
    pub key: Key,
    /// The document, as JSON, or why nobody can tell.
    pub text: Result<String, Flaw>,
    /// Its form.
    pub form: u64,
    /// Its number, if it has one.
    pub number: Option<u64>,
}

impl Entry {
    /// The document.
    ///
    /// # Errors
    /// [`LedgerError::Newer`] when a newer release has written it in a form that this one does not know, and
    /// [`LedgerError::Corrupt`] when it does not read.
    pub fn read<D: Document>(self) -> Result<D, LedgerError> {
        self.read_as(D::FORM)
    }

    /// The document and its number.
    ///
    /// # Errors
    /// [`LedgerError`], also when it has no number.
    pub fn numbered<D: Document>(self) -> Result<(D, u64), LedgerError> {
        let number = self.its_number()?;
        Ok((self.read()?, number))
    }

    /// A note, which has no form of its own, and its version.
    ///
    /// # Errors
    /// [`LedgerError`] says what failed.
    pub fn note<T: DeserializeOwned>(self) -> Result<(T, u64), LedgerError> {
        let number = self.its_number()?;
        Ok((self.read_as(1)?, number))
    }

    fn its_number(&self) -> Result<u64, LedgerError> {
        self.number.ok_or_else(|| self.key.corrupt("found no number beside it, expected one, 1 or more".into()))
    }

    fn read_as<T: DeserializeOwned>(self, known: u64) -> Result<T, LedgerError> {
        if self.form > known {
            let (item, scope) = (self.key.sort, self.key.partition.owner);
            return Err(LedgerError::Newer { item, scope, found: self.form, known });
        }
        let read = self.text.and_then(|text| Ok(serde_json::from_str(&text)?));
        read.map_err(|flaw| self.key.corrupt(flaw))
    }
}

impl Key {
    /// What is here and does not read.
    pub fn corrupt(&self, source: Flaw) -> LedgerError {
        LedgerError::Corrupt { item: self.sort.clone(), scope: self.partition.owner.clone(), source }
    }

    /// Somebody else wrote here in the same moment.
    pub fn conflict(&self) -> LedgerError {
        LedgerError::Conflict { scope: self.partition.owner.clone() }
    }
}

/// A change in a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A document is put.
    Put(Draft),
    /// A document is removed.
    Delete(Key),
}

/// A store of documents. Reads are consistent. A write that may have happened without an answer is read again before it
/// counts as lost.
pub trait Store {
    /// What is under a key.
    async fn get(&self, key: &Key) -> Result<Option<Entry>, LedgerError>;

    /// Everything whose key begins like this one.
    async fn list(&self, like: &Key) -> Result<Vec<Entry>, LedgerError>;

    /// One page of what has not this mark; a page may have nothing on it and not be the last.
    async fn page(&self, like: &Key, without: &str, after: Option<&str>) -> Result<ListPage<Entry>, LedgerError>;

    /// Everything of a scope's own partition, and the halt switch of everything.
    async fn everything(&self, scope: &Scope) -> Result<(Vec<Entry>, Option<Entry>), LedgerError>;

    /// Puts a document, if the number there is still the one before; else [`LedgerError::Conflict`].
    async fn put(&self, draft: Draft) -> Result<(), LedgerError>;

    /// Puts all of these documents or none: each if the number there is still the one before; else [`LedgerError::Conflict`].
    async fn put_all(&self, drafts: Vec<Draft>) -> Result<(), LedgerError>;

    /// Removes what is under a key.
    async fn delete(&self, key: &Key) -> Result<(), LedgerError>;

    /// Removes what is under a key if it is still this.
    async fn delete_if(
        &self,
        key: &Key,
        is: impl Fn(Entry) -> Result<bool, LedgerError>,
    ) -> Result<WriteOutcome, LedgerError>;

    /// All of these changes or none, and only while the lease of the scope is of this generation; else
    /// [`LedgerError::LeaseLost`].
    async fn transact(&self, scope: &Scope, generation: u64, changes: Vec<Change>) -> Result<(), LedgerError>;
}
