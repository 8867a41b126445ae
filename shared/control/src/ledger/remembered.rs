//! What the ledger remembers of a scope and of a pair, and the writes of a run.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use watchkeeper_domain::capacity::{Baseline, Capacity, ObservedScope, ReachedTargets, ServiceCapacity, ServiceId};
use watchkeeper_domain::failover::{Heartbeat, Pointer, RegionSample};
use watchkeeper_domain::guardrail::HaltSwitch;
use watchkeeper_domain::intent::{Intent, IntentKey};
use watchkeeper_domain::name::{EnvironmentName, EstateName, Region, Scope};
use watchkeeper_domain::reconcile::history::ScopeHistory;
use watchkeeper_window::report::DueReport;

use super::due_draft;
use super::key::{BASELINE, HALT, HEARTBEAT, HISTORY, INTENT, LEASE, POINTER, SAMPLE, STANDING};
use super::store::{Change, Draft, Entry};
use super::{Document, Key, LedgerError, RefusedWrite, RunRecord};
use crate::lease::Lease;

/// Everything that the ledger holds of a scope, but its runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScopeState {
    /// The capacity found before the first change, while one is kept.
    pub baseline: Option<Baseline>,
    /// At most one a slot; expired ones may still be among them.
    pub intents: Vec<Intent>,
    /// The lease as last taken, held or not.
    pub lease: Option<Lease>,
    /// What was reached last, and what was told last.
    pub standing: ScopeStanding,
    /// The halt switch: this scope's own, or else everything's.
    pub halt: Option<HaltSwitch>,
    /// What the newest runs came to.
    pub history: KeptHistory,
}

/// What the ledger has of a scope's history. It is there to be shown: one that does not read keeps no run from its work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeptHistory {
    /// It reads, and has this version; 0: there is none yet.
    Known(ScopeHistory, u64),
    /// A newer release has written it, or it is damaged, with what is wrong: it is left as it is.
    Unread(String),
}

impl Default for KeptHistory {
    fn default() -> Self {
        Self::Known(ScopeHistory::default(), 0)
    }
}

impl KeptHistory {
    /// The write that adds to it; nothing where it does not read.
    pub fn with(&self, note: impl FnOnce(&mut ScopeHistory)) -> Option<LedgerWrite> {
        let Self::Known(history, version) = self else { return None };
        let mut history = history.clone();
        note(&mut history);
        Some(LedgerWrite::PutHistory(history, *version))
    }

    fn read(entry: Entry) -> Self {
        match entry.numbered() {
            Ok((history, version)) => Self::Known(history, version),
            Err(error) => Self::Unread(error.to_string()),
        }
    }
}

/// What was reached last, and what was told last.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ScopeStanding {
    /// The target that was reached as a whole, as far as it can be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled: Option<SettledTarget>,
    /// What each resource has reached last. `None` in an item of before this was kept by resource.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reached: Option<ReachedTargets>,
    /// A mark of the last refusal or drift that was told, so that each tick does not tell it again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<String>,
    /// The newest epoch of the pair's pointer that was followed; an older pointer is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub followed: Option<u64>,
    /// What somebody else has made of services, as it was seen and left alone: a release after it did not bring that.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub drifted: BTreeMap<ServiceId, ServiceCapacity>,
    /// Writes that AWS refused for good, and that have not been made since.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<RefusedWrite>,
}

impl ScopeStanding {
    /// What each resource has reached, given its target: an older item knows it of all of them together.
    pub fn reached(&self, target: &Capacity) -> ReachedTargets {
        let whole = || self.settled.as_ref().filter(|settled| settled.target == target.fingerprint());
        let all = || whole().map_or_else(ReachedTargets::default, |settled| ReachedTargets::all(target, settled.at));
        self.reached.clone().unwrap_or_else(all)
    }
}

/// A target that was reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettledTarget {
    /// The target's fingerprint.
    pub target: String,
    /// The instant of the last run that wrote for it.
    pub at: Timestamp,
    /// The epoch of the pair's pointer that wanted it, where one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epoch: Option<u64>,
    /// The mark of what that pointer wanted of the region, where one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub placement: Option<String>,
}

/// One write to the ledger that counts only while a lease's generation does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LedgerWrite {
    /// The baseline, before the first write to AWS.
    PutBaseline(Baseline),
    /// The baseline has been given back.
    DropBaseline,
    /// What was reached and told.
    PutStanding(ScopeStanding),
    /// What the newest runs came to, over the version that was read.
    PutHistory(ScopeHistory, u64),
    /// An intent declared with this run.
    PutIntent(Intent),
    /// An intent taken back with this run.
    DropIntent(IntentKey),
    /// The record of the run.
    PutRun(Box<RunRecord>),
    /// What a report of the run is made of: it is to be written.
    PutDue(Box<DueReport>),
    /// The lease, prolonged or released; its generation stays.
    PutLease(Lease),
}

/// What was observed of a scope, for whoever looks at it: several who look within a minute ask AWS once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ScopeView {
    /// When.
    pub at: Timestamp,
    /// What.
    pub observed: ObservedScope,
}

/// A pair: an environment with a standby region.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PairId {
    /// The system.
    pub estate: EstateName,
    /// The copy of it.
    pub environment: EnvironmentName,
}

impl std::fmt::Display for PairId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.estate, self.environment)
    }
}

/// What this region's replica of the ledger has of a pair. Each region writes its own part; the pointer is written by
/// the stack that a move goes to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PairReplica {
    /// Who serves; `None` when it never moved.
    pub pointer: Option<Pointer>,
    /// The last sign of life of each region's stack.
    pub heartbeats: BTreeMap<Region, Heartbeat>,
    /// What each region last said of itself.
    pub samples: BTreeMap<Region, RegionSample>,
}

impl ScopeState {
    /// What the documents of a scope say, and the halt switch of everything. Documents that this release does not know are
    /// left alone: a newer one may run beside it during a deployment.
    ///
    /// # Errors
    /// What one of them says, if it does not read.
    pub fn read(entries: Vec<Entry>, halt_of_everything: Option<Entry>) -> Result<Self, LedgerError> {
        let mut remembered = Self::default();
        for entry in entries {
            match entry.key.sort.as_str() {
                BASELINE => remembered.baseline = Some(entry.read()?),
                STANDING => remembered.standing = entry.read()?,
                HALT => remembered.halt = Some(entry.read()?),
                HISTORY => remembered.history = KeptHistory::read(entry),
                LEASE => remembered.lease = Some(entry.read()?),
                sort if sort.starts_with(INTENT) => remembered.intents.push(entry.read()?),
                // What is remembered of an alarm is asked for by its name, and is not the business of a run.
                _ => {}
            }
        }
        if remembered.halt.is_none() {
            remembered.halt = halt_of_everything.map(Entry::read).transpose()?;
        }
        remembered.intents.sort_by_key(Intent::intent_key);
        Ok(remembered)
    }
}

impl PairReplica {
    /// What the documents of a pair say. Those that this release does not know are left alone: a newer one may run in the
    /// other region.
    ///
    /// # Errors
    /// What one of them says, if it does not read.
    pub fn read(entries: Vec<Entry>) -> Result<Self, LedgerError> {
        let mut found = Self::default();
        for entry in entries {
            let sort = entry.key.sort.clone();
            if sort == POINTER {
                found.pointer = Some(pointer(entry)?);
            } else if let Some(region) = sort.strip_prefix(HEARTBEAT) {
                of_region(region, entry, &mut found.heartbeats)?;
            } else if let Some(region) = sort.strip_prefix(SAMPLE) {
                of_region(region, entry, &mut found.samples)?;
            }
        }
        Ok(found)
    }
}

fn of_region<D: Document>(region: &str, entry: Entry, into: &mut BTreeMap<Region, D>) -> Result<(), LedgerError> {
    let region = Region::new(region).map_err(|bad| entry.key.corrupt(bad.into()))?;
    into.insert(region, entry.read()?);
    Ok(())
}

/// A pointer whose revision is not the one that conditions are on could be read, but never be written again.
fn pointer(entry: Entry) -> Result<Pointer, LedgerError> {
    let key = entry.key.clone();
    let (pointer, outside): (Pointer, u64) = entry.numbered()?;
    if outside == pointer.revision {
        return Ok(pointer);
    }
    let what =
        format!("revision: found {outside} beside the pointer and {} in it, expected the same", pointer.revision);
    Err(key.corrupt(what.into()))
}

impl LedgerWrite {
    /// What it changes in the store, under a lease of this generation.
    ///
    /// # Errors
    /// [`LedgerError::Corrupt`] when something cannot be written as JSON.
    pub fn change(&self, scope: &Scope, generation: u64) -> Result<Change, LedgerError> {
        Ok(match self {
            Self::PutBaseline(baseline) => Change::Put(Draft::of(Key::baseline(scope), baseline)?),
            Self::DropBaseline => Change::Delete(Key::baseline(scope)),
            Self::PutStanding(standing) => Change::Put(Draft::of(Key::standing(scope), standing)?),
            Self::PutHistory(history, version) => Change::Put(Draft::over(Key::history(scope), history, *version)?),
            Self::PutIntent(intent) => Change::Put(Draft::of(Key::intent(scope, &intent.intent_key()), intent)?),
            Self::DropIntent(intent_key) => Change::Delete(Key::intent(scope, intent_key)),
            Self::PutRun(run) => Change::Put(Draft::of(Key::run(scope, &run.header.id), run.as_ref())?),
            Self::PutDue(due) => Change::Put(due_draft(due, 0)?),
            Self::PutLease(lease) => Change::Put(Draft::over(Key::lease(scope), lease, generation)?),
        })
    }
}
