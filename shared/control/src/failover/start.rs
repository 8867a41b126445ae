//! The beginning of a move: a new one, or that of an heir.

use watchkeeper_domain::execution::ExecutionStatus;
use watchkeeper_domain::failover::rehearsal::Rehearsal;
use watchkeeper_domain::failover::{FailoverRequest, Move, MoveEnding, MoveManner, MovePhase, MoveStage, Pointer};
use watchkeeper_domain::guardrail::GuardrailCode;
use watchkeeper_domain::request::{RequestError, RunTrigger};

use super::FailoverRunbook;
use super::advance::MoveRequest;
use crate::ledger::Ledger;
use crate::platform::Platform;
use crate::ports::{Clock, ExecutionStates};
use crate::runbook::RunbookError;
use crate::scoped::PairMember;

impl<P: Platform> FailoverRunbook<P> {
    /// The beginning of a move: a new one, or that of an execution that is dead or was left to a person.
    pub(super) async fn start(
        &self,
        member: &PairMember,
        request: &FailoverRequest,
        pointer: &Pointer,
        call: &MoveRequest<'_>,
    ) -> Result<Move, RunbookError> {
        let now = self.clock.now();
        let to = &member.region;
        if !request.take_over {
            let phase = if request.detected.is_some() { MovePhase::Confirm } else { MovePhase::Assess };
            let mut record = Move::new(call.execution, &pointer.active, to, phase, call.start.min(now));
            if request.detected.is_some() {
                record.header.trigger = RunTrigger::Failover;
            }
            record.reason = request.reason.clone().unwrap_or_else(|| "asked for by hand".to_owned());
            if request.mode == MoveManner::Rehearse {
                let rehearsal = Rehearsal::asked(request.lasts, request.share, &member.failover, now);
                record.rehearsal = Some(Box::new(rehearsal));
                return Ok(record);
            }
            record.graceful = request.mode == MoveManner::Graceful;
            record.lost_since = request.detected;
            record.header.approved.clone_from(&request.approve);
            record.revision = Some(pointer.revision);
            if pointer.active == *to && pointer.moving.is_none() {
                record.header.note(now, format!("{to} serves already"));
                record.end(MoveEnding::Nothing, now);
            } else if let Some(moving) = pointer.moving.as_ref().filter(|_| pointer.by != call.execution) {
                record.header.note(now, format!("{} moves to {} already, by {}", member.id, moving.to, pointer.by));
                record.end(MoveEnding::Refused, now);
            }
            return Ok(record);
        }
        let bad = |found: String, expected: &str| {
            RunbookError::from(RequestError { field: "take-over", found, expected: expected.to_owned() })
        };
        let Some(moving) = pointer.moving.as_ref().filter(|moving| moving.to == *to) else {
            return Err(bad(pointer.to_string(), "a move to this region that was left"));
        };
        if self.machine.status(&pointer.by).await? == ExecutionStatus::Running {
            return Err(bad(format!("the running execution {}", pointer.by), "one that is over: stop it first"));
        }
        let left = self.ledger.moved(&member.id, &pointer.by).await?.map(|(record, _)| record);
        let mut record = left.unwrap_or_else(|| Move {
            steps: member.failover.steps.clone(),
            ..Move::new(call.execution, &pointer.active, to, MovePhase::Fence, now)
        });
        record.header.note(now, format!("{} goes on with what {} left", call.execution, pointer.by));
        call.execution.clone_into(&mut record.header.id);
        record.heir_of = Some(pointer.by.clone());
        record.try_own_steps_again();
        (record.ending, record.pause, record.tries, record.failed_children) = (None, None, record.tries + 1, 0);
        record.epoch = Some(pointer.epoch);
        record.header.approved.extend(request.approve.iter().copied());
        // Whoever takes it over sees how it stands.
        if request.approve.contains(&GuardrailCode::FenceUnproved) {
            record.word = Some("whoever took it over".to_owned());
        }
        let phase = match moving.stage {
            MoveStage::Back => MovePhase::Back,
            MoveStage::Opening if request.back || record.phase == MovePhase::Back => MovePhase::Back,
            MoveStage::Traffic if request.back => {
                return Err(bad(pointer.to_string(), "a move whose traffic has not moved"));
            }
            MoveStage::Traffic if matches!(record.phase, MovePhase::Outside | MovePhase::Settle) => record.phase,
            MoveStage::Traffic => MovePhase::Traffic,
            MoveStage::Opening if (MovePhase::Fence..=MovePhase::Verify).contains(&record.phase) => record.phase,
            MoveStage::Opening => MovePhase::Fence,
        };
        record.enter(phase, now);
        Ok(record)
    }

    /// The pointer, once an heir has it. The heir's record comes first: should it die in between, its next step finds
    /// what it has inherited.
    pub(super) async fn inherit(
        &self,
        member: &PairMember,
        pointer: Pointer,
        record: &Move,
        version: &mut u64,
    ) -> Result<Pointer, RunbookError> {
        if pointer.moving.is_none() || record.heir_of.as_ref() != Some(&pointer.by) {
            return Ok(pointer);
        }
        if *version == 0 {
            self.ledger.keep_move(&member.id, record, 0).await?;
            *version = 1;
        }
        Ok(self.point(member, &pointer, pointer.take_over(&record.header.id)?).await?)
    }
}
