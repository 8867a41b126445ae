//! Releases: what deployments of the estate's own pipelines bring.

use aws_sdk_ecs::types::{ContainerDefinition, DeploymentRolloutState, Service};
use watchkeeper_domain::capacity::{ServiceId, TaskDefinition};

use super::{RegionFixtures, SiteError, awaited};

impl RegionFixtures {
    /// Register the next release of a service, whose tasks take this, in CPU units. It is not rolled out yet.
    ///
    /// # Errors
    /// [`SiteError`] when ECS refuses. So for all here.
    pub async fn make_release(&self, id: &ServiceId, cpu_units: Option<u32>) -> Result<TaskDefinition, SiteError> {
        let container = ContainerDefinition::builder().name("app").image("app").memory(64).build();
        let call = self.ecs.register_task_definition().family(id.service.as_str()).container_definitions(container);
        let call = call.set_cpu(cpu_units.map(|units| units.to_string()));
        let made = call.send().await.map_err(SiteError::aws(format!("register a release of {id}")))?;
        let arn = made.task_definition().and_then(|made| made.task_definition_arn());
        let arn = arn.ok_or_else(|| SiteError::new(format!("register a release of {id}"), "it has no ARN"))?;
        Ok(TaskDefinition::new(arn))
    }

    /// Register a release of another family for a service. It is not rolled out yet.
    ///
    /// # Errors
    /// [`SiteError`] says what failed.
    pub async fn make_release_of(&self, family: &str, id: &ServiceId) -> Result<TaskDefinition, SiteError> {
        let found = self.released(id).await?;
        let call = self.ecs.describe_task_definition().task_definition(found.arn()).send().await;
        let found = call.map_err(SiteError::aws(format!("read the release of {id}")))?;
        let of = found.task_definition();
        let containers = of.map(|of| of.container_definitions().to_vec());
        let call = self.ecs.register_task_definition().family(family).set_container_definitions(containers);
        let call = call.set_cpu(of.and_then(|of| of.cpu().map(ToOwned::to_owned)));
        let made = call.send().await.map_err(SiteError::aws(format!("register {family}")))?;
        let arn = made.task_definition().and_then(|made| made.task_definition_arn());
        let arn = arn.ok_or_else(|| SiteError::new(format!("register {family}"), "it has no ARN"))?;
        Ok(TaskDefinition::new(arn))
    }

    /// Deregister a release, as CloudFormation does with the one before at each update.
    ///
    /// # Errors
    /// [`SiteError`] says what failed.
    pub async fn retire_release(&self, release: &TaskDefinition) -> Result<(), SiteError> {
        let call = self.ecs.deregister_task_definition().task_definition(release.arn());
        call.send().await.map_err(SiteError::aws(format!("deregister {release}")))?;
        Ok(())
    }

    /// Begin to roll a release out.
    ///
    /// # Errors
    /// [`SiteError`] says what failed.
    pub async fn begin_release(&self, id: &ServiceId, release: &TaskDefinition) -> Result<(), SiteError> {
        let call = self.ecs.update_service().cluster(id.cluster.as_str()).service(id.service.as_str());
        let call = call.task_definition(release.arn());
        // In a box: the call's own future is large.
        Box::pin(call.send()).await.map_err(SiteError::aws(format!("roll out {release}")))?;
        Ok(())
    }

    /// Roll a release out, and wait until its deployment has completed or failed.
    ///
    /// # Errors
    /// [`SiteError`] says what failed.
    pub async fn release(&self, id: &ServiceId, release: &TaskDefinition) -> Result<(), SiteError> {
        self.begin_release(id, release).await?;
        awaited(&format!("the end of the deployment of {release}"), async || {
            let services = self.described([id].into_iter()).await?;
            let mut deployments = services.iter().flat_map(Service::deployments);
            let newest = deployments.find(|deployment| deployment.status() == Some("PRIMARY"));
            let state = newest.and_then(|deployment| deployment.rollout_state());
            let ended = matches!(state, Some(DeploymentRolloutState::Completed | DeploymentRolloutState::Failed));
            Ok(ended.then_some(()))
        })
        .await
    }

    /// What a service is to run.
    ///
    /// # Errors
    /// [`SiteError`] says what failed.
    pub async fn released(&self, id: &ServiceId) -> Result<TaskDefinition, SiteError> {
        let services = self.described([id].into_iter()).await?;
        let found = services.first().and_then(|service| service.task_definition());
        found.map(TaskDefinition::new).ok_or_else(|| SiteError::new(format!("find the release of {id}"), "none"))
    }
}
