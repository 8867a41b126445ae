//! The ledger's port: what is remembered of a scope, and the conditional writes that change it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use watchkeeper_domain::capacity::{Baseline, Capacity, ReachedTargets};
use watchkeeper_domain::emergency::alarm::AlarmMemory;
use watchkeeper_domain::failover::{Heartbeat, Move, Pointer, RegionSample, WatchState};
use watchkeeper_domain::guardrail::HaltSwitch;
use watchkeeper_domain::intent::{Intent, IntentKey};
use watchkeeper_domain::name::{EnvironmentName, EstateName, Region, Scope};
use watchkeeper_domain::value::AlarmName;

pub use watchkeeper_domain::reconcile::run::{RefusedWrite, RunOutcome, RunRecord, TimelineEvent};
pub use watchkeeper_domain::request::RunTrigger;

use crate::lease::Lease;
use crate::ports::AwsError;

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
    /// Writes that AWS refused for good, and that have not been made since.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<RefusedWrite>,
    /// The newest epoch of the pair's pointer that was followed; an older pointer is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub followed: Option<u64>,
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
    /// An intent declared with this run.
    PutIntent(Intent),
    /// An intent taken back with this run.
    DropIntent(IntentKey),
    /// The record of the run.
    PutRun(Box<RunRecord>),
    /// The lease, prolonged or released; its generation stays.
    PutLease(Lease),
}

/// An operation of the ledger that failed.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The lease of the scope has another generation by now: nothing was written.
    #[error("the lease of {scope} was taken over by another run")]
    LeaseLost {
        /// Whose lease.
        scope: String,
    },
    /// Somebody else wrote in the same moment, the lease or the memory of an alarm: nothing was written.
    #[error("somebody else wrote in {scope} in the same moment")]
    Conflict {
        /// Where.
        scope: String,
    },
    /// An item would not fit (400 KB, DynamoDB quotas): nothing was written.
    #[error("the {item} of {scope} has {bytes} bytes, and an item of the ledger holds {limit}")]
    TooLarge {
        /// Which item.
        item: &'static str,
        /// Whose.
        scope: String,
        /// Its size, in bytes.
        bytes: usize,
        /// The limit, in bytes.
        limit: usize,
    },
    /// An item does not read as what it should be.
    #[error("item {item} of {scope} in the ledger does not read")]
    Corrupt {
        /// Which item.
        item: String,
        /// Whose.
        scope: String,
        /// What is wrong with it.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// DynamoDB did not do it.
    #[error("the ledger did not answer")]
    Aws(#[from] AwsError),
}

/// What is remembered of the alarms of a scope.
pub trait AlarmLog {
    /// The memory of an alarm and its version; nothing yet has version 0. The read is consistent.
    async fn recall(&self, scope: &Scope, alarm: &AlarmName) -> Result<(AlarmMemory, u64), LedgerError>;

    /// Puts the memory of an alarm as the version after `expected`, if `expected` is still the version there; else
    /// [`LedgerError::Conflict`]. It is kept for 30 days after its newest change.
    async fn remember(
        &self,
        scope: &Scope,
        alarm: &AlarmName,
        memory: &AlarmMemory,
        expected: u64,
    ) -> Result<(), LedgerError>;
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

/// What is remembered of pairs, in this region's replica. Reads are consistent within the region.
pub trait PairLedger {
    /// What there is of a pair.
    async fn pair(&self, pair: &PairId) -> Result<PairReplica, LedgerError>;

    /// Puts the pointer if the revision there is still `expected` (0: there is none); else [`LedgerError::Conflict`]. A
    /// write that may have happened without an answer is read again before it counts as lost.
    async fn point(&self, pair: &PairId, pointer: &Pointer, expected: u64) -> Result<(), LedgerError>;

    /// Puts this region's sign of life.
    async fn beat(&self, pair: &PairId, region: &Region, heartbeat: &Heartbeat) -> Result<(), LedgerError>;

    /// Puts what this region says of itself.
    async fn keep_sample(&self, pair: &PairId, region: &Region, sample: &RegionSample) -> Result<(), LedgerError>;

    /// What this region remembers of its watch over the other one, and its version; nothing yet has version 0.
    async fn watch(&self, pair: &PairId, region: &Region) -> Result<(WatchState, u64), LedgerError>;

    /// Puts it as the version after `expected`, if that is still the version there; else [`LedgerError::Conflict`].
    async fn keep_watch(
        &self,
        pair: &PairId,
        region: &Region,
        watch: &WatchState,
        expected: u64,
    ) -> Result<(), LedgerError>;

    /// The record of a move, and its version.
    async fn moved(&self, pair: &PairId, id: &str) -> Result<Option<(Move, u64)>, LedgerError>;

    /// Puts the record of a move as the version after `expected` (0: there is none), if that is still the version there;
    /// else [`LedgerError::Conflict`]. It is kept for two years.
    async fn keep_move(&self, pair: &PairId, record: &Move, expected: u64) -> Result<(), LedgerError>;

    /// What the other region's hand has settled last, as this region's replica has it.
    async fn settled(&self, scope: &Scope) -> Result<Option<SettledTarget>, LedgerError>;
}

/// The ledger. Reads are consistent; a write of a stale generation changes nothing.
pub trait Ledger: PairLedger {
    /// What is remembered of a scope.
    async fn load(&self, scope: &Scope) -> Result<ScopeState, LedgerError>;

    /// The lease alone, for a check between writes.
    async fn lease(&self, scope: &Scope) -> Result<Option<Lease>, LedgerError>;

    /// Puts `lease` if the generation there is still `expected` (0: no lease was ever taken); else
    /// [`LedgerError::Conflict`]. A write that may have happened without an answer is read again before it counts as lost.
    async fn take_lease(&self, scope: &Scope, lease: &Lease, expected: u64) -> Result<(), LedgerError>;

    /// All of `writes` or none, and only while the lease's generation is `generation`; else
    /// [`LedgerError::LeaseLost`].
    async fn commit(&self, scope: &Scope, generation: u64, writes: &[LedgerWrite]) -> Result<(), LedgerError>;

    /// The record of a run, if there is one.
    async fn run(&self, scope: &Scope, id: &str) -> Result<Option<RunRecord>, LedgerError>;

    /// Declares an intent outside a run: the schedule's.
    async fn declare(&self, scope: &Scope, intent: &Intent) -> Result<(), LedgerError>;

    /// Takes back the intent of a slot outside a run.
    async fn withdraw(&self, scope: &Scope, slot: &IntentKey) -> Result<(), LedgerError>;

    /// Sets or lifts the halt switch of one scope, or of everything (`None`).
    async fn set_halt(&self, scope: Option<&Scope>, halt: Option<&HaltSwitch>) -> Result<(), LedgerError>;
}
