//! Regions that are lost and regained.

use crate::{
    CLUSTER, REGION, SERVICE, boot, counts, eventually, exchange, machine, make_service, notifications, signed,
};
use crate::{inputs, send, start, status};
use aws_config::retry::RetryConfig;
use aws_sdk_ecs::error::ProvideErrorMetadata as _;
use serde_json::json;
use watchkeeper_tests::sandbox::{Emulator, LossOrder};

const OTHER: &str = "us-west-2";

/// A client that is no test, as the functions are.
fn stranger(emulator: &Emulator, region: &str) -> aws_sdk_ecs::Client {
    let config = emulator.sdk_config_as("stranger", region);
    let config = aws_sdk_ecs::config::Builder::from(&config).retry_config(RetryConfig::disabled());
    aws_sdk_ecs::Client::from_conf(config.build())
}

/// The status of a call by a function that runs in `from`, to `to`.
async fn across(emulator: &Emulator, from: &str, to: &str) -> u16 {
    let agent = format!("exec-env/AWS_Lambda_{from} app/stranger");
    let call = signed(to, "ecs", &agent).method("POST").uri(emulator.endpoint());
    let call = call.header("x-amz-target", "AmazonEC2ContainerServiceV20141113.ListClusters");
    exchange(call.body("{}".to_owned()).unwrap()).await.0
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_region_refuses_every_call_and_only_the_test_still_sees_into_it() {
    let emulator = boot().await;
    let ecs = aws_sdk_ecs::Client::new(&emulator.sdk_config(REGION));
    make_service(&ecs, 1).await;
    eventually((1, 1), || counts(&ecs)).await;
    let mark = emulator.control().mark().await.unwrap();

    emulator.control().lose(REGION, LossOrder::fail()).await.unwrap();
    assert!(emulator.control().lose(REGION, LossOrder::fail()).await.is_err());
    let refused = stranger(&emulator, REGION).list_clusters().send().await.unwrap_err();
    assert_eq!(refused.code(), Some("ServiceUnavailable"));
    assert_eq!(refused.raw_response().unwrap().status().as_u16(), 503);
    stranger(&emulator, OTHER).list_clusters().send().await.unwrap();
    assert_eq!(counts(&ecs).await, (1, 1));
    let call = signed(REGION, "ecs", "curl").method("POST").uri(emulator.endpoint()).header("x-sandbox-observer", "me");
    let call = call.header("x-amz-target", "AmazonEC2ContainerServiceV20141113.ListClusters");
    assert_eq!(exchange(call.body("{}".to_owned()).unwrap()).await.0, 200);
    let calls = emulator.control().calls(mark).await.unwrap();
    let struck: Vec<_> = calls.iter().map(|call| (call.region.as_str(), call.fault.as_deref())).collect();
    assert_eq!(struck, [(REGION, Some("lost")), (OTHER, None), (REGION, None), (REGION, None)]);

    emulator.control().regain(REGION).await.unwrap();
    assert!(emulator.control().regain(REGION).await.is_err());
    stranger(&emulator, REGION).list_clusters().send().await.unwrap();
    emulator.succeeded().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_hangs_is_answered_when_the_region_is_regained_and_has_done_nothing() {
    let emulator = boot().await;
    let ecs = aws_sdk_ecs::Client::new(&emulator.sdk_config(REGION));
    make_service(&ecs, 1).await;
    eventually((1, 1), || counts(&ecs)).await;
    let mark = emulator.control().mark().await.unwrap();

    emulator.control().lose(REGION, LossOrder::hang()).await.unwrap();
    let update = stranger(&emulator, REGION).update_service().cluster(CLUSTER).service(SERVICE).desired_count(5);
    let hanging = tokio::spawn(update.send());
    let arrived = async || emulator.control().calls(mark).await.unwrap().first().map(|call| call.status);
    eventually(Some(None), arrived).await;
    assert!(!hanging.is_finished());

    emulator.control().regain(REGION).await.unwrap();
    let refused = hanging.await.unwrap().unwrap_err();
    assert_eq!(refused.code(), Some("ServiceUnavailable"));
    assert_eq!(counts(&ecs).await, (1, 1));
    emulator.succeeded().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_goes_on_in_a_lost_region_until_it_is_regained() {
    let emulator = boot().await;
    let waiting = json!({ "StartAt": "Wait", "States": {
        "Wait": {"Type": "Wait", "Seconds": 1, "Next": "End"}, "End": {"Type": "Succeed"},
    }});
    let (here, there) = (emulator.sdk_config(REGION), emulator.sdk_config(OTHER));
    let (sfn, other) = (aws_sdk_sfn::Client::new(&here), aws_sdk_sfn::Client::new(&there));
    let letters = notifications(&emulator, "sandbox").await;
    let halted = machine(&sfn, "waiting", &waiting.to_string()).await;
    let free = machine(&other, "waiting", &waiting.to_string()).await;

    emulator.control().lose(REGION, LossOrder::fail()).await.unwrap();
    let event = |number: u32| json!({ "source": "sandbox", "detail-type": "t", "detail": {"number": number} });
    emulator.control().post_event(&event(1)).await.unwrap();
    let halted = start(&sfn, &halted).await;
    // The same machine, begun later in a region that is not lost, comes to its end.
    let free = start(&other, &free).await;
    eventually("SUCCEEDED".to_owned(), async || status(&other, &free).await).await;
    assert_eq!(status(&sfn, &halted).await, "RUNNING");

    emulator.control().regain(REGION).await.unwrap();
    eventually("SUCCEEDED".to_owned(), async || status(&sfn, &halted).await).await;
    emulator.control().post_event(&event(2)).await.unwrap();
    let numbers = async || -> Vec<_> {
        inputs(&sfn, &letters).await.iter().map(|input| input["detail"]["number"].clone()).collect()
    };
    eventually(vec![json!(2)], numbers).await;
    emulator.succeeded().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_of_a_lost_region_does_not_fire() {
    let emulator = boot().await;
    let sfn = aws_sdk_sfn::Client::new(&emulator.sdk_config(REGION));
    let letters = machine(&sfn, "letters", r#"{"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}"#).await;
    let role = "arn:aws:iam::123456789012:role/sandbox";
    let input = r#"{"at": "<aws.scheduler.scheduled-time>"}"#;
    let schedule = json!({
        "ScheduleExpression": "rate(1 minute)", "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {"Arn": letters, "RoleArn": role, "Input": input},
    });
    let (status, answer) = send(&emulator, "scheduler", "POST", "/schedules/tick", "", schedule).await;
    assert_eq!(status, 200, "{answer}");
    let fire = async |instant: &str| {
        emulator.control().fire_schedule(REGION, "tick", instant.parse().unwrap()).await.unwrap();
    };
    emulator.control().lose(REGION, LossOrder::fail()).await.unwrap();
    fire("2026-11-20T10:00:00Z").await;
    emulator.control().regain(REGION).await.unwrap();
    fire("2026-11-20T10:01:00Z").await;
    eventually(vec![json!({ "at": "2026-11-20T10:01:00Z" })], async || inputs(&sfn, &letters).await).await;
    emulator.succeeded().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_that_end_with_their_region_come_back_with_it() {
    let emulator = boot().await;
    let ecs = aws_sdk_ecs::Client::new(&emulator.sdk_config(REGION));
    make_service(&ecs, 2).await;
    eventually((2, 2), || counts(&ecs)).await;
    emulator.control().lose(REGION, LossOrder::fail().with_its_tasks()).await.unwrap();
    assert_eq!(counts(&ecs).await, (2, 0));
    emulator.control().regain(REGION).await.unwrap();
    eventually((2, 2), || counts(&ecs)).await;
    emulator.succeeded().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_region_that_is_cut_off_goes_on_by_itself_and_reaches_nobody_else() {
    let emulator = boot().await;
    let ecs = aws_sdk_ecs::Client::new(&emulator.sdk_config(REGION));
    emulator.control().lose(REGION, LossOrder::fail().alive_inside()).await.unwrap();
    assert_eq!(across(&emulator, REGION, REGION).await, 200);
    assert_eq!(across(&emulator, REGION, OTHER).await, 503);
    assert_eq!(across(&emulator, OTHER, REGION).await, 503);
    assert_eq!(across(&emulator, OTHER, OTHER).await, 200);
    make_service(&ecs, 1).await;
    eventually((1, 1), || counts(&ecs)).await;
    emulator.succeeded().unwrap();
}
