//! The ledger: a small store of documents, a lease and a transaction, and the words in which runbooks speak to it.

mod document;
mod error;
mod key;
#[cfg(test)]
pub(crate) mod memory;
mod remembered;
mod store;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use watchkeeper_domain::backup::{self, BackupSource};
use watchkeeper_domain::budget::{AccountBudget, ApiBucket};
use watchkeeper_domain::emergency::PutQuestion;
use watchkeeper_domain::emergency::alarm::AlarmMemory;
use watchkeeper_domain::failover::rehearsal::CapacityCertificate;
use watchkeeper_domain::failover::{Heartbeat, Move, Pointer, RegionSample, WatchState};
use watchkeeper_domain::guardrail::HaltSwitch;
use watchkeeper_domain::intent::{Intent, IntentKey};
use watchkeeper_domain::name::{EstateName, Region, Scope};
use watchkeeper_domain::reconcile::history::{SavingsMemory, ScopeHistory};
use watchkeeper_domain::value::AlarmName;
use watchkeeper_domain::wake_page::WakeMemory;
use watchkeeper_window::report::{DueReport, ReportName};

pub use watchkeeper_domain::reconcile::run::{RefusedWrite, RunOutcome, RunRecord, TimelineEvent};
pub use watchkeeper_domain::request::RunTrigger;

pub use document::{ALARM_KEPT, Document, INTENT_KEPT, MOVE_KEPT, Number, OUTCOME, PRESS_KEPT, RUN_KEPT, VIEW_KEPT};
pub use error::LedgerError;
pub use key::{Key, Kind, LedgerNote, Partition};
pub use remembered::{
    KeptHistory, LedgerWrite, PairId, PairReplica, ScopeStanding, ScopeState, ScopeView, SettledTarget,
};
pub use store::{Change, Draft, Entry, Flaw, ListPage, Store, WriteOutcome};

use crate::lease::Lease;
use crate::report::ReportChain;

use key::JOB;

/// The ledger, over a store. A document with a number is put as the one after `expected` (0: there is none), if that is
/// still the number there; else [`LedgerError::Conflict`].
pub trait Ledger: Store {
    /// What is remembered of a scope.
    async fn load(&self, scope: &Scope) -> Result<ScopeState, LedgerError> {
        let (entries, halt) = self.everything(scope).await?;
        ScopeState::read(entries, halt)
    }

    /// The lease alone, for a check between writes.
    async fn lease(&self, scope: &Scope) -> Result<Option<Lease>, LedgerError> {
        self.document(Key::lease(scope)).await
    }

    /// Puts `lease` if the generation there is still `expected` (0: no lease was ever taken); else
    /// [`LedgerError::Conflict`].
    async fn take_lease(&self, scope: &Scope, lease: &Lease, expected: u64) -> Result<(), LedgerError> {
        self.put(Draft::over(Key::lease(scope), lease, expected)?).await
    }

    /// All of `writes` or none, and only while the lease's generation is `generation`; else [`LedgerError::LeaseLost`].
    async fn commit(&self, scope: &Scope, generation: u64, writes: &[LedgerWrite]) -> Result<(), LedgerError> {
        let changes = writes.iter().map(|write| write.change(scope, generation)).collect::<Result<Vec<_>, _>>()?;
        self.transact(scope, generation, changes).await
    }

    /// The record of a run, if there is one.
    async fn run(&self, scope: &Scope, id: &str) -> Result<Option<RunRecord>, LedgerError> {
        self.document(Key::run(scope, id)).await
    }

    /// One page of the runs of `reconcile` whose records have no outcome; a page may have none and not be the last.
    async fn open_runs(&self, scope: &Scope, after: Option<&str>) -> Result<ListPage<RunRecord>, LedgerError> {
        let page = self.page(&Key::run(scope, ""), OUTCOME, after).await?;
        let runs = page.items.into_iter().map(Entry::read::<RunRecord>).collect::<Result<Vec<_>, _>>()?;
        // Records of a version before this one carry no outcome beside them, and have it inside.
        Ok(ListPage { items: runs.into_iter().filter(|run| run.outcome.is_none()).collect(), next: page.next })
    }

    /// Declares an intent outside a run: the schedule's.
    async fn declare(&self, scope: &Scope, intent: &Intent) -> Result<(), LedgerError> {
        self.put(Draft::of(Key::intent(scope, &intent.intent_key()), intent)?).await
    }

    /// Takes back the intent of a slot outside a run.
    async fn withdraw(&self, scope: &Scope, intent_key: &IntentKey) -> Result<(), LedgerError> {
        self.delete(&Key::intent(scope, intent_key)).await
    }

    /// Takes an intent out if it is still exactly this one.
    async fn take_out(&self, scope: &Scope, intent: &Intent) -> Result<WriteOutcome, LedgerError> {
        let is = |entry: Entry| Ok(entry.read::<Intent>()? == *intent);
        self.delete_if(&Key::intent(scope, &intent.intent_key()), is).await
    }

    /// Sets or lifts the halt switch of one scope, or of everything (`None`).
    async fn set_halt(&self, scope: Option<&Scope>, halt: Option<&HaltSwitch>) -> Result<(), LedgerError> {
        match halt {
            Some(halt) => self.put(Draft::of(Key::halt(scope), halt)?).await,
            None => self.delete(&Key::halt(scope)).await,
        }
    }

    /// What the runs of a scope came to, and its version; nothing yet has version 0.
    async fn history(&self, scope: &Scope) -> Result<(ScopeHistory, u64), LedgerError> {
        Ok(self.numbered(Key::history(scope)).await?.unwrap_or_default())
    }

    /// Puts it.
    async fn keep_history(&self, scope: &Scope, history: &ScopeHistory, expected: u64) -> Result<(), LedgerError> {
        self.put(Draft::over(Key::history(scope), history, expected)?).await
    }

    /// The memory of an alarm and its version; nothing yet has version 0.
    async fn recall(&self, scope: &Scope, alarm: &AlarmName) -> Result<(AlarmMemory, u64), LedgerError> {
        Ok(self.numbered(Key::alarm(scope, alarm)).await?.unwrap_or_default())
    }

    /// Puts the memory of an alarm.
    async fn remember(
        &self,
        scope: &Scope,
        alarm: &AlarmName,
        memory: &AlarmMemory,
        expected: u64,
    ) -> Result<(), LedgerError> {
        self.put(Draft::over(Key::alarm(scope, alarm), memory, expected)?).await
    }

    /// What is remembered of the backups of a resource, and its version; nothing yet has version 0.
    async fn backup(&self, scope: &Scope, source: &BackupSource) -> Result<(backup::BackupMemory, u64), LedgerError> {
        if let Some(found) = self.numbered(Key::backup(scope, source)).await? {
            return Ok(found);
        }
        // What was remembered when the name still counted with its case is taken over with the next write.
        Ok((self.backups(scope).await?.remove(source).unwrap_or_default(), 0))
    }

    /// What is remembered of the backups of every resource of an environment.
    async fn backups(&self, scope: &Scope) -> Result<BTreeMap<BackupSource, backup::BackupMemory>, LedgerError> {
        memories(scope, self.list(&Key::backups(scope)).await?)
    }

    /// Puts what is remembered of the backups of a resource.
    async fn put_backup(
        &self,
        scope: &Scope,
        source: &BackupSource,
        memory: &backup::BackupMemory,
        expected: u64,
    ) -> Result<(), LedgerError> {
        self.put(Draft::over(Key::backup(scope, source), memory, expected)?).await
    }

    /// The record of a run of backups, if there is one.
    async fn backup_run(&self, scope: &Scope, id: &str) -> Result<Option<backup::BackupRun>, LedgerError> {
        self.document(Key::backup_run(scope, id)).await
    }

    /// Puts the record of a run of backups.
    async fn put_backup_run(&self, scope: &Scope, run: &backup::BackupRun) -> Result<(), LedgerError> {
        self.put(Draft::of(Key::backup_run(scope, &run.header.id), run)?).await
    }

    /// Closes a run of backups and leaves what its report is made of, in one transaction.
    async fn end_backup_run(&self, scope: &Scope, run: &backup::BackupRun, due: &DueReport) -> Result<(), LedgerError> {
        self.put_all(vec![Draft::of(Key::backup_run(scope, &run.header.id), run)?, due_draft(due, 0)?]).await
    }

    /// A note of the daily unblock or of emergencies, and its version.
    async fn read<T: DeserializeOwned>(
        &self,
        scope: &Scope,
        note: LedgerNote<'_>,
    ) -> Result<Option<(T, u64)>, LedgerError> {
        self.get(&Key::note(scope, note)).await?.map(Entry::note).transpose()
    }

    /// Puts a note, which is kept until then.
    async fn write<T: Serialize>(
        &self,
        scope: &Scope,
        note: LedgerNote<'_>,
        value: &T,
        expected: u64,
        until: Timestamp,
    ) -> Result<(), LedgerError> {
        self.put(Draft::note(Key::note(scope, note), value, expected, until)?).await
    }

    /// The questions that executions of a scope have put and that are kept, answered ones among them.
    async fn asked(&self, scope: &Scope) -> Result<Vec<PutQuestion>, LedgerError> {
        let entries = self.list(&Key::asked(scope)).await?;
        entries.into_iter().map(|entry| Ok(entry.note()?.0)).collect()
    }

    /// What is remembered of the executions of a region's stack that failed, and its version.
    async fn failures<T: DeserializeOwned>(&self, region: &Region) -> Result<Option<(T, u64)>, LedgerError> {
        self.get(&Key::failures(region)).await?.map(Entry::note).transpose()
    }

    /// Puts it, to be kept until then.
    async fn keep_failures<T: Serialize>(
        &self,
        region: &Region,
        value: &T,
        expected: u64,
        until: Timestamp,
    ) -> Result<(), LedgerError> {
        self.put(Draft::note(Key::failures(region), value, expected, until)?).await
    }

    /// Which month people were told of last, and its version.
    async fn told_savings(&self, region: &Region) -> Result<(SavingsMemory, u64), LedgerError> {
        Ok(self.get(&Key::savings(region)).await?.map(Entry::note).transpose()?.unwrap_or_default())
    }

    /// Puts it, to be kept until then.
    async fn keep_savings(
        &self,
        region: &Region,
        memory: &SavingsMemory,
        expected: u64,
        until: Timestamp,
    ) -> Result<(), LedgerError> {
        self.put(Draft::note(Key::savings(region), memory, expected, until)?).await
    }

    /// What this region's replica has of a pair.
    async fn pair(&self, pair: &PairId) -> Result<PairReplica, LedgerError> {
        PairReplica::read(self.list(&Key::pair(pair)).await?)
    }

    /// Puts the pointer, over the revision `expected`.
    async fn point(&self, pair: &PairId, pointer: &Pointer, expected: u64) -> Result<(), LedgerError> {
        self.put(Draft::over(Key::pointer(pair), pointer, expected)?).await
    }

    /// Puts this region's sign of life.
    async fn beat(&self, pair: &PairId, region: &Region, heartbeat: &Heartbeat) -> Result<(), LedgerError> {
        self.put(Draft::of(Key::heartbeat(pair, region), heartbeat)?).await
    }

    /// Puts what this region says of itself.
    async fn keep_sample(&self, pair: &PairId, region: &Region, sample: &RegionSample) -> Result<(), LedgerError> {
        self.put(Draft::of(Key::sample(pair, region), sample)?).await
    }

    /// What this region remembers of its watch over the other one, and its version; nothing yet has version 0.
    async fn watch(&self, pair: &PairId, region: &Region) -> Result<(WatchState, u64), LedgerError> {
        Ok(self.numbered(Key::watch(pair, region)).await?.unwrap_or_default())
    }

    /// Puts what this region remembers of its watch.
    async fn keep_watch(
        &self,
        pair: &PairId,
        region: &Region,
        watch: &WatchState,
        expected: u64,
    ) -> Result<(), LedgerError> {
        self.put(Draft::over(Key::watch(pair, region), watch, expected)?).await
    }

    /// The newest certificate of a region's capacity, if it has one.
    async fn certificate(&self, pair: &PairId, region: &Region) -> Result<Option<CapacityCertificate>, LedgerError> {
        self.document(Key::certificate(pair, region)).await
    }

    /// Puts the certificate of a region in the place of the one before.
    async fn certify(&self, pair: &PairId, certificate: &CapacityCertificate) -> Result<(), LedgerError> {
        self.put(Draft::of(Key::certificate(pair, &certificate.region), certificate)?).await
    }

    /// The record of a move, and its version.
    async fn moved(&self, pair: &PairId, id: &str) -> Result<Option<(Move, u64)>, LedgerError> {
        self.numbered(Key::moved(pair, id)).await
    }

    /// Puts the record of a move.
    async fn keep_move(&self, pair: &PairId, record: &Move, expected: u64) -> Result<(), LedgerError> {
        self.put(Draft::over(Key::moved(pair, &record.header.id), record, expected)?).await
    }

    /// Puts the record of a move that is over, and what its report is made of: both or neither.
    async fn end_move(&self, pair: &PairId, record: &Move, expected: u64, due: &DueReport) -> Result<(), LedgerError> {
        let record = Draft::over(Key::moved(pair, &record.header.id), record, expected)?;
        self.put_all(vec![record, due_draft(due, 0)?]).await
    }

    /// Puts what is remembered of the backups of a resource, and what the report of a restore is made of: both or neither.
    async fn end_restore(
        &self,
        scope: &Scope,
        source: &BackupSource,
        (memory, expected): (&backup::BackupMemory, u64),
        due: &DueReport,
    ) -> Result<(), LedgerError> {
        self.put_all(vec![Draft::over(Key::backup(scope, source), memory, expected)?, due_draft(due, 0)?]).await
    }

    /// The reports of an estate that are to be written in a region.
    async fn due_reports(&self, estate: &EstateName, region: &Region) -> Result<Vec<DueReport>, LedgerError> {
        let entries = self.list(&Key::due_reports(estate, region)).await?;
        entries.into_iter().map(Entry::read).collect()
    }

    /// What a report is made of, while it is due, and its version.
    async fn due_report(&self, name: &ReportName) -> Result<Option<(DueReport, u64)>, LedgerError> {
        self.numbered(Key::due_report(name)).await
    }

    /// Puts what a report is made of.
    async fn keep_due(&self, due: &DueReport, expected: u64) -> Result<(), LedgerError> {
        self.put(due_draft(due, expected)?).await
    }

    /// A report is written: it is due no more.
    async fn drop_due(&self, name: &ReportName) -> Result<(), LedgerError> {
        self.delete(&Key::due_report(name)).await
    }

    /// Where the chain of an estate's reports in a region stands, and its version; nothing yet has version 0.
    async fn report_chain(&self, estate: &EstateName, region: &Region) -> Result<(ReportChain, u64), LedgerError> {
        Ok(self.numbered(Key::report_chain(estate, region)).await?.unwrap_or_default())
    }

    /// Puts where a chain stands.
    async fn keep_chain(
        &self,
        estate: &EstateName,
        region: &Region,
        chain: &ReportChain,
        expected: u64,
    ) -> Result<(), LedgerError> {
        self.put(Draft::over(Key::report_chain(estate, region), chain, expected)?).await
    }

    /// What all runs together may ask of an API, and its version; of what nobody has asked yet it is 0.
    async fn budget(&self, region: &Region, bucket: ApiBucket) -> Result<(AccountBudget, u64), LedgerError> {
        Ok(self.numbered(Key::budget(region, bucket)).await?.unwrap_or_default())
    }

    /// Puts what all runs together may ask of an API.
    async fn keep_budget(
        &self,
        region: &Region,
        bucket: ApiBucket,
        budget: &AccountBudget,
        expected: u64,
    ) -> Result<(), LedgerError> {
        self.put(Draft::over(Key::budget(region, bucket), budget, expected)?).await
    }

    /// What was observed of a scope last, for whoever looks at it.
    async fn view(&self, scope: &Scope) -> Result<Option<ScopeView>, LedgerError> {
        self.document(Key::view(scope)).await
    }

    /// Puts what was observed of a scope.
    async fn keep_view(&self, scope: &Scope, view: &ScopeView) -> Result<(), LedgerError> {
        self.put(Draft::of(Key::view(scope), view)?).await
    }

    /// What is remembered of the presses of a wake page, and its version; nothing yet has version 0.
    async fn presses(&self, scope: &Scope) -> Result<(WakeMemory, u64), LedgerError> {
        Ok(self.numbered(Key::wake_page(scope)).await?.unwrap_or_default())
    }

    /// Puts it.
    async fn keep_presses(&self, scope: &Scope, memory: &WakeMemory, expected: u64) -> Result<(), LedgerError> {
        self.put(Draft::over(Key::wake_page(scope), memory, expected)?).await
    }

    /// What the other region's runs have settled last, as this region's replica has it.
    async fn settled(&self, scope: &Scope) -> Result<Option<SettledTarget>, LedgerError> {
        let standing: Option<ScopeStanding> = self.document(Key::standing(scope)).await?;
        Ok(standing.and_then(|standing| standing.settled))
    }

    /// The document under a key.
    async fn document<D: Document>(&self, key: Key) -> Result<Option<D>, LedgerError> {
        self.get(&key).await?.map(Entry::read).transpose()
    }

    /// The document under a key, and its number.
    async fn numbered<D: Document>(&self, key: Key) -> Result<Option<(D, u64)>, LedgerError> {
        self.get(&key).await?.map(Entry::numbered).transpose()
    }
}

impl<S: Store> Ledger for S {}

fn due_draft(due: &DueReport, expected: u64) -> Result<Draft, LedgerError> {
    Draft::over(Key::due_report(&due.name()), due, expected)
}

/// What documents say of backups, by resource. Of two spellings of a database's name the one that is written today counts.
fn memories(scope: &Scope, entries: Vec<Entry>) -> Result<BTreeMap<BackupSource, backup::BackupMemory>, LedgerError> {
    let mut found = BTreeMap::new();
    for entry in entries {
        let key = entry.key.clone();
        let source = key.sort.strip_prefix(JOB).unwrap_or_default().parse::<BackupSource>();
        let source = source.map_err(|bad| key.corrupt(bad.into()))?;
        let (memory, _) = entry.numbered()?;
        if Key::backup(scope, &source).sort == key.sort {
            found.insert(source, memory);
        } else {
            found.entry(source).or_insert(memory);
        }
    }
    Ok(found)
}
