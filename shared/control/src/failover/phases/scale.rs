//! Scale: wave after wave the own hand starts what the new region is to run, the singletons last.

use watchkeeper_domain::capacity::ServiceId;
use watchkeeper_domain::failover::{MovePhase, WaveVerdict, judge_wave};
use watchkeeper_domain::name::ServiceName;

use super::super::ChildResult;
use super::super::FailoverRunbook;
use super::super::advance::MoveStep;
use super::super::outcome::PhaseOutcome;
use super::{CHILD_TRIES, is_own_failure};
use crate::platform::Platform;
use crate::ports::Clock;
use crate::runbook::RunbookError;

/// What is said of a wave of which something is not there yet.
const LATE: &str = "Run.Unverified";

impl<P: Platform> FailoverRunbook<P> {
    pub(super) async fn scale(&self, work: &mut MoveStep<'_>) -> Result<PhaseOutcome, RunbookError> {
        match work.child.take().map(|child| judged(work, child)) {
            Some(Ok(ChildResult::Done)) => {
                work.record.end_wave(self.clock.now());
            }
            Some(Err(why)) => {
                return Ok(PhaseOutcome::Fail(format!("wave {} cannot start: {why}", work.record.wave + 1)));
            }
            Some(Ok(ChildResult::Failed(name, cause))) => {
                work.record.failed_children += u32::from(is_own_failure(&name));
                if work.record.failed_children >= CHILD_TRIES {
                    return Ok(PhaseOutcome::Fail(format!(
                        "wave {} did not start: {name}: {cause}",
                        work.record.wave + 1
                    )));
                }
                work.record.header.note(self.clock.now(), format!("{name}: {cause}; it is tried again"));
            }
            None => {}
        }
        let Some(wave) = work.record.waves.get(work.record.wave).cloned() else {
            return Ok(PhaseOutcome::Enter(MovePhase::Verify));
        };
        if let Some(turn) = self.gate(work, &wave).await? {
            return Ok(turn);
        }
        let id = work.record.header.id.clone();
        let open = work.pointer.own(&id).is_some_and(|moving| wave.iter().all(|service| moving.open.contains(service)));
        if !open {
            let next = work.pointer.open(&id, wave.iter().cloned())?;
            work.pointer = self.point(work.member, &work.pointer, next).await?;
        }
        work.record.begin_wave(self.clock.now());
        work.record.tries += 1;
        let names: Vec<&str> = wave.iter().map(ServiceName::as_str).collect();
        Ok(PhaseOutcome::Child(format!("-wave-{}", work.record.tries), format!("starting {}", names.join(", "))))
    }
}

/// What a child comes to, given what it left out of its wave: what the region needs to serve and AWS refused for good is no
/// wave to wait for.
pub(in super::super) fn judged(work: &MoveStep<'_>, child: ChildResult) -> Result<ChildResult, String> {
    let (Some(run), ChildResult::Done) = (&work.made, &child) else { return Ok(child) };
    let member = work.member;
    let names = work.record.waves.get(work.record.wave).into_iter().flatten();
    let services: Vec<&ServiceId> = names.filter_map(|name| member.own.get(name)).collect();
    match judge_wave(run, &services, &member.failover.capacity) {
        WaveVerdict::Stands => Ok(child),
        WaveVerdict::Late(why) => Ok(ChildResult::Failed(LATE.to_owned(), why)),
        WaveVerdict::Refused(why) => Err(why),
    }
}
