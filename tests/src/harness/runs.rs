//! Executions of the machine `reconcile`, and how executions end.

use std::time::Duration;

use aws_sdk_sfn::error::DisplayErrorContext;
use aws_sdk_sfn::primitives::DateTime;
use aws_sdk_sfn::types::ExecutionStatus;
use jiff::Timestamp;
use serde_json::Value;

use super::{DeployedStack, HarnessError};
use crate::estate::{SiteError, awaited};

/// An execution that has ended.
#[derive(Debug, Clone)]
pub struct EndedExecution {
    /// Its name, which is the run's id.
    pub name: String,
    /// Whether it succeeded.
    pub succeeded: bool,
    /// Its output, where it succeeded.
    pub output: Value,
    /// The error's name, where it failed.
    pub error: Option<String>,
    /// The error's cause, where it failed.
    pub cause: Option<String>,
    /// From what set it going, a tick or a call, to its end.
    pub took: Duration,
    /// From its own start to its end, on the emulated clock.
    pub worked: Duration,
}

impl EndedExecution {
    /// The outcome in its output: `done`, `nothing`, `planned`, `drift`; or the name of its error.
    pub fn outcome(&self) -> &str {
        self.error.as_deref().or_else(|| self.output["outcome"].as_str()).unwrap_or("nothing that it says")
    }

    /// What it says for a person.
    pub fn says(&self) -> &str {
        self.cause.as_deref().or_else(|| self.output["summary"].as_str()).unwrap_or_default()
    }
}

impl DeployedStack {
    /// Start a run by hand with this input, and wait for its end.
    ///
    /// # Errors
    /// [`HarnessError`] when it does not start, or does not end.
    pub async fn run(&self, input: &Value) -> Result<EndedExecution, HarnessError> {
        let machine = self.outputs.get("ReconcileMachineArn")?;
        let call = self.sfn.start_execution().state_machine_arn(machine).input(input.to_string());
        let since = self.control.now().await?;
        let started = call.send().await.map_err(|e| SiteError::new("start a run by hand", DisplayErrorContext(e)))?;
        self.ended(started.execution_arn(), since).await
    }

    /// The end of the run with this name; nothing if there is none.
    ///
    /// # Errors
    /// [`HarnessError`] when it does not end.
    pub async fn ended_by_name(&self, name: &str, since: Timestamp) -> Result<Option<EndedExecution>, HarnessError> {
        self.ended_of("ReconcileMachineArn", name, since).await
    }

    /// The end of the execution with this name of the machine that an output names; nothing if there is none.
    pub(super) async fn ended_of(
        &self,
        machine: &str,
        name: &str,
        since: Timestamp,
    ) -> Result<Option<EndedExecution>, HarnessError> {
        let machine = self.outputs.get(machine)?;
        let arn = format!("{}:{name}", machine.replacen(":stateMachine:", ":execution:", 1));
        match self.sfn.describe_execution().execution_arn(&arn).send().await {
            Err(error)
                if error.as_service_error().is_some_and(
                    aws_sdk_sfn::operation::describe_execution::DescribeExecutionError::is_execution_does_not_exist,
                ) =>
            {
                Ok(None)
            }
            Err(error) => Err(SiteError::new(format!("describe {name}"), DisplayErrorContext(error)).into()),
            Ok(_) => self.ended(&arn, since).await.map(Some),
        }
    }

    /// The end of an execution, once it has come.
    pub(super) async fn ended(&self, arn: &str, since: Timestamp) -> Result<EndedExecution, HarnessError> {
        awaited(&format!("the end of {arn}"), async || {
            let answer = self.sfn.describe_execution().execution_arn(arn).send().await;
            let answer = answer.map_err(|e| SiteError::new(format!("describe {arn}"), DisplayErrorContext(e)))?;
            if *answer.status() == ExecutionStatus::Running {
                return Ok(None);
            }
            Ok::<_, HarnessError>(Some(EndedExecution {
                name: answer.name().unwrap_or_default().to_owned(),
                succeeded: *answer.status() == ExecutionStatus::Succeeded,
                output: answer.output().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default(),
                error: answer.error().map(str::to_owned),
                cause: answer.cause().map(str::to_owned),
                took: answer.stop_date().map(|stop| between(since.as_millisecond(), stop)).unwrap_or_default(),
                worked: answer.stop_date().map(|stop| between(millis(answer.start_date()), stop)).unwrap_or_default(),
            }))
        })
        .await
    }
}

/// The emulated clock runs as fast as the real one, unless somebody moves it in between.
fn between(start: i64, stop: &DateTime) -> Duration {
    Duration::from_millis(u64::try_from(millis(stop) - start).unwrap_or(0))
}

fn millis(instant: &DateTime) -> i64 {
    instant.to_millis().unwrap_or_default()
}
