//! Load balancers with a rule that a page can be shown on.

use aws_sdk_elasticloadbalancingv2::types::{
    Action, ActionTypeEnum, FixedResponseActionConfig, ForwardActionConfig, ProtocolEnum, Rule, RuleCondition, Tag,
    TargetTypeEnum,
};
use watchkeeper_aws::MANAGED_TAG;
use watchkeeper_domain::value::{ListenerRuleArn, TargetGroupArn};

use super::{RegionFixtures, SiteError};

impl RegionFixtures {
    /// The target groups that requests go to by a rule.
    ///
    /// # Errors
    /// [`SiteError`] when the load balancer does not answer.
    pub async fn serving_groups(&self, rule: &ListenerRuleArn) -> Result<Vec<String>, SiteError> {
        let answer = self.elb.describe_rules().rule_arns(rule.as_str()).send().await;
        let answer = answer.map_err(SiteError::aws(format!("describe the rule {rule}")))?;
        let actions = answer.rules().iter().flat_map(Rule::actions);
        let groups = actions.filter_map(Action::forward_config).flat_map(ForwardActionConfig::target_groups);
        let serving = groups.filter(|group| group.weight().unwrap_or(1) > 0);
        Ok(serving.filter_map(|group| group.target_group_arn().map(str::to_owned)).collect())
    }

    /// A load balancer of this name with a tagged rule that forwards to the first of two target groups, that of the application; the
    /// second is that of a page.
    pub async fn make_rule(&self, name: &str) -> Result<(ListenerRuleArn, [TargetGroupArn; 2]), SiteError> {
        let balancer = self.elb.create_load_balancer().name(name).subnets("subnet-1").subnets("subnet-2").send().await;
        let balancer = balancer.map_err(SiteError::aws(format!("make the load balancer {name}")))?;
        let balancer = balancer.load_balancers().first().and_then(|it| it.load_balancer_arn()).map(str::to_owned);
        let group = self.elb.create_target_group().name(format!("{name}-web")).protocol(ProtocolEnum::Http).port(80);
        let group = group.vpc_id("vpc-1").target_type(TargetTypeEnum::Ip).send().await;
        let page = self.elb.create_target_group().name(format!("{name}-page")).target_type(TargetTypeEnum::Lambda);
        let mut arns = Vec::new();
        for made in [group, page.send().await] {
            let made = made.map_err(SiteError::aws(format!("make the target groups of {name}")))?;
            arns.extend(made.target_groups().iter().filter_map(|it| it.target_group_arn()).map(str::to_owned));
        }
        let nothing = FixedResponseActionConfig::builder().status_code("404").build();
        let nothing = Action::builder().r#type(ActionTypeEnum::FixedResponse).fixed_response_config(nothing).build();
        let listener = self.elb.create_listener().set_load_balancer_arn(balancer).protocol(ProtocolEnum::Http);
        let listener = listener.port(80).default_actions(nothing).send().await;
        let listener = listener.map_err(SiteError::aws(format!("make the listener of {name}")))?;
        let listener = listener.listeners().first().and_then(|it| it.listener_arn()).map(str::to_owned);
        let forward = Action::builder().r#type(ActionTypeEnum::Forward).set_target_group_arn(arns.first().cloned());
        let all = RuleCondition::builder().field("path-pattern").values("/*").build();
        let tag = Tag::builder().key(MANAGED_TAG).value("true").build();
        let rule = self.elb.create_rule().set_listener_arn(listener).priority(1).conditions(all);
        let rule = rule.actions(forward.build()).tags(tag).send().await;
        let rule = rule.map_err(SiteError::aws(format!("make the rule of {name}")))?;
        let rule = rule.rules().first().and_then(|it| it.rule_arn()).unwrap_or_default().to_owned();
        let odd = |error| SiteError::new(format!("read what was made of {name}"), error);
        let [web, page] = &arns[..] else { return Err(SiteError::new("make target groups", format!("{arns:?}"))) };
        Ok((rule.parse().map_err(odd)?, [web.parse().map_err(odd)?, page.parse().map_err(odd)?]))
    }
}

impl RegionFixtures {
    /// What a rule does, whole and to the letter, as AWS describes it.
    ///
    /// # Errors
    /// [`SiteError`] when AWS does not know it.
    pub async fn rule(&self, rule: &ListenerRuleArn) -> Result<String, SiteError> {
        let answer = self.elb.describe_rules().rule_arns(rule.as_str()).send().await;
        let answer = answer.map_err(SiteError::aws(format!("describe the rule {rule}")))?;
        Ok(answer.rules().first().map(|rule| format!("{:?}", rule.actions())).unwrap_or_default())
    }
}
