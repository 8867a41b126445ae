//! Executions of the machine `emergency-scale`: what they wait for, and what becomes of them while time passes.

use aws_sdk_sfn::types::{ExecutionStatus, HistoryEvent};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use watchkeeper_domain::name::Scope;

use super::{DeployedStack, EndedExecution, HarnessError, name_prefix};
use crate::estate::{SiteError, awaited};

/// Events of one page of a history, the most that there can be (Step Functions API reference, `GetExecutionHistory`).
const PAGE: i32 = 1000;
/// A little more than the machine waits between two looks.
const LOOK: SignedDuration = SignedDuration::from_secs(61);
/// How many looks anybody is ready to wait for: an hour.
const LOOKS: u32 = 60;

/// Where an execution of the emergency machine stands.
#[derive(Debug, Clone)]
pub enum EmergencyExecutionState {
    /// It waits for the alarm to last.
    Confirming,
    /// It waits for a person.
    Asking,
    /// It holds, and looks again in a while.
    Holding,
    /// It has ended.
    Ended(EndedExecution),
}

/// An execution of the emergency machine.
#[derive(Debug)]
pub struct EmergencyExecution<'a> {
    stack: &'a DeployedStack,
    arn: String,
    since: Timestamp,
    /// How many states it had entered when it was last looked at.
    seen: usize,
}

impl DeployedStack {
    /// Start the emergency machine by hand with this input.
    ///
    /// # Errors
    /// [`HarnessError`] when it does not start. So below.
    pub async fn raise(&self, input: &Value) -> Result<EmergencyExecution<'_>, HarnessError> {
        let machine = self.outputs.get("EmergencyMachineArn")?;
        let since = self.control.now().await?;
        let call = self.sfn.start_execution().state_machine_arn(machine).input(input.to_string());
        let started = call.send().await.map_err(SiteError::aws("start an emergency by hand"))?;
        Ok(EmergencyExecution { stack: self, arn: started.execution_arn, since, seen: 0 })
    }

    /// The executions that alarms of this environment have started since an instant, oldest first.
    ///
    /// # Errors
    /// [`HarnessError`] says what failed.
    pub async fn emergency_runs(
        &self,
        scope: &Scope,
        since: Timestamp,
    ) -> Result<Vec<EmergencyExecution<'_>>, HarnessError> {
        let call = self.sfn.list_executions().state_machine_arn(self.outputs.get("EmergencyMachineArn")?);
        let all = call.into_paginator().items().send().try_collect().await;
        let all = all.map_err(SiteError::aws("list the emergency executions"))?;
        let prefix = name_prefix(&[scope.estate.as_str(), scope.environment.as_str()]);
        // A start is told in seconds.
        let recent = |start: i64| start >= since.as_second();
        let ours = all.into_iter().filter(|e| e.name().starts_with(&prefix) && recent(e.start_date().secs()));
        let mut ours: Vec<_> = ours.collect();
        ours.sort_by_key(|execution| execution.start_date().as_nanos());
        let emergency_run = |arn| EmergencyExecution { stack: self, arn, since, seen: 0 };
        Ok(ours.into_iter().map(|execution| emergency_run(execution.execution_arn)).collect())
    }

    /// Wait for the execution that an alarm of this environment starts after an instant.
    ///
    /// # Errors
    /// [`HarnessError`] when there is none.
    pub async fn emergency_run(&self, scope: &Scope, since: Timestamp) -> Result<EmergencyExecution<'_>, HarnessError> {
        let what = format!("an emergency execution of {scope}");
        awaited(&what, async || Ok(self.emergency_runs(scope, since).await?.pop())).await
    }

    /// The same for what it is about: a profile by its name, or `rollback`. One alarm may call for both.
    ///
    /// # Errors
    /// [`HarnessError`] says what failed.
    pub async fn emergency_run_for(
        &self,
        scope: &Scope,
        about: &str,
        since: Timestamp,
    ) -> Result<EmergencyExecution<'_>, HarnessError> {
        let prefix = name_prefix(&[scope.estate.as_str(), scope.environment.as_str(), about]);
        let of_ours = |execution: &EmergencyExecution<'_>| execution.name().starts_with(&prefix);
        awaited(&format!("an execution {prefix}…"), async || {
            Ok(self.emergency_runs(scope, since).await?.into_iter().rev().find(of_ours))
        })
        .await
    }
}

impl EmergencyExecution<'_> {
    /// Its name.
    pub fn name(&self) -> &str {
        self.arn.rsplit(':').next().unwrap_or(&self.arn)
    }

    /// Wait until it has gone on since the last look, and has come to where it waits, or to its end.
    ///
    /// # Errors
    /// [`HarnessError`] when it comes nowhere. So below.
    pub async fn goes_on(&mut self) -> Result<EmergencyExecutionState, HarnessError> {
        let seen = self.seen;
        let what = format!("{} go on", self.name());
        let (stands, seen) = awaited(&what, async || {
            let (stands, entered) = self.stands().await?;
            let moved = entered > seen || matches!(stands, Some(EmergencyExecutionState::Ended(_)));
            Ok::<_, HarnessError>(stands.filter(|_| moved).map(|stands| (stands, entered)))
        })
        .await?;
        self.seen = seen;
        Ok(stands)
    }

    /// Let time pass, and wait for what it does then. It must wait by now, and less time than a look moves nothing.
    ///
    /// # Errors
    /// [`HarnessError`] says what failed.
    pub async fn pass(&mut self, time: SignedDuration) -> Result<EmergencyExecutionState, HarnessError> {
        self.seen = self.states().await?.len();
        self.stack.pass(time).await?;
        self.goes_on().await
    }

    /// Let time pass, a look at a time, until it has ended.
    ///
    /// # Errors
    /// [`HarnessError`] says what failed.
    pub async fn run_out(&mut self) -> Result<EndedExecution, HarnessError> {
        for _ in 0..LOOKS {
            if let EmergencyExecutionState::Ended(ended) = self.pass(LOOK).await? {
                return Ok(ended);
            }
        }
        Err(SiteError::new(format!("see the end of {}", self.name()), format!("not in {LOOKS} looks")).into())
    }

    /// Wait for its end.
    ///
    /// # Errors
    /// [`HarnessError`] says what failed.
    pub async fn ended(&self) -> Result<EndedExecution, HarnessError> {
        self.stack.ended(&self.arn, self.since).await
    }

    /// End it from outside, as a person may.
    ///
    /// # Errors
    /// [`HarnessError`] says what failed.
    pub async fn stop(&self) -> Result<(), HarnessError> {
        let call = self.stack.sfn.stop_execution().execution_arn(&self.arn);
        call.send().await.map_err(SiteError::aws(format!("stop {}", self.name())))?;
        Ok(())
    }

    /// The end of the child that does this for it: `apply-1`, `plan-1`, `back-1`; nothing if there is none.
    ///
    /// # Errors
    /// [`HarnessError`] says what failed.
    pub async fn child(&self, what: &str) -> Result<Option<EndedExecution>, HarnessError> {
        let own: String = self.name().chars().take(68).collect();
        self.stack.ended_by_name(&format!("{own}-{what}"), self.since).await
    }

    /// Where it stands, nothing while it works; and how many states it had entered then.
    async fn stands(&self) -> Result<(Option<EmergencyExecutionState>, usize), HarnessError> {
        let states = self.states().await?;
        let answer = self.stack.sfn.describe_execution().execution_arn(&self.arn).send().await;
        let answer = answer.map_err(SiteError::aws(format!("describe {}", self.name())))?;
        if *answer.status() != ExecutionStatus::Running {
            return Ok((Some(EmergencyExecutionState::Ended(self.ended().await?)), states.len()));
        }
        let stands = match states.last().map(String::as_str) {
            Some("Confirm") => Some(EmergencyExecutionState::Confirming),
            Some("Ask") => Some(EmergencyExecutionState::Asking),
            Some("Pause") => Some(EmergencyExecutionState::Holding),
            _ => None,
        };
        Ok((stands, states.len()))
    }

    /// The names of the states that it has entered, in order.
    async fn states(&self) -> Result<Vec<String>, HarnessError> {
        let call = self.stack.sfn.get_execution_history().execution_arn(&self.arn).max_results(PAGE);
        let call = call.include_execution_data(false);
        let events = call.into_paginator().items().send().try_collect().await;
        let events = events.map_err(SiteError::aws(format!("read the history of {}", self.name())))?;
        let name = |event: HistoryEvent| event.state_entered_event_details.map(|details| details.name);
        Ok(events.into_iter().filter_map(name).collect())
    }
}
