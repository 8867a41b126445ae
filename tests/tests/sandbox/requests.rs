//! Every request is held against AWS's own models, and against what they do not say.

use aws_sdk_ecs::config::Region;
use watchkeeper_tests::sandbox::{Emulator, SandboxError};

use crate::{REGION, boot, module};

/// What is wrong with the one request that was sent since the last time.
async fn violation(emulator: &Emulator) -> String {
    let mut found = emulator.control().forgive_requests().await.unwrap();
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_aws_would_refuse_is_refused_as_aws_does_it_in_each_protocol() {
    let emulator = boot().await;
    let config = emulator.sdk_config(REGION);

    // A rule that the models do not have, in the query protocol.
    let rds = aws_sdk_rds::Client::new(&config);
    let create = rds.create_db_cluster_snapshot().db_cluster_identifier("clos-v2-db-cluster");
    let error = create.db_cluster_snapshot_identifier("s".repeat(64)).send().await.unwrap_err();
    assert_eq!(error.into_service_error().meta().code(), Some("InvalidParameterValue"));
    assert!(violation(&emulator).await.contains("DBClusterSnapshotIdentifier: 64 characters, at most 63"));

    // The same in a JSON protocol.
    let ecs = aws_sdk_ecs::Client::new(&config);
    let eleven = (0..11).map(|number| number.to_string()).collect();
    let error = ecs.describe_services().set_services(Some(eleven)).send().await.unwrap_err();
    assert!(error.into_service_error().is_invalid_parameter_exception());
    assert!(violation(&emulator).await.contains("ecs DescribeServices of test in us-east-1: services: 11, at most 10"));

    // A length of the model.
    let sfn = aws_sdk_sfn::Client::new(&config);
    let machine = "arn:aws:states:us-east-1:123456789012:stateMachine:m";
    let error = sfn.start_execution().state_machine_arn(machine).name("n".repeat(81)).send().await.unwrap_err();
    assert_eq!(error.into_service_error().meta().code(), Some("ValidationException"));
    assert!(violation(&emulator).await.contains("Member must have length less than or equal to 80"));

    // An enumeration, in CBOR.
    let cloudwatch = aws_sdk_cloudwatch::Client::new(&config);
    let error = cloudwatch.describe_alarms().state_value("LOUD".into()).send().await.unwrap_err();
    assert_eq!(error.into_service_error().meta().code(), Some("ValidationError"));
    assert!(violation(&emulator).await.contains("Member must satisfy enum value set"));

    // A header in REST with XML.
    let s3 = aws_sdk_s3::Client::new(&config);
    let error = s3.get_object().bucket("switches").key("k".repeat(1025)).send().await.unwrap_err();
    assert_eq!(error.into_service_error().meta().code(), Some("InvalidArgument"));
    assert!(violation(&emulator).await.contains("Key: 1025 bytes, at most 1024"));

    // What only some resources of a kind take.
    let sqs = aws_sdk_sqs::Client::new(&config);
    let url = sqs.create_queue().queue_name("dead").send().await.unwrap().queue_url.unwrap();
    let send = sqs.send_message().queue_url(url).message_body("b").message_group_id("tenant");
    send.clone().send().await.unwrap();
    let error = send.message_deduplication_id("d").send().await.unwrap_err();
    assert_eq!(error.into_service_error().meta().code(), Some("InvalidParameterValue"));
    assert!(violation(&emulator).await.contains("not valid for this queue type"));

    let checked = emulator.control().requests().await.unwrap().checked;
    assert_eq!(checked["rds CreateDBClusterSnapshot"], 1);
    assert_eq!(checked["s3 GetObject"], 1);
    emulator.succeeded().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_that_ends_with_a_refused_request_fails_whatever_struck_it() {
    let emulator = boot().await;
    let config = emulator.sdk_config(REGION).into_builder().region(Region::new("eu-west-1")).build();
    let sns = aws_sdk_sns::Client::new(&config);
    let topic = "arn:aws:sns:eu-west-1:123456789012:t";
    sns.publish().topic_arn(topic).message("m").subject("two\nlines").send().await.unwrap_err();
    let SandboxError::Requests(found) = emulator.control().judge_requests().await.unwrap_err() else { panic!() };
    assert_eq!((found[0].service.as_str(), found[0].region.as_str()), ("sns", "eu-west-1"));
    assert_eq!(found.len(), 1);

    sns.publish().topic_arn(topic).message("m").subject("two\nlines").send().await.unwrap_err();
    let text = emulator.succeeded().unwrap_err().to_string();
    assert!(text.starts_with("AWS would refuse 1 of the requests:\n  sns Publish of test in eu-west-1: "), "{text}");
}

#[tokio::test]
async fn requests_are_read_as_botocore_writes_them() {
    let said = module("roundtrip").await.unwrap();
    assert!(said.contains(" requests read as they were written"), "{said}");
}

#[tokio::test]
async fn the_errors_that_were_decided_on_are_those_of_the_models() {
    assert_eq!(module("errors").await.unwrap(), "");
}
