//! Questions that executions of our machines wait with, answered: the token is found in the execution's own history, and goes
//! nowhere else.

use aws_config::SdkConfig;
use aws_sdk_sfn::operation::get_execution_history::GetExecutionHistoryError;
use aws_sdk_sfn::operation::send_task_success::SendTaskSuccessError;
use aws_sdk_sfn::types::HistoryEvent;
use serde::Deserialize;
use serde_json::Value;
use watchkeeper_control::ports::AwsError;
use watchkeeper_control::window::ports::{AnswerOutcome, QuestionAnswers};
use watchkeeper_domain::emergency::question_mark;

use crate::fault::failed;
use crate::sfn::execution_arn;

/// How many of the newest events of an execution are looked at: as for the questions that the daily unblock looks for.
const NEWEST: i32 = 20;

/// What the name of a resource ends with whose task waits for an answer (Step Functions developer guide, "Wait for a Callback
/// with Task Token").
const WAITS: &str = "waitForTaskToken";

/// The machines that ask people.
#[derive(Debug, Clone)]
pub struct AskingMachines {
    sfn: aws_sdk_sfn::Client,
    machines: Vec<String>,
}

impl AskingMachines {
    /// The machines with these ARNs.
    pub fn new(config: &SdkConfig, machines: Vec<String>) -> Self {
        Self { sfn: aws_sdk_sfn::Client::new(config), machines }
    }

    /// What the execution of a machine waits with; nothing where it waits for no answer, or is unknown.
    async fn waits(&self, machine: &str, execution: &str) -> Result<Option<AskedTask>, AwsError> {
        let call = self.sfn.get_execution_history().execution_arn(execution_arn(machine, execution));
        match call.reverse_order(true).max_results(NEWEST).include_execution_data(true).send().await {
            Ok(answer) => Ok(waiting(answer.events())),
            Err(error)
                if error.as_service_error().is_some_and(GetExecutionHistoryError::is_execution_does_not_exist) =>
            {
                Ok(None)
            }
            Err(error) => Err(failed("GetExecutionHistory", execution, error)),
        }
    }
}

impl QuestionAnswers for AskingMachines {
    async fn answer(&self, execution: &str, mark: &str, output: &str) -> Result<AnswerOutcome, AwsError> {
        for machine in &self.machines {
            let Some(asked) = self.waits(machine, execution).await? else { continue };
            if question_mark(&asked.why, &asked.plan) != mark {
                return Ok(AnswerOutcome::Another);
            }
            return match self.sfn.send_task_success().task_token(asked.token).output(output).send().await {
                Ok(_) => Ok(AnswerOutcome::Given),
                Err(error) if error.as_service_error().is_some_and(over) => Ok(AnswerOutcome::Over),
                Err(error) => Err(failed("SendTaskSuccess", execution, error)),
            };
        }
        Ok(AnswerOutcome::Over)
    }
}

/// As much of what a machine hands to the function that asks as tells one question from another, with what answers it.
#[derive(Debug, PartialEq, Deserialize)]
struct AskedTask {
    token: String,
    why: String,
    plan: String,
}

/// The task that waits, from the newest events, the newest first: once a task is left, nothing waits.
fn waiting(newest: &[HistoryEvent]) -> Option<AskedTask> {
    let mut still = newest.iter().take_while(|event| event.state_exited_event_details().is_none());
    let scheduled = still.find_map(HistoryEvent::task_scheduled_event_details)?;
    if !scheduled.resource().ends_with(WAITS) {
        return None;
    }
    let mut given: Value = serde_json::from_str(scheduled.parameters()).ok()?;
    serde_json::from_value(given["Payload"].take()).ok()
}

/// Whether nobody waits for the answer any more.
fn over(error: &SendTaskSuccessError) -> bool {
    error.is_task_timed_out() || error.is_task_does_not_exist() || error.is_invalid_token()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use aws_sdk_sfn::primitives::DateTime;
    use aws_sdk_sfn::types::{HistoryEventType, StateExitedEventDetails, TaskScheduledEventDetails};

    use super::*;

    fn event(kind: HistoryEventType) -> aws_sdk_sfn::types::builders::HistoryEventBuilder {
        HistoryEvent::builder().timestamp(DateTime::from_secs(0)).r#type(kind).id(1)
    }

    fn scheduled(resource: &str, parameters: &str) -> HistoryEvent {
        let details = TaskScheduledEventDetails::builder().resource_type("lambda").resource(resource);
        let details = details.region("us-east-1").parameters(parameters).build().unwrap();
        event(HistoryEventType::TaskScheduled).task_scheduled_event_details(details).build().unwrap()
    }

    fn exited() -> HistoryEvent {
        let details = StateExitedEventDetails::builder().name("Ask").build().unwrap();
        event(HistoryEventType::TaskStateExited).state_exited_event_details(details).build().unwrap()
    }

    #[test]
    fn the_token_is_that_of_the_task_that_waits_now() {
        let payload = |token: &str| format!(r#"{{"Payload":{{"token":"{token}","why":"w","plan":"p","now":"n"}}}}"#);
        let asks = |token: &str| scheduled("invoke.waitForTaskToken", &payload(token));
        let calls = scheduled("invoke", r#"{"Payload":{"token":"none"}}"#);
        let submitted = event(HistoryEventType::TaskSubmitted).build().unwrap();
        let second = waiting(&[submitted, asks("second"), asks("first")]).unwrap();
        assert_eq!(second, AskedTask { token: "second".to_owned(), why: "w".to_owned(), plan: "p".to_owned() });
        assert_eq!(waiting(&[exited(), asks("first")]), None, "it was answered");
        assert_eq!(waiting(&[calls, asks("first")]), None, "another task runs");
        assert_eq!(waiting(&[scheduled("invoke.waitForTaskToken", "no JSON")]), None);
        assert_eq!(waiting(&[]), None);
    }

    #[test]
    fn only_what_nobody_waits_for_is_over() {
        use aws_sdk_sfn::types::error::{InvalidOutput, TaskTimedOut};
        let late = SendTaskSuccessError::TaskTimedOut(TaskTimedOut::builder().message("late").build());
        let odd = SendTaskSuccessError::InvalidOutput(InvalidOutput::builder().message("odd").build());
        assert!(over(&late) && !over(&odd));
    }
}
