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
use crate::pacing::{ApiBucket, Crowded};
use crate::platform::Platform;
use crate::ports::{AwsError, Clock, Databases, Fault, ServiceWrites};
use crate::runbook::{FormerWord, RunbookError, StepOutcome};
use crate::scoped::ScopedEnvironment;

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
        scoped: &ScopedEnvironment,
        run: &RunRef,
    ) -> Result<StepOutcome<FormerWord>, RunbookError> {
        // The look is as old as its first read.
        let looked = self.clock.now();
        let mut resumed = self.resume(scoped, run).await?;
        let now = self.clock.now();
        if let Some(waiting) = not_yet(run, &resumed.lease, now, APPLY) {
            return Ok(waiting);
        }
        if !resumed.lease.allows_writes(now) {
            return Err(lost(scoped));
        }
        follows(std::mem::replace(&mut resumed.wanted, Ok(None)), &resumed.run)?;
        let mut plan = self.current_plan(scoped, &resumed).await?;
        if let Some(halt) = &resumed.seen.halt {
            plan = despite_halt(plan, &resumed.run.deciding);
            if plan.is_empty() {
                return Err(RunbookError::Halted(halt.clone()));
            }
        }
        if !plan.is_empty() {
            resumed.lease = self.raise(scoped, &resumed.lease, Lease::begun).await?;
        }
        let judged = resumed.run.clone();
        let mut slice_progress = SliceProgress {
            scoped,
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
        let end = match self.write_waves(&mut slice_progress, &plan).await {
            Ok(end) => end,
            Err(error) => {
                // Nobody shall wait for a slice that is over; should that fail too, the next one waits the margin.
                let ended = LedgerWrite::PutLease(resumed.lease.clone().ended());
                let _kept = self.ledger.commit(&scoped.scope, resumed.lease.generation, &[ended]).await;
                return Err(error);
            }
        };
        let (step, wait_seconds, summary) = settle(&mut resumed.run, slice_progress, end, self.clock.now());
        self.keep(scoped, &resumed.lease, &resumed.run).await?;
        Ok(slice(run, step, wait_seconds, summary))
    }

    /// The plan of this slice: the judged one at first, and after that what still differs. What was seen while a preempted
    /// run could still write is looked at again.
    async fn current_plan(&self, scoped: &ScopedEnvironment, resumed: &ResumedRun) -> Result<Plan, RunbookError> {
        if resumed.run.slices == 0 && resumed.lease.usable <= resumed.run.header.started {
            return Ok(resumed.run.plan.clone());
        }
        let observed = self.observe(scoped, &resumed.seen, resumed.lease.layer).await?;
        let reason = resumed.run.plan.actions().next().map_or_else(String::new, |action| action.reason.clone());
        Ok(left(scoped, resumed, &observed, &reason))
    }

    /// Wave after wave. A write that fails keeps only its own resource from the waves after it.
    async fn write_waves(&self, slice_progress: &mut SliceProgress<'_>, plan: &Plan) -> Result<SliceEnd, RunbookError> {
        let mut waiting = None;
        for step in &plan.steps {
            if !step.waits_for.is_empty() {
                waiting = Some(step.waits_for.clone());
                break;
            }
            for action in &step.actions {
                let resource = action.change.resource();
                if slice_progress.is_stuck(&resource) {
                    continue;
                }
                if self.clock.now() >= slice_progress.end {
                    return Ok(SliceEnd::OutOfTime);
                }
                let api = api(&action.change);
                let left = slice_progress.open.values().sum();
                if let Err(crowded) = self.turn(slice_progress, api, left).await? {
                    return Ok(SliceEnd::Again(crowded.to_string()));
                }
                let answer = self.write(&action.change).await;
                match self.pace(slice_progress.layer).learn(api, answer).await {
                    Ok(()) => {
                        slice_progress.touched.insert(resource.clone());
                        slice_progress.made(&resource);
                    }
                    Err(error) if error.fault == Fault::Throttled => return Ok(SliceEnd::Again(error.to_string())),
                    Err(error) if passes(error.fault) => {
                        slice_progress.touched.insert(resource.clone());
                        slice_progress.failed.push((resource, error));
                    }
                    Err(error) => slice_progress.refused.push(refusal(resource, &error)),
                }
            }
        }
        Ok(match (slice_progress.failed.first(), waiting) {
            (Some((_, error)), _) => SliceEnd::Again(error.to_string()),
            (None, _) if !slice_progress.refused.is_empty() => SliceEnd::Changed,
            (None, Some(awaited)) => SliceEnd::Waiting(awaited),
            (None, None) => SliceEnd::Written,
        })
    }

    /// Waits until a write may be made, within the pace and under a fresh lease.
    async fn turn(
        &self,
        slice_progress: &mut SliceProgress<'_>,
        api: ApiBucket,
        left: usize,
    ) -> Result<Result<(), Crowded>, RunbookError> {
        let pace = self.pace(slice_progress.layer);
        loop {
            let slot = match pace.slot(api, left).await {
                Ok(slot) => slot,
                Err(crowded) => return Ok(Err(crowded)),
            };
            self.still_ours(slice_progress).await?;
            // A look at the lease that took long leaves the lease fresh, and the slot lost.
            if pace.counts(slot) {
                return Ok(Ok(()));
            }
        }
    }

    /// Checks the pointer and then the lease in the ledger where the last look at them is no longer fresh. A look that took
    /// longer than that is taken again: what was seen at its beginning may be over at its end.
    async fn still_ours(&self, slice_progress: &mut SliceProgress<'_>) -> Result<(), RunbookError> {
        for _ in 0..LOOKS {
            if self.clock.now().duration_since(slice_progress.seen) < FRESHNESS {
                return Ok(());
            }
            let looked = self.clock.now();
            if slice_progress.scoped.pair.is_some() {
                let seen = self.ledger.load(&slice_progress.scoped.scope).await?;
                follows(self.wanted_by_pointer(slice_progress.scoped, &seen).await, slice_progress.run)?;
            }
            let lease = self.ledger.lease(&slice_progress.scoped.scope).await?;
            let now = self.clock.now();
            let ours = |lease: &Lease| lease.generation == slice_progress.generation && lease.allows_writes(now);
            if !lease.as_ref().is_some_and(ours) {
                return Err(lost(slice_progress.scoped));
            }
            slice_progress.seen = looked;
        }
        Err(lost(slice_progress.scoped))
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
        CapacityChange::Count { .. } | CapacityChange::Release { .. } => ApiBucket::EcsServiceWrite,
        CapacityChange::Database { .. } => ApiBucket::Rds,
    }
}

/// Whether a failure may be over when we come again.
fn passes(fault: Fault) -> bool {
    matches!(fault, Fault::Throttled | Fault::Unavailable | Fault::Conflict)
}
