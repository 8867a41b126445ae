//! The daily unblock in the sandbox: its tick, and executions by hand.

use jiff::Timestamp;
use serde_json::Value;
use watchkeeper_domain::name::Scope;

use super::{DeployedStack, EndedExecution, HarnessError, name_prefix};
use crate::estate::{SiteError, awaited};

/// The output that names the machine.
const MACHINE: &str = "UnblockMachineArn";

/// What the function logs for each environment when it is done with it.
const DECIDED: [&str; 2] = ["unblock looked at", "could not be looked after"];

impl DeployedStack {
    /// Start the machine by hand with this input, and return what names the execution.
    ///
    /// # Errors
    /// [`HarnessError`] when it does not start. So below.
    pub async fn start_unblock(&self, input: &Value) -> Result<String, HarnessError> {
        let call = self.sfn.start_execution().state_machine_arn(self.outputs.get(MACHINE)?).input(input.to_string());
        Ok(call.send().await.map_err(SiteError::aws("start an unblock by hand"))?.execution_arn)
    }

    /// Start the machine by hand with this input, and wait for its end.
    ///
    /// # Errors
    /// [`HarnessError`], also when it does not end.
    pub async fn unblock(&self, input: &Value) -> Result<EndedExecution, HarnessError> {
        let since = self.control.now().await?;
        let arn = self.start_unblock(input).await?;
        self.ended(&arn, since).await
    }

    /// Wait for the end of an execution that was started.
    ///
    /// # Errors
    /// [`HarnessError`] says what failed.
    pub async fn unblocked(&self, arn: &str) -> Result<EndedExecution, HarnessError> {
        self.ended(arn, self.control.now().await?).await
    }

    /// End an execution from outside, as a person may, or a time-out: it runs no Catch.
    ///
    /// # Errors
    /// [`HarnessError`] says what failed.
    pub async fn stop_unblock(&self, arn: &str) -> Result<(), HarnessError> {
        self.sfn.stop_execution().execution_arn(arn).send().await.map_err(SiteError::aws(format!("stop {arn}")))?;
        Ok(())
    }

    /// The names of all executions of the machine for an environment, by the schedule, oldest first.
    ///
    /// # Errors
    /// [`HarnessError`] says what failed.
    pub async fn unblocks(&self, scope: &Scope) -> Result<Vec<String>, HarnessError> {
        let call = self.sfn.list_executions().state_machine_arn(self.outputs.get(MACHINE)?);
        let all = call.into_paginator().items().send().try_collect().await;
        let mut all = all.map_err(SiteError::aws("list the unblocks"))?;
        all.sort_by_key(|execution| execution.start_date.as_nanos());
        let prefix = name_prefix(&[scope.estate.as_str(), scope.environment.as_str(), "unblock"]);
        Ok(all.into_iter().map(|execution| execution.name).filter(|name| name.starts_with(&prefix)).collect())
    }

    /// Make it `instant`, fire the deployed schedule at it, wait until the function has decided about every environment,
    /// and return the ends of what it started for this one.
    ///
    /// # Errors
    /// [`HarnessError`] says what failed.
    pub async fn unblock_tick(&self, instant: Timestamp, scope: &Scope) -> Result<Vec<EndedExecution>, HarnessError> {
        let instant = Timestamp::from_second(instant.as_second()).unwrap_or(instant);
        self.at(instant).await?;
        let (before, known) = (self.looked(), self.unblocks(scope).await?);
        let since = self.control.now().await?;
        self.fire_part("unblock", instant).await?;
        let what = format!("the tick of {instant} looking at {} environments", self.here);
        awaited(&what, async || Ok::<_, HarnessError>((self.looked() >= before + self.here).then_some(()))).await?;
        let mut ends = Vec::new();
        for name in self.unblocks(scope).await?.into_iter().filter(|name| !known.contains(name)) {
            ends.extend(self.ended_of(MACHINE, &name, since).await?);
        }
        Ok(ends)
    }

    /// How often the function has looked at an environment, in all regions together: its logs share a name.
    fn looked(&self) -> usize {
        // The log is not there before the first invocation.
        let log = std::fs::read_to_string(&self.tick_log).unwrap_or_default();
        log.lines().filter(|line| DECIDED.iter().any(|text| line.contains(text))).count()
    }
}
