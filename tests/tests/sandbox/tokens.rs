//! Task tokens: one answer, in time, for each attempt.

use crate::{REGION, boot, eventually, inputs, machine, start, status};
use aws_sdk_sfn::error::ProvideErrorMetadata as _;
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};
use watchkeeper_aws::AwsUnblockSources;
use watchkeeper_control::unblock::ports::ExecutionReader as _;
use watchkeeper_tests::sandbox::Emulator;

const TIMED_OUT: Option<&str> = Some("TaskTimedOut");

/// A machine that asks by starting another, whose input holds the token; it waits for ten minutes, and asks again, three times
/// at most, after the error `Again`.
struct Question {
    sfn: aws_sdk_sfn::Client,
    child: String,
    execution: String,
}

impl Question {
    async fn ask(emulator: &Emulator) -> Self {
        let sfn = aws_sdk_sfn::Client::new(&emulator.sdk_config(REGION));
        let child = machine(&sfn, "asked", r#"{"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}"#).await;
        let ask = json!({
            "Type": "Task", "Resource": "arn:aws:states:::states:startExecution.waitForTaskToken",
            "Arguments": {"StateMachineArn": child, "Input": {"token": "{% $states.context.Task.Token %}"}},
            "TimeoutSeconds": "{% 10 * 60 %}",
            "Retry": [{"ErrorEquals": ["Again"], "MaxAttempts": 3}],
            "Catch": [{"ErrorEquals": ["States.ALL"], "Output": "{% $states.errorOutput.Error %}", "Next": "End"}],
            "Next": "End",
        });
        let states = json!({ "Ask": ask, "End": {"Type": "Pass", "End": true} });
        let definition = json!({ "QueryLanguage": "JSONata", "StartAt": "Ask", "States": states });
        let asking = machine(&sfn, "asking", &definition.to_string()).await;
        let execution = start(&sfn, &asking).await;
        Self { sfn, child, execution }
    }

    /// The token of the latest of `attempts`.
    async fn token(&self, attempts: usize) -> String {
        eventually(attempts, async || inputs(&self.sfn, &self.child).await.len()).await;
        let input: Value = inputs(&self.sfn, &self.child).await.pop().unwrap();
        input["token"].as_str().unwrap().to_owned()
    }

    /// Say yes; the error's code when the answer does not count.
    async fn yes(&self, token: &str) -> Option<String> {
        let sent = self.sfn.send_task_success().task_token(token).output("\"yes\"").send().await;
        sent.err().map(|error| error.code().unwrap().to_owned())
    }

    /// What the machine ended with.
    async fn outcome(&self) -> Value {
        eventually("SUCCEEDED".to_owned(), async || status(&self.sfn, &self.execution).await).await;
        let known = self.sfn.describe_execution().execution_arn(&self.execution).send().await.unwrap();
        serde_json::from_str(known.output().unwrap()).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_answer_counts_and_the_second_is_refused() {
    let emulator = boot().await;
    let question = Question::ask(&emulator).await;
    let token = question.token(1).await;
    assert_eq!(question.yes(&token).await, None);
    let no = question.sfn.send_task_failure().task_token(&token).error("No").send().await;
    assert_eq!(no.unwrap_err().code(), TIMED_OUT);
    assert_eq!(question.outcome().await, "yes");
    assert_eq!(question.yes(&token).await.as_deref(), TIMED_OUT);
    assert_eq!(question.yes("not a token").await.as_deref(), Some("InvalidToken"));
    emulator.succeeded().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_expires_by_the_emulated_clock() {
    let emulator = boot().await;
    let now: Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
    emulator.control().set_clock(now).await.unwrap();
    let question = Question::ask(&emulator).await;
    let token = question.token(1).await;
    assert_eq!(status(&question.sfn, &question.execution).await, "RUNNING");
    emulator.control().set_clock(now + 20.minutes()).await.unwrap();
    assert_eq!(question.outcome().await, "States.Timeout");
    assert_eq!(question.yes(&token).await.as_deref(), TIMED_OUT);
    emulator.succeeded().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn each_attempt_has_a_token_of_its_own() {
    let emulator = boot().await;
    let question = Question::ask(&emulator).await;
    let first = question.token(1).await;
    question.sfn.send_task_failure().task_token(&first).error("Again").send().await.unwrap();
    let second = question.token(2).await;
    assert_eq!(question.yes(&first).await.as_deref(), TIMED_OUT);
    assert_eq!(question.yes(&second).await, None);
    assert_eq!(question.outcome().await, "yes");
    emulator.succeeded().unwrap();
}

/// Each attempt makes four events, so that the state was entered with the sixteenth newest.
#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_waits_is_found_whatever_was_tried_before_it() {
    let emulator = boot().await;
    let question = Question::ask(&emulator).await;
    for attempt in 1..=3 {
        let token = question.token(attempt).await;
        question.sfn.send_task_failure().task_token(token).error("Again").send().await.unwrap();
    }
    let token = question.token(4).await;
    let asking = format!("arn:aws:states:{REGION}:123456789012:stateMachine:asking");
    let sources = AwsUnblockSources::new(&emulator.sdk_config(REGION), Vec::new(), vec![asking]);
    let found: Vec<String> = sources.questions().await.unwrap().into_iter().map(|found| found.arn).collect();
    assert_eq!(found, [question.execution.as_str()]);
    question.yes(&token).await;
    assert_eq!(question.outcome().await, "yes");
    assert_eq!(sources.questions().await.unwrap().len(), 0);
    emulator.succeeded().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_no_without_a_name_is_null() {
    let emulator = boot().await;
    let question = Question::ask(&emulator).await;
    let token = question.token(1).await;
    question.sfn.send_task_failure().task_token(&token).send().await.unwrap();
    assert_eq!(question.outcome().await, Value::Null);
    emulator.succeeded().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_answers_for_a_stopped_execution() {
    let emulator = boot().await;
    let question = Question::ask(&emulator).await;
    let token = question.token(1).await;
    question.sfn.stop_execution().execution_arn(&question.execution).send().await.unwrap();
    assert_eq!(question.yes(&token).await.as_deref(), TIMED_OUT);
    assert_eq!(status(&question.sfn, &question.execution).await, "ABORTED");
    emulator.succeeded().unwrap();
}
