//! Scale and verify: wave after wave as a failover does, and then the same look, at what was started.

use jiff::SignedDuration;
use watchkeeper_domain::failover::MovePhase;
use watchkeeper_domain::name::ServiceName;

use super::super::advance::MoveStep;
use super::super::outcome::PhaseOutcome;
use super::super::phases::scale::judged;
use super::super::phases::verify::PATIENCE;
use super::super::phases::{CHILD_TRIES, is_own_failure};
use super::super::{ChildResult, FailoverRunbook};
use crate::platform::Platform;
use crate::ports::Clock;
use crate::runbook::{ErrorName, RunbookError};

/// Between two looks, in seconds.
const LOOK: i64 = 3;

/// How long before its intent ends it begins to give back: the end is to be its own.
pub(super) const MARGIN: SignedDuration = SignedDuration::from_mins(10);

impl<P: Platform> FailoverRunbook<P> {
    pub(super) fn rehearse_scale(&self, work: &mut MoveStep<'_>) -> PhaseOutcome {
        let number = work.record.wave + 1;
        match work.child.take().map(|child| judged(work, child)) {
            Some(Ok(ChildResult::Done)) => work.record.end_wave(self.clock.now()),
            Some(Err(why)) => return PhaseOutcome::Fail(format!("wave {number} cannot start: {why}")),
            Some(Ok(ChildResult::Failed(name, cause))) => {
                work.record.failed_children += u32::from(is_own_failure(&name));
                // What a guardrail refuses, or what did not start in all that time, is what it was to find out.
                let known = [ErrorName::GuardrailRefused, ErrorName::RunUnverified].iter().any(|it| it.name() == name);
                if known || work.record.failed_children >= CHILD_TRIES {
                    return PhaseOutcome::Fail(format!("wave {number} did not start: {name}: {cause}"));
                }
                work.record.header.note(self.clock.now(), format!("{name}: {cause}; it is tried again"));
            }
            None => {}
        }
        let Some(wave) = work.record.waves.get(work.record.wave).cloned() else {
            return PhaseOutcome::Enter(MovePhase::Verify);
        };
        if self.late(work) {
            return PhaseOutcome::Fail("it did not come up in the time that a rehearsal has".to_owned());
        }
        work.record.begin_wave(self.clock.now());
        if let Some(rehearsal) = &mut work.record.rehearsal {
            rehearsal.begun = true;
        }
        work.record.tries += 1;
        let names: Vec<&str> = wave.iter().map(ServiceName::as_str).collect();
        PhaseOutcome::Child(format!("-wave-{}", work.record.tries), format!("starting {}", names.join(", ")))
    }

    pub(super) async fn rehearse_verify(&self, work: &mut MoveStep<'_>) -> Result<PhaseOutcome, RunbookError> {
        let problems = self.problems(work).await?;
        if !problems.is_empty() && self.age(work) < PATIENCE && !self.late(work) {
            return Ok(PhaseOutcome::Again(LOOK, problems.join("; ")));
        }
        self.see_placed(work).await;
        if problems.is_empty() {
            work.record.header.note(self.clock.now(), format!("{} is verified", work.member.region));
            return Ok(PhaseOutcome::Enter(MovePhase::Hold));
        }
        Ok(PhaseOutcome::Fail(format!("{} is not healthy in time: {}", work.member.region, problems.join("; "))))
    }

    /// Whether its intent ends soon.
    pub(super) fn late(&self, work: &MoveStep<'_>) -> bool {
        let until = work.record.rehearsal.as_ref().map(|rehearsal| rehearsal.until);
        until.is_some_and(|until| until.duration_since(self.clock.now()) <= MARGIN)
    }
}
