//! ECS tasks on their way out, and the targets of load balancers.

use crate::{CLUSTER, REGION, SERVICE, boot, counts, eventually, exchange, signed};
use aws_sdk_ecs::Client;
use aws_sdk_ecs::types::{ContainerDefinition, DesiredStatus, LoadBalancer};
use watchkeeper_tests::sandbox::{Emulator, EmulatorSettings};

/// The answer to a call of Elastic Load Balancing.
async fn balancing(emulator: &Emulator, action: &str, parameters: &str) -> String {
    let call = signed(REGION, "elasticloadbalancing", "app/test").method("POST").uri(emulator.endpoint());
    let call = call.header("content-type", "application/x-www-form-urlencoded");
    let body = format!("Action={action}&Version=2015-12-01&{parameters}");
    let (status, answer) = exchange(call.body(body).unwrap()).await;
    assert_eq!(status, 200, "{answer}");
    answer
}

/// The states of the targets of a group.
async fn states(emulator: &Emulator, group: &str) -> Vec<String> {
    let answer = balancing(emulator, "DescribeTargetHealth", &format!("TargetGroupArn={group}")).await;
    let states = answer.split("<State>").skip(1);
    states.map(|rest| rest.split('<').next().unwrap().to_owned()).collect()
}

/// A target group, and a service of two tasks behind it.
async fn balanced(emulator: &Emulator) -> (Client, String) {
    let made = "Name=web&Protocol=HTTP&Port=80&VpcId=vpc-1&TargetType=ip&HealthCheckPath=/fleet/health";
    let made = balancing(emulator, "CreateTargetGroup", made).await;
    assert!(made.contains("<HealthCheckPath>/fleet/health</HealthCheckPath>"), "{made}");
    let (_, rest) = made.split_once("<TargetGroupArn>").unwrap();
    let group = rest.split('<').next().unwrap().to_owned();
    let ecs = Client::new(&emulator.sdk_config(REGION));
    ecs.create_cluster().cluster_name(CLUSTER).send().await.unwrap();
    let container = ContainerDefinition::builder().name("app").image("app").memory(64).build();
    ecs.register_task_definition().family("app").container_definitions(container).send().await.unwrap();
    let balancer = LoadBalancer::builder().target_group_arn(&group).container_name("app").container_port(80).build();
    let service = ecs.create_service().cluster(CLUSTER).service_name(SERVICE).task_definition("app").desired_count(2);
    service.load_balancers(balancer).send().await.unwrap();
    eventually((2, 2), || counts(&ecs)).await;
    (ecs, group)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_running_task_is_a_target_and_healthy_until_a_test_says_otherwise() {
    let emulator = boot().await;
    let (ecs, group) = balanced(&emulator).await;
    let described = ecs.describe_services().cluster(CLUSTER).services(SERVICE).send().await.unwrap();
    assert_eq!(described.services()[0].load_balancers()[0].target_group_arn(), Some(group.as_str()));
    assert_eq!(states(&emulator, &group).await, ["healthy", "healthy"]);
    emulator.control().put_target_health(REGION, &group, false).await.unwrap();
    assert_eq!(states(&emulator, &group).await, ["unhealthy", "unhealthy"]);
    emulator.control().put_target_health(REGION, &group, true).await.unwrap();
    ecs.update_service().cluster(CLUSTER).service(SERVICE).desired_count(1).send().await.unwrap();
    eventually(vec!["healthy".to_owned()], || states(&emulator, &group)).await;
    emulator.succeeded().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_stops_is_alive_after_its_service_counts_it_no_longer() {
    let emulator = boot().await;
    let (ecs, _) = balanced(&emulator).await;
    let slow = EmulatorSettings { ecs_stop_seconds: Some(5.0), ..EmulatorSettings::default() };
    emulator.control().change(&slow).await.unwrap();
    ecs.update_service().cluster(CLUSTER).service(SERVICE).desired_count(0).send().await.unwrap();
    eventually((0, 0), || counts(&ecs)).await;

    let listed = ecs.list_tasks().cluster(CLUSTER).service_name(SERVICE).desired_status(DesiredStatus::Running);
    assert!(listed.send().await.unwrap().task_arns().is_empty());
    let listed = ecs.list_tasks().cluster(CLUSTER).service_name(SERVICE).desired_status(DesiredStatus::Stopped);
    let tasks = listed.send().await.unwrap().task_arns;
    let last = async || -> Vec<String> {
        let described = ecs.describe_tasks().cluster(CLUSTER).set_tasks(tasks.clone()).send().await.unwrap();
        described.tasks().iter().map(|task| task.last_status().unwrap().to_owned()).collect()
    };
    assert_eq!(last().await, ["STOPPING", "STOPPING"]);
    eventually(vec!["STOPPED".to_owned(); 2], last).await;
    emulator.succeeded().unwrap();
}
