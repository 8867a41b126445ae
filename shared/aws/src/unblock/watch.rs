//! Executions of our machines: how they stand, and which of them wait for a person.

use aws_sdk_sfn::types::ExecutionStatus as Status;
use watchkeeper_control::ports::{AwsError, ExecutionStates};
use watchkeeper_control::unblock::ports::{ExecutionReader, PendingQuestion};
use watchkeeper_domain::execution::ExecutionStatus;

use super::AwsUnblockSources;
use crate::fault::{failed, odd};
use crate::time::timestamp;

/// What the states begin with that ask people; a contract of the machines.
const ASKING: &str = "Ask";

/// How many of the newest events of an execution are looked at: an attempt that failed makes three, a waiting one three more,
/// so that the entering of a state is the thirteenth newest after three throttled attempts.
const NEWEST: i32 = 20;

/// The most executions of a machine that are looked at.
const LOOKED_AT: usize = 200;

impl ExecutionStates for AwsUnblockSources {
    async fn status(&self, name: &str) -> Result<ExecutionStatus, AwsError> {
        for machine in &self.machines {
            match machine.status(name).await? {
                ExecutionStatus::Unknown => {}
                known => return Ok(known),
            }
        }
        Ok(ExecutionStatus::Unknown)
    }
}

impl ExecutionReader for AwsUnblockSources {
    async fn questions(&self) -> Result<Vec<PendingQuestion>, AwsError> {
        let mut questions = Vec::new();
        for machine in &self.asking {
            let call = self.sfn.list_executions().state_machine_arn(machine).status_filter(Status::Running);
            let mut running = call.into_paginator().items().send();
            let mut looked_at = 0;
            while let Some(execution) = running.next().await {
                let execution = execution.map_err(|error| failed("ListExecutions", machine, error))?;
                questions.extend(self.question(&execution.execution_arn, &execution.name).await?);
                looked_at += 1;
                if looked_at == LOOKED_AT {
                    break;
                }
            }
        }
        Ok(questions)
    }

    async fn end(&self, question: &PendingQuestion, why: &str) -> Result<(), AwsError> {
        let call = self.sfn.stop_execution().execution_arn(&question.arn).error("Guardrail.Refused").cause(why);
        call.send().await.map_err(|error| failed("StopExecution", &question.name, error))?;
        Ok(())
    }
}

impl AwsUnblockSources {
    /// The question that an execution waits with, if it does.
    async fn question(&self, arn: &str, name: &str) -> Result<Option<PendingQuestion>, AwsError> {
        const OPERATION: &str = "GetExecutionHistory";
        let call = self.sfn.get_execution_history().execution_arn(arn).reverse_order(true).max_results(NEWEST);
        let answer = call.include_execution_data(false).send().await;
        let answer = answer.map_err(|error| failed(OPERATION, name, error))?;
        let entered = answer.events().iter().find_map(|event| {
            let details = event.state_entered_event_details()?;
            Some((details.name(), event.timestamp()))
        });
        let Some((_, at)) = entered.filter(|(state, _)| state.starts_with(ASKING)) else { return Ok(None) };
        let since = timestamp(at).ok_or_else(|| odd(OPERATION, name, format!("timestamp: found {at:?}")))?;
        let described = self.sfn.describe_execution().execution_arn(arn).send().await;
        let described = described.map_err(|error| failed("DescribeExecution", name, error))?;
        let input = described.input().unwrap_or_default().to_owned();
        let still = *described.status() == Status::Running;
        Ok(still.then(|| PendingQuestion { arn: arn.to_owned(), name: name.to_owned(), input, since }))
    }
}
