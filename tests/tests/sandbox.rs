//! The local AWS behaves as AWS does where the control plane depends on it, and leaves nothing running.

#![allow(clippy::unwrap_used, clippy::expect_used)]
#![allow(clippy::disallowed_methods, reason = "it waits for processes of its own")]

use aws_sdk_applicationautoscaling::types::{ScalableDimension, ServiceNamespace, SuspendedState};
use aws_sdk_ecs::types::{ContainerDefinition, ServiceField, Tag};
use jiff::{Timestamp, ToSpan};
use std::time::Duration;
use watchkeeper_tests::sandbox::{Emulator, Fault, FaultKind, Layout, Lines, Options, Venv};

const REGION: &str = "us-east-1";
const CLUSTER: &str = "clos-v2-cluster";
const SERVICE: &str = "clos-v2-core-api-service";

async fn boot() -> Emulator {
    let layout = Layout::find().unwrap();
    let venv = Venv::ensure(&layout, &Lines).await.unwrap();
    Emulator::boot(&layout, &venv, &Options::default(), &Lines).await.unwrap()
}

/// Ask again until the answer is the expected one. A test that waits in vain fails with what it saw last.
async fn eventually<T: PartialEq + std::fmt::Debug, F: Future<Output = T>>(expected: T, mut ask: impl FnMut() -> F) {
    let mut seen = ask().await;
    for _ in 0..600 {
        if seen == expected {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        seen = ask().await;
    }
    assert_eq!(seen, expected);
}

async fn make_service(ecs: &aws_sdk_ecs::Client, desired: i32) {
    ecs.create_cluster().cluster_name(CLUSTER).send().await.unwrap();
    let container = ContainerDefinition::builder().name("app").image("app").memory(64).build();
    ecs.register_task_definition().family("app").container_definitions(container).send().await.unwrap();
    let managed = Tag::builder().key("watchkeeper:managed").value("true").build();
    let service = ecs.create_service().cluster(CLUSTER).service_name(SERVICE).task_definition("app");
    service.desired_count(desired).tags(managed).send().await.unwrap();
}

async fn counts(ecs: &aws_sdk_ecs::Client) -> (i32, i32) {
    let answer = ecs.describe_services().cluster(CLUSTER).services(SERVICE).send().await.unwrap();
    let service = &answer.services()[0];
    (service.desired_count(), service.running_count())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_minimum_above_desired_lifts_the_count_unless_a_human_suspended_scaling_out() {
    let emulator = boot().await;
    let ecs = aws_sdk_ecs::Client::new(&emulator.sdk_config(REGION));
    let scaling = aws_sdk_applicationautoscaling::Client::new(&emulator.sdk_config(REGION));
    make_service(&ecs, 1).await;
    eventually((1, 1), || counts(&ecs)).await;

    let register = || {
        let target = scaling.register_scalable_target().service_namespace(ServiceNamespace::Ecs);
        target
            .resource_id(format!("service/{CLUSTER}/{SERVICE}"))
            .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
    };
    register().min_capacity(3).max_capacity(6).send().await.unwrap();
    eventually((3, 3), || counts(&ecs)).await;

    // A partial update keeps the bounds and the other flags.
    let suspended = SuspendedState::builder().dynamic_scaling_out_suspended(true).build();
    register().suspended_state(suspended).send().await.unwrap();
    let targets = scaling.describe_scalable_targets().service_namespace(ServiceNamespace::Ecs).send().await.unwrap();
    let target = &targets.scalable_targets()[0];
    assert_eq!((target.min_capacity(), target.max_capacity()), (3, 6));
    assert_eq!(target.suspended_state().unwrap().dynamic_scaling_in_suspended(), Some(false));

    ecs.update_service().cluster(CLUSTER).service(SERVICE).desired_count(0).send().await.unwrap();
    eventually((0, 0), || counts(&ecs)).await;
    emulator.succeeded();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_database_is_started_by_aws_after_seven_days() {
    let emulator = boot().await;
    let rds = aws_sdk_rds::Client::new(&emulator.sdk_config(REGION));
    let friday: Timestamp = "2026-11-20T00:05:00Z".parse().unwrap();
    emulator.control().set_clock(friday).await.unwrap();
    let cluster = rds.create_db_cluster().db_cluster_identifier("clos-v2-db-cluster").engine("aurora-postgresql");
    cluster.master_username("clos").master_user_password("not-a-secret").send().await.unwrap();
    let member = rds.create_db_instance().db_instance_identifier("clos-v2-db-0").engine("aurora-postgresql");
    member.db_cluster_identifier("clos-v2-db-cluster").db_instance_class("db.t4g.medium").send().await.unwrap();

    let status = async || {
        let answer = rds.describe_db_clusters().send().await.unwrap();
        let members = rds.describe_db_instances().send().await.unwrap();
        let member = members.db_instances()[0].db_instance_status().unwrap().to_owned();
        (answer.db_clusters()[0].status().unwrap().to_owned(), member)
    };
    let both = |status: &str| (status.to_owned(), status.to_owned());
    let stop = || rds.stop_db_cluster().db_cluster_identifier("clos-v2-db-cluster").send();

    stop().await.unwrap();
    assert_eq!(status().await, both("stopping"));
    assert!(stop().await.unwrap_err().into_service_error().is_invalid_db_cluster_state_fault());
    eventually(both("stopped"), &status).await;

    emulator.control().set_clock(friday + (6 * 24).hours()).await.unwrap();
    assert_eq!(status().await, both("stopped"));
    emulator.control().set_clock(friday + (7 * 24 + 1).hours()).await.unwrap();
    eventually(both("available"), &status).await;
    emulator.succeeded();
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_are_recorded_limited_and_struck_by_faults() {
    let emulator = boot().await;
    let ecs = aws_sdk_ecs::Client::new(&emulator.sdk_config(REGION));
    make_service(&ecs, 1).await;
    eventually((1, 1), || counts(&ecs)).await;
    let mark = emulator.control().mark().await.unwrap();

    let eleven = (0..11).map(|number| number.to_string()).collect();
    let many = ecs.describe_services().cluster(CLUSTER).set_services(Some(eleven)).send().await;
    assert!(many.unwrap_err().into_service_error().is_invalid_parameter_exception());
    emulator.control().order(&Fault::new("ecs", "DescribeServices", FaultKind::Throttle)).await.unwrap();
    let described = ecs.describe_services().cluster(CLUSTER).services(SERVICE).include(ServiceField::Tags);
    let described = described.send().await.unwrap();
    assert_eq!(described.services()[0].tags()[0].key(), Some("watchkeeper:managed"));

    let calls = emulator.control().calls(mark).await.unwrap();
    let seen: Vec<_> = calls.iter().map(|call| (call.operation.as_str(), call.error.as_deref())).collect();
    assert_eq!(
        seen,
        [
            ("DescribeServices", Some("InvalidParameterException")),
            ("DescribeServices", Some("ThrottlingException")),
            ("DescribeServices", None),
        ]
    );
    assert!(calls.iter().all(|call| !call.write && call.region == REGION && call.caller.as_deref() == Some("test")));
    assert_eq!(calls[2].resources["cluster"], CLUSTER);
    emulator.succeeded();
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_when_the_emulator_is_dropped() {
    let emulator = boot().await;
    let address = emulator.endpoint().strip_prefix("http://").unwrap().to_owned();
    let logs = emulator.logs();
    tokio::net::TcpStream::connect(&address).await.unwrap();
    emulator.succeeded();
    tokio::net::TcpStream::connect(&address).await.unwrap_err();
    assert!(!logs.exists());
}
