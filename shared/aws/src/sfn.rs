//! The state machines.

use aws_config::SdkConfig;
use aws_sdk_sfn::operation::start_execution::StartExecutionError;
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

fn exists(error: &StartExecutionError) -> bool {
    error.is_execution_already_exists()
}

#[cfg(test)]
mod tests {
    use aws_sdk_sfn::types::error::{ExecutionAlreadyExists, StateMachineDoesNotExist};

    use super::*;

    #[test]
    fn only_a_taken_name_counts_as_already_there() {
        let taken = ExecutionAlreadyExists::builder().message("no").build();
        assert!(exists(&StartExecutionError::ExecutionAlreadyExists(taken)));
        let missing = StateMachineDoesNotExist::builder().message("no").build();
        assert!(!exists(&StartExecutionError::StateMachineDoesNotExist(missing)));
    }
}
