//! Functions that fail: tried again, then recorded; and a task that asks through one fails with it.

use crate::{REGION, boot, call, eventually, machine, notifications, send, start, status};
use aws_sdk_eventbridge::types::{DeadLetterConfig, Target};
use serde_json::{Value, json};
use watchkeeper_tests::sandbox::Emulator;

/// An archive with one file, `f.py`: `def fail(event, _): raise ValueError("no")`.
const FAILING: &str = "UEsDBBQAAAAAAAAAIVxxgb35LwAAAC8AAAAEAAAAZi5weWRlZiBmYWlsKGV2ZW50LCBfKToKICAgIHJhaXNlIFZhbH\
    VlRXJyb3IoIm5vIikKUEsBAhQDFAAAAAAAAAAhXHGBvfkvAAAALwAAAAQAAAAAAAAAAAAAAKQBAAAAAGYucHlQSwUG\
    AAAAAAEAAQAyAAAAUQAAAAAA";
const PREFIX: &str = "/2015-03-31/functions";

/// A queue: its URL and its ARN.
async fn queue(emulator: &Emulator, name: &str) -> (String, String) {
    let (_, made) = call(emulator, "sqs", "AmazonSQS.CreateQueue", json!({ "QueueName": name })).await;
    (made["QueueUrl"].as_str().unwrap().to_owned(), format!("arn:aws:sqs:{REGION}:123456789012:{name}"))
}

/// The next message of a queue, which comes sooner or later.
async fn next(emulator: &Emulator, url: &str) -> Value {
    // What was received is hidden for a moment only, so that the last look finds it again.
    let request = json!({ "QueueUrl": url, "MessageAttributeNames": ["All"], "VisibilityTimeout": 0 });
    let look =
        async || call(emulator, "sqs", "AmazonSQS.ReceiveMessage", request.clone()).await.1["Messages"][0].clone();
    eventually(true, async || look().await.is_object()).await;
    look().await
}

/// A function that fails, whose failures go to the queue `failures`; its ARN.
async fn failing(emulator: &Emulator, failures: &str) -> String {
    let request = json!({
        "FunctionName": "failing", "Runtime": "python3.12", "Handler": "f.fail",
        "Role": "arn:aws:iam::123456789012:role/sandbox", "Code": {"ZipFile": FAILING},
    });
    let (status, made) = send(emulator, "lambda", "POST", PREFIX, "", request).await;
    assert_eq!(status, 201, "{made}");
    let destination = json!({ "DestinationConfig": {"OnFailure": {"Destination": failures}} });
    let path = "/2019-09-25/functions/failing/event-invoke-config";
    let (status, answer) = send(emulator, "lambda", "PUT", path, "", destination).await;
    assert_eq!(status, 200, "{answer}");
    made["FunctionArn"].as_str().unwrap().to_owned()
}

async fn permit(emulator: &Emulator) {
    let source = format!("arn:aws:events:{REGION}:123456789012:rule/kept-events");
    let permission = json!({
        "StatementId": "rule", "Action": "lambda:InvokeFunction",
        "Principal": "events.amazonaws.com", "SourceArn": source,
    });
    let (status, answer) = send(emulator, "lambda", "POST", &format!("{PREFIX}/failing/policy"), "", permission).await;
    assert_eq!(status, 201, "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_invoked_is_a_dead_letter_and_what_fails_is_tried_three_times_and_recorded() {
    let emulator = boot().await;
    let ((failed, failures), (dead, letters)) = (queue(&emulator, "failed").await, queue(&emulator, "dead").await);
    let function = failing(&emulator, &failures).await;
    notifications(&emulator, "sandbox").await;
    let letters = DeadLetterConfig::builder().arn(letters).build();
    let target = Target::builder().id("function").arn(&function).dead_letter_config(letters).build().unwrap();
    let events = aws_sdk_eventbridge::Client::new(&emulator.sdk_config(REGION));
    events.put_targets().rule("kept-events").targets(target).send().await.unwrap();
    let event = json!({ "source": "sandbox", "detail-type": "test", "detail": {"number": 1} });

    emulator.control().post_event(&event).await.unwrap();
    let letter = next(&emulator, &dead).await;
    assert_eq!(letter["MessageAttributes"]["ERROR_CODE"]["StringValue"], "NO_PERMISSIONS");
    let body: Value = serde_json::from_str(letter["Body"].as_str().unwrap()).unwrap();
    assert_eq!(body["detail"], event["detail"]);

    permit(&emulator).await;
    emulator.control().post_event(&event).await.unwrap();
    let record: Value = serde_json::from_str(next(&emulator, &failed).await["Body"].as_str().unwrap()).unwrap();
    assert_eq!(record["requestContext"]["condition"], "RetriesExhausted");
    assert_eq!(record["requestContext"]["approximateInvokeCount"], 3);
    assert_eq!(record["requestPayload"]["detail"], event["detail"]);
    assert_eq!(record["responsePayload"]["errorMessage"], "no");
    emulator.succeeded().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_fails_to_ask_fails_the_task_that_would_have_waited() {
    let emulator = boot().await;
    let sfn = aws_sdk_sfn::Client::new(&emulator.sdk_config(REGION));
    let (_, failures) = queue(&emulator, "failed").await;
    let ask = json!({
        "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken", "End": true,
        "Parameters": {"FunctionName": failing(&emulator, &failures).await, "Payload": {"token.$": "$$.Task.Token"}},
        "Retry": [{"ErrorEquals": ["States.TaskFailed"], "MaxAttempts": 1}],
        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}],
    });
    let definition = json!({ "StartAt": "Ask", "States": {"Ask": ask, "Caught": {"Type": "Pass", "End": true}} });
    let execution = start(&sfn, &machine(&sfn, "asking", &definition.to_string()).await).await;
    eventually("SUCCEEDED".to_owned(), async || status(&sfn, &execution).await).await;
    let known = sfn.describe_execution().execution_arn(&execution).send().await.unwrap();
    assert!(known.output().unwrap().contains("\\\"no\\\""), "{:?}", known.output());
    let history = sfn.get_execution_history().execution_arn(&execution).send().await.unwrap();
    let attempts = history.events().iter().filter(|event| event.r#type.as_str() == "TaskScheduled").count();
    assert_eq!(attempts, 2);
    emulator.succeeded().unwrap();
}
