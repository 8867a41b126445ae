//! ECS services: counts, what they run, and how their deployments stand.

use std::collections::BTreeMap;

use aws_sdk_ecs::operation::describe_services::{DescribeServicesError, DescribeServicesOutput};
use aws_sdk_ecs::operation::list_services::ListServicesError;
use aws_sdk_ecs::types::{
    Deployment, DeploymentConfiguration, DeploymentLifecycleHookDetail, DeploymentLifecycleHookStatus,
    DeploymentLifecycleHookTargetType, DeploymentRolloutState, Failure, SchedulingStrategy, Service, ServiceDeployment,
    ServiceDeploymentStatus, ServiceField, StabilityStatus, TaskSet,
};
use aws_smithy_types::DateTime;
use jiff::Timestamp;
use watchkeeper_control::ports::{AwsError, ServiceLists, ServiceWrites, Services, TargetHealth};
use watchkeeper_domain::capacity::{
    DeploymentTimes, ObservedService, Rollout, ScalingState, ServiceCapacity, ServiceId, TagScheduler, TaskDefinition,
};
use watchkeeper_domain::name::{ClusterName, ServiceName};

use crate::failover::elb;
use crate::fault::{failed, odd};
use crate::time::timestamp;
use crate::values::{count, tasks};
use crate::{Aws, managed, tagged};

mod releases;
mod tasks;

const DESCRIBE: &str = "DescribeServices";
const UPDATE: &str = "UpdateService";
const LIST: &str = "ListServices";

/// The most services that one page of `ListServices` has (Amazon ECS API reference); without a word it has ten.
const PAGE: i32 = 100;

impl Services for Aws {
    async fn describe_services(
        &self,
        cluster: &ClusterName,
        services: &[ServiceName],
    ) -> Result<BTreeMap<ServiceId, ObservedService>, AwsError> {
        // ECS answers an empty list with an error; there is nothing to ask.
        if services.is_empty() {
            return Ok(BTreeMap::new());
        }
        let names = services.iter().map(ToString::to_string).collect();
        let call = self.ecs.describe_services().cluster(cluster.as_str()).set_services(Some(names));
        match call.include(ServiceField::Tags).send().await {
            Ok(answer) => {
                let mut found = read_services(cluster, &answer).map_err(|what| odd(DESCRIBE, cluster, what))?;
                for service in answer.services().iter().filter(|service| may_pause(service)) {
                    self.see_pause(cluster, service, &mut found).await;
                }
                Ok(found)
            }
            Err(error) if is_unknown_cluster(error.as_service_error()) => Ok(BTreeMap::new()),
            Err(error) => Err(failed(DESCRIBE, cluster, error)),
        }
    }
}

impl ServiceLists for Aws {
    async fn list_services(
        &self,
        cluster: &ClusterName,
        after: Option<&str>,
    ) -> Result<(Vec<ServiceName>, Option<String>), AwsError> {
        let call = self.ecs.list_services().cluster(cluster.as_str()).max_results(PAGE);
        match call.set_next_token(after.map(ToOwned::to_owned)).send().await {
            Ok(answer) => {
                let names = answer.service_arns().iter().map(|arn| service_name(arn)).collect::<Result<_, _>>();
                Ok((names.map_err(|what| odd(LIST, cluster, what))?, answer.next_token))
            }
            Err(error) if error.as_service_error().is_some_and(ListServicesError::is_cluster_not_found_exception) => {
                Ok((Vec::new(), None))
            }
            Err(error) => Err(failed(LIST, cluster, error)),
        }
    }
}

/// The name at the end of a service's ARN, of the short or the long form (Amazon ECS developer guide, "Amazon Resource Names").
fn service_name(arn: &str) -> Result<ServiceName, String> {
    ServiceName::new(arn.rsplit('/').next().unwrap_or_default()).map_err(|bad| format!("serviceArns: {bad}"))
}

impl TargetHealth for Aws {
    async fn unhealthy_targets(&self, _service: &ServiceId, groups: &[String]) -> Result<Option<String>, AwsError> {
        for group in groups {
            if let Some(what) = elb::unhealthy(&self.elb(), group).await? {
                return Ok(Some(what));
            }
        }
        Ok(None)
    }
}

impl ServiceWrites for Aws {
    async fn set_count(&self, service: &ServiceId, desired: u32) -> Result<(), AwsError> {
        let desired = count(UPDATE, service, desired)?;
        let call = self.ecs.update_service().cluster(service.cluster.as_str()).service(service.service.as_str());
        call.desired_count(desired).send().await.map_err(|error| failed(UPDATE, service, error))?;
        Ok(())
    }

    async fn set_scaling(&self, service: &ServiceId, scaling: ScalingState) -> Result<(), AwsError> {
        self.register_target(service, scaling).await
    }

    async fn set_release(&self, service: &ServiceId, release: &TaskDefinition) -> Result<(), AwsError> {
        self.roll_out(service, release).await
    }
}

impl Aws {
    /// Looks whether a hook holds the newest deployment of a service. Where ECS does not say, it is in progress: what is
    /// known of it without that is known still.
    async fn see_pause(
        &self,
        cluster: &ClusterName,
        service: &Service,
        found: &mut BTreeMap<ServiceId, ObservedService>,
    ) {
        let Some(observed) = service_id(cluster, service).ok().and_then(|id| found.get_mut(&id)) else { return };
        if observed.rollout != Rollout::InProgress {
            return;
        }
        let call =
            self.ecs.list_service_deployments().cluster(cluster.as_str()).status(ServiceDeploymentStatus::InProgress);
        let Ok(listed) = call.set_service(service.service_name.clone()).send().await else { return };
        let arns: Vec<String> =
            listed.service_deployments().iter().filter_map(|it| it.service_deployment_arn.clone()).collect();
        if arns.is_empty() {
            return;
        }
        let Ok(told) = self.ecs.describe_service_deployments().set_service_deployment_arns(Some(arns)).send().await
        else {
            return;
        };
        if told.service_deployments().iter().any(waits_in_a_hook) {
            observed.rollout = Rollout::Paused;
        }
    }
}

/// Whether a hook of a service may hold its deployments: only then there is something to look for.
fn may_pause(service: &Service) -> bool {
    let hooks = service.deployment_configuration().map(DeploymentConfiguration::lifecycle_hooks).unwrap_or_default();
    hooks.iter().any(|hook| hook.target_type() == Some(&DeploymentLifecycleHookTargetType::Pause))
}

/// Whether somebody has to answer before a deployment goes on (Amazon ECS API reference, `DeploymentLifecycleHookDetail`).
fn waits_in_a_hook(deployment: &ServiceDeployment) -> bool {
    let waits =
        |hook: &DeploymentLifecycleHookDetail| hook.status() == Some(&DeploymentLifecycleHookStatus::AwaitingAction);
    deployment.lifecycle_hook_details().iter().any(waits)
}

fn is_unknown_cluster(error: Option<&DescribeServicesError>) -> bool {
    error.is_some_and(DescribeServicesError::is_cluster_not_found_exception)
}

/// The services of an answer. `Err` says what of the answer is not as it should be.
fn read_services(
    cluster: &ClusterName,
    answer: &DescribeServicesOutput,
) -> Result<BTreeMap<ServiceId, ObservedService>, String> {
    if let Some(failure) = answer.failures().iter().find(|failure| failure.reason() != Some("MISSING")) {
        return Err(describe_failure(failure));
    }
    // A draining service is being deleted: its count can no longer be set, so to us it is gone like an inactive one.
    let alive = answer.services().iter().filter(|service| service.status() == Some("ACTIVE"));
    alive.map(|service| Ok((service_id(cluster, service)?, read_service(service)?))).collect()
}

fn describe_failure(failure: &Failure) -> String {
    let [arn, reason, detail] = [failure.arn(), failure.reason(), failure.detail()].map(Option::unwrap_or_default);
    format!("failures: found {reason:?} for {arn} {detail}, expected none but MISSING")
}

fn service_id(cluster: &ClusterName, service: &Service) -> Result<ServiceId, String> {
    let name = service.service_name().unwrap_or_default();
    let service = ServiceName::new(name).map_err(|bad| format!("serviceName: {bad}"))?;
    Ok(ServiceId { cluster: cluster.clone(), service })
}

fn read_service(service: &Service) -> Result<ObservedService, String> {
    let (rollout, rollout_since) = rollout(service);
    Ok(ObservedService {
        capacity: ServiceCapacity { desired: tasks("desiredCount", service.desired_count())?, scaling: None },
        running: tasks("runningCount", service.running_count())?,
        pending: tasks("pendingCount", service.pending_count())?,
        managed: managed(service.tags().iter().map(|tag| (tag.key(), tag.value()))),
        rollout,
        rollout_since,
        deployed: primary_deployment(service).and_then(times),
        task_definition: task_definition(service).map(TaskDefinition::new),
        daemon: service.scheduling_strategy() == Some(&SchedulingStrategy::Daemon),
        target_groups: tasks::target_group_arns(service).map(ToOwned::to_owned).collect(),
        scheduler: TagScheduler::of_service(tagged(service.tags().iter().map(|tag| (tag.key(), tag.value())))),
    })
}

fn primary_deployment(service: &Service) -> Option<&Deployment> {
    service.deployments().iter().find(|deployment| deployment.status() == Some("PRIMARY"))
}

fn primary_task_set(service: &Service) -> Option<&TaskSet> {
    service.task_sets().iter().find(|task_set| task_set.status() == Some("PRIMARY"))
}

/// What the newest deployment rolls out; where there is none, as with task sets, what the service says of itself.
fn task_definition(service: &Service) -> Option<&str> {
    let deployed = primary_deployment(service).and_then(Deployment::task_definition);
    deployed.or_else(|| primary_task_set(service)?.task_definition()).or_else(|| service.task_definition())
}

/// How the newest deployment stands. ECS's own controller says so; `CodeDeploy` and external controllers have task sets
/// instead; where neither says anything, a service that runs what it should is taken as settled.
fn rollout(service: &Service) -> (Rollout, Option<Timestamp>) {
    let (deployment, task_set) = (primary_deployment(service), primary_task_set(service));
    let reached = service.running_count() == service.desired_count();
    let settled = || if reached { Rollout::Completed } else { Rollout::InProgress };
    match (deployment, task_set) {
        (Some(deployment), _) => of_deployment(deployment).unwrap_or_else(|| (settled(), started(deployment))),
        (None, Some(task_set)) => of_task_set(task_set),
        (None, None) => (settled(), None),
    }
}

fn of_deployment(deployment: &Deployment) -> Option<(Rollout, Option<Timestamp>)> {
    let ended = || since(deployment.updated_at(), deployment.created_at());
    match deployment.rollout_state()? {
        DeploymentRolloutState::Completed => Some((Rollout::Completed, ended())),
        DeploymentRolloutState::Failed => Some((Rollout::Failed, ended())),
        // ECS touches `updatedAt` with each change of the count: the age of a deployment under way is since its start.
        DeploymentRolloutState::InProgress => Some((Rollout::InProgress, started(deployment))),
        _ => None,
    }
}

fn started(deployment: &Deployment) -> Option<Timestamp> {
    since(deployment.created_at(), deployment.updated_at())
}

/// When a deployment was made, and touched last.
fn times(deployment: &Deployment) -> Option<DeploymentTimes> {
    let created = timestamp(deployment.created_at()?)?;
    Some(DeploymentTimes {
        created,
        updated: deployment.updated_at().and_then(timestamp).unwrap_or(created),
        ended: None,
    })
}

fn of_task_set(task_set: &TaskSet) -> (Rollout, Option<Timestamp>) {
    let rollout = match task_set.stability_status() {
        Some(StabilityStatus::SteadyState) => Rollout::Completed,
        _ => Rollout::InProgress,
    };
    (rollout, since(task_set.stability_status_at(), task_set.created_at()))
}

fn since(first: Option<&DateTime>, second: Option<&DateTime>) -> Option<Timestamp> {
    first.or(second).and_then(timestamp)
}

#[cfg(test)]
#[path = "ecs_tests.rs"]
mod tests;
