//! Verify: the same difference, empty, is the proof.

use watchkeeper_domain::plan::difference;

use super::{Engine, LeasedRun, MAX_ROUNDS, Next, Slice, StepError, counted, follows, look_again, overdue, own_part};
use crate::ledger::Ledger;
use crate::place::Place;
use crate::ports::{Clock, Cloud};

impl<C: Cloud, L: Ledger, N, K: Clock> Engine<C, L, N, K> {
    /// Looks whether the target is reached.
    ///
    /// # Errors
    /// [`StepError`] when the lease is lost or AWS does not answer.
    pub async fn verify(&self, place: &Place, run: &LeasedRun) -> Result<Slice, StepError> {
        let mut resumed = self.resume(place, run).await?;
        follows(std::mem::replace(&mut resumed.wanted, Ok(None)), &resumed.run)?;
        let observed = self.observe(place, &resumed.seen, resumed.lease.layer).await?;
        let record = &mut resumed.run;
        let plan = own_part(difference(&observed, &resumed.target, &record.releases, ""), record);
        record.applied = plan.is_empty();
        record.rounds += u32::from(!record.applied);
        record.awaited = plan.awaited;
        let now = self.clock.now();
        let over = overdue(record, now);
        let left = plan.steps.iter().map(|step| step.actions.len()).sum();
        let (next, wait_seconds, summary) = match (record.applied, record.awaited.len()) {
            (true, 0) => (Next::Finish, 0, "everything is as it should be".to_owned()),
            (true, n) if over => (Next::Finish, 0, format!("{} not there in time", counted(n, "resource"))),
            (true, n) => (Next::Verify, look_again(record.layer), format!("{} on the way", counted(n, "resource"))),
            (false, _) if over || record.rounds >= MAX_ROUNDS => {
                (Next::Finish, 0, format!("{} left, and somebody else may be writing too", counted(left, "write")))
            }
            (false, _) => (Next::Apply, 0, format!("{} left", counted(left, "write"))),
        };
        if record.timeline.last().is_none_or(|moment| moment.what != summary) {
            record.note(now, summary.clone());
        }
        record.waited_seconds += wait_seconds;
        self.keep(place, &resumed.lease, record).await?;
        Ok(Slice { next, wait_seconds, summary })
    }
}
