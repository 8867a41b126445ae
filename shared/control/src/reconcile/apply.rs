//! Apply: the one hand. It writes the waves of a plan in order, each write within the pace and under a fresh lease.

use std::collections::BTreeSet;

use jiff::Timestamp;
use watchkeeper_domain::capacity::DatabasePower;
use watchkeeper_domain::plan::{CapacityChange, Plan};
use watchkeeper_domain::reconcile::assess::despite_halt;
use watchkeeper_domain::reconcile::run::RunRef;

use super::call::{APPLY, slice};
use super::slice::{SliceEnd, SliceProgress, open, refusal, settle};
use super::{Reconciler, ResumedRun, SLICE, follows, left, lost, not_yet};
use crate::lease::{FRESHNESS, Lease};
use crate::ledger::{Ledger, LedgerWrite};
use crate::pacing::ApiBucket;
use crate::place::ScopedEnvironment;
use crate::platform::Platform;
use crate::ports::{AwsError, Clock, Databases, Fault, ServiceWrites};
use crate::runbook::{FormerWord, RunbookError, StepOutcome};

/// How often a look at the lease may take too long before the run gives up.
const LOOKS: usize = 4;

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
