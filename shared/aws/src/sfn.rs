//! The state machines.

use aws_config::SdkConfig;
use aws_sdk_sfn::operation::describe_execution::DescribeExecutionError;
use aws_sdk_sfn::operation::start_execution::StartExecutionError;
use aws_sdk_sfn::operation::stop_execution::StopExecutionError;
use aws_sdk_sfn::types::ExecutionStatus as Status;
use watchkeeper_control::failover::ports::{OpenQuestions, SiblingMachines};
use watchkeeper_control::ports::{AwsError, ExecutionStates, Executions, FailedExecutions, StartOutcome};
use watchkeeper_domain::execution::ExecutionStatus;
use watchkeeper_domain::failures::FailedExecution;
use watchkeeper_domain::name::MachineName;
use watchkeeper_domain::reconcile::run::RunError;

use crate::fault::failed;
use crate::time::timestamp;

/// The endings that are failures. One that was stopped was stopped by somebody, who knows.
const FAILURES: [Status; 2] = [Status::Failed, Status::TimedOut];

/// The most failures of one kind that are looked at, newest first: a machine that fails with each tick makes 288 a day. At
/// most 1,000 fit a page (Step Functions API reference, `ListExecutions`).
const LOOKED_AT: i32 = 300;

/// As much of a reason as an execution is ended with, in characters.
const CAUSE: usize = 4000;

/// One state machine.
#[derive(Debug, Clone)]
pub struct StateMachine {
    client: aws_sdk_sfn::Client,
    arn: String,
}

impl StateMachine {
    /// The machine with this ARN.
    pub fn new(config: &SdkConfig, arn: impl Into<String>) -> Self {
        Self { client: aws_sdk_sfn::Client::new(config), arn: arn.into() }
    }

    /// Its ARN.
    pub fn arn(&self) -> &str {
        &self.arn
    }
}

impl Executions for StateMachine {
    async fn start(&self, name: &str, input: &str) -> Result<StartOutcome, AwsError> {
        let call = self.client.start_execution().state_machine_arn(&self.arn).name(name).input(input);
        match call.send().await {
            // While an execution of this name and input runs, Step Functions answers as if it had just been started.
            Ok(_) => Ok(StartOutcome::New),
            Err(error) if error.as_service_error().is_some_and(exists) => Ok(StartOutcome::AlreadyThere),
            Err(error) => Err(failed("StartExecution", name, error)),
        }
    }
}

impl ExecutionStates for StateMachine {
    async fn status(&self, name: &str) -> Result<ExecutionStatus, AwsError> {
        match self.client.describe_execution().execution_arn(execution_arn(&self.arn, name)).send().await {
            Ok(answer) => Ok(status(answer.status())),
            Err(error) if error.as_service_error().is_some_and(DescribeExecutionError::is_execution_does_not_exist) => {
                Ok(ExecutionStatus::Unknown)
            }
            Err(error) => Err(failed("DescribeExecution", name, error)),
        }
    }
}

impl FailedExecutions for StateMachine {
    fn name(&self) -> &str {
        self.arn.rsplit(':').next().unwrap_or_default()
    }

    async fn failed(&self) -> Result<Vec<FailedExecution>, AwsError> {
        let mut all = Vec::new();
        for status in FAILURES {
            let call = self.client.list_executions().state_machine_arn(&self.arn).status_filter(status);
            let answer = call.max_results(LOOKED_AT).send().await;
            let answer = answer.map_err(|error| failed("ListExecutions", self.name(), error))?;
            let ended = answer.executions.into_iter().filter_map(|it| {
                let stopped = it.stop_date.as_ref().and_then(timestamp)?;
                Some(FailedExecution { machine: self.name().to_owned(), name: it.name, stopped })
            });
            all.extend(ended);
        }
        Ok(all)
    }

    async fn error(&self, name: &str) -> Result<RunError, AwsError> {
        let answer = self.client.describe_execution().execution_arn(execution_arn(&self.arn, name)).send().await;
        let answer = answer.map_err(|error| failed("DescribeExecution", name, error))?;
        let how = answer.status().as_str().to_owned();
        Ok(RunError { name: answer.error.unwrap_or(how), message: answer.cause.unwrap_or_default() })
    }
}

impl SiblingMachines for StateMachine {
    fn sibling(&self, machine: &MachineName) -> Self {
        let place = self.arn.rsplit_once(':').map_or("", |(place, _)| place);
        Self { arn: format!("{place}:{machine}"), ..self.clone() }
    }
}

impl OpenQuestions for StateMachine {
    async fn end(&self, name: &str, why: &str) -> Result<(), AwsError> {
        let call = self.client.stop_execution().execution_arn(execution_arn(&self.arn, name));
        // A cause has 32,768 characters at most (Step Functions API reference, StopExecution).
        let cause: String = why.chars().take(CAUSE).collect();
        match call.error("Watchkeeper.Withdrawn").cause(cause).send().await {
            Ok(_) => Ok(()),
            Err(error) if error.as_service_error().is_some_and(StopExecutionError::is_execution_does_not_exist) => {
                Ok(())
            }
            Err(error) => Err(failed("StopExecution", name, error)),
        }
    }
}

/// The ARN of an execution: that of its machine, with another kind and its own name behind.
pub(crate) fn execution_arn(machine: &str, name: &str) -> String {
    format!("{}:{name}", machine.replacen(":stateMachine:", ":execution:", 1))
}

/// One that waits to be redriven still has something to do.
fn status(status: &Status) -> ExecutionStatus {
    match status {
        Status::Running | Status::PendingRedrive => ExecutionStatus::Running,
        Status::Succeeded => ExecutionStatus::Succeeded,
        Status::Failed | Status::TimedOut | Status::Aborted => ExecutionStatus::Dead(status.as_str().to_owned()),
        _ => ExecutionStatus::Unknown,
    }
}

fn exists(error: &StartExecutionError) -> bool {
    error.is_execution_already_exists()
}

#[cfg(test)]
mod tests {
    use aws_sdk_sfn::types::error::{ExecutionAlreadyExists, StateMachineDoesNotExist};

    use super::*;

    #[test]
    fn an_execution_is_found_by_the_arn_of_its_machine_and_its_name() {
        let machine = "arn:aws:states:us-west-1:123456789012:stateMachine:watchkeeper-failover";
        let expected = "arn:aws:states:us-west-1:123456789012:execution:watchkeeper-failover:fleet-1";
        assert_eq!(execution_arn(machine, "fleet-1"), expected);
    }

    #[test]
    fn only_what_step_functions_says_has_ended_is_dead() {
        let dead = |how: &str| ExecutionStatus::Dead(how.to_owned());
        for (found, expected) in [
            ("RUNNING", ExecutionStatus::Running),
            ("PENDING_REDRIVE", ExecutionStatus::Running),
            ("SUCCEEDED", ExecutionStatus::Succeeded),
            ("FAILED", dead("FAILED")),
            ("TIMED_OUT", dead("TIMED_OUT")),
            ("ABORTED", dead("ABORTED")),
            ("SOMETHING_NEW", ExecutionStatus::Unknown),
        ] {
            assert_eq!(status(&Status::from(found)), expected, "{found}");
        }
    }

    #[test]
    fn only_a_taken_name_counts_as_already_there() {
        let taken = ExecutionAlreadyExists::builder().message("no").build();
        assert!(exists(&StartExecutionError::ExecutionAlreadyExists(taken)));
        let missing = StateMachineDoesNotExist::builder().message("no").build();
        assert!(!exists(&StartExecutionError::StateMachineDoesNotExist(missing)));
    }
}
