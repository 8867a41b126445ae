//! The four steps of a run, each one slice or more: begin, apply, verify, finish. Between two of them nothing is kept in
//! memory, and each reads the lease first.

mod apply;
mod ask;
mod begin;
mod call;
mod facts;
mod finish;
mod fresh;
mod halt;
mod handle;
mod intent_change;
mod lanes;
mod observe;
mod order;
mod prove;
mod released;
mod schedules;
mod slice;
mod usage;
mod verify;

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use watchkeeper_domain::capacity::{Baseline, Capacity, ObservedScope, ResourceId};
use watchkeeper_domain::failover::unpaired;
use watchkeeper_domain::intent::{Intent, Layer, placed};
use watchkeeper_domain::name::Scope;
use watchkeeper_domain::plan::{DiffInput, Obstacle, Plan};
use watchkeeper_domain::reconcile::assess::{concerns, ordered, target, with_unchangeable};
use watchkeeper_domain::reconcile::run::{RunRecord, RunRef};

use crate::lease::Lease;
use crate::ledger::{Ledger, LedgerError, LedgerWrite, PairId, ScopeState};
use crate::pacing::Pacer;
use crate::platform::Platform;
use crate::ports::Clock;
use crate::report::ReportDesk;
use crate::runbook::{FormerWord, RunbookError, StepOutcome};
use crate::scoped::ScopedEnvironment;

pub(crate) use ask::preview;
pub use call::{BeginVerdict, BegunRun, Details, FinishedRun, Step, Switch, slice};
pub use finish::RUN_FINISHED;
pub use halt::HALT_SWITCHED;

/// How long a run may take before it ends with what it has reached: a database start may take half an hour, and the
/// services come after it.
pub const PATIENCE: SignedDuration = SignedDuration::from_mins(45);

/// How often a verification may find something to write again before we stop fighting over it.
pub const MAX_ROUNDS: u32 = 3;

/// How long one slice may apply: well below the function's time-out of two minutes, so that it ends by itself.
pub const SLICE: SignedDuration = SignedDuration::from_secs(60);

/// How long to wait for something that is on its way, in seconds: short against what tasks and databases take, long
/// enough that a wait of many minutes makes few state transitions, for each is billed. The lease outlives it.
pub const WAIT_SECONDS: u32 = 40;

/// The same in a failover and its rehearsal, whose promise is counted in minutes: a task takes half of one to start.
pub const URGENT_WAIT_SECONDS: u32 = 3;

/// The engine: ports and a pacer.
#[derive(Debug)]
pub struct Reconciler<P: Platform> {
    /// The capacity of the region.
    pub cloud: P::Capacity,
    /// What is remembered.
    pub ledger: P::Ledger,
    /// Where people and programs learn of a run.
    pub notifier: P::Notifier,
    /// Wall time.
    pub clock: P::Clock,
    /// What is reserved of the account's budgets; it outlives a run where the function does.
    pub pacer: std::sync::Arc<Pacer>,
    /// Where reports are kept, if the stack keeps any.
    pub reports: Option<ReportDesk>,
}

/// Whether the pointer still wants what it wanted when the run decided; a run that it has overtaken writes no more.
fn follows(wanted: Result<Option<Intent>, RunbookError>, run: &RunRecord) -> Result<(), RunbookError> {
    let now = wanted?;
    if now.as_ref().and_then(Intent::placement) == placed(&run.deciding) {
        Ok(())
    } else {
        Err(RunbookError::PointerMoved)
    }
}

/// How long to wait for something that is on its way, in seconds: a failover is not kept waiting for a look.
fn look_again(layer: Layer) -> u32 {
    if layer.is_timed() { URGENT_WAIT_SECONDS } else { WAIT_SECONDS }
}

/// A run taken up again by a step that holds its lease.
struct ResumedRun {
    seen: ScopeState,
    /// What the pointer of its pair wants now.
    wanted: Result<Option<Intent>, RunbookError>,
    lease: Lease,
    run: RunRecord,
    target: Capacity,
}

impl<P: Platform> Reconciler<P> {
    /// Reads what is remembered of a run, and refuses when its lease is not its own any more. A slice before this one that may
    /// still be at work is overtaken.
    async fn resume(&self, scoped: &ScopedEnvironment, run: &RunRef) -> Result<ResumedRun, RunbookError> {
        let seen = self.ledger.load(&scoped.scope).await?;
        let wanted = self.wanted_by_pointer(scoped, &seen).await;
        let own =
            |lease: &Lease| run.generation.is_some_and(|first| lease.generation >= first) && lease.holder == run.id;
        let lease = seen.lease.clone().filter(own);
        let lease = lease.ok_or_else(|| lost(scoped))?;
        let lease = if lease.at_work { self.raise(scoped, &lease, Lease::overtaken).await? } else { lease };
        let record = self.ledger.run(&scoped.scope, &run.id).await?;
        let record = record
            .ok_or_else(|| RunbookError::RunUnknown { what: format!("run {}", run.id), scope: scoped.scope.clone() })?;
        let baseline = seen.baseline.as_ref();
        let target = baseline.map_or_else(Capacity::default, |baseline| {
            target(baseline, &record.deciding, record.instant, &scoped.allowance)
        });
        Ok(ResumedRun { seen, wanted, lease, run: record, target })
    }

    /// Takes the lease of the run anew, as only one slice can.
    async fn raise(
        &self,
        scoped: &ScopedEnvironment,
        lease: &Lease,
        next: impl FnOnce(&Lease, Timestamp) -> Lease,
    ) -> Result<Lease, RunbookError> {
        let next = next(lease, self.clock.now());
        match self.ledger.take_lease(&scoped.scope, &next, lease.generation).await {
            Err(LedgerError::Conflict { .. }) => Err(lost(scoped)),
            answer => Ok(answer.map(|()| next)?),
        }
    }

    /// What is remembered of a scope, and, where it is half of a pair, what the pointer wants of it: an intent like any
    /// other, but derived each time from this region's replica of the pointer.
    async fn remember(&self, scoped: &ScopedEnvironment) -> Result<ScopeState, RunbookError> {
        let mut seen = self.ledger.load(&scoped.scope).await?;
        seen.intents.extend(self.wanted_by_pointer(scoped, &seen).await?);
        Ok(seen)
    }

    async fn wanted_by_pointer(
        &self,
        scoped: &ScopedEnvironment,
        seen: &ScopeState,
    ) -> Result<Option<Intent>, RunbookError> {
        let Scope { estate, environment, .. } = scoped.scope.clone();
        let pair = self.ledger.pair(&PairId { estate, environment }).await?;
        // A document may lose its pair while the pair is away: then nobody can tell what is to run here.
        let Some(member) = &scoped.pair else { return Ok(unpaired(pair.pointer.as_ref()).map(|()| None)?) };
        Ok(member.placement(&pair, seen, self.clock.now())?)
    }

    /// Writes the record and prolongs the lease, in one transaction. A run that has written everything and only waits
    /// makes way for any other but a tick's: tasks that never start must not keep a person from giving back.
    async fn keep(&self, scoped: &ScopedEnvironment, lease: &Lease, run: &RunRecord) -> Result<(), RunbookError> {
        let layer = if run.applied { Layer::Schedule } else { run.layer };
        let lease = Lease { layer, ..lease.prolonged(self.clock.now()) }.ended();
        let writes = [LedgerWrite::PutLease(lease.clone()), LedgerWrite::PutRun(Box::new(run.clone()))];
        Ok(self.ledger.commit(&scoped.scope, lease.generation, &writes).await?)
    }
}

fn lost(scoped: &ScopedEnvironment) -> RunbookError {
    LedgerError::LeaseLost { scope: scoped.scope.to_string() }.into()
}

/// The slice that only waits, while another may still write: the run that was preempted, or a slice that was overtaken.
fn not_yet(run: &RunRef, lease: &Lease, now: Timestamp, step: &'static str) -> Option<StepOutcome<FormerWord>> {
    let wait = (now < lease.usable).then(|| lease.usable.duration_since(now).as_secs() + 1)?;
    let summary = "who wrote before it gets time to see it".to_owned();
    Some(call::slice(run, step, wait.try_into().unwrap_or(WAIT_SECONDS), summary))
}

/// What still differs, as far as this run may change it: not what somebody else changed before it began.
fn left(
    scoped: &ScopedEnvironment,
    resumed: &ResumedRun,
    observed: &ObservedScope,
    reason: &str,
    now: Timestamp,
) -> Plan {
    let (run, allowance) = (&resumed.run, &scoped.allowance);
    let before = resumed.seen.standing.reached(&resumed.target);
    let mut reached = if run.progress.afresh { BTreeSet::new() } else { before.of(&resumed.target) };
    reached.extend(run.progress.written.iter().cloned());
    let empty = || Baseline { capacity: Capacity::default(), taken: run.instant };
    let baseline = resumed.seen.baseline.clone().unwrap_or_else(empty);
    let all = with_unchangeable(&baseline, observed, &run.deciding, allowance);
    let difference = DiffInput {
        observed,
        target: &target(&all, &run.deciding, run.instant, allowance),
        releases: &run.releases,
        reached: &reached,
        refused: &run.progress.refusals(),
        order: &ordered(&run.deciding, allowance),
        late: &run.progress.late(&allowance.order, now),
        page: allowance.page.as_ref(),
        reason,
    };
    let mut plan = difference.plan();
    let ours =
        |resource: &ResourceId| baseline.has(resource) || concerns(&run.deciding, allowance, Some(&baseline), resource);
    plan.obstacles.retain(|(resource, obstacle)| *obstacle != Obstacle::Missing || ours(resource));
    // Schedules are asked for once a run.
    let scheduled = |(_, obstacle): &&(ResourceId, Obstacle)| matches!(obstacle, Obstacle::Scheduled(_));
    plan.obstacles.extend(run.plan.obstacles.iter().filter(scheduled).cloned());
    plan.retain(|action| !run.leaves(&action.change.resource()))
}

/// Whether the run has taken longer than we wait for anything.
fn overdue(run: &RunRecord, now: Timestamp) -> bool {
    now.duration_since(run.header.started) >= PATIENCE
}

/// A count with its noun: "1 write", "2 writes".
fn counted(n: usize, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}
