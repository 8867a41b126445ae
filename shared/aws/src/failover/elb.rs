//! Target groups of load balancers: their health checks, and the health of their targets.

use aws_sdk_elasticloadbalancingv2::Client;
use aws_sdk_elasticloadbalancingv2::operation::describe_target_groups::DescribeTargetGroupsError;
use aws_sdk_elasticloadbalancingv2::operation::describe_target_health::DescribeTargetHealthError;
use aws_sdk_elasticloadbalancingv2::types::{TargetGroup, TargetHealthDescription, TargetHealthStateEnum};
use watchkeeper_control::ports::AwsError;
use watchkeeper_domain::failover::readiness::TargetGroupFacts;

use crate::fault::failed;

/// A target group by its ARN. It is asked for alone: one that does not exist makes AWS answer for none.
pub(crate) async fn target_group(client: &Client, arn: &str) -> Result<TargetGroupFacts, AwsError> {
    let missing = || TargetGroupFacts { name: arn.to_owned(), health_path: None, healthy: 0, unhealthy: 0 };
    let answer = match client.describe_target_groups().target_group_arns(arn).send().await {
        Ok(answer) => answer,
        Err(error)
            if error.as_service_error().is_some_and(DescribeTargetGroupsError::is_target_group_not_found_exception) =>
        {
            return Ok(missing());
        }
        Err(error) => return Err(failed("DescribeTargetGroups", arn, error)),
    };
    let Some(group) = answer.target_groups().first() else { return Ok(missing()) };
    match client.describe_target_health().target_group_arn(arn).send().await {
        Ok(answer) => Ok(read(arn, group, answer.target_health_descriptions())),
        Err(error)
            if error.as_service_error().is_some_and(DescribeTargetHealthError::is_target_group_not_found_exception) =>
        {
            Ok(missing())
        }
        Err(error) => Err(failed("DescribeTargetHealth", arn, error)),
    }
}

/// Why not every target of a group is healthy; `None` where all are, and there is one. A group that does not exist has none.
pub(crate) async fn unhealthy(client: &Client, arn: &str) -> Result<Option<String>, AwsError> {
    let targets = match client.describe_target_health().target_group_arn(arn).send().await {
        Ok(answer) => answer.target_health_descriptions.unwrap_or_default(),
        Err(error)
            if error.as_service_error().is_some_and(DescribeTargetHealthError::is_target_group_not_found_exception) =>
        {
            Vec::new()
        }
        Err(error) => return Err(failed("DescribeTargetHealth", arn, error)),
    };
    let TargetGroupFacts { healthy, unhealthy, .. } = read(arn, &TargetGroup::builder().build(), &targets);
    Ok((healthy == 0 || unhealthy > 0)
        .then(|| format!("{healthy} of {} targets of {arn} are healthy", healthy + unhealthy)))
}

/// What AWS says of a group and its targets. A check without a path, as of TCP, is named by its protocol. A target that
/// drains has been taken out: it is neither healthy nor ill.
fn read(arn: &str, group: &TargetGroup, targets: &[TargetHealthDescription]) -> TargetGroupFacts {
    let protocol = || group.health_check_protocol().map_or("", |protocol| protocol.as_str());
    let mut facts = TargetGroupFacts {
        name: group.target_group_name().unwrap_or(arn).to_owned(),
        health_path: Some(group.health_check_path().unwrap_or_else(protocol).to_owned()),
        healthy: 0,
        unhealthy: 0,
    };
    for target in targets {
        match target.target_health().and_then(|health| health.state()) {
            Some(TargetHealthStateEnum::Healthy) => facts.healthy += 1,
            Some(TargetHealthStateEnum::Draining | TargetHealthStateEnum::UnhealthyDraining) => {}
            _ => facts.unhealthy += 1,
        }
    }
    facts
}

#[cfg(test)]
mod tests {
    use aws_sdk_elasticloadbalancingv2::types::{ProtocolEnum, TargetHealth};

    use super::*;

    const ARN: &str = "arn:aws:elasticloadbalancing:us-west-1:123456789012:targetgroup/fleet/0123456789abcdef";

    fn target(state: &str) -> TargetHealthDescription {
        let health = TargetHealth::builder().state(TargetHealthStateEnum::from(state)).build();
        TargetHealthDescription::builder().target_health(health).build()
    }

    #[test]
    fn only_a_healthy_target_counts_as_healthy_and_a_draining_one_as_neither() {
        let group = TargetGroup::builder().target_group_name("fleet").health_check_path("/fleet/health").build();
        let states = ["healthy", "healthy", "initial", "unhealthy", "unused", "unavailable", "draining"];
        let found = read(ARN, &group, &states.map(target));
        let (name, health_path) = ("fleet".to_owned(), Some("/fleet/health".to_owned()));
        assert_eq!(found, TargetGroupFacts { name, health_path, healthy: 2, unhealthy: 4 });
    }

    #[test]
    fn a_check_without_a_path_is_named_by_its_protocol() {
        let group = TargetGroup::builder().health_check_protocol(ProtocolEnum::Tcp).build();
        let found = read(ARN, &group, &[]);
        assert_eq!((found.name.as_str(), found.health_path.as_deref()), (ARN, Some("TCP")));
    }
}
