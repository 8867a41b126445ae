//! What is remembered of a pair of regions, in this region's replica of the table.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use watchkeeper_control::ledger::{LedgerError, PairId, PairLedger, PairReplica, ScopeStanding, SettledTarget};
use watchkeeper_domain::failover::{Heartbeat, Move, Pointer, RegionSample, WatchState};
use watchkeeper_domain::name::{Region, Scope};

use super::DynamoLedger;
use super::item::{Item, MOVE_KEPT, after, corrupt, pack, unpack, with_ttl};
use super::key::{HEARTBEAT, ItemKey, POINTER, SAMPLE, SK, STANDING, pair_partition};
use super::version::{VersionRaise, revision, version};

impl PairLedger for DynamoLedger {
    async fn pair(&self, pair: &PairId) -> Result<PairReplica, LedgerError> {
        read(pair, self.query(pair_partition(pair), pair).await?)
    }

    async fn point(&self, pair: &PairId, pointer: &Pointer, expected: u64) -> Result<(), LedgerError> {
        let key = ItemKey::of_pair(pair, POINTER);
        let raise = VersionRaise::revision(expected, pointer.revision);
        let put = raise.put(&self.table, &key, pair, pack(&key, "pointer", pair, pointer)?)?;
        let look = async |error| {
            let found = self.get(&key).await?.map(|item| read_pointer(&key, pair, &item)).transpose()?;
            let revision = found.as_ref().map_or(0, |found| found.revision);
            raise.judge(pair, (&found.as_ref(), revision), &Some(pointer), error)
        };
        self.put_once(&key, put, look).await
    }

    async fn beat(&self, pair: &PairId, region: &Region, heartbeat: &Heartbeat) -> Result<(), LedgerError> {
        let key = ItemKey::heartbeat(pair, region);
        self.put(&key, pack(&key, "heartbeat", pair, heartbeat)?).await
    }

    async fn keep_sample(&self, pair: &PairId, region: &Region, sample: &RegionSample) -> Result<(), LedgerError> {
        let key = ItemKey::sample(pair, region);
        self.put(&key, pack(&key, "sample", pair, sample)?).await
    }

    async fn watch(&self, pair: &PairId, region: &Region) -> Result<(WatchState, u64), LedgerError> {
        Ok(self.versioned(&ItemKey::watch(pair, region), pair).await?.unwrap_or_default())
    }

    async fn keep_watch(
        &self,
        pair: &PairId,
        region: &Region,
        watch: &WatchState,
        expected: u64,
    ) -> Result<(), LedgerError> {
        let key = ItemKey::watch(pair, region);
        let item = pack(&key, "memory of the watch", pair, watch)?;
        self.put_version(&key, pair, watch, item, expected).await
    }

    async fn moved(&self, pair: &PairId, id: &str) -> Result<Option<(Move, u64)>, LedgerError> {
        self.versioned(&ItemKey::moved(pair, id), pair).await
    }

    async fn keep_move(&self, pair: &PairId, record: &Move, expected: u64) -> Result<(), LedgerError> {
        let key = ItemKey::moved(pair, &record.id);
        self.put_version(&key, pair, record, move_item(&key, pair, record)?, expected).await
    }

    async fn settled(&self, scope: &Scope) -> Result<Option<SettledTarget>, LedgerError> {
        let key = ItemKey::of(scope, STANDING);
        let standing = self.get(&key).await?.map(|item| unpack::<ScopeStanding>(&key, scope, &item)).transpose()?;
        Ok(standing.and_then(|standing| standing.settled))
    }
}

impl DynamoLedger {
    /// A payload with its version; `None` where there is no item.
    async fn versioned<T: DeserializeOwned>(
        &self,
        key: &ItemKey,
        pair: &PairId,
    ) -> Result<Option<(T, u64)>, LedgerError> {
        let item = self.get(key).await?;
        item.map(|item| Ok((unpack(key, pair, &item)?, version(key, pair, &item)?))).transpose()
    }

    /// Puts an item with this payload as the version after `expected`.
    async fn put_version<T: DeserializeOwned + PartialEq>(
        &self,
        key: &ItemKey,
        pair: &PairId,
        payload: &T,
        item: Item,
        expected: u64,
    ) -> Result<(), LedgerError> {
        let raise = VersionRaise::version(expected);
        let put = raise.put(&self.table, key, pair, item)?;
        let look = async |error| {
            let found: Option<(T, u64)> = self.versioned(key, pair).await?;
            let number = found.as_ref().map_or(0, |(_, number)| *number);
            raise.judge(pair, (&found.as_ref().map(|(found, _)| found), number), &Some(payload), error)
        };
        self.put_once(key, put, look).await
    }
}

/// The record of a move as an item.
fn move_item(key: &ItemKey, pair: &PairId, record: &Move) -> Result<Item, LedgerError> {
    let item = pack(key, "record of the move", pair, record)?;
    Ok(with_ttl(item, Some(after(record.started, MOVE_KEPT))))
}

/// What the items of a pair's partition say. Items that this version does not know are left alone: a newer one may run
/// in the other region.
fn read(pair: &PairId, items: Vec<Item>) -> Result<PairReplica, LedgerError> {
    let mut found = PairReplica::default();
    for item in items {
        let Some(sk) = item.get(SK).and_then(|sk| sk.as_s().ok()).cloned() else { continue };
        let key = ItemKey::of_pair(pair, &sk);
        if sk == POINTER {
            found.pointer = Some(read_pointer(&key, pair, &item)?);
        } else if let Some(region) = sk.strip_prefix(HEARTBEAT) {
            read_of_region(&key, pair, region, &item, &mut found.heartbeats)?;
        } else if let Some(region) = sk.strip_prefix(SAMPLE) {
            read_of_region(&key, pair, region, &item, &mut found.samples)?;
        }
    }
    Ok(found)
}

fn read_of_region<T: DeserializeOwned>(
    key: &ItemKey,
    pair: &PairId,
    region: &str,
    item: &Item,
    into: &mut BTreeMap<Region, T>,
) -> Result<(), LedgerError> {
    let region = Region::new(region).map_err(|bad| corrupt(key, pair, bad.into()))?;
    into.insert(region, unpack(key, pair, item)?);
    Ok(())
}

/// A pointer whose revision is not the one that conditions are on could be read, but never be written again.
fn read_pointer(key: &ItemKey, pair: &PairId, item: &Item) -> Result<Pointer, LedgerError> {
    let pointer: Pointer = unpack(key, pair, item)?;
    let outside = revision(key, pair, item)?;
    if outside == pointer.revision {
        return Ok(pointer);
    }
    let what =
        format!("revision: found {outside} beside the pointer and {} in it, expected the same", pointer.revision);
    Err(corrupt(key, pair, what.into()))
}

#[cfg(test)]
#[path = "pair_tests.rs"]
mod tests;
