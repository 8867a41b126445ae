//! Executions of our machines, and what ECS says of deployments.

use watchkeeper_control::ports::AwsError;
use watchkeeper_control::unblock::ports::{ExecutionReader, PendingQuestion, ServiceDeployments};
use watchkeeper_domain::capacity::ServiceId;
use watchkeeper_domain::execution::ExecutionStatus;

use crate::operation::Operation;
use crate::refusal::CallRefusal;
use crate::region::SimRegion;

impl ExecutionReader for SimRegion {
    async fn questions(&self) -> Result<Vec<PendingQuestion>, AwsError> {
        self.ask(Operation::ListExecutions, "questions", |state| Ok(state.pile.questions.clone())).await
    }

    async fn end(&self, question: &PendingQuestion, _why: &str) -> Result<(), AwsError> {
        self.ask(Operation::StopExecution, &question.name, |state| {
            let before = state.pile.questions.len();
            state.pile.questions.retain(|known| known.name != question.name);
            if state.pile.questions.len() == before {
                return Err(CallRefusal::not_found(&question.name));
            }
            state.machines.set_status(&question.name, ExecutionStatus::Dead("ABORTED".to_owned()));
            Ok(())
        })
        .await
    }
}

impl ServiceDeployments for SimRegion {
    async fn words(&self, service: &ServiceId) -> Result<Vec<String>, AwsError> {
        self.ask(Operation::DescribeServices, service, |state| {
            Ok(state.pile.words.get(service).cloned().unwrap_or_default())
        })
        .await
    }
}
