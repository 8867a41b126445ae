//! What is put into the ledger: items as text, how large they may be, and what one transaction takes.

use std::fmt::Display;
use std::io::Write as _;

use serde::Serialize;
use watchkeeper_control::ledger::{LedgerError, LedgerWrite};
use watchkeeper_control::ports::{AwsError, Fault};
use watchkeeper_domain::name::Scope;

use crate::memory::item;

/// The largest item, in bytes (DynamoDB quotas: 400 KB).
pub(crate) const ITEM_MAX: usize = 400 * 1024;

/// The most items in one transaction (DynamoDB API reference, `TransactWriteItems`).
const TRANSACTION_MAX: usize = 100;

/// An item's name and its new text; `None` removes it.
pub(crate) type Put = (String, Option<String>);

/// The put or removal that a write is.
pub(crate) fn put_of(scope: &Scope, generation: u64, write: &LedgerWrite) -> Result<Put, LedgerError> {
    match write {
        LedgerWrite::PutBaseline(baseline) => put(scope, item::BASELINE, baseline),
        LedgerWrite::DropBaseline => Ok((item::BASELINE.to_owned(), None)),
        LedgerWrite::PutStanding(standing) => put(scope, item::STANDING, standing),
        LedgerWrite::PutIntent(intent) => put(scope, &item::intent(&intent.slot()), intent),
        LedgerWrite::DropIntent(slot) => Ok((item::intent(slot), None)),
        LedgerWrite::PutRun(run) => put(scope, &item::run(&run.id), run),
        LedgerWrite::PutLease(lease) if lease.generation != generation => {
            let found = format!("a lease of generation {} put under generation {generation}", lease.generation);
            Err(invalid(scope, found))
        }
        LedgerWrite::PutLease(lease) => put(scope, item::LEASE, lease),
    }
}

pub(crate) fn put<T: Serialize>(scope: &impl Display, name: &str, value: &T) -> Result<Put, LedgerError> {
    let text = serde_json::to_string(value).map_err(|error| corrupt(scope, name, error))?;
    let bytes = stored(&text).map_err(|error| corrupt(scope, name, serde_json::Error::io(error)))?;
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
pub(crate) fn check_transaction(scope: &Scope, puts: &[Put]) -> Result<(), LedgerError> {
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

/// What an item belongs to, for a person.
pub(crate) fn owner(scope: Option<&Scope>) -> String {
    scope.map_or_else(|| "everything".to_owned(), Scope::to_string)
}

pub(crate) fn corrupt(scope: &impl Display, name: &str, error: serde_json::Error) -> LedgerError {
    LedgerError::Corrupt { item: name.to_owned(), scope: scope.to_string(), source: error.into() }
}
