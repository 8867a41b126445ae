//! Waits of state machines: long ones by the emulated clock, short ones soon, and none longer than its execution.

use crate::{REGION, boot, eventually, machine, start, status};
use jiff::{Timestamp, ToSpan};

fn waiting(seconds: u32) -> String {
    format!(r#"{{"StartAt": "Wait", "States": {{"Wait": {{"Type": "Wait", "Seconds": {seconds}, "End": true}}}}}}"#)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_wait_ends_when_the_clock_has_moved_that_far() {
    let emulator = boot().await;
    let sfn = aws_sdk_sfn::Client::new(&emulator.sdk_config(REGION));
    let now: Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
    emulator.control().set_clock(now).await.unwrap();
    let (hour, short) = (machine(&sfn, "hour", &waiting(3600)).await, machine(&sfn, "short", &waiting(30)).await);
    let mut held = Vec::new();
    for _ in 0..50 {
        held.push(start(&sfn, &hour).await);
    }
    // Half a minute takes one and a half seconds, however many others wait.
    let quick = start(&sfn, &short).await;
    eventually("SUCCEEDED".to_owned(), async || status(&sfn, &quick).await).await;
    assert_eq!(status(&sfn, &held[0]).await, "RUNNING");

    emulator.control().set_clock(now + 50.minutes()).await.unwrap();
    let quick = start(&sfn, &short).await;
    eventually("SUCCEEDED".to_owned(), async || status(&sfn, &quick).await).await;
    assert_eq!(status(&sfn, &held[0]).await, "RUNNING");
    emulator.control().set_clock(now + 61.minutes()).await.unwrap();
    for execution in &held {
        eventually("SUCCEEDED".to_owned(), async || status(&sfn, execution).await).await;
    }
    emulator.succeeded().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_execution_goes_no_further_and_takes_its_child_along() {
    let emulator = boot().await;
    let sfn = aws_sdk_sfn::Client::new(&emulator.sdk_config(REGION));
    let now: Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
    emulator.control().set_clock(now).await.unwrap();
    let child = machine(&sfn, "child", &waiting(3600)).await;
    let call = format!(
        r#"{{"Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync:2", "End": true,
            "Parameters": {{"StateMachineArn": "{child}", "Name": "only"}}}}"#
    );
    let parent = machine(&sfn, "parent", &format!(r#"{{"StartAt": "Call", "States": {{"Call": {call}}}}}"#)).await;
    let execution = start(&sfn, &parent).await;
    let children = async || sfn.list_executions().state_machine_arn(&child).send().await.unwrap().executions;
    eventually(1, async || children().await.len()).await;

    sfn.stop_execution().execution_arn(&execution).send().await.unwrap();
    let states = async || (status(&sfn, &execution).await, children().await[0].status.as_str().to_owned());
    eventually(("ABORTED".to_owned(), "ABORTED".to_owned()), &states).await;
    emulator.control().set_clock(now + 2.hours()).await.unwrap();
    assert_eq!(states().await, ("ABORTED".to_owned(), "ABORTED".to_owned()));
    emulator.succeeded().unwrap();
}
