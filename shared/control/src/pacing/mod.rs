//! Pacing: a run stays below its share of the published API budgets, which are the account's and not ours alone.
//!
//! All functions of an account and region share one budget an API, in the ledger: [`watchkeeper_domain::budget`] says how, and
//! why it holds. A function reserves the slots of about a second at a time, so that a tick of an environment costs one read
//! and one write of the ledger for each API that it asks, and not for each call.
//!
//! # When the ledger does not answer
//!
//! Then a function paces itself by a small part of its share, without a burst (`local.rs`), and asks the ledger again a while
//! later. It does not fail: its own next look at its lease does, where it has one, within seconds, so that few functions are
//! ever in this state at once; and whoever looks without a lease, at the readiness of a failover or at what an emergency would
//! do, must not need more of the ledger than it did before there was a budget in it.

mod local;
mod pace;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex as StdMutex, PoisonError};
use std::time::Duration;

use futures_util::lock::Mutex;
use jiff::{SignedDuration, Timestamp};
use watchkeeper_domain::budget::{Grant, LATE, Precedence, SlotRequest};
use watchkeeper_domain::intent::Layer;
use watchkeeper_domain::name::Region;

pub use watchkeeper_domain::budget::{ApiBucket, BucketQuota, share};

pub use self::pace::{Crowded, Pace};

use self::local::LocalBudget;
use crate::ledger::{Ledger, LedgerError};
use crate::ports::Clock;

/// How long a call waits for a slot: with it a function still ends by itself.
pub const PATIENCE: SignedDuration = SignedDuration::from_secs(30);

/// How often somebody else may be faster with the ledger until we let them.
const TRIES: usize = 5;

/// How long we let them.
const LET: SignedDuration = SignedDuration::from_millis(200);

/// The slots that one function has reserved and not used yet. It outlives a run where the function does.
#[derive(Debug)]
pub struct Pacer {
    region: Region,
    /// By what this function tells its own writes of a budget from those of others that would write the same.
    mark: u64,
    written: AtomicU64,
    lanes: StdMutex<PacingLanes>,
}

/// One lane an API and precedence; whoever waits in one holds up no other.
type PacingLanes = BTreeMap<(ApiBucket, Precedence), Arc<Mutex<PacingLane>>>;

#[derive(Debug, Default)]
struct PacingLane {
    slots: VecDeque<Timestamp>,
    local: LocalBudget,
}

/// Calls that are about to be made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PacedCalls {
    pub(crate) api: ApiBucket,
    pub(crate) layer: Layer,
    /// How many there will be, as far as is known; at least one.
    pub(crate) wanted: usize,
}

impl Pacer {
    /// The pacer of a function in this region.
    pub fn new(region: Region) -> Self {
        let mark = RandomState::new().hash_one(region.as_str());
        Self { region, mark, written: AtomicU64::new(0), lanes: StdMutex::default() }
    }

    /// Waits until a call may be made. `Err`: there was no slot for it.
    async fn wait<L: Ledger, K: Clock>(&self, calls: PacedCalls, ledger: &L, clock: &K) -> Result<Timestamp, Crowded> {
        let lane = self.lane(calls);
        // One after the other: whoever waits here would only find the same budget spent.
        let mut lane = lane.lock().await;
        let (since, mut turn) = (clock.shared(), None);
        loop {
            let now = clock.shared();
            if now.duration_since(since) > PATIENCE {
                return Err(Crowded(calls.api));
            }
            let Some(slot) = lane.slots.front().copied() else {
                match self.reserve(&mut lane, calls, (since, turn), ledger, clock).await {
                    Grant::Slots(slots) => lane.slots.extend(slots),
                    Grant::Later { at, turn: given } => {
                        turn = given;
                        until(at, clock).await;
                    }
                }
                continue;
            };
            if slot > now {
                until(slot, clock).await;
                continue;
            }
            lane.slots.pop_front();
            if now.duration_since(slot) <= LATE {
                return Ok(slot);
            }
        }
    }

    async fn reserve<L: Ledger, K: Clock>(
        &self,
        lane: &mut PacingLane,
        calls: PacedCalls,
        (since, turn): (Timestamp, Option<Timestamp>),
        ledger: &L,
        clock: &K,
    ) -> Grant {
        let PacedCalls { api, layer, wanted } = calls;
        let request = SlotRequest { precedence: layer.into(), wanted, since, turn };
        if lane.local.holds(clock.shared()) {
            return lane.local.reserve(api, &request, clock.shared());
        }
        for _ in 0..TRIES {
            match self.ask(api, &request, ledger, clock).await {
                Ok(grant) => return grant,
                Err(LedgerError::Conflict { .. }) => {}
                Err(error) => {
                    tracing::warn!(%api, error = &error as &dyn std::error::Error, "pacing without the ledger");
                    lane.local.begin(clock.shared());
                    return lane.local.reserve(api, &request, clock.shared());
                }
            }
        }
        let at = clock.shared().saturating_add(LET).unwrap_or(Timestamp::MAX);
        Grant::Later { at, turn }
    }

    async fn ask<L: Ledger, K: Clock>(
        &self,
        api: ApiBucket,
        request: &SlotRequest,
        ledger: &L,
        clock: &K,
    ) -> Result<Grant, LedgerError> {
        let (before, version) = ledger.budget(&self.region, api).await?;
        let mut budget = before.clone();
        let grant = budget.reserve(api.quota(), request, clock.shared());
        if budget != before {
            budget.by = self.sign();
            ledger.keep_budget(&self.region, api, &budget, version).await?;
        }
        Ok(grant)
    }

    /// AWS throttled a call: everybody slows down. Where the ledger does not take it, the call's own failure says enough.
    async fn throttled<L: Ledger, K: Clock>(&self, calls: PacedCalls, ledger: &L, clock: &K) {
        let (api, lane) = (calls.api, self.lane(calls));
        // What is reserved was reserved at a pace that was too fast.
        lane.lock().await.slots.clear();
        for _ in 0..TRIES {
            let Ok((mut budget, version)) = ledger.budget(&self.region, api).await else { return };
            budget.throttled(api.quota(), clock.shared());
            budget.by = self.sign();
            let kept = ledger.keep_budget(&self.region, api, &budget, version).await;
            if !matches!(kept, Err(LedgerError::Conflict { .. })) {
                return;
            }
        }
    }

    /// Whether slots for this API are reserved and not used yet.
    pub(crate) fn holds(&self, api: ApiBucket, layer: Layer) -> bool {
        let lane = self.lane(PacedCalls { api, layer, wanted: 1 });
        lane.try_lock().is_some_and(|lane| !lane.slots.is_empty())
    }

    fn sign(&self) -> String {
        format!("{:016x}-{}", self.mark, self.written.fetch_add(1, Ordering::Relaxed))
    }

    fn lane(&self, calls: PacedCalls) -> Arc<Mutex<PacingLane>> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(lanes.entry((calls.api, calls.layer.into())).or_default())
    }
}

async fn until<K: Clock>(instant: Timestamp, clock: &K) {
    // Rounded up, so that it is not too early by what a timer leaves out.
    let wait = Duration::try_from(instant.duration_since(clock.shared())).unwrap_or_default();
    clock.sleep(wait.max(Duration::from_millis(1))).await;
}
