//! Clusters, services, their scalable targets, and the load balancers before them.

use watchkeeper_domain::name::{ClusterName, ServiceName};

use super::StateReader;
use super::attributes::Attributes;
use super::cursor::StateMistake;
use crate::draft::arn::{Arn, last_part};
use crate::draft::facts::{ScalableTarget, ServiceFacts, TargetGroup};

impl StateReader<'_> {
    pub(super) fn cluster(&mut self, resource: &Attributes<'_>) -> Result<(), StateMistake> {
        let arn = resource.text("arn")?.and_then(Arn::parse);
        let name = resource.text("name")?.and_then(|name| ClusterName::new(name).ok());
        let found = self.found(resource, arn.as_ref(), name)?;
        self.facts.clusters.extend(found);
        Ok(())
    }

    pub(super) fn service(&mut self, resource: &Attributes<'_>) -> Result<(), StateMistake> {
        let arn = [resource.text("arn")?, resource.text("id")?].into_iter().flatten().find_map(Arn::parse);
        let name = resource.text("name")?.and_then(|name| ServiceName::new(name).ok());
        let cluster = cluster_of(arn.as_ref(), resource.text("cluster")?);
        let groups = resource.texts("load_balancer.target_group_arn")?;
        let facts = name.zip(cluster).map(|(name, cluster)| {
            Ok::<_, StateMistake>(ServiceFacts {
                cluster,
                name,
                desired: resource.count("desired_count")?,
                controller: resource.text("deployment_controller.type")?.filter(|it| *it != "ECS").map(str::to_owned),
                target_groups: groups.into_iter().filter_map(Arn::parse).map(|arn| arn.resource).collect(),
            })
        });
        let daemon = resource.text("scheduling_strategy")? == Some("DAEMON");
        if let Some(found) = self.found(resource, arn.as_ref(), facts.transpose()?)? {
            self.facts.add_service(found, daemon);
        }
        Ok(())
    }

    /// A scalable target; only those of services count.
    pub(super) fn target(&mut self, resource: &Attributes<'_>) -> Result<(), StateMistake> {
        let Some(service) = scaled_service(resource)? else { return Ok(()) };
        let bounds = (resource.count("min_capacity")?, resource.count("max_capacity")?);
        let (Some(min), Some(max)) = bounds else { return Ok(()) };
        let place = resource.text("arn")?.and_then(Arn::parse).map(|arn| (arn.account, arn.region));
        let target = ScalableTarget { file: self.file, place, min, max };
        self.facts.targets.entry(service).or_default().push(target);
        Ok(())
    }

    /// What moves a service by the clock, until somebody ends it.
    pub(super) fn scheduled_action(&mut self, resource: &Attributes<'_>) -> Result<(), StateMistake> {
        self.facts.scheduled.extend(scaled_service(resource)?);
        Ok(())
    }

    pub(super) fn target_group(&mut self, resource: &Attributes<'_>) -> Result<(), StateMistake> {
        let Some(arn) = resource.text("arn")?.and_then(Arn::parse) else { return Ok(()) };
        let balancers = resource.texts("load_balancer_arns")?;
        let group = TargetGroup::new(resource.text("health_check.path")?, &balancers);
        self.facts.target_groups.insert(arn.resource, group);
        Ok(())
    }

    pub(super) fn balancer(&mut self, resource: &Attributes<'_>) -> Result<(), StateMistake> {
        if let Some((arn, address)) = resource.text("arn")?.zip(resource.text("dns_name")?) {
            self.facts.add_balancer(arn, address);
        }
        Ok(())
    }
}

/// Cluster and name of a service that is scaled: "service/CLUSTER/SERVICE" (Application Auto Scaling API reference,
/// `RegisterScalableTarget`, `ResourceId`).
fn scaled_service(resource: &Attributes<'_>) -> Result<Option<(String, String)>, StateMistake> {
    let namespace = resource.text("service_namespace")?;
    let id = resource.text("resource_id")?.filter(|_| namespace == Some("ecs"));
    let id = id.and_then(|id| id.strip_prefix("service/")).and_then(|id| id.split_once('/'));
    Ok(id.map(|(cluster, service)| (cluster.to_owned(), service.to_owned())))
}

/// The cluster of a service: the long form of its ARN has it (`service/CLUSTER/SERVICE`), the short one of before 2018 has not
/// ("Amazon Resource Names and IDs" of the Amazon ECS developer guide). Without either it is the one called `default`.
fn cluster_of(arn: Option<&Arn>, attribute: Option<&str>) -> Option<ClusterName> {
    let parts: Vec<&str> = arn?.resource.split('/').collect();
    let of_arn = if let ["service", cluster, _] = parts.as_slice() { Some(*cluster) } else { None };
    ClusterName::new(of_arn.or(attribute.map(last_part)).unwrap_or("default")).ok()
}
