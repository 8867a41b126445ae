//! The ports of capacity: services, scalable targets, databases, releases, and what the account may start.

use std::collections::BTreeMap;
use std::fmt::Display;

use jiff::Timestamp;
use watchkeeper_control::ports::{
    AccountQuotas, AwsError, DESCRIBE_SERVICES_MAX, DESCRIBE_TARGETS_MAX, DatabaseLists, Databases, ScalableTargets,
    ScheduledActions, ServiceLists, ServiceReleases, ServiceWrites, Services, TargetTags,
};
use watchkeeper_domain::capacity::{
    DatabaseId, DatabaseKind, ListedDatabase, ObservedDatabase, ObservedService, ScalingState, Schedules, ServiceId,
    ServiceRelease, TaskDefinition,
};
use watchkeeper_domain::guardrail::CapacityQuotas;
use watchkeeper_domain::name::{ClusterName, ServiceName};

use crate::operation::Operation;
use crate::refusal::CallRefusal;
use crate::region::SimRegion;
use crate::state::SimState;

/// Services a page, where as many as possible are asked for (Amazon ECS API reference, `ListServices`).
const SERVICES_PAGE: usize = 100;

/// Databases of a kind a page, where as many as possible are asked for (Amazon RDS API reference, `DescribeDBInstances`).
const DATABASES_PAGE: usize = 100;

/// Scheduled actions a page (Application Auto Scaling API reference, `DescribeScheduledActions`).
const SCHEDULED_PAGE: usize = 50;

impl Services for SimRegion {
    async fn describe_services(
        &self,
        cluster: &ClusterName,
        services: &[ServiceName],
    ) -> Result<BTreeMap<ServiceId, ObservedService>, AwsError> {
        let subject = format!("{cluster}: {}", list(services));
        self.ask(Operation::DescribeServices, subject, |state| {
            batch(services, DESCRIBE_SERVICES_MAX)?;
            let ids = services.iter().map(|service| ServiceId { cluster: cluster.clone(), service: service.clone() });
            Ok(ids.filter_map(|id| state.read_service(&id).map(|service| (id, service))).collect())
        })
        .await
    }
}

impl ServiceLists for SimRegion {
    async fn list_services(
        &self,
        cluster: &ClusterName,
        after: Option<&str>,
    ) -> Result<(Vec<ServiceName>, Option<String>), AwsError> {
        self.ask(Operation::ListServices, cluster, |state| {
            let there: Vec<ServiceId> = state.services.keys().filter(|id| id.cluster == *cluster).cloned().collect();
            let there = there.into_iter().filter(|id| state.read_service(id).is_some()).map(|id| id.service);
            let mut rest = there.filter(|service| after.is_none_or(|after| service.as_str() > after));
            let page: Vec<ServiceName> = rest.by_ref().take(SERVICES_PAGE).collect();
            let more = rest.next().is_some();
            let next = page.last().filter(|_| more).map(ToString::to_string);
            Ok((page, next))
        })
        .await
    }
}

impl ScalableTargets for SimRegion {
    async fn describe_targets(&self, services: &[ServiceId]) -> Result<BTreeMap<ServiceId, ScalingState>, AwsError> {
        self.ask(Operation::DescribeScalableTargets, list(services), |state| {
            batch(services, DESCRIBE_TARGETS_MAX)?;
            let targets = services.iter().filter_map(|id| state.read_target(id).map(|scaling| (id.clone(), scaling)));
            Ok(targets.collect())
        })
        .await
    }
}

impl TargetTags for SimRegion {
    async fn target_is_managed(&self, service: &ServiceId) -> Result<bool, AwsError> {
        self.ask(Operation::ListTargetTags, service, |state| {
            Ok(state.service(service).is_some_and(|found| found.scaling.is_some() && !found.target_untagged))
        })
        .await
    }
}

impl ServiceWrites for SimRegion {
    async fn set_count(&self, service: &ServiceId, desired: u32) -> Result<(), AwsError> {
        self.ask(Operation::UpdateService, service, |state| {
            state.check_service(service)?;
            if state.service(service).is_some_and(|found| found.denied.0) {
                return Err(CallRefusal::denied(service));
            }
            if state.service(service).is_some_and(|found| found.daemon) {
                return Err(CallRefusal::invalid(format!("{service} is a daemon, which has no desired count")));
            }
            state.set_desired(service, desired);
            Ok(())
        })
        .await
    }

    async fn set_scaling(&self, service: &ServiceId, scaling: ScalingState) -> Result<(), AwsError> {
        self.ask(Operation::RegisterScalableTarget, service, |state| {
            let found = state.check_service(service)?;
            // AWS would make a new target. The port is for existing ones, so here that is a mistake of the caller.
            if found.is_none() {
                return Err(CallRefusal::not_found(format!("the scalable target of {service}")));
            }
            if state.service(service).is_some_and(|found| found.denied.1 || found.target_untagged) {
                return Err(CallRefusal::denied(format!("the scalable target of {service}")));
            }
            if scaling.min > scaling.max {
                return Err(CallRefusal::invalid(format!("the minimum {} is above the maximum", scaling.min)));
            }
            state.set_target(service, Some(scaling));
            Ok(())
        })
        .await
    }

    async fn set_release(&self, service: &ServiceId, release: &TaskDefinition) -> Result<(), AwsError> {
        self.ask(Operation::UpdateService, service, |state| {
            state.check_service(service)?;
            state.update_release(service, release)
        })
        .await
    }
}

impl ScheduledActions for SimRegion {
    async fn scheduled_actions(&self, after: Option<&str>) -> Result<(Schedules, Option<String>), AwsError> {
        self.ask(Operation::DescribeScheduledActions, "ecs", |state| {
            let token = after.map_or(Ok(0), str::parse).map_err(|_| CallRefusal::invalid("no such token"))?;
            let mut page = Schedules::new();
            for (id, action) in state.schedules.iter().skip(token).take(SCHEDULED_PAGE) {
                page.entry(id.clone()).or_default().push(action.clone());
            }
            let next = token + SCHEDULED_PAGE;
            Ok((page, (next < state.schedules.len()).then(|| next.to_string())))
        })
        .await
    }
}

impl Databases for SimRegion {
    async fn describe_database(&self, database: &DatabaseId) -> Result<Option<ObservedDatabase>, AwsError> {
        self.ask(Operation::describe(database.kind()), database, |state| Ok(state.read_database(database))).await
    }

    async fn start_database(&self, database: &DatabaseId) -> Result<(), AwsError> {
        self.ask(Operation::start(database), database, |state| state.switch(database, true)).await
    }

    async fn stop_database(&self, database: &DatabaseId) -> Result<(), AwsError> {
        self.ask(Operation::stop(database), database, |state| state.switch(database, false)).await
    }
}

impl DatabaseLists for SimRegion {
    async fn list_databases(
        &self,
        kind: DatabaseKind,
        after: Option<&str>,
    ) -> Result<(Vec<ListedDatabase>, Option<String>), AwsError> {
        self.ask(Operation::describe(kind), "all databases", |state| {
            let all: Vec<DatabaseId> = state.databases.keys().filter(|id| id.kind() == kind).cloned().collect();
            let mut rest = all.into_iter().filter(|id| after.is_none_or(|after| id.name().as_str() > after));
            let page: Vec<DatabaseId> = rest.by_ref().take(DATABASES_PAGE).collect();
            let next = page.last().filter(|_| rest.next().is_some()).map(|id| id.name().to_string());
            Ok((page.iter().filter_map(|id| state.listed_database(id)).collect(), next))
        })
        .await
    }
}

impl ServiceReleases for SimRegion {
    async fn releases(&self, service: &ServiceId) -> Result<Vec<ServiceRelease>, AwsError> {
        self.ask(Operation::ListServiceDeployments, service, |state| {
            state.read_releases(service).ok_or_else(|| CallRefusal::not_found(service))
        })
        .await
    }

    async fn is_active(&self, release: &TaskDefinition) -> Result<bool, AwsError> {
        self.ask(Operation::DescribeTaskDefinition, release, |state| Ok(state.is_active(release))).await
    }
}

impl AccountQuotas for SimRegion {
    async fn quotas(&self, _at: Timestamp) -> Result<CapacityQuotas, AwsError> {
        self.ask(Operation::GetServiceQuota, "the account", |state| {
            Ok(CapacityQuotas { cpu_units: BTreeMap::new(), ..state.account.clone() })
        })
        .await
    }

    async fn cpu_units(&self, release: &TaskDefinition) -> Result<Option<u32>, AwsError> {
        self.ask(Operation::DescribeTaskDefinition, release, |state| state.cpu_units(release)).await
    }
}

impl SimState {
    /// What a describe may answer now.
    fn read_service(&mut self, id: &ServiceId) -> Option<ObservedService> {
        let (now, lag) = (self.now, self.lag());
        self.services.get_mut(id)?.seen.read(now, lag)?.clone()
    }

    fn read_target(&mut self, id: &ServiceId) -> Option<ScalingState> {
        let (now, lag) = (self.now, self.lag());
        *self.services.get_mut(id)?.seen_scaling.read(now, lag)?
    }

    fn read_releases(&mut self, id: &ServiceId) -> Option<Vec<ServiceRelease>> {
        let (now, lag) = (self.now, self.lag());
        self.services.get_mut(id)?.seen_releases.read(now, lag)?.clone()
    }

    fn listed_database(&mut self, id: &DatabaseId) -> Option<ListedDatabase> {
        let ObservedDatabase { managed, .. } = self.read_database(id)?;
        let environment = self.databases.get(id)?.environment.clone();
        Some(ListedDatabase { id: id.clone(), managed, environment })
    }

    fn read_database(&mut self, id: &DatabaseId) -> Option<ObservedDatabase> {
        let (now, lag) = (self.now, self.lag());
        self.databases.get_mut(id)?.seen.read(now, lag)?.clone()
    }

    /// Whether a service may be written to; its scalable target if it has one.
    fn check_service(&self, id: &ServiceId) -> Result<Option<ScalingState>, CallRefusal> {
        let service = self.service(id).ok_or_else(|| CallRefusal::not_found(id))?;
        if service.managed { Ok(service.scaling) } else { Err(CallRefusal::not_managed(id)) }
    }
}

/// Refuses a batch that is too large, and an empty one: for `DescribeScalableTargets` that would mean "all".
fn batch<T>(items: &[T], most: usize) -> Result<(), CallRefusal> {
    if (1..=most).contains(&items.len()) {
        Ok(())
    } else {
        Err(CallRefusal::invalid(format!("{} in one call, expected 1 to {most}", items.len())))
    }
}

fn list<T: Display>(items: &[T]) -> String {
    items.iter().map(T::to_string).collect::<Vec<_>>().join(", ")
}
