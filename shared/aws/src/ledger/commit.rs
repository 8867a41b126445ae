//! A run's writes as one transaction that counts only while its lease does.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{CancellationReason, Delete, Put, TransactWriteItem};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use watchkeeper_control::lease::Lease;
use watchkeeper_control::ledger::{LedgerError, LedgerWrite};
use watchkeeper_control::ports::AwsError;
use watchkeeper_domain::name::Scope;

use super::item::{self, Item, corrupt, pack};
use super::key::{BASELINE, ItemKey, STANDING};
use super::lease;
use crate::fault::{classify, failed};

const OPERATION: &str = "TransactWriteItems";

/// What a transaction says of an item that was not the reason.
const NO_REASON: &str = "None";

/// What happens to one item: it is put, or dropped.
type Change = Option<Item>;

/// The transaction. The lease is its first item: as a check, or with a condition where the lease itself is written,
/// because no item may be in a transaction twice. For the same reason the last of two writes to one item counts.
pub(super) fn transaction(
    table: &str,
    scope: &Scope,
    generation: u64,
    writes: &[LedgerWrite],
) -> Result<Vec<TransactWriteItem>, LedgerError> {
    let mut changes: BTreeMap<ItemKey, Change> = BTreeMap::new();
    let mut prolonged: Option<&Lease> = None;
    for write in writes {
        match write {
            LedgerWrite::PutLease(lease) => prolonged = Some(lease),
            other => changes.extend(change(scope, other)?),
        }
    }
    let mut items = vec![guard(table, scope, generation, prolonged)?];
    for (key, change) in changes {
        items.push(action(table, &key, change).map_err(|flaw| corrupt(&key, scope, flaw.into()))?);
    }
    Ok(items)
}

fn guard(
    table: &str,
    scope: &Scope,
    generation: u64,
    prolonged: Option<&Lease>,
) -> Result<TransactWriteItem, LedgerError> {
    let item = TransactWriteItem::builder();
    Ok(match prolonged {
        Some(lease) => item.put(lease::put(table, scope, lease, generation)?).build(),
        None => item.condition_check(lease::check(table, scope, generation)?).build(),
    })
}

/// The item that a write is about, and what happens to it; the lease is not here.
fn change(scope: &Scope, write: &LedgerWrite) -> Result<Option<(ItemKey, Change)>, LedgerError> {
    let key = |sk: &str| ItemKey::of(scope, sk);
    Ok(Some(match write {
        LedgerWrite::PutBaseline(baseline) => (key(BASELINE), Some(pack(&key(BASELINE), "baseline", scope, baseline)?)),
        LedgerWrite::DropBaseline => (key(BASELINE), None),
        LedgerWrite::PutStanding(standing) => (key(STANDING), Some(pack(&key(STANDING), "standing", scope, standing)?)),
        LedgerWrite::PutIntent(intent) => (ItemKey::intent(scope, &intent.slot()), Some(item::intent(scope, intent)?)),
        LedgerWrite::DropIntent(slot) => (ItemKey::intent(scope, slot), None),
        LedgerWrite::PutRun(run) => (ItemKey::run(scope, &run.id), Some(item::run(scope, run)?)),
        LedgerWrite::PutLease(_) => return Ok(None),
    }))
}

fn action(
    table: &str,
    key: &ItemKey,
    change: Change,
) -> Result<TransactWriteItem, aws_smithy_types::error::operation::BuildError> {
    let item = TransactWriteItem::builder();
    Ok(match change {
        Some(put) => item.put(Put::builder().table_name(table).set_item(Some(put)).build()?).build(),
        None => item.delete(Delete::builder().table_name(table).set_key(Some(key.attributes())).build()?).build(),
    })
}

/// What a failed transaction means.
pub(super) fn failure(scope: &Scope, error: SdkError<TransactWriteItemsError, HttpResponse>) -> LedgerError {
    let reasons = match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(canceled)) => {
            canceled.cancellation_reasons().to_vec()
        }
        _ => Vec::new(),
    };
    verdict(scope, &reasons, failed(OPERATION, scope, error))
}

/// A cancelled transaction tells a reason for each of its items, in their order, and the lease is the first.
fn verdict(scope: &Scope, reasons: &[CancellationReason], error: AwsError) -> LedgerError {
    let code = |reason: &CancellationReason| reason.code().filter(|code| *code != NO_REASON).map(ToOwned::to_owned);
    if reasons.first().and_then(code).as_deref() == Some("ConditionalCheckFailed") {
        return LedgerError::LeaseLost { scope: scope.to_string() };
    }
    let fault = reasons.iter().find_map(code).map_or(error.fault, |code| classify(Some(&code), None));
    LedgerError::Aws(AwsError { fault, ..error })
}

#[cfg(test)]
#[path = "commit_tests.rs"]
mod tests;
