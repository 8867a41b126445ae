//! The true state, from AWS itself and by code of its own: the adapters under test have no part in it.

use std::collections::BTreeMap;

use aws_sdk_applicationautoscaling::types::{ScalableTarget, ServiceNamespace};
use aws_sdk_ecs::operation::list_services::ListServicesError;
use watchkeeper_domain::capacity::{
    Capacity, DatabaseId, DatabasePower, ScalingState, ServiceCapacity, ServiceId, Suspensions,
};
use watchkeeper_domain::estate::Environment;
use watchkeeper_domain::name::{BadName, ClusterName, ServiceName};

use super::services::resource;
use super::{RegionFixtures, SiteError};

impl RegionFixtures {
    /// The capacity of an environment here. What does not exist is left out.
    ///
    /// # Errors
    /// [`SiteError`] when AWS does not answer, or a database is in between two states.
    pub async fn capacity(&self, environment: &Environment) -> Result<Capacity, SiteError> {
        let mut targets = self.targets().await?;
        let ids = self.ids(environment).await?;
        let described = self.described(ids.iter()).await?;
        let mut capacity = Capacity::default();
        for id in ids {
            let named = |s: &&aws_sdk_ecs::types::Service| {
                s.service_name() == Some(id.service.as_str())
                    && s.cluster_arn().is_some_and(|arn| arn.ends_with(&format!("/{}", id.cluster)))
            };
            let Some(service) = described.iter().find(named) else { continue };
            let desired = service.desired_count().cast_unsigned();
            let scaling = targets.remove(&resource(&id));
            capacity.services.insert(id, ServiceCapacity { desired, scaling });
        }
        for database in environment.databases(self.region()) {
            if let Some(status) = self.status(&database).await? {
                let power = power(&database, &status)?;
                capacity.databases.insert(database, power);
            }
        }
        Ok(capacity)
    }

    /// How many tasks of an environment run here.
    ///
    /// # Errors
    /// [`SiteError`] when AWS does not answer.
    pub async fn running(&self, environment: &Environment) -> Result<i32, SiteError> {
        Ok(self
            .described(self.ids(environment).await?.iter())
            .await?
            .iter()
            .map(aws_sdk_ecs::types::Service::running_count)
            .sum())
    }

    /// The services of an environment here: those that it names, and all of the clusters whose services are found by their tag.
    async fn ids(&self, environment: &Environment) -> Result<Vec<ServiceId>, SiteError> {
        let named = environment.services(self.region()).into_iter();
        let mut ids: Vec<ServiceId> = named.map(|(cluster, service)| ServiceId { cluster, service }).collect();
        for cluster in environment.managed_clusters(self.region()) {
            ids.extend(self.listed(cluster).await?);
        }
        Ok(ids)
    }

    /// Every service of a cluster, with the tag or without; none where there is no such cluster.
    async fn listed(&self, cluster: ClusterName) -> Result<Vec<ServiceId>, SiteError> {
        let call = self.ecs.list_services().cluster(cluster.as_str()).into_paginator().items().send();
        let arns = match call.try_collect().await {
            Err(error) if error.as_service_error().is_some_and(ListServicesError::is_cluster_not_found_exception) => {
                return Ok(Vec::new());
            }
            answer => answer.map_err(SiteError::aws(format!("list the services of {cluster}")))?,
        };
        let name = |arn: &String| ServiceName::new(arn.rsplit('/').next().unwrap_or_default());
        let ids = arns.iter().map(|arn| name(arn).map(|service| ServiceId { cluster: cluster.clone(), service }));
        let ids: Result<Vec<ServiceId>, BadName> = ids.collect();
        ids.map_err(|bad| SiteError::new(format!("read the services of {cluster}"), bad))
    }

    async fn targets(&self) -> Result<BTreeMap<String, ScalingState>, SiteError> {
        let call = self.scaling.describe_scalable_targets().service_namespace(ServiceNamespace::Ecs);
        let all = call.into_paginator().items().send().try_collect().await;
        let all = all.map_err(SiteError::aws("describe scalable targets"))?;
        Ok(all.iter().map(|target| (target.resource_id().to_owned(), scaling(target))).collect())
    }
}

fn scaling(target: &ScalableTarget) -> ScalingState {
    let flag = |held: Option<bool>| held.unwrap_or(false);
    let suspended = target.suspended_state().map_or(Suspensions::NONE, |state| Suspensions {
        scale_in: flag(state.dynamic_scaling_in_suspended()),
        scale_out: flag(state.dynamic_scaling_out_suspended()),
        scheduled: flag(state.scheduled_scaling_suspended()),
    });
    let (min, max) = (target.min_capacity().cast_unsigned(), target.max_capacity().cast_unsigned());
    ScalingState { min, max, suspended }
}

/// On or off. A run that has ended leaves nothing in between: that would be a finding, not a state.
fn power(database: &DatabaseId, status: &str) -> Result<DatabasePower, SiteError> {
    match status {
        "available" => Ok(DatabasePower::On),
        "stopped" => Ok(DatabasePower::Off),
        other => Err(SiteError::new(format!("read the power of {}", database.name()), format!("it is {other}"))),
    }
}
