//! Scalable targets of ECS services: bounds and suspensions.

use std::collections::BTreeMap;

use aws_sdk_applicationautoscaling::types::{
    ScalableDimension, ScalableTarget, ScalableTargetAction, ServiceNamespace, SuspendedState,
};
use watchkeeper_control::ports::{AwsError, ScalableTargets, ScheduledActions, TargetTags};
use watchkeeper_domain::capacity::{ScalingState, ScheduledAction, Schedules, ServiceId, Suspensions};

use crate::fault::{failed, odd};
use crate::values::{count, tasks};
use crate::{Aws, managed};

const DESCRIBE: &str = "DescribeScalableTargets";
const SCHEDULED: &str = "DescribeScheduledActions";
const REGISTER: &str = "RegisterScalableTarget";
const TAGS: &str = "ListTagsForResource";

impl ScalableTargets for Aws {
    async fn describe_targets(&self, services: &[ServiceId]) -> Result<BTreeMap<ServiceId, ScalingState>, AwsError> {
        // Without ids the API would answer with every target of the account.
        let [first, ..] = services else { return Ok(BTreeMap::new()) };
        let subject = format!("{} services of {}", services.len(), first.cluster);
        let ids = services.iter().map(resource_id).collect();
        let call = self.autoscaling.describe_scalable_targets().service_namespace(ServiceNamespace::Ecs);
        let call = call.scalable_dimension(ScalableDimension::EcsServiceDesiredCount).set_resource_ids(Some(ids));
        let mut pages = call.into_paginator().send();
        let mut found = BTreeMap::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| failed(DESCRIBE, &subject, error))?;
            for target in page.scalable_targets() {
                let (service, scaling) = read_target(target).map_err(|what| odd(DESCRIBE, &subject, what))?;
                found.insert(service, scaling);
            }
        }
        Ok(found)
    }
}

impl TargetTags for Aws {
    async fn target_is_managed(&self, service: &ServiceId) -> Result<bool, AwsError> {
        let call = self.autoscaling.describe_scalable_targets().service_namespace(ServiceNamespace::Ecs);
        let call =
            call.scalable_dimension(ScalableDimension::EcsServiceDesiredCount).resource_ids(resource_id(service));
        let answer = call.send().await.map_err(|error| failed(DESCRIBE, service, error))?;
        // A target without an ARN is of before there were any, and has no tags until it is registered again (Application
        // Auto Scaling API reference, `RegisterScalableTarget`).
        let Some(arn) = answer.scalable_targets().first().and_then(ScalableTarget::scalable_target_arn) else {
            return Ok(false);
        };
        let answer = self.autoscaling.list_tags_for_resource().resource_arn(arn).send().await;
        let answer = answer.map_err(|error| failed(TAGS, service, error))?;
        let tags = answer.tags().into_iter().flatten();
        Ok(managed(tags.map(|(key, value)| (Some(key.as_str()), Some(value.as_str())))))
    }
}

impl Aws {
    /// Sets bounds and suspensions of an existing target, in one call.
    pub(crate) async fn register_target(&self, service: &ServiceId, scaling: ScalingState) -> Result<(), AwsError> {
        let (min, max) = (count(REGISTER, service, scaling.min)?, count(REGISTER, service, scaling.max)?);
        let call = self.autoscaling.register_scalable_target().service_namespace(ServiceNamespace::Ecs);
        let call = call.scalable_dimension(ScalableDimension::EcsServiceDesiredCount).resource_id(resource_id(service));
        let call = call.min_capacity(min).max_capacity(max).suspended_state(suspended_state(scaling.suspended));
        call.send().await.map_err(|error| failed(REGISTER, service, error))?;
        Ok(())
    }
}

impl ScheduledActions for Aws {
    async fn scheduled_actions(&self, after: Option<&str>) -> Result<(Schedules, Option<String>), AwsError> {
        let call = self.autoscaling.describe_scheduled_actions().service_namespace(ServiceNamespace::Ecs);
        let call = call.set_next_token(after.map(str::to_owned));
        let page = call.send().await.map_err(|error| failed(SCHEDULED, "ecs", error))?;
        let mut found = Schedules::new();
        for action in page.scheduled_actions() {
            // One of another dimension, or of what is no service, moves nothing of ours.
            let id = action.resource_id().strip_prefix("service/").map(str::to_owned);
            let Some(id) = id.and_then(|id| ServiceId::try_from(id).ok()) else { continue };
            found.entry(id).or_default().push(read_scheduled(action));
        }
        Ok((found, page.next_token().map(str::to_owned)))
    }
}

fn read_scheduled(action: &aws_sdk_applicationautoscaling::types::ScheduledAction) -> ScheduledAction {
    let to = action.scalable_target_action();
    let set = |bound: Option<i32>| bound.and_then(|tasks| u32::try_from(tasks).ok());
    ScheduledAction {
        name: action.scheduled_action_name().to_owned(),
        min: set(to.and_then(ScalableTargetAction::min_capacity)),
        max: set(to.and_then(ScalableTargetAction::max_capacity)),
    }
}

/// A service as Application Auto Scaling calls it.
fn resource_id(service: &ServiceId) -> String {
    format!("service/{service}")
}

fn suspended_state(suspended: Suspensions) -> SuspendedState {
    SuspendedState::builder()
        .dynamic_scaling_in_suspended(suspended.scale_in)
        .dynamic_scaling_out_suspended(suspended.scale_out)
        .scheduled_scaling_suspended(suspended.scheduled)
        .build()
}

fn suspensions(state: Option<&SuspendedState>) -> Suspensions {
    let on = |flag: fn(&SuspendedState) -> Option<bool>| state.and_then(flag).unwrap_or(false);
    Suspensions {
        scale_in: on(SuspendedState::dynamic_scaling_in_suspended),
        scale_out: on(SuspendedState::dynamic_scaling_out_suspended),
        scheduled: on(SuspendedState::scheduled_scaling_suspended),
    }
}

fn read_target(target: &ScalableTarget) -> Result<(ServiceId, ScalingState), String> {
    let found = target.resource_id();
    let expected = || format!("resourceId: found {found:?}, expected service/CLUSTER/SERVICE");
    let id = found.strip_prefix("service/").ok_or_else(expected)?;
    let service = ServiceId::try_from(id.to_owned()).map_err(|_| expected())?;
    let scaling = ScalingState {
        min: tasks("minCapacity", target.min_capacity())?,
        max: tasks("maxCapacity", target.max_capacity())?,
        suspended: suspensions(target.suspended_state()),
    };
    Ok((service, scaling))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use aws_sdk_applicationautoscaling::types::builders::ScalableTargetBuilder;
    use aws_smithy_types::DateTime;

    use super::*;

    fn target(resource: &str) -> ScalableTargetBuilder {
        ScalableTarget::builder()
            .service_namespace(ServiceNamespace::Ecs)
            .scalable_dimension(ScalableDimension::EcsServiceDesiredCount)
            .resource_id(resource)
            .role_arn("arn:aws:iam::123456789012:role/x")
            .creation_time(DateTime::from_secs(1_795_000_000))
            .min_capacity(1)
            .max_capacity(3)
    }

    #[test]
    fn bounds_and_flags_are_read_as_they_were() {
        let human = Suspensions { scale_in: true, ..Suspensions::NONE };
        let found = target("service/c/s").suspended_state(suspended_state(human)).build().unwrap();
        let (service, scaling) = read_target(&found).unwrap();
        assert_eq!(service.to_string(), "c/s");
        assert_eq!(scaling, ScalingState { min: 1, max: 3, suspended: human });
    }

    #[test]
    fn a_target_that_never_had_a_flag_has_nothing_suspended() {
        let found = target("service/c/s").build().unwrap();
        assert_eq!(read_target(&found).unwrap().1.suspended, Suspensions::NONE);
    }

    #[test]
    fn every_flag_is_written_out_even_when_it_is_off() {
        let scheduled_only = Suspensions { scheduled: true, ..Suspensions::NONE };
        let state = suspended_state(scheduled_only);
        assert_eq!(state.dynamic_scaling_in_suspended(), Some(false));
        assert_eq!(state.dynamic_scaling_out_suspended(), Some(false));
        assert_eq!(state.scheduled_scaling_suspended(), Some(true));
        assert_eq!(suspensions(Some(&state)), scheduled_only);
    }

    #[test]
    fn a_resource_that_is_no_service_says_what_was_found() {
        for odd in ["table/x", "service/only-cluster", "service/c/s p"] {
            let found = target(odd).build().unwrap();
            let error = read_target(&found).unwrap_err();
            assert!(error.contains(odd) && error.contains("expected service/CLUSTER/SERVICE"), "{error}");
        }
    }

    #[test]
    fn a_service_is_named_as_the_api_wants_it() {
        let service = ServiceId::try_from("c/s".to_owned()).unwrap();
        assert_eq!(resource_id(&service), "service/c/s");
    }
}
