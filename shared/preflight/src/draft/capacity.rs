//! Clusters, services, their bounds, and the load balancers before them.

use aws_sdk_applicationautoscaling::types::ServiceNamespace;
use aws_sdk_ecs::types::{ClusterField, SchedulingStrategy, Service};
use watchkeeper_aws::failed;
use watchkeeper_control::ports::{AwsError, DESCRIBE_SERVICES_MAX, all_services};
use watchkeeper_domain::name::{ClusterName, ServiceName};
use watchkeeper_estates::draft::Arn;
use watchkeeper_estates::draft::facts::{ScalableTarget, ServiceFacts, TargetGroup};

use super::{AccountReader, pairs};

/// What ECS takes in one call (Amazon ECS API reference, `DescribeClusters`).
const DESCRIBE_CLUSTERS_MAX: usize = 100;

impl AccountReader<'_> {
    pub(super) async fn clusters(&mut self) -> Result<(), AwsError> {
        let region = self.region;
        let arns = self.clients.ecs.list_clusters().into_paginator().items().send().try_collect().await;
        let arns = arns.map_err(|error| failed("ecs:ListClusters", region, error))?;
        let mut names = Vec::new();
        for some in arns.chunks(DESCRIBE_CLUSTERS_MAX) {
            let call =
                self.clients.ecs.describe_clusters().set_clusters(Some(some.to_vec())).include(ClusterField::Tags);
            let answer = call.send().await.map_err(|error| failed("ecs:DescribeClusters", region, error))?;
            for cluster in answer.clusters().iter().filter(|cluster| cluster.status() == Some("ACTIVE")) {
                let Some(name) = cluster.cluster_name().and_then(|name| ClusterName::new(name).ok()) else { continue };
                let found = self.found(name.clone(), pairs(cluster.tags(), |tag| (tag.key(), tag.value())));
                self.facts.clusters.push(found);
                names.push(name);
            }
        }
        for cluster in names {
            let read = self.services(&cluster).await;
            self.note(&format!("services of cluster {cluster}"), read);
        }
        Ok(())
    }

    async fn services(&mut self, cluster: &ClusterName) -> Result<(), AwsError> {
        let names: Vec<ServiceName> = all_services(&self.clients.aws, cluster).await?;
        for some in names.chunks(DESCRIBE_SERVICES_MAX) {
            for service in self.clients.described(cluster, some).await? {
                if service.status() != Some("ACTIVE") {
                    continue;
                }
                let daemon = service.scheduling_strategy() == Some(&SchedulingStrategy::Daemon);
                if let Some(facts) = service_facts(cluster, &service) {
                    let found = self.found(facts, pairs(service.tags(), |tag| (tag.key(), tag.value())));
                    self.facts.add_service(found, daemon);
                }
            }
        }
        Ok(())
    }

    /// Bounds of services, and what moves them by the clock.
    pub(super) async fn bounds(&mut self) -> Result<(), AwsError> {
        let region = self.region;
        let call = self.clients.autoscaling.describe_scalable_targets().service_namespace(ServiceNamespace::Ecs);
        let targets = call.into_paginator().items().send().try_collect().await;
        let targets =
            targets.map_err(|error| failed("application-autoscaling:DescribeScalableTargets", region, error))?;
        for target in &targets {
            let place = Some((self.account.clone(), region.clone()));
            let bounds = u32::try_from(target.min_capacity()).ok().zip(u32::try_from(target.max_capacity()).ok());
            if let Some((service, (min, max))) = scaled_service(target.resource_id()).zip(bounds) {
                let target = ScalableTarget { file: self.file, place, min, max };
                self.facts.targets.entry(service).or_default().push(target);
            }
        }
        let call = self.clients.autoscaling.describe_scheduled_actions().service_namespace(ServiceNamespace::Ecs);
        let actions = call.into_paginator().items().send().try_collect().await;
        let actions =
            actions.map_err(|error| failed("application-autoscaling:DescribeScheduledActions", region, error))?;
        self.facts.scheduled.extend(actions.iter().filter_map(|it| scaled_service(it.resource_id())));
        Ok(())
    }

    pub(super) async fn balancers(&mut self) -> Result<(), AwsError> {
        let region = self.region;
        let groups = self.clients.elb.describe_target_groups().into_paginator().items().send().try_collect().await;
        let groups = groups.map_err(|error| failed("elasticloadbalancing:DescribeTargetGroups", region, error))?;
        for group in &groups {
            if let Some(arn) = group.target_group_arn().and_then(Arn::parse) {
                let balancers: Vec<&str> = group.load_balancer_arns().iter().map(String::as_str).collect();
                let found = TargetGroup::new(group.health_check_path(), &balancers);
                self.facts.target_groups.insert(arn.resource, found);
            }
        }
        let all = self.clients.elb.describe_load_balancers().into_paginator().items().send().try_collect().await;
        let all = all.map_err(|error| failed("elasticloadbalancing:DescribeLoadBalancers", region, error))?;
        for balancer in &all {
            if let Some((arn, address)) = balancer.load_balancer_arn().zip(balancer.dns_name()) {
                self.facts.add_balancer(arn, address);
            }
        }
        Ok(())
    }
}

fn service_facts(cluster: &ClusterName, service: &Service) -> Option<ServiceFacts> {
    let controller = service.deployment_controller().map(|it| it.r#type().as_str()).filter(|kind| *kind != "ECS");
    let groups = service.load_balancers().iter().filter_map(|it| Arn::parse(it.target_group_arn()?));
    Some(ServiceFacts {
        cluster: cluster.clone(),
        name: ServiceName::new(service.service_name()?).ok()?,
        desired: u32::try_from(service.desired_count()).ok(),
        controller: controller.map(str::to_owned),
        target_groups: groups.map(|arn| arn.resource).collect(),
    })
}

/// Cluster and name: "service/CLUSTER/SERVICE" (Application Auto Scaling API reference, `ScalableTarget`, `ResourceId`).
fn scaled_service(id: &str) -> Option<(String, String)> {
    let (cluster, service) = id.strip_prefix("service/")?.split_once('/')?;
    Some((cluster.to_owned(), service.to_owned()))
}
