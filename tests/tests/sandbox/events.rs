//! Events that a test writes: delivered as they are, and twice when duplicates are on.

use crate::{REGION, boot, eventually, inputs, notifications};
use serde_json::json;
use watchkeeper_tests::sandbox::{EmulatorSettings, SandboxError};

#[tokio::test(flavor = "multi_thread")]
async fn an_event_of_a_test_arrives_exactly_as_written_and_twice_when_asked_to() {
    let emulator = boot().await;
    let sfn = aws_sdk_sfn::Client::new(&emulator.sdk_config(REGION));
    let notifications = notifications(&emulator, "aws.cloudwatch").await;
    let old = json!({
        "version": "0", "id": "6f8c1e1c-0000-4000-8000-000000000001", "source": "aws.cloudwatch",
        "detail-type": "CloudWatch Alarm State Change", "account": "123456789012", "region": REGION,
        "time": "2020-02-29T23:59:59Z", "resources": [], "detail": {"alarmName": "long gone", "state": null},
    });
    emulator.control().post_event(&old).await.unwrap();
    eventually(vec![old.clone()], async || inputs(&sfn, &notifications).await).await;

    let settings = EmulatorSettings { duplicate_events: Some(true), ..EmulatorSettings::default() };
    emulator.control().change(&settings).await.unwrap();
    emulator.control().post_event(&old).await.unwrap();
    eventually(vec![old.clone(), old.clone(), old], async || inputs(&sfn, &notifications).await).await;

    let refused = emulator.control().post_event(&json!({ "source": "aws.cloudwatch" })).await.unwrap_err();
    assert!(matches!(&refused, SandboxError::Control { why, .. } if why.contains("detail-type")), "{refused}");
    emulator.succeeded().unwrap();
}
