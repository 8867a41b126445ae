//! Apply: the one hand. It writes the waves of a plan in order, each write within the pace and under a fresh lease.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use watchkeeper_domain::capacity::{DatabasePower, ResourceId};
use watchkeeper_domain::intent::Layer;
use watchkeeper_domain::plan::{AwaitedChange, CapacityChange, Plan};
use watchkeeper_domain::reconcile::assess::despite_halt;
use watchkeeper_domain::reconcile::run::{RunRecord, RunRef, WriteRefusal, WriteTrouble};

use super::call::{APPLY, VERIFY, slice};
use super::{Reconciler, ResumedRun, SLICE, counted, follows, left, look_again, lost, not_yet, overdue};
use crate::lease::{FRESHNESS, Lease};
use crate::ledger::{Ledger, LedgerWrite};
use crate::pacing::ApiBucket;
use crate::place::ScopedEnvironment;
use crate::platform::Platform;
use crate::ports::Databases;
use crate::ports::ServiceWrites;
use crate::ports::{AwsError, Clock, Fault};
use crate::runbook::{FormerWord, RunbookError, StepOutcome};

/// How long to wait after AWS asked us to slow down, or did not answer, in seconds.
const BACK_OFF_SECONDS: u32 = 5;

/// How often a look at the lease may take too long before the run gives up.
const LOOKS: usize = 4;

/// How long the writes of a resource may fail before it is left out, told of, and left to the next tick: as long as until
/// that one comes.
const TROUBLE: SignedDuration = SignedDuration::from_mins(5);

/// The same where somebody waits: an emergency's other services are not to wait for one that AWS does not answer for.
const URGENT_TROUBLE: SignedDuration = SignedDuration::from_mins(1);

/// Why a slice ended.
enum SliceEnd {
    /// Every wave is written.
    Written,
    /// A wave waits for what is on its way.
    Waiting(Vec<AwaitedChange>),
    /// The slice's time is over.
    OutOfTime,
    /// AWS refused something for good, and what waits for it is to be thought over.
    Changed,
    /// AWS asked us to slow down, did not answer, or was in a state that did not allow it; come again.
    Again(String),
}

/// What one slice has under its hands.
struct SliceProgress<'a> {
    place: &'a ScopedEnvironment,
    run: &'a RunRecord,
    layer: Layer,
    generation: u64,
    seen: Timestamp,
    end: Timestamp,
    writes: u32,
    /// Actions of each resource that are not made yet.
    open: BTreeMap<ResourceId, usize>,
    touched: BTreeSet<ResourceId>,
    refused: Vec<WriteRefusal>,
    failed: Vec<(ResourceId, AwsError)>,
}

impl SliceProgress<'_> {
    /// Whether an earlier write of this resource failed: then its later ones have to wait, and nobody else's.
    fn is_stuck(&self, resource: &ResourceId) -> bool {
        let refused = self.refused.iter().any(|refusal| refusal.resource == *resource);
        refused || self.failed.iter().any(|(failed, _)| failed == resource)
    }

    fn made(&mut self, resource: &ResourceId) {
        self.writes += 1;
        if let Some(open) = self.open.get_mut(resource) {
            *open = open.saturating_sub(1);
        }
    }
}

impl<P: Platform> Reconciler<P> {
    /// Writes as much of the plan as one slice can.
    ///
    /// # Errors
    /// [`RunbookError`] when the lease is lost or the halt switch is on. A write that AWS refuses is no error of the run: its
    /// resource is left out.
    pub async fn apply(
        &self,
        place: &ScopedEnvironment,
        run: &RunRef,
    ) -> Result<StepOutcome<FormerWord>, RunbookError> {
        // The look is as old as its first read.
        let looked = self.clock.now();
        let mut resumed = self.resume(place, run).await?;
        let now = self.clock.now();
        if let Some(waiting) = not_yet(run, &resumed.lease, now, APPLY) {
            return Ok(waiting);
        }
        if !resumed.lease.allows_writes(now) {
            return Err(lost(place));
        }
        follows(std::mem::replace(&mut resumed.wanted, Ok(None)), &resumed.run)?;
        let mut plan = self.current_plan(place, &resumed).await?;
        if let Some(halt) = &resumed.seen.halt {
            plan = despite_halt(plan, &resumed.run.deciding);
            if plan.is_empty() {
                return Err(RunbookError::Halted(halt.clone()));
            }
        }
        if !plan.is_empty() {
            resumed.lease = self.raise(place, &resumed.lease, Lease::begun).await?;
        }
        let judged = resumed.run.clone();
        let mut hand = SliceProgress {
            place,
            run: &judged,
            layer: resumed.lease.layer,
            generation: resumed.lease.generation,
            seen: looked,
            end: now.saturating_add(SLICE).unwrap_or(Timestamp::MAX),
            writes: 0,
            open: open(&plan),
            touched: BTreeSet::new(),
            refused: Vec::new(),
            failed: Vec::new(),
        };
        let end = match self.write_waves(&mut hand, &plan).await {
            Ok(end) => end,
            Err(error) => {
                // Nobody shall wait for a slice that is over; should that fail too, the next one waits the margin.
                let ended = LedgerWrite::PutLease(resumed.lease.clone().ended());
                let _kept = self.ledger.commit(&place.scope, resumed.lease.generation, &[ended]).await;
                return Err(error);
            }
        };
        let (step, wait_seconds, summary) = settle(&mut resumed.run, hand, end, self.clock.now());
        self.keep(place, &resumed.lease, &resumed.run).await?;
        Ok(slice(run, step, wait_seconds, summary))
    }

    /// The plan of this slice: the judged one at first, and after that what still differs. What was seen while a preempted
    /// run could still write is looked at again.
    async fn current_plan(&self, place: &ScopedEnvironment, resumed: &ResumedRun) -> Result<Plan, RunbookError> {
        if resumed.run.slices == 0 && resumed.lease.usable <= resumed.run.header.started {
            return Ok(resumed.run.plan.clone());
        }
        let observed = self.observe(place, &resumed.seen, resumed.lease.layer).await?;
        let reason = resumed.run.plan.actions().next().map_or_else(String::new, |action| action.reason.clone());
        Ok(left(place, resumed, &observed, &reason))
    }

    /// Wave after wave. A write that fails keeps only its own resource from the waves after it.
    async fn write_waves(&self, hand: &mut SliceProgress<'_>, plan: &Plan) -> Result<SliceEnd, RunbookError> {
        let mut waiting = None;
        for step in &plan.steps {
            if !step.waits_for.is_empty() {
                waiting = Some(step.waits_for.clone());
                break;
            }
            for action in &step.actions {
                let resource = action.change.resource();
                if hand.is_stuck(&resource) {
                    continue;
                }
                if self.clock.now() >= hand.end {
                    return Ok(SliceEnd::OutOfTime);
                }
                let api = api(&action.change);
                self.pacer.wait(api, hand.layer, &self.clock).await;
                self.still_ours(hand).await?;
                let answer = self.write(&action.change).await;
                match self.paced(api, hand.layer, answer) {
                    Ok(()) => {
                        hand.touched.insert(resource.clone());
                        hand.made(&resource);
                    }
                    Err(error) if error.fault == Fault::Throttled => return Ok(SliceEnd::Again(error.to_string())),
                    Err(error) if passes(error.fault) => {
                        hand.touched.insert(resource.clone());
                        hand.failed.push((resource, error));
                    }
                    Err(error) => hand.refused.push(refusal(resource, &error)),
                }
            }
        }
        Ok(match (hand.failed.first(), waiting) {
            (Some((_, error)), _) => SliceEnd::Again(error.to_string()),
            (None, _) if !hand.refused.is_empty() => SliceEnd::Changed,
            (None, Some(awaited)) => SliceEnd::Waiting(awaited),
            (None, None) => SliceEnd::Written,
        })
    }

    /// Checks the pointer and then the lease in the ledger where the last look at them is no longer fresh. A look that took
    /// longer than that is taken again: what was seen at its beginning may be over at its end.
    async fn still_ours(&self, hand: &mut SliceProgress<'_>) -> Result<(), RunbookError> {
        for _ in 0..LOOKS {
            if self.clock.now().duration_since(hand.seen) < FRESHNESS {
                return Ok(());
            }
            let looked = self.clock.now();
            if hand.place.pair.is_some() {
                let seen = self.ledger.load(&hand.place.scope).await?;
                follows(self.wanted_by_pointer(hand.place, &seen).await, hand.run)?;
            }
            let lease = self.ledger.lease(&hand.place.scope).await?;
            let now = self.clock.now();
            let ours = |lease: &Lease| lease.generation == hand.generation && lease.allows_writes(now);
            if !lease.as_ref().is_some_and(ours) {
                return Err(lost(hand.place));
            }
            hand.seen = looked;
        }
        Err(lost(hand.place))
    }

    async fn write(&self, change: &CapacityChange) -> Result<(), AwsError> {
        match change {
            CapacityChange::Scaling { service, to, .. } => self.cloud.set_scaling(service, *to).await,
            CapacityChange::Count { service, to, .. } => self.cloud.set_count(service, *to).await,
            CapacityChange::Release { service, to, .. } => self.cloud.set_release(service, to).await,
            CapacityChange::Database { database, to: DatabasePower::On } => self.cloud.start_database(database).await,
            CapacityChange::Database { database, to: DatabasePower::Off } => self.cloud.stop_database(database).await,
        }
    }
}

fn api(change: &CapacityChange) -> ApiBucket {
    match change {
        CapacityChange::Scaling { .. } => ApiBucket::ScalingWrite,
        CapacityChange::Count { .. } | CapacityChange::Release { .. } => ApiBucket::EcsWrite,
        CapacityChange::Database { .. } => ApiBucket::Rds,
    }
}

/// Whether a failure may be over when we come again.
fn passes(fault: Fault) -> bool {
    matches!(fault, Fault::Throttled | Fault::Unavailable | Fault::Conflict)
}

/// How many actions each resource has in a plan.
fn open(plan: &Plan) -> BTreeMap<ResourceId, usize> {
    let mut open = BTreeMap::new();
    for action in plan.actions() {
        *open.entry(action.change.resource()).or_default() += 1;
    }
    open
}

fn refusal(resource: ResourceId, error: &AwsError) -> WriteRefusal {
    WriteRefusal { resource, name: error.fault.name().to_owned(), what: error.to_string() }
}

/// Writes the slice into the record, and says which step follows, after how many seconds, and what was done.
fn settle(run: &mut RunRecord, hand: SliceProgress<'_>, end: SliceEnd, now: Timestamp) -> (&'static str, u32, String) {
    let (layer, writes) = (hand.layer, hand.writes);
    run.slices += 1;
    run.writes += writes;
    run.awaited.clear();
    remember(run, hand, now);
    let (next, wait_seconds, what) = match end {
        SliceEnd::Written => (VERIFY, 0, "every wave is written".to_owned()),
        SliceEnd::OutOfTime => (APPLY, 0, "more is left for the next slice".to_owned()),
        SliceEnd::Changed => {
            let n = run.progress.refused.len();
            (APPLY, 0, format!("AWS refused to change {}; the rest goes on", counted(n, "resource")))
        }
        SliceEnd::Again(error) => (APPLY, BACK_OFF_SECONDS, format!("{error}; it is tried again")),
        SliceEnd::Waiting(awaited) => {
            let first = awaited.first().map(ToString::to_string).unwrap_or_default();
            let what = format!("waiting for {} ({first})", counted(awaited.len(), "resource"));
            run.awaited = awaited;
            (APPLY, look_again(layer), what)
        }
    };
    run.waited_seconds += wait_seconds;
    // What was given back so far is proved also where the rest is late.
    let next = if next == APPLY && overdue(run, now) { VERIFY } else { next };
    let summary = format!("{}; {what}", counted(writes as usize, "write"));
    run.header.note(now, summary.clone());
    (next, wait_seconds, summary)
}

/// What the slice leaves behind of each resource. One that has failed for long counts as refused.
fn remember(run: &mut RunRecord, hand: SliceProgress<'_>, now: Timestamp) {
    let progress = &mut run.progress;
    if !hand.touched.is_empty() {
        progress.wrote = Some(now);
    }
    progress.touched.extend(hand.touched);
    progress.written.extend(hand.open.into_iter().filter(|(_, open)| *open == 0).map(|(resource, _)| resource));
    progress.refused.extend(hand.refused);
    let limit = if hand.layer >= Layer::Emergency { URGENT_TROUBLE } else { TROUBLE };
    let mut troubled = Vec::new();
    for (resource, error) in hand.failed {
        let before = progress.troubled.iter().find(|trouble| trouble.resource == resource);
        let since = before.map_or(now, |trouble| trouble.since);
        if now.duration_since(since) >= limit {
            progress.refused.push(refusal(resource, &error));
        } else {
            troubled.push(WriteTrouble { resource, since });
        }
    }
    progress.troubled = troubled;
}
