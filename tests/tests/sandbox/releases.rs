//! Deployments of ECS services: their history, and the ends that a test orders.

use crate::{CLUSTER, REGION, SERVICE, boot, eventually, make_service};
use aws_sdk_ecs::Client;
use aws_sdk_ecs::types::{ContainerDefinition, ServiceDeploymentStatus};
use watchkeeper_tests::sandbox::RolloutEnd;

/// Register another revision of the task definition, and deploy it.
async fn release(ecs: &Client) {
    let container = ContainerDefinition::builder().name("app").image("app").memory(64).build();
    ecs.register_task_definition().family("app").container_definitions(container).send().await.unwrap();
    ecs.update_service().cluster(CLUSTER).service(SERVICE).task_definition("app").send().await.unwrap();
}

/// What the service runs, and how its primary deployment stands: `app:2 COMPLETED`.
async fn current(ecs: &Client) -> String {
    let answer = ecs.describe_services().cluster(CLUSTER).services(SERVICE).send().await.unwrap();
    let service = &answer.services()[0];
    let primary = service.deployments().iter().find(|found| found.status() == Some("PRIMARY")).unwrap();
    assert_eq!(primary.task_definition(), service.task_definition());
    let (_, definition) = service.task_definition().unwrap().rsplit_once('/').unwrap();
    format!("{definition} {}", primary.rollout_state().unwrap())
}

async fn running(ecs: &Client) -> i32 {
    let answer = ecs.describe_services().cluster(CLUSTER).services(SERVICE).send().await.unwrap();
    answer.services()[0].running_count()
}

/// Status and task definition of each service deployment, newest first: AWS lists them in no order that it would promise.
async fn history(ecs: &Client) -> Vec<String> {
    let listed = ecs.list_service_deployments().cluster(CLUSTER).service(SERVICE).send().await.unwrap();
    let mut listed = listed.service_deployments().to_vec();
    listed.sort_by_key(|brief| std::cmp::Reverse(brief.created_at().map(aws_sdk_ecs::primitives::DateTime::as_nanos)));
    let mut found = Vec::new();
    for brief in &listed {
        let revision = brief.target_service_revision_arn().unwrap();
        let answer = ecs.describe_service_revisions().service_revision_arns(revision).send().await.unwrap();
        let (_, definition) = answer.service_revisions()[0].task_definition().unwrap().rsplit_once('/').unwrap();
        found.push(format!("{definition} {}", brief.status().unwrap()));
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn each_release_is_remembered_with_its_task_definition_and_its_end() {
    let emulator = boot().await;
    let ecs = Client::new(&emulator.sdk_config(REGION));
    make_service(&ecs, 2).await;
    eventually(vec!["app:1 SUCCESSFUL".to_owned()], async || history(&ecs).await).await;
    release(&ecs).await;
    eventually(vec!["app:2 SUCCESSFUL".to_owned(), "app:1 SUCCESSFUL".to_owned()], async || history(&ecs).await).await;
    assert_eq!(current(&ecs).await, "app:2 COMPLETED");
    // A count is no release.
    ecs.update_service().cluster(CLUSTER).service(SERVICE).desired_count(1).send().await.unwrap();
    eventually(1, async || running(&ecs).await).await;
    assert_eq!(history(&ecs).await.len(), 2);

    let pages = ecs.list_service_deployments().cluster(CLUSTER).service(SERVICE).max_results(1);
    let first = pages.clone().send().await.unwrap();
    let second = pages.set_next_token(first.next_token().map(str::to_owned)).send().await.unwrap();
    let (one, other) = (&first.service_deployments()[0], &second.service_deployments()[0]);
    assert!(one.service_deployment_arn() != other.service_deployment_arn() && second.next_token().is_none());
    assert!(one.finished_at() >= one.started_at());
    let unknown = ecs.update_service().cluster(CLUSTER).service(SERVICE).task_definition("app:99").send().await;
    assert!(unknown.unwrap_err().into_service_error().is_client_exception());
    emulator.succeeded().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_that_fails_leaves_the_tasks_of_the_one_before_alone() {
    let emulator = boot().await;
    let ecs = Client::new(&emulator.sdk_config(REGION));
    make_service(&ecs, 2).await;
    eventually("app:1 COMPLETED".to_owned(), async || current(&ecs).await).await;
    emulator.control().order_release(REGION, CLUSTER, SERVICE, RolloutEnd::Fail).await.unwrap();
    release(&ecs).await;
    eventually("app:2 FAILED".to_owned(), async || current(&ecs).await).await;
    assert_eq!(history(&ecs).await[0], "app:2 STOPPED");
    eventually(2, async || running(&ecs).await).await;

    // Scaling cannot help: nothing new starts until something good is released.
    ecs.update_service().cluster(CLUSTER).service(SERVICE).desired_count(4).send().await.unwrap();
    ecs.update_service().cluster(CLUSTER).service(SERVICE).task_definition("app:1").send().await.unwrap();
    eventually("app:1 COMPLETED".to_owned(), async || current(&ecs).await).await;
    eventually(4, async || running(&ecs).await).await;
    emulator.succeeded().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn ecs_rolls_back_a_release_that_was_held_and_then_failed() {
    let emulator = boot().await;
    let ecs = Client::new(&emulator.sdk_config(REGION));
    make_service(&ecs, 2).await;
    eventually("app:1 COMPLETED".to_owned(), async || current(&ecs).await).await;
    emulator.control().order_release(REGION, CLUSTER, SERVICE, RolloutEnd::Hold).await.unwrap();
    release(&ecs).await;
    eventually(4, async || running(&ecs).await).await;
    assert_eq!(current(&ecs).await, "app:2 IN_PROGRESS");

    emulator.control().order_release(REGION, CLUSTER, SERVICE, RolloutEnd::Rollback).await.unwrap();
    eventually("app:2 ROLLBACK_SUCCESSFUL".to_owned(), async || history(&ecs).await[0].clone()).await;
    assert_eq!((current(&ecs).await, running(&ecs).await), ("app:1 COMPLETED".to_owned(), 2));
    let wanted = ecs.list_service_deployments().cluster(CLUSTER).service(SERVICE);
    let good = wanted.status(ServiceDeploymentStatus::Successful).send().await.unwrap();
    assert_eq!(good.service_deployments().len(), 1);
    emulator.succeeded().unwrap();
}
