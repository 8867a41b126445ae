//! Apply: the one hand. It takes up a run, and writes what its plan still lacks.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use watchkeeper_domain::capacity::{DatabasePower, ResourceId};
use watchkeeper_domain::plan::{CapacityChange, Plan};
use watchkeeper_domain::reconcile::assess::{despite_halt, ordered};
use watchkeeper_domain::reconcile::run::{RunRef, SliceTiming};

use super::call::{APPLY, slice};
use super::lanes::SliceWriting;
use super::slice::{SliceEnd, SliceProgress, open, settle};
use super::{Reconciler, ResumedRun, SLICE, follows, left, lost, not_yet, order};
use crate::lease::Lease;
use crate::ledger::{Ledger, LedgerWrite};
use crate::pacing::ApiBucket;
use crate::platform::Platform;
use crate::ports::{AwsError, Clock, Databases, Fault, ListenerRules, ServiceWrites};
use crate::runbook::{FormerWord, RunbookError, StepOutcome};
use crate::scoped::{ScopeSelection, ScopedEnvironment};

/// How many services a slice looks at before it writes: more than the whole of the account's budget lets it write in its minute.
/// A look at thousands would take all of its time.
const LOOKED: usize = 400;

/// What one slice is about.
struct SlicePlan {
    plan: Plan,
    /// Whether only services were looked at that are not written yet, or some of them, and more may follow after these.
    partial: bool,
}

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
        let SlicePlan { mut plan, partial } = self.current_plan(scoped, &mut resumed, now).await?;
        order::note(&mut resumed.run, &plan, &scoped.allowance.order, now);
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
        let slice_progress = SliceProgress {
            scoped,
            run: &judged,
            layer: resumed.lease.layer,
            generation: resumed.lease.generation,
            seen: looked,
            end: now.saturating_add(SLICE).unwrap_or(Timestamp::MAX),
            writes: 0,
            open: open(&plan),
            touched: BTreeMap::new(),
            refused: Vec::new(),
            failed: Vec::new(),
        };
        let writing = SliceWriting::new(slice_progress, &plan);
        let (slice_progress, end) = match self.write_plan(writing).await {
            Ok((progress, SliceEnd::Written)) if partial => (progress, SliceEnd::OutOfTime),
            Ok(end) => end,
            Err(error) => {
                // Nobody shall wait for a slice that is over; should that fail too, the next one waits the margin.
                let ended = LedgerWrite::PutLease(resumed.lease.clone().ended());
                let _kept = self.ledger.commit(&scoped.scope, resumed.lease.generation, &[ended]).await;
                return Err(error);
            }
        };
        let (ended, writes) = (self.clock.now(), slice_progress.writes);
        let (step, wait_seconds, summary) = settle(&mut resumed.run, slice_progress, end, ended);
        let awaits = !resumed.run.awaited.is_empty();
        resumed.run.progress.timed(SliceTiming { step: APPLY.to_owned(), began: looked, ended, writes, awaits });
        self.keep(scoped, &resumed.lease, &resumed.run).await?;
        Ok(slice(run, step, wait_seconds, summary))
    }

    /// The plan of this slice: the judged one at first, and after that what still differs. What was seen while a preempted
    /// run could still write is looked at again.
    async fn current_plan(
        &self,
        scoped: &ScopedEnvironment,
        resumed: &mut ResumedRun,
        now: Timestamp,
    ) -> Result<SlicePlan, RunbookError> {
        let run = resumed.run.clone();
        if run.slices == 0 && resumed.lease.usable <= run.header.started {
            return Ok(SlicePlan { plan: run.plan.clone(), partial: false });
        }
        let reason = run.plan.actions().next().map_or_else(String::new, |action| action.reason.clone());
        let selection = scoped.selection(resumed.seen.baseline.as_ref());
        // Whose turn it is, and whether a page may go, only a look at all of them tells.
        let in_turn = !ordered(&run.deciding, &scoped.allowance).is_empty() || !selection.rules.is_empty();
        let whole = run.slices == 0 || in_turn;
        let open = if whole { BTreeSet::new() } else { run.open() };
        let unwritten: Vec<_> = selection
            .services
            .iter()
            .filter(|id| open.contains(&ResourceId::Service((*id).clone())))
            .cloned()
            .collect();
        for some in unwritten.chunks(LOOKED) {
            let some_of_it = ScopeSelection { services: some.iter().cloned().collect(), ..selection.clone() };
            let mut observed = self.look_at(&some_of_it, resumed.lease.layer).await?;
            self.take_in_releases(scoped, resumed, &mut observed).await?;
            let plan = left(scoped, resumed, &observed, &reason, now).without_stops();
            if !plan.is_empty() {
                let stops = |change: &CapacityChange| matches!(change, CapacityChange::Database { .. });
                let partial = some.len() < unwritten.len() || run.plan.actions().any(|action| stops(&action.change));
                return Ok(SlicePlan { plan, partial });
            }
        }
        let mut observed = self.look_at(&selection, resumed.lease.layer).await?;
        self.take_in_releases(scoped, resumed, &mut observed).await?;
        let mut plan = left(scoped, resumed, &observed, &reason, now);
        if self.look_at_health(scoped, &run.deciding, &mut observed, &plan).await {
            plan = left(scoped, resumed, &observed, &reason, now);
        }
        Ok(SlicePlan { plan, partial: false })
    }

    pub(super) async fn write(&self, change: &CapacityChange) -> Result<(), AwsError> {
        match change {
            CapacityChange::Scaling { service, to, .. } => self.cloud.set_scaling(service, *to).await,
            CapacityChange::Count { service, to, .. } => self.cloud.set_count(service, *to).await,
            CapacityChange::Release { service, to, .. } => self.cloud.set_release(service, to).await,
            CapacityChange::Database { database, to: DatabasePower::On } => self.cloud.start_database(database).await,
            CapacityChange::Database { database, to: DatabasePower::Off } => self.cloud.stop_database(database).await,
            CapacityChange::Rule { rule, to, .. } => self.cloud.set_rule(rule, to).await,
        }
    }
}

pub(super) fn api(change: &CapacityChange) -> ApiBucket {
    match change {
        CapacityChange::Scaling { .. } => ApiBucket::ScalingWrite,
        CapacityChange::Count { .. } | CapacityChange::Release { .. } => ApiBucket::EcsServiceWrite,
        CapacityChange::Database { .. } => ApiBucket::Rds,
        CapacityChange::Rule { .. } => ApiBucket::BalancerWrite,
    }
}

/// Whether a failure may be over when we come again.
pub(super) fn passes(fault: Fault) -> bool {
    matches!(fault, Fault::Throttled | Fault::Unavailable | Fault::Conflict)
}
