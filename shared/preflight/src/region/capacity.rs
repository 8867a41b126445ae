//! Clusters, services, scalable targets and what moves them.

use std::collections::BTreeMap;

use aws_sdk_applicationautoscaling::types::{ScalableDimension, ScalableTarget, ServiceNamespace};
use aws_sdk_ecs::types::{
    ClusterField, DeploymentController, DeploymentControllerType, SchedulingStrategy, Service, ServiceField,
};
use aws_sdk_elasticloadbalancingv2::types::ProtocolEnum;
use watchkeeper_aws::failed;
use watchkeeper_control::ports::{
    AccountQuotas as _, AwsError, DESCRIBE_SERVICES_MAX, DESCRIBE_TARGETS_MAX, Fault, ListenerRules as _,
    Services as _, all_services,
};
use watchkeeper_domain::capacity::{ObservedRule, ObservedService, ServiceId, TaskDefinition};
use watchkeeper_domain::name::{ClusterName, ServiceName};
use watchkeeper_domain::preflight::{ControllerKind, FoundService, PageGroup, Read, TargetFacts};
use watchkeeper_domain::value::{ListenerRuleArn, TargetGroupArn};

use super::{RegionClients, tags};
use crate::unread::{found, read};

const SERVICES: &str = "ecs:DescribeServices";

impl RegionClients {
    /// The status of a cluster.
    pub(crate) async fn cluster(&self, cluster: &ClusterName) -> Result<Option<String>, AwsError> {
        let call = self.ecs.describe_clusters().clusters(cluster.as_str()).include(ClusterField::Settings);
        let answer = call.send().await.map_err(|error| failed("ecs:DescribeClusters", cluster, error))?;
        Ok(answer.clusters().first().and_then(|cluster| cluster.status().map(str::to_owned)))
    }

    /// All services of a cluster.
    pub(crate) async fn services_of(
        &self,
        cluster: &ClusterName,
    ) -> Result<BTreeMap<ServiceId, ObservedService>, AwsError> {
        let mut all = BTreeMap::new();
        for names in all_services(&self.aws, cluster).await?.chunks(DESCRIBE_SERVICES_MAX) {
            all.extend(self.aws.describe_services(cluster, names).await?);
        }
        Ok(all)
    }

    /// Services of a cluster that exists, with everything about each but its scalable target. `sizes`: with what a task takes.
    pub(crate) async fn services(
        &self,
        cluster: &ClusterName,
        names: &[ServiceName],
        sizes: bool,
    ) -> BTreeMap<ServiceId, Read<Option<FoundService>>> {
        let mut all = BTreeMap::new();
        for names in names.chunks(DESCRIBE_SERVICES_MAX) {
            let id = |name: &ServiceName| ServiceId { cluster: cluster.clone(), service: name.clone() };
            match read(self.described(cluster, names).await) {
                Err(unread) => all.extend(names.iter().map(|name| (id(name), Err(unread.clone())))),
                Ok(services) => {
                    for name in names {
                        let service = services.iter().find(|it| it.service_name() == Some(name.as_str()));
                        let facts = match service.filter(|service| service.status() == Some("ACTIVE")) {
                            Some(service) => Some(self.facts(service, sizes).await),
                            None => None,
                        };
                        all.insert(id(name), Ok(facts));
                    }
                }
            }
        }
        all
    }

    pub(crate) async fn described(
        &self,
        cluster: &ClusterName,
        names: &[ServiceName],
    ) -> Result<Vec<Service>, AwsError> {
        let names = names.iter().map(ToString::to_string).collect();
        let call = self.ecs.describe_services().cluster(cluster.as_str()).set_services(Some(names));
        let answer = call.include(ServiceField::Tags).send().await.map_err(|error| failed(SERVICES, cluster, error))?;
        // Whatever is not missing may be there, and was not told.
        if let Some(failure) = answer.failures().iter().find(|failure| failure.reason() != Some("MISSING")) {
            let source =
                Some(format!("{}: {}", failure.arn().unwrap_or_default(), failure.reason().unwrap_or_default()).into());
            return Err(AwsError {
                operation: SERVICES,
                subject: cluster.to_string(),
                fault: Fault::Unavailable,
                source,
            });
        }
        Ok(answer.services.unwrap_or_default())
    }

    async fn facts(&self, service: &Service, sizes: bool) -> FoundService {
        let controller = service.deployment_controller().map(DeploymentController::r#type);
        let controller = match controller {
            None | Some(DeploymentControllerType::Ecs) => ControllerKind::Ecs,
            Some(other) => ControllerKind::Other(other.as_str().to_owned()),
        };
        let definition = service.task_definition().filter(|_| sizes).map(TaskDefinition::new);
        let count = |found: i32| u32::try_from(found).unwrap_or(0);
        FoundService {
            arn: service.service_arn().unwrap_or_default().to_owned(),
            desired: count(service.desired_count()),
            running: count(service.running_count()),
            tags: tags(service.tags().iter().map(|tag| (tag.key(), tag.value()))),
            daemon: service.scheduling_strategy() == Some(&SchedulingStrategy::Daemon),
            controller,
            target_groups: read(self.target_groups(service).await),
            target: Ok(None),
            cpu_units: match definition {
                Some(definition) => read(self.aws.cpu_units(&definition).await),
                None => Ok(None),
            },
        }
    }

    /// The target groups of a service, each with the path or protocol of its check; asked for one by one, because of one
    /// that does not exist AWS makes an error of all.
    async fn target_groups(&self, service: &Service) -> Result<Vec<(String, Option<String>)>, AwsError> {
        let mut groups = Vec::new();
        for arn in service.load_balancers().iter().filter_map(|balancer| balancer.target_group_arn()) {
            let answer = self.elb.describe_target_groups().target_group_arns(arn).send().await;
            let answer = answer.map_err(|error| failed("elasticloadbalancing:DescribeTargetGroups", arn, error));
            let answer = found(answer)?;
            let group = answer.as_ref().and_then(|answer| answer.target_groups().first());
            let protocol = group.and_then(|group| group.health_check_protocol()).map(ProtocolEnum::as_str);
            let health = group.map(|group| group.health_check_path().or(protocol).unwrap_or_default().to_owned());
            let name = group.and_then(|group| group.target_group_name()).unwrap_or(arn);
            groups.push((name.to_owned(), health));
        }
        Ok(groups)
    }

    /// A rule of a load balancer's listener, by the engine's own eyes.
    pub(crate) async fn rule(&self, rule: &ListenerRuleArn) -> Result<Option<ObservedRule>, AwsError> {
        self.aws.describe_rule(rule).await
    }

    /// A target group that is to answer with a page, with its targets.
    pub(crate) async fn page_group(&self, group: &TargetGroupArn) -> Result<Option<PageGroup>, AwsError> {
        let answer = self.elb.describe_target_groups().target_group_arns(group.as_str()).send().await;
        let answer = answer.map_err(|error| failed("elasticloadbalancing:DescribeTargetGroups", group, error));
        let Some(described) = found(answer)? else { return Ok(None) };
        let kind = described.target_groups().first().and_then(|group| group.target_type());
        let health = self.elb.describe_target_health().target_group_arn(group.as_str()).send().await;
        let health = health.map_err(|error| failed("elasticloadbalancing:DescribeTargetHealth", group, error))?;
        let targets = health.target_health_descriptions().iter().filter_map(|target| target.target()?.id());
        let kind = kind.map(|kind| kind.as_str().to_owned()).unwrap_or_default();
        Ok(Some(PageGroup { kind, targets: targets.map(str::to_owned).collect() }))
    }

    /// The scalable targets of services, with their tags and what moves them by the clock.
    pub(crate) async fn targets(&self, services: &[ServiceId]) -> Read<BTreeMap<ServiceId, TargetFacts>> {
        let mut all = BTreeMap::new();
        if services.is_empty() {
            return Ok(all);
        }
        let scheduled = read(self.scheduled().await);
        for some in services.chunks(DESCRIBE_TARGETS_MAX) {
            for target in read(self.described_targets(some).await)? {
                let id = target.resource_id().strip_prefix("service/").map(str::to_owned);
                let Some(id) = id.and_then(|id| ServiceId::try_from(id).ok()) else { continue };
                let scheduled =
                    scheduled.as_ref().map(|all| all.get(target.resource_id()).cloned().unwrap_or_default());
                let facts = TargetFacts {
                    arn: target.scalable_target_arn().map(str::to_owned),
                    min: u32::try_from(target.min_capacity()).unwrap_or(0),
                    max: u32::try_from(target.max_capacity()).unwrap_or(0),
                    tags: read(self.target_tags(target.scalable_target_arn()).await),
                    scheduled: scheduled.map_err(Clone::clone),
                };
                all.insert(id, facts);
            }
        }
        Ok(all)
    }

    async fn described_targets(&self, services: &[ServiceId]) -> Result<Vec<ScalableTarget>, AwsError> {
        let call = self.autoscaling.describe_scalable_targets().service_namespace(ServiceNamespace::Ecs);
        let call = call.scalable_dimension(ScalableDimension::EcsServiceDesiredCount);
        let call = call.set_resource_ids(Some(services.iter().map(|id| format!("service/{id}")).collect()));
        let answer = call.into_paginator().items().send().try_collect().await;
        let subject = format!("{} services", services.len());
        answer.map_err(|error| failed("application-autoscaling:DescribeScalableTargets", subject, error))
    }

    /// The tags of a target; one without an ARN has none yet.
    async fn target_tags(&self, arn: Option<&str>) -> Result<watchkeeper_domain::preflight::Tags, AwsError> {
        let Some(arn) = arn else { return Ok(watchkeeper_domain::preflight::Tags::new()) };
        let answer = self.autoscaling.list_tags_for_resource().resource_arn(arn).send().await;
        let answer = answer.map_err(|error| failed("application-autoscaling:ListTagsForResource", arn, error))?;
        Ok(answer.tags().into_iter().flatten().map(|(key, value)| (key.clone(), value.clone())).collect())
    }

    /// The scheduled actions of ECS services, by what they move.
    async fn scheduled(&self) -> Result<BTreeMap<String, Vec<String>>, AwsError> {
        let call = self.autoscaling.describe_scheduled_actions().service_namespace(ServiceNamespace::Ecs);
        let all = call.into_paginator().items().send().try_collect().await;
        let all = all.map_err(|error| failed("application-autoscaling:DescribeScheduledActions", "ecs", error))?;
        let mut by_resource = BTreeMap::<String, Vec<String>>::new();
        for action in all {
            let names = by_resource.entry(action.resource_id().to_owned()).or_default();
            names.push(action.scheduled_action_name().to_owned());
        }
        Ok(by_resource)
    }
}
