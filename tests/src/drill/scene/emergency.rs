//! Emergencies in the sandbox.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use watchkeeper_domain::capacity::{ServiceId, TaskDefinition};
use watchkeeper_domain::emergency::alarm::{AlarmMemory, AlarmState, IgnoreReason};
use watchkeeper_domain::value::AlarmName;

use super::SandboxScene;
use crate::harness::{EmergencyExecution, EmergencyExecutionState, HarnessError};
use crate::scenarios::RunEnd;
use crate::scenarios::emergency::{EmergencyHarness, EmergencyNumber, EmergencyStage};

impl<'a> SandboxScene<'a> {
    /// From here on, what the function that answers alarms says and starts is about what happens next.
    async fn listen(&mut self) -> Result<(), HarnessError> {
        self.heard = (self.stack.alarm_log().len(), self.stack.control().now().await?);
        Ok(())
    }

    /// Keeps an execution, at the next place where it waits.
    async fn kept(&mut self, run: EmergencyExecution<'a>) -> Result<(EmergencyNumber, EmergencyStage), HarnessError> {
        self.emergencies.push(run);
        let number = self.emergencies.len() - 1;
        let state = self.emergencies[number].goes_on().await?;
        Ok((number, self.stage(state).await?))
    }

    /// Where an execution stands; what it asks has been told then.
    async fn stage(&mut self, state: EmergencyExecutionState) -> Result<EmergencyStage, HarnessError> {
        Ok(match state {
            EmergencyExecutionState::Confirming => EmergencyStage::Confirming,
            EmergencyExecutionState::Asking => {
                let (question, letters) = self.stack.asked().await?;
                self.question = Some(question);
                self.letters.extend(letters);
                EmergencyStage::Asking
            }
            EmergencyExecutionState::Holding => EmergencyStage::Holding,
            EmergencyExecutionState::Ended(ended) => EmergencyStage::Ended(RunEnd::from(&ended)),
        })
    }
}

impl EmergencyHarness for SandboxScene<'_> {
    async fn alarm(&mut self, alarm: &AlarmName, state: AlarmState) -> Result<(), HarnessError> {
        self.listen().await?;
        self.prepare(&format!("{alarm} goes into {state} (SetAlarmState)")).await?;
        Ok(self.stack.site().set_alarm(alarm, state).await?)
    }

    async fn hear(&mut self, alarm: &AlarmName, state: AlarmState, at: Timestamp) -> Result<(), HarnessError> {
        self.listen().await?;
        self.prepare(&format!("an event: {alarm} in {state} since {}", self.local(at))).await?;
        self.stack.hears(alarm, state, at).await
    }

    async fn sweep(&mut self) -> Result<(), HarnessError> {
        self.listen().await?;
        self.prepare("the sweep looks at the alarms themselves").await?;
        self.stack.sweep().await
    }

    async fn ignored(&mut self, alarm: &AlarmName, why: IgnoreReason) -> Result<String, HarnessError> {
        self.stack.ignored(self.heard.0, (&self.scope, alarm), why).await
    }

    async fn memory(&self, alarm: &AlarmName) -> Result<AlarmMemory, HarnessError> {
        self.stack.remembered(&self.scope, alarm).await
    }

    async fn started(&self) -> Result<usize, HarnessError> {
        Ok(self.stack.emergency_runs(&self.scope, Timestamp::UNIX_EPOCH).await?.len())
    }

    async fn emergency(&mut self, about: &str) -> Result<(EmergencyNumber, EmergencyStage), HarnessError> {
        let (stack, scope) = (self.stack, self.scope.clone());
        let run = stack.emergency_run_for(&scope, about, self.heard.1).await?;
        self.kept(run).await
    }

    async fn raise(&mut self, input: &Value) -> Result<(EmergencyNumber, EmergencyStage), HarnessError> {
        let run = self.stack.raise(input).await?;
        self.prepare(&format!("by hand: {input}")).await?;
        self.kept(run).await
    }

    async fn answer(
        &mut self,
        run: EmergencyNumber,
        approved: bool,
    ) -> Result<Result<EmergencyStage, String>, HarnessError> {
        let asked = self.question.clone().ok_or_else(|| HarnessError::Unknown("nobody was asked".to_owned()))?;
        let command = if approved { asked.approve } else { asked.refuse };
        self.prepare(if approved { "a person approves" } else { "a person refuses" }).await?;
        if let Some(refused) = self.stack.answer(&command.by("drill")).await? {
            return Ok(Err(refused));
        }
        let state = self.emergencies[run].goes_on().await?;
        Ok(Ok(self.stage(state).await?))
    }

    async fn pass(&mut self, run: EmergencyNumber, time: SignedDuration) -> Result<EmergencyStage, HarnessError> {
        let state = self.emergencies[run].pass(time).await?;
        self.stage(state).await
    }

    async fn run_out(&mut self, run: EmergencyNumber) -> Result<RunEnd, HarnessError> {
        let ended = self.emergencies[run].run_out().await?;
        self.prepare(&format!("{} ends: {}", ended.name, ended.outcome())).await?;
        Ok(RunEnd::from(&ended))
    }

    async fn release(&mut self, service: &ServiceId) -> Result<TaskDefinition, HarnessError> {
        let next = self.stack.site().make_release(service, None).await?;
        self.prepare(&format!("{next} is deployed by its own pipeline")).await?;
        self.stack.site().release(service, &next).await?;
        Ok(next)
    }

    async fn released(&self, service: &ServiceId) -> Result<TaskDefinition, HarnessError> {
        Ok(self.stack.site().released(service).await?)
    }
}
