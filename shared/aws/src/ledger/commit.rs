//! A run's writes as one transaction that counts only while its lease does.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{CancellationReason, Delete, TransactWriteItem};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use watchkeeper_control::ledger::{Change, Key, LedgerError, Number};
use watchkeeper_control::ports::AwsError;
use watchkeeper_domain::name::Scope;

use super::condition;
use super::item::attributes;
use crate::fault::{classify, failed};

const OPERATION: &str = "TransactWriteItems";

/// What a transaction says of an item that was not the reason.
const NO_REASON: &str = "None";

/// The transaction. The lease is its first item: as a check, or with a condition where the lease itself is written,
/// because no item may be in a transaction twice. For the same reason the last of two changes of one item counts.
pub(super) fn transaction(
    table: &str,
    scope: &Scope,
    generation: u64,
    changes: Vec<Change>,
) -> Result<Vec<TransactWriteItem>, LedgerError> {
    let lease = Key::lease(scope);
    let mut last: BTreeMap<Key, Change> = BTreeMap::new();
    for change in changes {
        let key = match &change {
            Change::Put(draft) => draft.key.clone(),
            Change::Delete(key) => key.clone(),
        };
        last.insert(key, change);
    }
    let guard = if let Some(prolonged) = last.remove(&lease) {
        action(table, prolonged)?
    } else {
        let held = Number { name: "generation", from: generation, to: generation };
        TransactWriteItem::builder().condition_check(condition::check(table, &lease, held)?).build()
    };
    let rest = last.into_values().map(|change| action(table, change));
    std::iter::once(Ok(guard)).chain(rest).collect()
}

pub(super) fn action(table: &str, change: Change) -> Result<TransactWriteItem, LedgerError> {
    let item = TransactWriteItem::builder();
    Ok(match change {
        Change::Put(draft) => item.put(condition::put(table, &draft)?).build(),
        Change::Delete(key) => {
            let delete = Delete::builder().table_name(table).set_key(Some(attributes(&key))).build();
            item.delete(delete.map_err(|flaw| key.corrupt(flaw.into()))?).build()
        }
    })
}

/// What a failed transaction under a lease means.
pub(super) fn failure(scope: &Scope, error: SdkError<TransactWriteItemsError, HttpResponse>) -> LedgerError {
    let reasons = reasons(&error);
    verdict(scope, &reasons, failed(OPERATION, scope, error))
}

/// What a failed transaction means whose items each have a condition of their own.
pub(super) fn conflict(owner: &str, error: SdkError<TransactWriteItemsError, HttpResponse>) -> LedgerError {
    let reasons = reasons(&error);
    if reasons.iter().any(is_conditional) {
        return LedgerError::Conflict { scope: owner.to_owned() };
    }
    told(&reasons, failed(OPERATION, owner, error))
}

fn reasons(error: &SdkError<TransactWriteItemsError, HttpResponse>) -> Vec<CancellationReason> {
    match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(canceled)) => {
            canceled.cancellation_reasons().to_vec()
        }
        _ => Vec::new(),
    }
}

/// A cancelled transaction tells a reason for each of its items, in their order, and the lease is the first.
fn verdict(scope: &Scope, reasons: &[CancellationReason], error: AwsError) -> LedgerError {
    match reasons.iter().position(is_conditional) {
        Some(0) => return LedgerError::LeaseLost { scope: scope.to_string() },
        Some(_) => return LedgerError::Conflict { scope: scope.to_string() },
        None => {}
    }
    told(reasons, error)
}

fn code(reason: &CancellationReason) -> Option<&str> {
    reason.code().filter(|code| *code != NO_REASON)
}

fn is_conditional(reason: &CancellationReason) -> bool {
    code(reason) == Some("ConditionalCheckFailed")
}

/// The error with what a reason says of it.
fn told(reasons: &[CancellationReason], error: AwsError) -> LedgerError {
    let fault = reasons.iter().find_map(code).map_or(error.fault, |code| classify(Some(code), None));
    LedgerError::Aws(AwsError { fault, ..error })
}

#[cfg(test)]
#[path = "commit_tests.rs"]
mod tests;
