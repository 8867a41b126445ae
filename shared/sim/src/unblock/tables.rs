//! Tables of an estate: locks, items, and the status of items.

use std::collections::BTreeMap;

use jiff::Timestamp;
use watchkeeper_control::ledger::{ListPage, WriteOutcome};
use watchkeeper_control::ports::AwsError;
use watchkeeper_control::unblock::ports::{BlockerSource, LockTable};
use watchkeeper_domain::estate::{BlockerPolicy, FinishedItems, LockSchema};
use watchkeeper_domain::unblock::{AbandonmentProof, BlockerItem, ItemAttribute, LockItem, LockRelease};
use watchkeeper_domain::value::ResourceName;

use crate::operation::Operation;
use crate::refusal::CallRefusal;
use crate::region::SimRegion;
use crate::state::SimState;

impl LockTable for SimRegion {
    async fn locks(&self, table: &LockSchema, after: Option<&str>, limit: u32) -> Result<ListPage<LockItem>, AwsError> {
        self.ask(Operation::ScanLocks, &table.table, |state| {
            let all = locks(state, &table.table)?;
            page(all.values().cloned().collect(), after, limit)
        })
        .await
    }

    async fn statuses(
        &self,
        finished: &FinishedItems,
        items: &[String],
    ) -> Result<BTreeMap<String, ItemAttribute>, AwsError> {
        self.ask(Operation::BatchGetItem, &finished.table, |state| {
            let table = state.pile.statuses.get(finished.table.as_str());
            let table = table.ok_or_else(|| CallRefusal::not_found(&finished.table))?;
            Ok(items.iter().filter_map(|item| Some((item.clone(), table.get(item)?.clone()))).collect())
        })
        .await
    }

    async fn release(
        &self,
        table: &LockSchema,
        release: &LockRelease,
        now: Timestamp,
    ) -> Result<WriteOutcome, AwsError> {
        self.ask(Operation::ReleaseLock, release.lock.name(), |state| {
            if let Some((table, renewed)) = state.pile.renewals.remove(&release.lock.name()) {
                let locks = state.pile.locks.entry(table).or_default();
                locks.insert((renewed.pod.clone(), renewed.item.clone()), renewed);
            }
            let holds = match (&release.proof, &release.lock.expires_at, &table.finished) {
                (AbandonmentProof::Expired, ItemAttribute::Number(second), _) => {
                    second.parse::<i64>().is_ok_and(|second| second <= now.as_second())
                }
                (AbandonmentProof::Finished(status), _, Some(finished)) => {
                    let items = state.pile.statuses.get(finished.table.as_str());
                    let found = items.and_then(|items| items.get(release.lock.item.key()?));
                    found.and_then(ItemAttribute::key) == Some(status.as_str())
                }
                _ => false,
            };
            let released =
                LockItem { released_at: ItemAttribute::Text(release.released_at.clone()), ..release.lock.clone() };
            change(state, table, &release.lock, released, holds)
        })
        .await
    }

    async fn restore(&self, table: &LockSchema, release: &LockRelease) -> Result<WriteOutcome, AwsError> {
        self.ask(Operation::RestoreLock, release.lock.name(), |state| {
            let released =
                LockItem { released_at: ItemAttribute::Text(release.released_at.clone()), ..release.lock.clone() };
            change(state, table, &released, release.lock.clone(), true)
        })
        .await
    }
}

/// Puts `after` if what is there is `before` and the proof holds; what is `after` already was written before.
fn change(
    state: &mut SimState,
    table: &LockSchema,
    before: &LockItem,
    after: LockItem,
    holds: bool,
) -> Result<WriteOutcome, CallRefusal> {
    let locks = locks(state, &table.table)?;
    let key = (before.pod.clone(), before.item.clone());
    match locks.get(&key) {
        Some(found) if *found == after => Ok(WriteOutcome::Done),
        Some(found) if found == before && holds => {
            locks.insert(key, after);
            Ok(WriteOutcome::Done)
        }
        _ => Ok(WriteOutcome::Changed),
    }
}

fn locks<'s>(
    state: &'s mut SimState,
    table: &ResourceName,
) -> Result<&'s mut BTreeMap<(ItemAttribute, ItemAttribute), LockItem>, CallRefusal> {
    state.pile.locks.get_mut(table.as_str()).ok_or_else(|| CallRefusal::not_found(table))
}

impl BlockerSource for SimRegion {
    async fn items(
        &self,
        source: &BlockerPolicy,
        after: Option<&str>,
        limit: u32,
    ) -> Result<ListPage<BlockerItem>, AwsError> {
        self.ask(Operation::ScanItems, &source.table, |state| {
            let items =
                state.pile.items.get(source.table.as_str()).ok_or_else(|| CallRefusal::not_found(&source.table))?;
            page(items.values().cloned().collect(), after, limit)
        })
        .await
    }
}

/// A page by its place: `after` counts what came before it.
fn page<T>(all: Vec<T>, after: Option<&str>, limit: u32) -> Result<ListPage<T>, CallRefusal> {
    let from: usize = match after.map(str::parse) {
        None => 0,
        Some(Ok(from)) => from,
        Some(Err(_)) => return Err(CallRefusal::invalid("a cursor of this table is expected")),
    };
    let to = (from + limit as usize).min(all.len());
    let next = (to < all.len()).then(|| to.to_string());
    Ok(ListPage { items: all.into_iter().skip(from).take(limit as usize).collect(), next })
}
