//! The writes of one slice: those of each API go out one after the other and by their own budget, and a resource's own in the
//! order of the plan. So a count follows the bounds of its own service while other bounds are still to be written.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};

use futures_util::future::join4;
use jiff::Timestamp;
use watchkeeper_domain::plan::{NextWrite, Pipeline, Plan};

use super::apply::{api, passes};
use super::slice::{SliceEnd, SliceProgress, refusal};
use super::{Reconciler, follows, lost};
use crate::lease::{FRESHNESS, Lease};
use crate::ledger::Ledger;
use crate::pacing::{ApiBucket, Crowded};
use crate::platform::Platform;
use crate::ports::{AwsError, Clock, Fault};
use crate::runbook::RunbookError;

/// How often a look at the lease may take too long before the run gives up.
const LOOKS: usize = 4;

/// A plan that is being written.
pub(super) struct SliceWriting<'a> {
    pipeline: Pipeline<'a>,
    state: Mutex<WritingState<'a>>,
}

struct WritingState<'a> {
    progress: SliceProgress<'a>,
    /// Which of the writes are neither made nor given up.
    open: Vec<bool>,
    /// Why no further write is begun.
    end: Option<SliceEnd>,
    /// Whether a lane has come to the end of the slice.
    late: bool,
    /// Whether a lane has failed.
    failed: bool,
    waiting: Vec<Waker>,
    changes: u64,
}

impl<'a> SliceWriting<'a> {
    pub(super) fn new(progress: SliceProgress<'a>, plan: &'a Plan) -> Self {
        let pipeline = plan.pipeline();
        let open = vec![true; pipeline.actions.len()];
        let state =
            WritingState { progress, open, end: None, late: false, failed: false, waiting: Vec::new(), changes: 0 };
        Self { pipeline, state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, WritingState<'a>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next write of an API, and how many of it are left.
    fn next(&self, lane: ApiBucket) -> (NextWrite, usize) {
        let state = self.state();
        if state.end.is_some() || state.failed {
            return (NextWrite::Nothing, 0);
        }
        let left = self.pipeline.actions.iter().zip(&state.open);
        let left = left.filter(|(action, open)| **open && api(&action.change) == lane).count();
        (self.pipeline.next(&state.open, |change| api(change) == lane), left)
    }

    /// Waits until something has changed; false where the slice is over, and nobody may write what is waited for.
    async fn changed(&self) -> bool {
        let before = {
            let state = self.state();
            if state.late {
                return false;
            }
            state.changes
        };
        std::future::poll_fn(|context| {
            let mut state = self.state();
            if state.changes != before {
                return Poll::Ready(());
            }
            state.waiting.push(context.waker().clone());
            Poll::Pending
        })
        .await;
        true
    }

    fn change(&self, change: impl FnOnce(&mut WritingState<'a>)) {
        let mut state = self.state();
        change(&mut state);
        state.changes += 1;
        std::mem::take(&mut state.waiting).into_iter().for_each(Waker::wake);
    }

    /// No further write is begun.
    fn stop(&self, end: SliceEnd) {
        self.change(|state| _ = state.end.get_or_insert(end));
    }

    /// What became of a write that was sent after `seen`, and before anything else was looked at. One that fails keeps only its own resource from its later ones.
    fn note(&self, n: usize, answer: Result<(), AwsError>, seen: Timestamp) {
        let resource = self.pipeline.actions[n].change.resource();
        let own = |m: &usize| self.pipeline.actions[*m].change.resource() == resource;
        self.change(|state| match answer {
            Ok(()) => {
                state.open[n] = false;
                state.progress.touched.insert(resource.clone(), seen);
                state.progress.made(&resource);
            }
            Err(error) if error.fault == Fault::Throttled => {
                state.end.get_or_insert(SliceEnd::Again(error.to_string()));
            }
            Err(error) => {
                (n..self.pipeline.actions.len()).take_while(own).for_each(|m| state.open[m] = false);
                if passes(error.fault) {
                    state.progress.touched.insert(resource.clone(), seen);
                    state.progress.failed.push((resource.clone(), error));
                } else {
                    state.progress.refused.push(refusal(resource.clone(), &error));
                }
            }
        });
    }

    fn ended(self) -> (SliceProgress<'a>, SliceEnd) {
        let waits_for = self.pipeline.waits_for;
        let WritingState { progress, end, late, .. } = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        let end = end.or(late.then_some(SliceEnd::OutOfTime));
        let end = end.unwrap_or_else(|| match progress.failed.first() {
            Some((_, error)) => SliceEnd::Again(error.to_string()),
            None if !progress.refused.is_empty() => SliceEnd::Changed,
            None if !waits_for.is_empty() => SliceEnd::Waiting(waits_for),
            None => SliceEnd::Written,
        });
        (progress, end)
    }
}

impl<P: Platform> Reconciler<P> {
    /// Writes until nothing is left that can be written now, or the slice is over.
    pub(super) async fn write_plan<'a>(
        &self,
        writing: SliceWriting<'a>,
    ) -> Result<(SliceProgress<'a>, SliceEnd), RunbookError> {
        let lane = async |lane| {
            let written = self.lane(&writing, lane).await;
            if written.is_err() {
                writing.change(|state| state.failed = true);
            }
            written
        };
        let (counts, bounds) = (lane(ApiBucket::EcsServiceWrite), lane(ApiBucket::ScalingWrite));
        let (databases, rules) = (lane(ApiBucket::Rds), lane(ApiBucket::BalancerWrite));
        let (counts, bounds, databases, rules) = join4(counts, bounds, databases, rules).await;
        counts.and(bounds).and(databases).and(rules)?;
        Ok(writing.ended())
    }

    /// The writes of one API.
    async fn lane(&self, writing: &SliceWriting<'_>, lane: ApiBucket) -> Result<(), RunbookError> {
        let (mut seen, end) = {
            let progress = &writing.state().progress;
            (progress.seen, progress.end)
        };
        loop {
            let n = match writing.next(lane) {
                (NextWrite::Later, _) if writing.changed().await => continue,
                (NextWrite::Nothing | NextWrite::Later, _) => return Ok(()),
                (NextWrite::Now(_), left) => {
                    // What is reserved is used: the next slice would find it lost.
                    if self.clock.now() >= end && !self.pacer.holds(lane, writing.state().progress.layer) {
                        writing.change(|state| state.late = true);
                        return Ok(());
                    }
                    if let Err(crowded) = self.turn(writing, lane, left, &mut seen).await? {
                        writing.stop(SliceEnd::Again(crowded.to_string()));
                        return Ok(());
                    }
                    // Meanwhile another lane may have come to the end of the slice.
                    let (NextWrite::Now(n), _) = writing.next(lane) else { continue };
                    n
                }
            };
            let answer = self.write(&writing.pipeline.actions[n].change).await;
            let layer = writing.state().progress.layer;
            writing.note(n, self.pace(layer).learn(lane, answer).await, seen);
        }
    }

    /// Waits until a write may be made, within the pace and under a fresh lease.
    async fn turn(
        &self,
        writing: &SliceWriting<'_>,
        lane: ApiBucket,
        left: usize,
        seen: &mut Timestamp,
    ) -> Result<Result<(), Crowded>, RunbookError> {
        let layer = writing.state().progress.layer;
        let pace = self.pace(layer);
        loop {
            let slot = match pace.slot(lane, left).await {
                Ok(slot) => slot,
                Err(crowded) => return Ok(Err(crowded)),
            };
            self.still_ours(writing, seen).await?;
            // A look at the lease that took long leaves the lease fresh, and the slot lost.
            if pace.counts(slot) {
                return Ok(Ok(()));
            }
        }
    }

    /// Checks the pointer and then the lease in the ledger where the last look at them is no longer fresh. A look that took
    /// longer than that is taken again: what was seen at its beginning may be over at its end.
    async fn still_ours(&self, writing: &SliceWriting<'_>, seen: &mut Timestamp) -> Result<(), RunbookError> {
        let (scoped, run, generation) = {
            let progress = &writing.state().progress;
            (progress.scoped, progress.run, progress.generation)
        };
        for _ in 0..LOOKS {
            if self.clock.now().duration_since(*seen) < FRESHNESS {
                return Ok(());
            }
            let looked = self.clock.now();
            if scoped.pair.is_some() {
                let remembered = self.ledger.load(&scoped.scope).await?;
                follows(self.wanted_by_pointer(scoped, &remembered).await, run)?;
            }
            let lease = self.ledger.lease(&scoped.scope).await?;
            let now = self.clock.now();
            let ours = |lease: &Lease| lease.generation == generation && lease.allows_writes(now);
            if !lease.as_ref().is_some_and(ours) {
                return Err(lost(scoped));
            }
            *seen = looked;
        }
        Err(lost(scoped))
    }
}
