//! Services and their scalable targets.

use std::collections::BTreeSet;

use aws_sdk_applicationautoscaling::types::{ScalableDimension, ServiceNamespace, SuspendedState};
use aws_sdk_ecs::primitives::DateTime;
use aws_sdk_ecs::types::{ContainerDefinition, LoadBalancer, Service, Tag};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use watchkeeper_aws::MANAGED_TAG;
use watchkeeper_domain::capacity::{ScalingState, ServiceCapacity, ServiceId};
use watchkeeper_domain::estate::Failover;
use watchkeeper_domain::name::ClusterName;

use super::pair::repositories;
use super::{Declared, RegionFixtures, SiteError, awaited};

/// Services that one call describes (Amazon ECS API reference, `DescribeServices`).
const DESCRIBED_AT_ONCE: usize = 10;
/// The task definition of every service of no pair: what runs in it is not the sandbox's business.
const TASKS: &str = "sandbox-app";
/// What a task of a pair takes, in CPU units: a quarter of a vCPU, the smallest that Fargate has.
const CPU_UNITS: &str = "256";
/// How many services are made at once.
const AT_ONCE: usize = 8;

impl RegionFixtures {
    /// Make one service, and wait until all of its tasks run.
    ///
    /// # Errors
    /// [`SiteError`] when AWS refuses.
    pub async fn make_service(&self, id: &ServiceId, capacity: ServiceCapacity) -> Result<(), SiteError> {
        let declared = Declared::from([(id.clone(), capacity)]);
        self.make_services(&declared, None).await?;
        self.tasks_run(&declared).await
    }

    /// Make or put back services with their targets; those of a pair with the images and target groups of its document.
    pub(super) async fn make_services(&self, declared: &Declared, pair: Option<&Failover>) -> Result<(), SiteError> {
        if declared.is_empty() {
            return Ok(());
        }
        self.define_tasks().await?;
        for cluster in declared.keys().map(|id| &id.cluster).collect::<BTreeSet<_>>() {
            let call = self.ecs.create_cluster().cluster_name(cluster.as_str());
            call.send().await.map_err(SiteError::aws(format!("make cluster {cluster}")))?;
        }
        let there = self.described(declared.keys()).await?;
        let there: BTreeSet<&str> = there.iter().filter_map(Service::service_name).collect();
        let made = declared.iter().map(async |(id, capacity)| {
            // The bounds come before the count, so that an old minimum does not lift the new count.
            if there.contains(id.service.as_str()) {
                self.put_target(id, capacity.scaling).await?;
                self.set_count(id, capacity.desired).await
            } else {
                let (definition, group) = match pair {
                    Some(pair) => (self.define_own(id, pair).await?, self.target_group(&id.service, pair).await?),
                    None => (TASKS.to_owned(), None),
                };
                self.create(id, capacity, definition, group).await?;
                self.put_target(id, capacity.scaling).await
            }
        });
        stream::iter(made).buffer_unordered(AT_ONCE).try_collect().await
    }

    /// Wait until every service runs as many tasks as it wants, and wants as many as it should.
    pub(super) async fn tasks_run(&self, declared: &Declared) -> Result<(), SiteError> {
        let wanted: u32 = declared.values().map(|capacity| capacity.desired).sum();
        awaited(&format!("{wanted} tasks running"), async || {
            let services = self.described(declared.keys()).await?;
            let steady = |service: &Service| service.desired_count() == service.running_count();
            let running: i32 = services.iter().map(Service::running_count).sum();
            let there = running.cast_unsigned() == wanted && services.iter().all(steady);
            Ok((there && services.len() == declared.len()).then_some(()))
        })
        .await
    }

    /// Set a desired count, as a person or a deployment would.
    ///
    /// # Errors
    /// [`SiteError`] when ECS refuses. So for all that a person does.
    pub async fn set_count(&self, id: &ServiceId, desired: u32) -> Result<(), SiteError> {
        let call = self.ecs.update_service().cluster(id.cluster.as_str()).service(id.service.as_str());
        let call = call.desired_count(desired.cast_signed());
        call.send().await.map_err(SiteError::aws(format!("set the count of {id}")))?;
        Ok(())
    }

    /// Give a service this scalable target, or none.
    ///
    /// # Errors
    /// [`SiteError`] when AWS refuses.
    pub async fn put_target(&self, id: &ServiceId, scaling: Option<ScalingState>) -> Result<(), SiteError> {
        let Some(ScalingState { min, max, suspended }) = scaling else { return self.drop_target(id).await };
        let suspended = SuspendedState::builder()
            .dynamic_scaling_in_suspended(suspended.scale_in)
            .dynamic_scaling_out_suspended(suspended.scale_out)
            .scheduled_scaling_suspended(suspended.scheduled);
        let call = self.scaling.register_scalable_target().service_namespace(ServiceNamespace::Ecs);
        let call = call.scalable_dimension(ScalableDimension::EcsServiceDesiredCount).resource_id(resource(id));
        let call = call.min_capacity(min.cast_signed()).max_capacity(max.cast_signed()).tags(MANAGED_TAG, "true");
        let call = call.suspended_state(suspended.build());
        call.send().await.map_err(SiteError::aws(format!("register the target of {id}")))?;
        Ok(())
    }

    /// Services as ECS describes them; unknown ones are left out.
    pub(super) async fn described(&self, ids: impl Iterator<Item = &ServiceId>) -> Result<Vec<Service>, SiteError> {
        let mut clusters: Vec<(&ClusterName, Vec<String>)> = Vec::new();
        for id in ids {
            let name = id.service.as_str().to_owned();
            match clusters.last_mut() {
                Some((cluster, names)) if **cluster == id.cluster && names.len() < DESCRIBED_AT_ONCE => {
                    names.push(name);
                }
                _ => clusters.push((&id.cluster, vec![name])),
            }
        }
        let mut found = Vec::new();
        for (cluster, names) in clusters {
            let call = self.ecs.describe_services().cluster(cluster.as_str()).set_services(Some(names));
            let answer = call.send().await.map_err(SiteError::aws(format!("describe services of {cluster}")))?;
            found.extend(answer.services.unwrap_or_default());
        }
        Ok(found)
    }

    /// Puts a service behind this target group, which is made, and returns the group's ARN. The service is made anew.
    ///
    /// # Errors
    /// [`SiteError`] when AWS refuses.
    pub async fn put_behind(
        &self,
        id: &ServiceId,
        group: &str,
        capacity: ServiceCapacity,
    ) -> Result<String, SiteError> {
        let group = self.make_target_group(group, "/health").await?;
        let gone = self.ecs.delete_service().cluster(id.cluster.as_str()).service(id.service.as_str()).force(true);
        gone.send().await.map_err(SiteError::aws(format!("delete service {id}")))?;
        self.create(id, &capacity, TASKS.to_owned(), Some(group.clone())).await?;
        self.put_target(id, capacity.scaling).await?;
        self.tasks_run(&Declared::from([(id.clone(), capacity)])).await?;
        Ok(group)
    }

    /// When the first of a service's tasks that run was started.
    ///
    /// # Errors
    /// [`SiteError`] when AWS does not answer, or none of its tasks runs.
    pub async fn first_start(&self, id: &ServiceId) -> Result<f64, SiteError> {
        let call = self.ecs.list_tasks().cluster(id.cluster.as_str()).service_name(id.service.as_str());
        let listed = call.send().await.map_err(SiteError::aws(format!("list the tasks of {id}")))?;
        let call = self.ecs.describe_tasks().cluster(id.cluster.as_str()).set_tasks(listed.task_arns);
        let found = call.send().await.map_err(SiteError::aws(format!("describe the tasks of {id}")))?;
        let starts = found.tasks().iter().filter_map(|task| task.started_at()).map(DateTime::as_secs_f64);
        starts.reduce(f64::min).ok_or_else(|| SiteError::new(format!("see a task of {id}"), "none runs"))
    }

    async fn create(
        &self,
        id: &ServiceId,
        capacity: &ServiceCapacity,
        definition: String,
        group: Option<String>,
    ) -> Result<(), SiteError> {
        let tag = Tag::builder().key(MANAGED_TAG).value("true").build();
        let call = self.ecs.create_service().cluster(id.cluster.as_str()).service_name(id.service.as_str());
        let mut call = call.desired_count(capacity.desired.cast_signed()).tags(tag).task_definition(definition);
        if let Some(group) = group {
            let balancer = LoadBalancer::builder().target_group_arn(group).container_name("app").container_port(80);
            call = call.load_balancers(balancer.build());
        }
        // In a box: the call's own future is large.
        Box::pin(call.send()).await.map_err(SiteError::aws(format!("make service {id}")))?;
        Ok(())
    }

    /// A task definition of a service's own, with the images that are its own, and its family.
    async fn define_own(&self, id: &ServiceId, pair: &Failover) -> Result<String, SiteError> {
        let mut images = Vec::new();
        for repository in repositories(&id.service, pair) {
            images.extend(self.image_of(repository.as_str()).await?);
        }
        if images.is_empty() {
            images.push("app".to_owned());
        }
        let mut call = self.ecs.register_task_definition().family(id.service.as_str()).cpu(CPU_UNITS);
        for (nth, image) in images.into_iter().enumerate() {
            let name = if nth == 0 { "app".to_owned() } else { format!("app-{nth}") };
            call =
                call.container_definitions(ContainerDefinition::builder().name(name).image(image).memory(64).build());
        }
        call.send().await.map_err(SiteError::aws(format!("register the task definition of {id}")))?;
        Ok(id.service.to_string())
    }

    async fn define_tasks(&self) -> Result<(), SiteError> {
        let container = ContainerDefinition::builder().name("app").image("app").memory(64).build();
        let call = self.ecs.register_task_definition().family(TASKS).container_definitions(container);
        call.send().await.map_err(SiteError::aws("register the task definition"))?;
        Ok(())
    }
}

/// A service as Application Auto Scaling names it.
pub(super) fn resource(id: &ServiceId) -> String {
    format!("service/{id}")
}
