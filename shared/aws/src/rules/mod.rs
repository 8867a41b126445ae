//! Rules of the listeners of Application Load Balancers.

mod actions;

use aws_sdk_elasticloadbalancingv2::operation::describe_rules::DescribeRulesError;
use aws_sdk_elasticloadbalancingv2::operation::describe_tags::DescribeTagsError;
use aws_sdk_elasticloadbalancingv2::types::TagDescription;
use watchkeeper_control::ports::{AwsError, ListenerRules};
use watchkeeper_domain::capacity::{ObservedRule, RuleActions};
use watchkeeper_domain::value::ListenerRuleArn;

use crate::fault::{failed, invalid};
use crate::{Aws, managed};

impl ListenerRules for Aws {
    /// Tags are not in the description of a rule (Elastic Load Balancing API reference, `Rule`).
    async fn describe_rule(&self, rule: &ListenerRuleArn) -> Result<Option<ObservedRule>, AwsError> {
        let client = self.elb();
        let found = match client.describe_rules().rule_arns(rule.as_str()).send().await {
            Ok(answer) => answer.rules.unwrap_or_default().into_iter().next(),
            Err(error) if error.as_service_error().is_some_and(DescribeRulesError::is_rule_not_found_exception) => None,
            Err(error) => return Err(failed("DescribeRules", rule, error)),
        };
        let Some(found) = found else { return Ok(None) };
        let tags = match client.describe_tags().resource_arns(rule.as_str()).send().await {
            Ok(answer) => answer.tag_descriptions.unwrap_or_default(),
            Err(error) if error.as_service_error().is_some_and(DescribeTagsError::is_rule_not_found_exception) => {
                return Ok(None);
            }
            Err(error) => return Err(failed("DescribeTags", rule, error)),
        };
        let tags = tags.iter().flat_map(TagDescription::tags).map(|tag| (tag.key(), tag.value()));
        let (actions, unknown) = actions::read(found.actions.unwrap_or_default());
        let default = found.is_default == Some(true);
        let cannot_change = if default {
            Some("it is the default rule of its listener, which ModifyRule does not change".to_owned())
        } else {
            unknown.map(|kind| format!("it has an action of the kind {kind}, which this release could not put back"))
        };
        Ok(Some(ObservedRule { actions, managed: managed(tags), cannot_change }))
    }

    async fn set_rule(&self, rule: &ListenerRuleArn, actions: &RuleActions) -> Result<(), AwsError> {
        let actions = actions::written(actions)
            .map_err(|error| invalid("ModifyRule", rule, format!("actions that AWS has no members for: {error}")))?;
        let client = self.elb();
        let answer = client.modify_rule().rule_arn(rule.as_str()).set_actions(Some(actions)).send().await;
        answer.map(drop).map_err(|error| failed("ModifyRule", rule, error))
    }
}
