//! What the ledger remembers of pairs.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;
use watchkeeper_control::ledger::{LedgerError, PairId, PairLedger, PairReplica, ScopeStanding, SettledTarget};
use watchkeeper_domain::failover::{Heartbeat, Move, Pointer, RegionSample, WatchState};
use watchkeeper_domain::name::{Region, Scope};

use crate::memory::{LedgerMemory, item};
use crate::operation::Operation;
use crate::put::put;
use crate::state::SimState;
use crate::world::SimRegion;

impl PairLedger for SimRegion {
    async fn pair(&self, pair: &PairId) -> Result<PairReplica, LedgerError> {
        self.call(Operation::PairsPair, pair.to_string(), |state| state.ledger.pair(pair)).await
    }

    /// As with a lease, this world does not read again after a time-out.
    async fn point(&self, pair: &PairId, pointer: &Pointer, expected: u64) -> Result<(), LedgerError> {
        let effect = |state: &mut SimState| state.ledger.point(pair, pointer, expected);
        self.call(Operation::PairsPoint, pair.to_string(), effect).await
    }

    async fn beat(&self, pair: &PairId, region: &Region, heartbeat: &Heartbeat) -> Result<(), LedgerError> {
        let effect = |state: &mut SimState| state.ledger.put_of_pair(pair, &format!("beat {region}"), heartbeat);
        self.call(Operation::PairsBeat, format!("{pair} in {region}"), effect).await
    }

    async fn keep_sample(&self, pair: &PairId, region: &Region, sample: &RegionSample) -> Result<(), LedgerError> {
        let effect = |state: &mut SimState| state.ledger.put_of_pair(pair, &format!("sample {region}"), sample);
        self.call(Operation::PairsKeepSample, format!("{pair} in {region}"), effect).await
    }

    async fn watch(&self, pair: &PairId, region: &Region) -> Result<(WatchState, u64), LedgerError> {
        let effect =
            |state: &mut SimState| Ok(state.ledger.of_pair(pair, &format!("watch {region}"))?.unwrap_or_default());
        self.call(Operation::PairsWatch, format!("{pair} in {region}"), effect).await
    }

    async fn keep_watch(
        &self,
        pair: &PairId,
        region: &Region,
        watch: &WatchState,
        expected: u64,
    ) -> Result<(), LedgerError> {
        let name = format!("watch {region}");
        let effect = |state: &mut SimState| state.ledger.put_version(pair, &name, watch, expected);
        self.call(Operation::PairsKeepWatch, format!("{pair} in {region}"), effect).await
    }

    async fn moved(&self, pair: &PairId, id: &str) -> Result<Option<(Move, u64)>, LedgerError> {
        let effect = |state: &mut SimState| state.ledger.of_pair(pair, &format!("move {id}"));
        self.call(Operation::PairsMoved, format!("{id} of {pair}"), effect).await
    }

    async fn keep_move(&self, pair: &PairId, record: &Move, expected: u64) -> Result<(), LedgerError> {
        let name = format!("move {}", record.id);
        let effect = |state: &mut SimState| state.ledger.put_version(pair, &name, record, expected);
        self.call(Operation::PairsKeepMove, format!("{} of {pair}", record.id), effect).await
    }

    async fn settled(&self, scope: &Scope) -> Result<Option<SettledTarget>, LedgerError> {
        self.call(Operation::PairsSettled, scope.to_string(), |state| state.ledger.settled(scope)).await
    }
}

/// The name of an item of a pair; it belongs to no scope. Names have no blanks.
fn name_of(pair: &PairId, name: &str) -> String {
    format!("pair {pair} {name}")
}

impl LedgerMemory {
    pub(crate) fn pair(&self, pair: &PairId) -> Result<PairReplica, LedgerError> {
        Ok(PairReplica {
            pointer: self.of_pair(pair, "pointer")?,
            heartbeats: self.by_region(pair, "beat ")?,
            samples: self.by_region(pair, "sample ")?,
        })
    }

    fn point(&mut self, pair: &PairId, pointer: &Pointer, expected: u64) -> Result<(), LedgerError> {
        let found: Option<Pointer> = self.of_pair(pair, "pointer")?;
        if found.map_or(0, |found| found.revision) != expected {
            return Err(LedgerError::Conflict { scope: pair.to_string() });
        }
        self.put_of_pair(pair, "pointer", pointer)
    }

    pub(crate) fn settled(&self, scope: &Scope) -> Result<Option<SettledTarget>, LedgerError> {
        let standing: Option<ScopeStanding> = self.read(Some(scope), item::STANDING)?;
        Ok(standing.and_then(|standing| standing.settled))
    }

    /// The moves of a pair, in the order of their beginning.
    pub(crate) fn moves(&self, pair: &PairId) -> Result<Vec<Move>, LedgerError> {
        let prefix = name_of(pair, "move ");
        let records = self.names(None, &prefix).filter_map(|name| self.read::<(Move, u64)>(None, name).transpose());
        let mut moves = records.map(|read| read.map(|(record, _)| record)).collect::<Result<Vec<_>, _>>()?;
        moves.sort_by_key(|record| record.started);
        Ok(moves)
    }

    pub(crate) fn of_pair<T: DeserializeOwned>(&self, pair: &PairId, name: &str) -> Result<Option<T>, LedgerError> {
        self.read(None, &name_of(pair, name))
    }

    fn put_of_pair<T: Serialize>(&mut self, pair: &PairId, name: &str, value: &T) -> Result<(), LedgerError> {
        let put = put(pair, &name_of(pair, name), value)?;
        self.apply(None, vec![put]);
        Ok(())
    }

    /// Puts something as the version after `expected`, if that is still the version there.
    fn put_version<T: Serialize>(
        &mut self,
        pair: &PairId,
        name: &str,
        value: &T,
        expected: u64,
    ) -> Result<(), LedgerError> {
        let found: Option<(serde::de::IgnoredAny, u64)> = self.of_pair(pair, name)?;
        if found.map_or(0, |(_, version)| version) != expected {
            return Err(LedgerError::Conflict { scope: pair.to_string() });
        }
        self.put_of_pair(pair, name, &(value, expected + 1))
    }

    fn by_region<T: DeserializeOwned>(&self, pair: &PairId, name: &str) -> Result<BTreeMap<Region, T>, LedgerError> {
        let prefix = name_of(pair, name);
        let regions = self.names(None, &prefix).filter_map(|of| Region::new(of.strip_prefix(&prefix)?).ok());
        let read = |region: Region| {
            let found = self.of_pair(pair, &format!("{name}{region}")).transpose()?;
            Some(found.map(|found| (region, found)))
        };
        regions.filter_map(read).collect()
    }
}
