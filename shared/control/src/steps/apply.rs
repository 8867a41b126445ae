//! Apply: the one hand. It writes the waves of a plan in order, each write within the pace and under a fresh lease.

use jiff::Timestamp;
use watchkeeper_domain::assess::despite_halt;
use watchkeeper_domain::capacity::Power;
use watchkeeper_domain::intent::Layer;
use watchkeeper_domain::plan::{Awaited, Change, Plan, difference};
use watchkeeper_domain::run::Run;

use super::{
    Engine, LeasedRun, Next, Resumed, SLICE, Slice, StepError, WAIT_SECONDS, counted, follows, look_again, lost,
    overdue, own_part,
};
use crate::lease::{FRESHNESS, Lease};
use crate::ledger::Ledger;
use crate::pacing::Api;
use crate::place::Place;
use crate::ports::{AwsError, Clock, Cloud, Fault};

/// How long to wait after AWS asked us to slow down, or did not answer, in seconds.
const BACK_OFF_SECONDS: u32 = 5;

/// How often a look at the lease may take too long before the run gives up.
const LOOKS: usize = 4;

/// Why a slice ended.
enum End {
    /// Every wave is written.
    Written,
    /// A wave waits for what is on its way.
    Waiting(Vec<Awaited>),
    /// The slice's time is over.
    OutOfTime,
    /// AWS asked us to slow down, did not answer, or was in a state that did not allow it; come again.
    Again(AwsError),
    /// AWS refused a write for good.
    Refused(AwsError),
}

/// What one slice has under its hands.
struct Hand<'a> {
    place: &'a Place,
    run: &'a Run,
    layer: Layer,
    generation: u64,
    seen: Timestamp,
    end: Timestamp,
    writes: u32,
}

impl<C: Cloud, L: Ledger, N, K: Clock> Engine<C, L, N, K> {
    /// Writes as much of the plan as one slice can.
    ///
    /// # Errors
    /// [`StepError`] when the lease is lost, the halt switch is on, or AWS refused a write for good; what was written
    /// before is in the record.
    pub async fn apply(&self, place: &Place, run: &LeasedRun) -> Result<Slice, StepError> {
        // The look is as old as its first read.
        let looked = self.clock.now();
        let mut resumed = self.resume(place, run).await?;
        let now = self.clock.now();
        if now < resumed.lease.usable {
            let wait = resumed.lease.usable.duration_since(now).as_secs() + 1;
            let summary = "the run that was preempted gets time to see it".to_owned();
            return Ok(Slice { next: Next::Apply, wait_seconds: wait.try_into().unwrap_or(WAIT_SECONDS), summary });
        }
        if !resumed.lease.allows_writes(now) {
            return Err(lost(place));
        }
        follows(std::mem::replace(&mut resumed.wanted, Ok(None)), &resumed.run)?;
        let mut plan = self.current_plan(place, &resumed).await?;
        if let Some(halt) = &resumed.seen.halt {
            plan = despite_halt(plan, &resumed.run.deciding);
            if plan.is_empty() {
                return Err(StepError::Halted { by: halt.by.clone(), reason: halt.reason.clone() });
            }
        }
        let judged = resumed.run.clone();
        let mut hand = Hand {
            place,
            run: &judged,
            layer: resumed.lease.layer,
            generation: run.generation,
            seen: looked,
            end: now.saturating_add(SLICE).unwrap_or(Timestamp::MAX),
            writes: 0,
        };
        let end = self.write_waves(&mut hand, &plan).await?;
        let (slice, refusal) = settle(&mut resumed.run, &hand, end, self.clock.now());
        self.keep(place, &resumed.lease, &resumed.run).await?;
        refusal.map_or(Ok(slice), |error| Err(error.into()))
    }

    /// The plan of this slice: the judged one at first, and after that what still differs. What was seen while a preempted
    /// run could still write is looked at again.
    async fn current_plan(&self, place: &Place, resumed: &Resumed) -> Result<Plan, StepError> {
        if resumed.run.slices == 0 && resumed.lease.usable <= resumed.run.started {
            return Ok(resumed.run.plan.clone());
        }
        let observed = self.observe(place, &resumed.seen, resumed.lease.layer).await?;
        let reason = resumed.run.plan.actions().next().map_or_else(String::new, |action| action.reason.clone());
        Ok(own_part(difference(&observed, &resumed.target, &resumed.run.releases, &reason), &resumed.run))
    }

    /// Wave after wave; a wave begins only when the one before it is written whole.
    async fn write_waves(&self, hand: &mut Hand<'_>, plan: &Plan) -> Result<End, StepError> {
        for step in &plan.steps {
            if !step.waits_for.is_empty() {
                return Ok(End::Waiting(step.waits_for.clone()));
            }
            // One resource that AWS does not let us change must not keep the rest of its wave from its place.
            let mut failed: Option<AwsError> = None;
            for action in &step.actions {
                if self.clock.now() >= hand.end {
                    return Ok(End::OutOfTime);
                }
                let api = api(&action.change);
                self.pacer.wait(api, hand.layer, &self.clock).await;
                self.still_ours(hand).await?;
                let answer = self.write(&action.change).await;
                match self.paced(api, hand.layer, answer) {
                    Ok(()) => hand.writes += 1,
                    Err(error) if error.fault == Fault::Throttled => return Ok(End::Again(error)),
                    Err(error) => failed = Some(worse(failed, error)),
                }
            }
            if let Some(error) = failed {
                return Ok(if passes(error.fault) { End::Again(error) } else { End::Refused(error) });
            }
        }
        Ok(End::Written)
    }

    /// Checks the pointer and then the lease in the ledger where the last look at them is no longer fresh. A look that took
    /// longer than that is taken again: what was seen at its beginning may be over at its end.
    async fn still_ours(&self, hand: &mut Hand<'_>) -> Result<(), StepError> {
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

    async fn write(&self, change: &Change) -> Result<(), AwsError> {
        match change {
            Change::Scaling { service, to, .. } => self.cloud.set_scaling(service, *to).await,
            Change::Count { service, to, .. } => self.cloud.set_count(service, *to).await,
            Change::Release { service, to, .. } => self.cloud.set_release(service, to).await,
            Change::Database { database, to: Power::On } => self.cloud.start_database(database).await,
            Change::Database { database, to: Power::Off } => self.cloud.stop_database(database).await,
        }
    }
}

fn api(change: &Change) -> Api {
    match change {
        Change::Scaling { .. } => Api::ScalingWrite,
        Change::Count { .. } | Change::Release { .. } => Api::EcsWrite,
        Change::Database { .. } => Api::Rds,
    }
}

/// Whether a failure may be over when we come again.
fn passes(fault: Fault) -> bool {
    matches!(fault, Fault::Throttled | Fault::Unavailable | Fault::Conflict)
}

/// Of two failures of a wave, the one that a person has to hear of.
fn worse(before: Option<AwsError>, error: AwsError) -> AwsError {
    match before {
        Some(before) if !passes(before.fault) => before,
        _ => error,
    }
}

/// Writes the slice into the record, and says what follows.
fn settle(run: &mut Run, hand: &Hand<'_>, end: End, now: Timestamp) -> (Slice, Option<AwsError>) {
    run.slices += 1;
    run.writes += hand.writes;
    run.awaited.clear();
    let (next, wait_seconds, what, refusal) = match end {
        End::Written => (Next::Verify, 0, "every wave is written".to_owned(), None),
        End::OutOfTime => (Next::Apply, 0, "more is left for the next slice".to_owned(), None),
        End::Again(error) => (Next::Apply, BACK_OFF_SECONDS, format!("{error}; it is tried again"), None),
        End::Refused(error) => (Next::Finish, 0, error.to_string(), Some(error)),
        End::Waiting(awaited) => {
            let first = awaited.first().map(ToString::to_string).unwrap_or_default();
            let what = format!("waiting for {} ({first})", counted(awaited.len(), "resource"));
            run.awaited = awaited;
            (Next::Apply, look_again(hand.layer), what, None)
        }
    };
    run.waited_seconds += wait_seconds;
    let next = if next == Next::Apply && overdue(run, now) { Next::Finish } else { next };
    let summary = format!("{}; {what}", counted(hand.writes as usize, "write"));
    run.note(now, summary.clone());
    (Slice { next, wait_seconds, summary }, refusal)
}
