//! The state machines.

use aws_config::SdkConfig;
use aws_sdk_sfn::operation::describe_execution::DescribeExecutionError;
use aws_sdk_sfn::operation::start_execution::StartExecutionError;
use aws_sdk_sfn::types::ExecutionStatus;
use watchkeeper_control::failover::ports::{ExecutionState, ExecutionStates};
use watchkeeper_control::ports::{AwsError, Executions, Started};

use crate::fault::failed;

/// One state machine.
#[derive(Debug, Clone)]
pub struct Machine {
    client: aws_sdk_sfn::Client,
    arn: String,
}

impl Machine {
    /// The machine with this ARN.
    pub fn new(config: &SdkConfig, arn: impl Into<String>) -> Self {
        Self { client: aws_sdk_sfn::Client::new(config), arn: arn.into() }
    }

    /// Its ARN.
    pub fn arn(&self) -> &str {
        &self.arn
    }
}

impl Executions for Machine {
    async fn start(&self, name: &str, input: &str) -> Result<Started, AwsError> {
        let call = self.client.start_execution().state_machine_arn(&self.arn).name(name).input(input);
        match call.send().await {
            // While an execution of this name and input runs, Step Functions answers as if it had just been started.
            Ok(_) => Ok(Started::New),
            Err(error) if error.as_service_error().is_some_and(exists) => Ok(Started::AlreadyThere),
            Err(error) => Err(failed("StartExecution", name, error)),
        }
    }
}

impl ExecutionStates for Machine {
    async fn state(&self, name: &str) -> Result<ExecutionState, AwsError> {
        match self.client.describe_execution().execution_arn(execution_arn(&self.arn, name)).send().await {
            Ok(answer) => Ok(state(answer.status())),
            Err(error) if error.as_service_error().is_some_and(DescribeExecutionError::is_execution_does_not_exist) => {
                Ok(ExecutionState::Unknown)
            }
            Err(error) => Err(failed("DescribeExecution", name, error)),
        }
    }
}

/// The ARN of an execution: that of its machine, with another kind and its own name behind.
fn execution_arn(machine: &str, name: &str) -> String {
    format!("{}:{name}", machine.replacen(":stateMachine:", ":execution:", 1))
}

/// One that waits to be redriven still has something to do.
fn state(status: &ExecutionStatus) -> ExecutionState {
    match status {
        ExecutionStatus::Running | ExecutionStatus::PendingRedrive => ExecutionState::Running,
        _ => ExecutionState::Over,
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
    fn only_what_may_still_do_something_runs() {
        for (status, expected) in [
            ("RUNNING", ExecutionState::Running),
            ("PENDING_REDRIVE", ExecutionState::Running),
            ("SUCCEEDED", ExecutionState::Over),
            ("FAILED", ExecutionState::Over),
            ("TIMED_OUT", ExecutionState::Over),
            ("ABORTED", ExecutionState::Over),
        ] {
            assert_eq!(state(&ExecutionStatus::from(status)), expected, "{status}");
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
