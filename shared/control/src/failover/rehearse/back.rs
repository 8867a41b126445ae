//! Back: what was started is given back by the own hand, and seen to be as it was.

use jiff::SignedDuration;
use watchkeeper_domain::capacity::ServiceCapacity;
use watchkeeper_domain::failover::MoveEnding;
use watchkeeper_domain::failover::rehearsal::rehearsing;
use watchkeeper_domain::intent::Layer;

use super::super::advance::MoveStep;
use super::super::gather::observed;
use super::super::outcome::PhaseOutcome;
use super::super::phases::{CHILD_TRIES, is_own_failure};
use super::super::{ChildResult, FailoverRunbook};
use crate::ledger::Ledger;
use crate::platform::Platform;
use crate::ports::Clock;
use crate::runbook::RunbookError;

/// Between two looks, in seconds.
const LOOK: i64 = 5;

/// How long what was given back may take to be seen: what stops, stops within the two minutes that Fargate allows.
const PATIENCE: SignedDuration = SignedDuration::from_mins(10);

impl<P: Platform> FailoverRunbook<P> {
    pub(super) async fn give_back(&self, work: &mut MoveStep<'_>) -> Result<PhaseOutcome, RunbookError> {
        if let Some(failure) = work.record.failure.take()
            && let Some(rehearsal) = &mut work.record.rehearsal
        {
            rehearsal.findings.push(failure);
        }
        match work.child.take() {
            Some(ChildResult::Failed(name, cause)) => {
                work.record.failed_children += u32::from(is_own_failure(&name));
                if work.record.failed_children >= CHILD_TRIES {
                    return Ok(PhaseOutcome::Fail(format!("what was started is not given back: {name}: {cause}")));
                }
                return Ok(asked(work, &format!("{name}: {cause}; again")));
            }
            None if !work.record.looked_back => {
                work.record.failed_children = 0;
                return Ok(asked(work, "giving back what was started"));
            }
            Some(ChildResult::Done) | None => {}
        }
        work.record.looked_back = true;
        let left = self.left(work).await?;
        if left.is_empty() {
            let proved = work.record.rehearsal.as_ref().is_some_and(|rehearsal| rehearsal.findings.is_empty());
            work.record.header.note(self.clock.now(), format!("{} is as it was", work.member.region));
            return Ok(PhaseOutcome::End(if proved { MoveEnding::Done } else { MoveEnding::Compensated }));
        }
        let why = left.join("; ");
        if self.age(work) >= PATIENCE {
            return Ok(PhaseOutcome::Fail(format!("what was started is not given back: {why}")));
        }
        Ok(PhaseOutcome::Again(LOOK, why))
    }

    /// What is not as it was.
    async fn left(&self, work: &MoveStep<'_>) -> Result<Vec<String>, RunbookError> {
        let member = work.member;
        let Some(rehearsal) = &work.record.rehearsal else { return Ok(Vec::new()) };
        let seen = self.ledger.load(&member.scope()).await?;
        let own = rehearsing(&seen.intents, self.clock.now()).filter(|intent| intent.by == work.record.header.id);
        let mut left: Vec<String> = own.map(|intent| format!("its intent still holds: {intent}")).into_iter().collect();
        // Whoever decides by now has its own figures, and gives back by itself.
        if seen.intents.iter().any(|intent| intent.holds(self.clock.now()) && intent.layer > Layer::Rehearsal) {
            return Ok(left);
        }
        let ids: Vec<_> = rehearsal.before.keys().filter_map(|service| member.own.get(service)).collect();
        let found = match observed(&self.here, &self.pace(Layer::Rehearsal), &ids).await {
            Ok(found) => found.scope.services,
            Err(why) => return Ok(vec![format!("it cannot be seen: {why}")]),
        };
        for (id, now) in &found {
            let Some(before) = rehearsal.before.get(&id.service) else { continue };
            if !is_back(before, &now.capacity) {
                left.push(format!(
                    "{id}: {} tasks are wanted, and {} were before",
                    now.capacity.desired, before.desired
                ));
            }
        }
        Ok(left)
    }
}

/// Whether a service is as it was; where it scales by itself, a count within the bounds that it had is.
fn is_back(before: &ServiceCapacity, now: &ServiceCapacity) -> bool {
    let inside = now.scaling.is_some_and(|bounds| (bounds.min..=bounds.max).contains(&now.desired));
    before.scaling == now.scaling && (before.desired == now.desired || inside)
}

fn asked(work: &mut MoveStep<'_>, why: &str) -> PhaseOutcome {
    work.record.tries += 1;
    PhaseOutcome::Child(format!("-back-{}", work.record.tries), why.to_owned())
}
