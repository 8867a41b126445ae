//! Steps of the estate's own within a move, and where it is held: before a phase begins, what its place asks for.

use watchkeeper_domain::estate::OwnStep;
use watchkeeper_domain::failover::{MovePhase, MoveStage, OwnStepEnd, OwnStepNext, OwnStepRun};
use watchkeeper_domain::guardrail::GuardrailCode;

use super::FailoverRunbook;
use super::advance::MoveStep;
use super::outcome::PhaseOutcome;
use super::ports::{OpenQuestions, SiblingMachines};
use crate::platform::Platform;
use crate::ports::{AwsError, Clock, ExecutionStates, Executions, Fault};
use crate::runbook::RunbookError;

/// Between two looks, in seconds.
const LOOK: i64 = 3;

impl<P: Platform> FailoverRunbook<P> {
    /// A phase, once everything that it waits for of the estate's own is over.
    pub(super) async fn turn(&self, work: &mut MoveStep<'_>) -> Result<PhaseOutcome, RunbookError> {
        let waits = if work.record.phase == MovePhase::Back {
            self.take_steps_back(work).await?
        } else {
            self.own_steps(work).await?.or_else(|| held(work))
        };
        if let Some(outcome) = waits {
            return Ok(outcome);
        }
        match self.sources(work).await? {
            Some(outcome) => Ok(outcome),
            None => self.phase(work).await,
        }
    }

    /// The steps that the phase waits for, one after the other; nothing once they are over.
    async fn own_steps(&self, work: &mut MoveStep<'_>) -> Result<Option<PhaseOutcome>, RunbookError> {
        let (steps, phase) = (work.record.steps.clone(), work.record.phase);
        for step in steps.iter().filter(|step| step.after.holds_up() == phase) {
            if step.optional && work.record.skipped.contains(&step.run) {
                self.leave_out(work, step).await?;
                continue;
            }
            match self.own_step(work, step, false).await? {
                None => return Ok(Some(PhaseOutcome::Again(LOOK, format!("{} of the estate's own runs", step.run)))),
                Some(OwnStepEnd::Failed(why)) if !step.optional => {
                    return Ok(Some(PhaseOutcome::Fail(format!("a step of the estate's own failed: {why}"))));
                }
                Some(OwnStepEnd::Done | OwnStepEnd::Failed(_)) => {}
            }
        }
        Ok(None)
    }

    /// A step that a person leaves out does not begin, and ends if it has.
    async fn leave_out(&self, work: &mut MoveStep<'_>, step: &OwnStep) -> Result<(), RunbookError> {
        if let Some(run) = work.record.own_step(step, false).filter(|run| run.ended.is_none()).cloned() {
            self.stop(work, run, "a person leaves it out".to_owned()).await?;
        }
        Ok(())
    }

    /// The way back of each step that has begun, the last first. What fails is told, and keeps nothing else from going back.
    async fn take_steps_back(&self, work: &mut MoveStep<'_>) -> Result<Option<PhaseOutcome>, RunbookError> {
        let moving = work.pointer.own(&work.record.header.id);
        if moving.is_none_or(|moving| moving.stage == MoveStage::Traffic) {
            return Ok(None);
        }
        for step in work.record.steps.clone().iter().rev() {
            let Some(run) = work.record.own_step(step, false).cloned() else { continue };
            if run.ended.is_none() {
                self.stop(work, run, "the move goes back".to_owned()).await?;
            }
            if step.back.is_some() && self.own_step(work, step, true).await?.is_none() {
                return Ok(Some(PhaseOutcome::Again(LOOK, format!("{} of the estate's own is taken back", step.run))));
            }
        }
        Ok(None)
    }

    /// How a step, or its way back, ended; nothing while it runs. It is started under one name however often that is tried.
    async fn own_step(
        &self,
        work: &mut MoveStep<'_>,
        step: &OwnStep,
        back: bool,
    ) -> Result<Option<OwnStepEnd>, RunbookError> {
        let (scope, now) = (work.member.scope(), self.clock.now());
        let Some(run) = work.record.own_step(step, back).cloned() else {
            let run = OwnStepRun::new(&scope, &work.pointer, &work.record, step, back, now);
            let input = step.input(&scope, &work.record, back).to_string();
            let started = self.machine.sibling(&run.machine).start(&run.execution, &input).await;
            if let Some(why) = refused(started.map(drop))? {
                return Ok(Some(self.ended(work, run, OwnStepEnd::Failed(why))));
            }
            work.record
                .header
                .note(now, format!("{} of the estate's own was started as {}", run.machine, run.execution));
            work.record.keep_own_step(run);
            return Ok(None);
        };
        if let Some(end) = run.ended {
            return Ok(Some(end));
        }
        match run.next(step, self.machine.sibling(&run.machine).status(&run.execution).await?, now) {
            OwnStepNext::Wait => Ok(None),
            OwnStepNext::Ended(end) => Ok(Some(self.ended(work, run, end))),
            OwnStepNext::Stop(why) => Ok(Some(self.stop(work, run, why).await?)),
        }
    }

    /// Ends an execution that is not waited for any longer.
    async fn stop(&self, work: &mut MoveStep<'_>, run: OwnStepRun, why: String) -> Result<OwnStepEnd, RunbookError> {
        refused(self.machine.sibling(&run.machine).end(&run.execution, &why).await)?;
        Ok(self.ended(work, run, OwnStepEnd::Failed(why)))
    }

    fn ended(&self, work: &mut MoveStep<'_>, run: OwnStepRun, end: OwnStepEnd) -> OwnStepEnd {
        let what = match &end {
            OwnStepEnd::Done => format!("{} of the estate's own is done", run.machine),
            OwnStepEnd::Failed(why) => format!("{} of the estate's own failed: {why}", run.machine),
        };
        work.record.header.note(self.clock.now(), what);
        work.record.keep_own_step(OwnStepRun { ended: Some(end.clone()), ..run });
        end
    }
}

/// Why AWS will not do it, where the same call would meet the same answer again.
fn refused(answer: Result<(), AwsError>) -> Result<Option<String>, AwsError> {
    match answer {
        Ok(()) => Ok(None),
        Err(error) if matches!(error.fault, Fault::Denied | Fault::Invalid | Fault::NotFound) => {
            Ok(Some(error.to_string()))
        }
        Err(error) => Err(error),
    }
}

/// The question whether it goes on, where the document wants a move held before this phase.
fn held(work: &mut MoveStep<'_>) -> Option<PhaseOutcome> {
    let phase = work.record.phase;
    if work.record.is_held() {
        let why = format!("a person wants the move held, and it stands before {phase} is over");
        work.record.asks = [(GuardrailCode::Held, why.clone())].into();
        return Some(PhaseOutcome::Ask(why));
    }
    let point = work.member.failover.hold_before.iter().find(|point| point.phase() == phase)?;
    if work.record.passed.contains(&phase) || work.record.header.approved.contains(&GuardrailCode::Held) {
        return None;
    }
    let why = format!("the document wants the move held before {point}");
    work.record.asks = [(GuardrailCode::Held, why.clone())].into();
    Some(PhaseOutcome::Ask(why))
}
