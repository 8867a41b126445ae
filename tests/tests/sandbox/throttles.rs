//! The buckets of AWS: what a function asks too fast is throttled and counted, in each region by itself.

use watchkeeper_tests::sandbox::{Emulator, SandboxError};

use crate::{REGION, boot};

/// Asks for services as a function of this region would, so many times at once; how often it was throttled.
async fn throttled(emulator: &Emulator, region: &str, times: usize) -> usize {
    let config = emulator.sdk_config(region);
    let once = aws_sdk_ecs::config::retry::RetryConfig::disabled();
    let config = aws_sdk_ecs::config::Builder::from(&config).retry_config(once).build();
    let client = aws_sdk_ecs::Client::from_conf(config);
    client.create_cluster().cluster_name("shop").send().await.unwrap();
    let agent = format!("aws-sdk-rust exec-env/AWS_Lambda_{region} app/watchkeeper-reconcile");
    let mut found = 0;
    for _ in 0..times {
        let agent = agent.clone();
        let call = client.describe_services().cluster("shop").services("web").customize();
        let answer = call.mutate_request(move |request| _ = request.headers_mut().insert("user-agent", agent.clone()));
        if let Err(error) = answer.send().await {
            let code = error.as_service_error().and_then(|error| error.meta().code());
            assert_eq!(code, Some("ThrottlingException"));
            found += 1;
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_function_asks_too_fast_is_throttled_by_the_published_bucket() {
    let emulator = boot().await;
    // 100 at once; however slow this machine is, 20 more a second do not keep up with 500.
    assert!(throttled(&emulator, REGION, 500).await > 0);
    let SandboxError::Throttled(found) = emulator.control().judge_throttled().await.unwrap_err() else { panic!() };
    assert_eq!(found[0].bucket, "Service read actions");
    let text = found[0].to_string();
    assert!(text.contains("ecs DescribeServices of watchkeeper-reconcile in us-east-1"), "{text}");
    assert_eq!(throttled(&emulator, "eu-west-1", 50).await, 0, "a region has buckets of its own");
    assert_eq!(emulator.control().forgive_throttled().await.unwrap().len(), found.len());
    let figures = emulator.control().figures().await.unwrap();
    assert_eq!(figures.calls_throttled, figures.calls_throttled_on_purpose);
    emulator.succeeded().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_that_ends_with_a_throttled_call_fails() {
    let emulator = boot().await;
    assert!(throttled(&emulator, REGION, 500).await > 0);
    let text = emulator.succeeded().unwrap_err().to_string();
    assert!(text.contains("AWS would throttle"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_test_asks_is_not_held_against_the_buckets() {
    let emulator = boot().await;
    let client = aws_sdk_ecs::Client::new(&emulator.sdk_config(REGION));
    for _ in 0..60 {
        client.list_clusters().send().await.unwrap();
    }
    emulator.succeeded().unwrap();
}
