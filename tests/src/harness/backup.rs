//! The tick of backups, and executions of the machines `backup` and `restore-drill`.

use aws_sdk_sfn::types::ExecutionStatus;
use jiff::Timestamp;
use serde_json::Value;
use watchkeeper_domain::backup::{BackupMemory, BackupSource};
use watchkeeper_domain::name::Scope;

use super::{DeployedStack, EndedExecution, HarnessError};
use crate::estate::{SiteError, awaited};

/// What the function logs when a tick is done.
const TICKED: &str = "backups looked at";

/// The outputs that name the machines.
const MACHINES: [&str; 2] = ["BackupMachineArn", "RestoreMachineArn"];

impl DeployedStack {
    /// Make it `instant`, fire the deployed schedule of backups at it, and wait until the function and all that it started
    /// have ended.
    ///
    /// # Errors
    /// [`HarnessError`] when something does not end. So for all here.
    pub async fn backup_tick(&self, instant: Timestamp) -> Result<Vec<EndedExecution>, HarnessError> {
        // Scheduler knows whole seconds only.
        let instant = Timestamp::from_second(instant.as_second()).unwrap_or(instant);
        self.at(instant).await?;
        let (before, since) = (self.ticked(), self.control.now().await?);
        self.fire_part("backup", instant).await?;
        awaited(&format!("the tick of backups of {instant}"), async || {
            Ok::<_, HarnessError>((self.ticked() > before).then_some(()))
        })
        .await?;
        let mut ended = Vec::new();
        for machine in MACHINES {
            for arn in self.begun(machine, since).await? {
                ended.push(self.ended(&arn, since).await?);
            }
        }
        Ok(ended)
    }

    /// Start a run of backups by hand with this input, and wait for its end.
    ///
    /// # Errors
    /// [`HarnessError`] says what failed.
    pub async fn back_up(&self, input: &Value) -> Result<EndedExecution, HarnessError> {
        self.by_hand("BackupMachineArn", input).await
    }

    /// Start a restore by hand with this input, and wait for its end.
    ///
    /// # Errors
    /// [`HarnessError`] says what failed.
    pub async fn restore(&self, input: &Value) -> Result<EndedExecution, HarnessError> {
        self.by_hand("RestoreMachineArn", input).await
    }

    /// What the ledger remembers of a resource's backups.
    ///
    /// # Errors
    /// [`HarnessError`] says what failed.
    pub async fn backup_memory(&self, scope: &Scope, source: &BackupSource) -> Result<BackupMemory, HarnessError> {
        use watchkeeper_control::ledger::Ledger as _;
        let read = self.ledger().backup(scope, source).await;
        let (memory, _) = read.map_err(|error| SiteError::new(format!("read the memory of {source}"), error))?;
        Ok(memory)
    }

    async fn by_hand(&self, machine: &str, input: &Value) -> Result<EndedExecution, HarnessError> {
        let since = self.control.now().await?;
        let call = self.sfn.start_execution().state_machine_arn(self.outputs.get(machine)?).input(input.to_string());
        let started = call.send().await.map_err(SiteError::aws("start an execution by hand"))?;
        self.ended(started.execution_arn(), since).await
    }

    /// The executions of a machine that have begun since an instant, or are still running.
    async fn begun(&self, machine: &str, since: Timestamp) -> Result<Vec<String>, HarnessError> {
        let call = self.sfn.list_executions().state_machine_arn(self.outputs.get(machine)?);
        let all = call.into_paginator().items().send().try_collect().await;
        let all: Vec<_> = all.map_err(SiteError::aws(format!("list the executions of {machine}")))?;
        // A start is told in seconds.
        let recent = all
            .into_iter()
            .filter(|it| it.start_date().secs() >= since.as_second() || *it.status() == ExecutionStatus::Running);
        Ok(recent.map(|it| it.execution_arn).collect())
    }

    /// How many ticks of backups have ended so far, in all regions together: their logs share a name.
    fn ticked(&self) -> usize {
        // The log is not there before the first invocation.
        let log = std::fs::read_to_string(&self.tick_log).unwrap_or_default();
        log.lines().filter(|line| line.contains(TICKED)).count()
    }
}
