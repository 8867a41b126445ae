//! The tasks of ECS services: how many are alive, their images, and the target groups that they answer in.

use std::collections::BTreeSet;

use aws_sdk_ecs::operation::describe_tasks::DescribeTasksOutput;
use aws_sdk_ecs::operation::list_tasks::ListTasksError;
use aws_sdk_ecs::primitives::DateTime;
use aws_sdk_ecs::types::{DesiredStatus, Service, Task, TaskDefinition as Definition};
use watchkeeper_control::failover::ports::RegionTasks;
use watchkeeper_control::ports::AwsError;
use watchkeeper_domain::capacity::{ServiceId, TaskDefinition};
use watchkeeper_domain::failover::readiness::TargetGroupFacts;
use watchkeeper_domain::failover::rehearsal::TaskStart;

use super::{DESCRIBE, describe_failure, is_unknown_cluster};
use crate::AwsRegionReader;
use crate::failover::elb;
use crate::fault::{failed, odd};

const LIST: &str = "ListTasks";
const DESCRIBE_TASKS: &str = "DescribeTasks";

/// The most tasks that one `DescribeTasks` call takes (Amazon ECS API reference).
const TASKS_MAX: usize = 100;

/// What may be wanted of a task. A task that is to stop goes on for as long as its containers take; no task is listed under
/// PENDING (Amazon ECS API reference, `ListTasks`). In this order, none that is told to stop in between is missed.
const WANTED: [DesiredStatus; 2] = [DesiredStatus::Running, DesiredStatus::Stopped];

impl RegionTasks for AwsRegionReader {
    async fn tasks_alive(&self, service: &ServiceId) -> Result<u32, AwsError> {
        let mut tasks = BTreeSet::new();
        for wanted in WANTED {
            tasks.extend(self.tasks(service, wanted).await?);
        }
        let tasks: Vec<String> = tasks.into_iter().collect();
        let mut count = 0;
        for batch in tasks.chunks(TASKS_MAX) {
            let call = self.aws.ecs.describe_tasks().cluster(service.cluster.as_str()).set_tasks(Some(batch.to_vec()));
            let answer = call.send().await.map_err(|error| failed(DESCRIBE_TASKS, service, error))?;
            count += alive(&answer).map_err(|what| odd(DESCRIBE_TASKS, service, what))?;
        }
        Ok(count)
    }

    async fn slowest_start(&self, service: &ServiceId) -> Result<Option<TaskStart>, AwsError> {
        let mut slowest: Option<TaskStart> = None;
        for batch in self.tasks(service, DesiredStatus::Running).await?.chunks(TASKS_MAX) {
            let call = self.aws.ecs.describe_tasks().cluster(service.cluster.as_str()).set_tasks(Some(batch.to_vec()));
            let answer = call.send().await.map_err(|error| failed(DESCRIBE_TASKS, service, error))?;
            slowest = answer.tasks().iter().filter_map(start).chain(slowest).max_by_key(|start| start.took_ms);
        }
        Ok(slowest)
    }

    async fn task_images(&self, definition: &TaskDefinition) -> Result<Vec<String>, AwsError> {
        let answer = self.aws.ecs.describe_task_definition().task_definition(definition.arn()).send().await;
        let answer = answer.map_err(|error| failed("DescribeTaskDefinition", definition, error))?;
        Ok(answer.task_definition().map(images).unwrap_or_default())
    }

    async fn target_groups(&self, service: &ServiceId) -> Result<Vec<TargetGroupFacts>, AwsError> {
        let call = self.aws.ecs.describe_services().cluster(service.cluster.as_str());
        let answer = match call.services(service.service.as_str()).send().await {
            Ok(answer) => answer,
            Err(error) if is_unknown_cluster(error.as_service_error()) => return Ok(Vec::new()),
            Err(error) => return Err(failed(DESCRIBE, service, error)),
        };
        let mut groups = Vec::new();
        for arn in answer.services().iter().flat_map(target_group_arns) {
            groups.push(elb::target_group(&self.elb, arn).await?);
        }
        Ok(groups)
    }
}

impl AwsRegionReader {
    /// The ARNs of a service's tasks of which something is wanted.
    async fn tasks(&self, service: &ServiceId, wanted: DesiredStatus) -> Result<Vec<String>, AwsError> {
        let call = self.aws.ecs.list_tasks().cluster(service.cluster.as_str()).service_name(service.service.as_str());
        let listed = call.desired_status(wanted).into_paginator().items().send().try_collect().await;
        match listed {
            Ok(arns) => Ok(arns),
            Err(error) if error.as_service_error().is_some_and(is_unknown) => Ok(Vec::new()),
            Err(error) => Err(failed(LIST, service, error)),
        }
    }
}

fn is_unknown(error: &ListTasksError) -> bool {
    error.is_cluster_not_found_exception() || error.is_service_not_found_exception()
}

/// Tasks of an answer that have not stopped; one that ECS has forgotten has. `Err` says what is not as it should be.
fn alive(answer: &DescribeTasksOutput) -> Result<u32, String> {
    if let Some(failure) = answer.failures().iter().find(|failure| failure.reason() != Some("MISSING")) {
        return Err(describe_failure(failure));
    }
    let count = answer.tasks().iter().filter(|task| task.last_status() != Some("STOPPED")).count();
    u32::try_from(count).map_err(|_| format!("tasks: found {count}, expected at most {TASKS_MAX}"))
}

/// How a task that runs has started (`createdAt`, `startedAt`, `pullStartedAt`, `pullStoppedAt`; Amazon ECS API reference, `Task`).
fn start(task: &Task) -> Option<TaskStart> {
    let between =
        |from: Option<&DateTime>, to: Option<&DateTime>| Some(to?.to_millis().ok()? - from?.to_millis().ok()?);
    let took_ms = between(task.created_at(), task.started_at())?;
    Some(TaskStart { took_ms, pull_ms: between(task.pull_started_at(), task.pull_stopped_at()) })
}

fn images(definition: &Definition) -> Vec<String> {
    definition.container_definitions().iter().filter_map(|container| container.image().map(ToOwned::to_owned)).collect()
}

pub(super) fn target_group_arns(service: &Service) -> impl Iterator<Item = &str> {
    service.load_balancers().iter().filter_map(|balancer| balancer.target_group_arn())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use aws_sdk_ecs::types::error::{ClusterNotFoundException, ServerException, ServiceNotFoundException};
    use aws_sdk_ecs::types::{ContainerDefinition, Failure, LoadBalancer};

    use super::*;

    fn answer(statuses: &[&str]) -> DescribeTasksOutput {
        let task = |status: &&str| Task::builder().last_status(*status).desired_status("STOPPED").build();
        DescribeTasksOutput::builder().set_tasks(Some(statuses.iter().map(task).collect())).build()
    }

    #[test]
    fn a_task_is_alive_until_it_has_stopped_whatever_is_wanted_of_it() {
        let states = ["PROVISIONING", "PENDING", "RUNNING", "DEACTIVATING", "STOPPING", "DEPROVISIONING", "STOPPED"];
        assert_eq!(alive(&answer(&states)), Ok(6));
        assert_eq!(alive(&answer(&["STOPPED", "STOPPED"])), Ok(0));
        assert_eq!(alive(&answer(&[])), Ok(0));
    }

    #[test]
    fn a_task_that_ecs_has_forgotten_is_gone_and_any_other_failure_is_an_error() {
        let with = |reason: &str| {
            let failure = Failure::builder().arn("arn:task").reason(reason).build();
            DescribeTasksOutput::builder().failures(failure).build()
        };
        assert_eq!(alive(&with("MISSING")), Ok(0));
        assert!(alive(&with("ACCESS")).unwrap_err().contains("\"ACCESS\" for arn:task"));
    }

    #[test]
    fn only_what_does_not_exist_has_no_tasks() {
        let cluster = ClusterNotFoundException::builder().message("no").build();
        let service = ServiceNotFoundException::builder().message("no").build();
        assert!(is_unknown(&ListTasksError::ClusterNotFoundException(cluster)));
        assert!(is_unknown(&ListTasksError::ServiceNotFoundException(service)));
        assert!(!is_unknown(&ListTasksError::ServerException(ServerException::builder().build())));
    }

    #[test]
    fn a_start_is_timed_from_the_creation_of_the_task_and_its_images_within_it() {
        let at = DateTime::from_secs;
        let running = Task::builder().created_at(at(100)).started_at(at(142));
        let bare = running.clone().build();
        assert_eq!(start(&bare), Some(TaskStart { took_ms: 42_000, pull_ms: None }));
        let pulled = running.pull_started_at(at(105)).pull_stopped_at(at(135)).build();
        assert_eq!(start(&pulled), Some(TaskStart { took_ms: 42_000, pull_ms: Some(30_000) }));
        assert_eq!(start(&Task::builder().created_at(at(100)).build()), None, "it has not started yet");
    }

    #[test]
    fn images_come_in_the_order_of_the_containers() {
        let container = |image: &str| ContainerDefinition::builder().image(image).build();
        let bare = ContainerDefinition::builder().name("bare").build();
        let definition = Definition::builder().container_definitions(container("app:1")).container_definitions(bare);
        let definition = definition.container_definitions(container("agent:7")).build();
        assert_eq!(images(&definition), ["app:1", "agent:7"]);
    }

    #[test]
    fn a_service_answers_in_the_target_groups_of_its_load_balancers() {
        let group = LoadBalancer::builder().target_group_arn("arn:group").build();
        let classic = LoadBalancer::builder().load_balancer_name("classic").build();
        let service = Service::builder().load_balancers(classic).load_balancers(group).build();
        assert_eq!(target_group_arns(&service).collect::<Vec<_>>(), ["arn:group"]);
    }
}
