//! The beginning of a move: by hand, or by a tick of the watch.

use jiff::Timestamp;
use serde_json::Value;
use watchkeeper_control::ledger::PairId;
use watchkeeper_domain::name::Scope;

use super::{DeployedStack, HarnessError, MoveExecution};
use crate::estate::{SiteError, awaited};

impl DeployedStack {
    /// Start the failover machine of this region by hand.
    ///
    /// # Errors
    /// [`HarnessError`] when it does not start. So below.
    pub async fn fail_over(&self, input: &Value) -> Result<MoveExecution<'_>, HarnessError> {
        let (arn, since) = self.start(self.outputs.get("FailoverMachineArn")?, input).await?;
        Ok(MoveExecution { stack: self, pair: pair(input)?, outer: None, arn, since, seen: 0 })
    }

    /// Start the failback machine of this region by hand.
    ///
    /// # Errors
    /// [`HarnessError`] says what failed.
    pub async fn fail_back(&self, input: &Value) -> Result<MoveExecution<'_>, HarnessError> {
        let (outer, since) = self.start(self.outputs.get("FailbackMachineArn")?, input).await?;
        let own: String = outer.rsplit(':').next().unwrap_or_default().chars().take(68).collect();
        let arn = self.failover_arn(&format!("{own}-move-1"))?;
        Ok(MoveExecution { stack: self, pair: pair(input)?, outer: Some(outer), arn, since, seen: 0 })
    }

    /// The failovers of an environment that were started since an instant, oldest first.
    ///
    /// # Errors
    /// [`HarnessError`] says what failed.
    pub async fn crossings(&self, scope: &Scope, since: Timestamp) -> Result<Vec<MoveExecution<'_>>, HarnessError> {
        let call = self.sfn.list_executions().state_machine_arn(self.outputs.get("FailoverMachineArn")?);
        let all = call.into_paginator().items().send().try_collect().await;
        let all = all.map_err(SiteError::aws("list the failovers"))?;
        let prefix = format!("{}-{}-", scope.estate, scope.environment);
        // A start is told in seconds.
        let recent = |start: i64| start >= since.as_second();
        let mut ours: Vec<_> =
            all.into_iter().filter(|e| e.name().starts_with(&prefix) && recent(e.start_date().secs())).collect();
        ours.sort_by_key(|execution| execution.start_date().as_nanos());
        let pair = PairId { estate: scope.estate.clone(), environment: scope.environment.clone() };
        let move_execution = |arn| MoveExecution { stack: self, pair: pair.clone(), outer: None, arn, since, seen: 0 };
        Ok(ours.into_iter().map(|execution| move_execution(execution.execution_arn)).collect())
    }

    /// Wait for the failover that a tick starts after an instant.
    ///
    /// # Errors
    /// [`HarnessError`] when there is none.
    pub async fn move_execution(&self, scope: &Scope, since: Timestamp) -> Result<MoveExecution<'_>, HarnessError> {
        let what = format!("a failover of {scope}");
        awaited(&what, async || Ok(self.crossings(scope, since).await?.pop())).await
    }

    /// The failover of this name, which somebody has started.
    ///
    /// # Errors
    /// [`HarnessError`] says what failed.
    pub fn move_by_name(&self, pair: &PairId, name: &str, since: Timestamp) -> Result<MoveExecution<'_>, HarnessError> {
        Ok(MoveExecution {
            stack: self,
            pair: pair.clone(),
            outer: None,
            arn: self.failover_arn(name)?,
            since,
            seen: 0,
        })
    }

    async fn start(&self, machine: &str, input: &Value) -> Result<(String, Timestamp), HarnessError> {
        let since = self.control.now().await?;
        let call = self.sfn.start_execution().state_machine_arn(machine).input(input.to_string());
        let started = call.send().await.map_err(SiteError::aws("start a move by hand"))?;
        Ok((started.execution_arn, since))
    }

    fn failover_arn(&self, name: &str) -> Result<String, HarnessError> {
        let machine = self.outputs.get("FailoverMachineArn")?;
        Ok(format!("{}:{name}", machine.replacen(":stateMachine:", ":execution:", 1)))
    }
}

/// The pair that an input is about.
fn pair(input: &Value) -> Result<PairId, HarnessError> {
    let text = |field: &str| input[field].as_str().unwrap_or_default();
    let failed = |why| HarnessError::Unknown(format!("{input} names no environment: {why}"));
    let estate = watchkeeper_domain::name::EstateName::new(text("estate")).map_err(failed)?;
    let environment = watchkeeper_domain::name::EnvironmentName::new(text("environment")).map_err(failed)?;
    Ok(PairId { estate, environment })
}
