//! Executions of the machines `failover` and `failback`: where they stand, and what becomes of them.

use aws_sdk_sfn::types::ExecutionStatus;
use jiff::{SignedDuration, Timestamp};
use watchkeeper_control::ledger::{Ledger as _, LedgerError, PairId};
use watchkeeper_domain::failover::{Move, MovePause, MovePhase, PauseKind};

use super::{DeployedStack, EndedExecution, HarnessError};
use crate::estate::{SiteError, awaited};

/// Events of the end of a history in which the last state is to be found.
const LAST: i32 = 10;
/// Waits of this many seconds and more end by the emulated clock (the emulator's settings).
const LONG: i64 = 45;
/// The state that is a step of the function.
const STEP: &str = "Advance";
/// How often nothing may have happened for the two minutes of a look.
const STEPS: u32 = 200;

/// Where a move stands.
#[derive(Debug, Clone)]
pub enum MoveExecutionState {
    /// It waits for a person.
    Asking,
    /// It waits for so many seconds of the emulated clock.
    Waiting(i64),
    /// It has ended.
    Ended(EndedExecution),
}

/// An execution of `failover`, or of `failback` with the one that it starts.
#[derive(Debug, Clone)]
pub struct MoveExecution<'a> {
    pub(super) stack: &'a DeployedStack,
    pub(super) pair: PairId,
    /// The execution of `failback`, where it is one.
    pub(super) outer: Option<String>,
    /// The execution of `failover`.
    pub(super) arn: String,
    pub(super) since: Timestamp,
    /// The number of the event with which it entered the state that was seen last.
    pub(super) seen: i64,
}

/// A look at a move.
#[derive(Debug, Default)]
struct MoveLook {
    /// Where it stands; nothing while it works.
    execution_state: Option<MoveExecutionState>,
    /// The number of its last event.
    event: i64,
    /// The number of the event with which it entered its state.
    state: i64,
}

impl MoveExecution<'_> {
    /// Whether both are one execution.
    pub fn is(&self, other: &Self) -> bool {
        self.arn == other.arn
    }

    /// The name of the failover's execution, which is the move's id.
    pub fn name(&self) -> &str {
        self.arn.rsplit(':').next().unwrap_or(&self.arn)
    }

    /// Wait until it has gone on since the last look, and has come to where it waits, or to its end.
    ///
    /// # Errors
    /// [`HarnessError`] when it comes nowhere. So below.
    pub async fn goes_on(&mut self) -> Result<MoveExecutionState, HarnessError> {
        let mut last = 0;
        for _ in 0..STEPS {
            // It may take many steps, each of them far less than the two minutes of a look.
            let what = format!("{} go on", self.name());
            let look = awaited(&what, async || {
                let look = self.look().await?;
                let news = look.event > last || look.execution_state.as_ref().is_some_and(|_| look.state > self.seen);
                Ok::<_, HarnessError>(news.then_some(look))
            })
            .await?;
            last = look.event;
            if let Some(execution_state) = look.execution_state.filter(|_| look.state > self.seen) {
                self.seen = look.state;
                return Ok(execution_state);
            }
        }
        Err(SiteError::new(format!("see where {} comes", self.name()), "it goes on and on").into())
    }

    /// Wait for its end, and let the time pass that it waits for.
    ///
    /// # Errors
    /// [`HarnessError`], also when it asks a person.
    pub async fn run_out(&mut self) -> Result<EndedExecution, HarnessError> {
        loop {
            match self.goes_on().await? {
                MoveExecutionState::Ended(ended) => return Ok(ended),
                MoveExecutionState::Waiting(seconds) => {
                    self.stack.pass(SignedDuration::from_secs(seconds + 1)).await?;
                }
                MoveExecutionState::Asking => {
                    let why = format!("{} asks a person", self.name());
                    return Err(SiteError::new("wait for the end of a move", why).into());
                }
            }
        }
    }

    /// Wait until the move has come to a phase, or further, without looking at how.
    ///
    /// # Errors
    /// [`HarnessError`] says what failed.
    pub async fn reaches(&self, phase: MovePhase) -> Result<Move, HarnessError> {
        let what = format!("{} in phase {}", self.name(), phase.name());
        awaited(&what, async || Ok(self.record().await?.filter(|record| record.phase >= phase))).await
    }

    /// The record of the move, as far as there is one.
    ///
    /// # Errors
    /// [`HarnessError`] says what failed.
    pub async fn record(&self) -> Result<Option<Move>, HarnessError> {
        let failed = |error: LedgerError| SiteError::new(format!("read the record of {}", self.name()), error);
        Ok(self.stack.ledger().moved(&self.pair, self.name()).await.map_err(failed)?.map(|(record, _)| record))
    }

    /// End it from outside, as a crash of the machine would.
    ///
    /// # Errors
    /// [`HarnessError`] says what failed.
    pub async fn stop(&self) -> Result<(), HarnessError> {
        let call = self.stack.sfn.stop_execution().execution_arn(self.outer.as_ref().unwrap_or(&self.arn));
        call.send().await.map_err(SiteError::aws(format!("stop {}", self.name())))?;
        Ok(())
    }

    /// Its steps: when the function was called, and when it had answered, on the emulated clock, which runs as fast as the
    /// real one.
    ///
    /// # Errors
    /// [`HarnessError`] says what failed.
    pub async fn steps(&self) -> Result<Vec<(Timestamp, Timestamp)>, HarnessError> {
        let call = self.stack.sfn.get_execution_history().execution_arn(&self.arn).include_execution_data(false);
        let events = call.into_paginator().items().send().try_collect().await;
        let events = events.map_err(SiteError::aws(format!("read the history of {}", self.name())))?;
        let (mut steps, mut began) = (Vec::new(), None);
        for event in &events {
            let at = Timestamp::from_millisecond(event.timestamp().to_millis().unwrap_or_default()).unwrap_or_default();
            if event.state_entered_event_details().is_some_and(|details| details.name() == STEP) {
                began = Some(at);
            } else if event.state_exited_event_details().is_some_and(|details| details.name() == STEP) {
                steps.extend(began.take().map(|began| (began, at)));
            }
        }
        Ok(steps)
    }

    async fn look(&self) -> Result<MoveLook, HarnessError> {
        let over = |ended| MoveLook {
            execution_state: Some(MoveExecutionState::Ended(ended)),
            event: i64::MAX,
            state: i64::MAX,
        };
        if let Some(outer) = &self.outer
            && self.status(outer).await? != Some(ExecutionStatus::Running)
        {
            return Ok(over(self.stack.ended(outer, self.since).await?));
        }
        let Some(status) = self.status(&self.arn).await? else { return Ok(MoveLook::default()) };
        if status != ExecutionStatus::Running && self.outer.is_none() {
            return Ok(over(self.stack.ended(&self.arn, self.since).await?));
        }
        let call = self.stack.sfn.get_execution_history().execution_arn(&self.arn).include_execution_data(false);
        let answer = call.reverse_order(true).max_results(LAST).send().await;
        let answer = answer.map_err(SiteError::aws(format!("read the history of {}", self.name())))?;
        let event = answer.events().first().map_or(0, aws_sdk_sfn::types::HistoryEvent::id);
        let entered = answer.events().iter().find_map(|e| Some((e.id(), e.state_entered_event_details()?.name())));
        let Some((state, name)) = entered.filter(|_| status == ExecutionStatus::Running) else {
            // What it entered is further back; or it is over, and its parent has yet to hear of it.
            return Ok(MoveLook { event, ..MoveLook::default() });
        };
        let execution_state = match name {
            "Ask" => Some(MoveExecutionState::Asking),
            "Pause" => match self.record().await?.and_then(|record| record.pause) {
                Some(MovePause { kind: PauseKind::Look(seconds), .. }) if seconds >= LONG => {
                    Some(MoveExecutionState::Waiting(seconds))
                }
                _ => None,
            },
            _ => None,
        };
        Ok(MoveLook { execution_state, event, state })
    }

    async fn status(&self, arn: &str) -> Result<Option<ExecutionStatus>, HarnessError> {
        match self.stack.sfn.describe_execution().execution_arn(arn).send().await {
            Ok(answer) => Ok(Some(answer.status)),
            Err(error)
                if error.as_service_error().is_some_and(
                    aws_sdk_sfn::operation::describe_execution::DescribeExecutionError::is_execution_does_not_exist,
                ) =>
            {
                Ok(None)
            }
            Err(error) => Err(SiteError::aws(format!("describe {arn}"))(error).into()),
        }
    }
}
