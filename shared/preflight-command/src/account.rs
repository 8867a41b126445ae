//! IAM, Access Analyzer and KMS, with the SDKs that only this command has.

use aws_config::SdkConfig;
use aws_sdk_accessanalyzer::types::PolicyType;
use aws_sdk_iam::types::{ContextEntry, ContextKeyTypeEnum, EvaluationResult};
use watchkeeper_aws::failed;
use watchkeeper_control::ports::{AwsError, Fault};
use watchkeeper_domain::preflight::{KeyFacts, PolicyFinding, SimulatedAction, SimulatedCalls};
use watchkeeper_preflight::PolicyJudge;

const SIMULATE: &str = "iam:SimulateCustomPolicy";

/// The account's own judges, in one region.
#[derive(Debug)]
pub(crate) struct Account {
    analyzer: aws_sdk_accessanalyzer::Client,
    iam: aws_sdk_iam::Client,
    kms: aws_sdk_kms::Client,
}

impl Account {
    /// Those of the configuration's region.
    pub(crate) fn new(config: &SdkConfig) -> Self {
        Self {
            analyzer: aws_sdk_accessanalyzer::Client::new(config),
            iam: aws_sdk_iam::Client::new(config),
            kms: aws_sdk_kms::Client::new(config),
        }
    }
}

impl PolicyJudge for Account {
    async fn key(&self, key: &str) -> Result<Option<KeyFacts>, AwsError> {
        let answer = self.kms.describe_key().key_id(key).send().await;
        match answer.map_err(|error| failed("kms:DescribeKey", key, error)) {
            Ok(answer) => {
                let key = answer.key_metadata();
                let state = key.and_then(|key| key.key_state()).map_or("UNKNOWN", |state| state.as_str()).to_owned();
                let arn = key.and_then(|key| key.arn()).unwrap_or_default().to_owned();
                Ok(Some(KeyFacts { arn, state }))
            }
            Err(error) if error.fault == Fault::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn validate(&self, policy: &str) -> Result<Vec<PolicyFinding>, AwsError> {
        let call = self.analyzer.validate_policy().policy_document(policy).policy_type(PolicyType::IdentityPolicy);
        let found = call.into_paginator().items().send().try_collect().await;
        let found = found.map_err(|error| failed("access-analyzer:ValidatePolicy", "a policy", error))?;
        let finding = |it: &aws_sdk_accessanalyzer::types::ValidatePolicyFinding| PolicyFinding {
            kind: it.finding_type().as_str().to_owned(),
            code: it.issue_code().to_owned(),
            text: it.finding_details().to_owned(),
        };
        Ok(found.iter().map(finding).collect())
    }

    async fn simulate(&self, policies: &[String], call: &SimulatedCalls) -> Result<Vec<SimulatedAction>, AwsError> {
        let request = self.iam.simulate_custom_policy().set_policy_input_list(Some(policies.to_vec()));
        let request = request.set_action_names(Some(call.actions.iter().map(ToString::to_string).collect()));
        let request = request.resource_arns(&call.resource).set_context_entries(Some(context(call)));
        let found = request.into_paginator().items().send().try_collect().await;
        let found = found.map_err(|error| failed(SIMULATE, &call.subject, error))?;
        Ok(found.iter().map(simulated).collect())
    }
}

/// What a condition may ask for: the region of the call, the resource's tags, and what belongs to the action.
fn context(call: &SimulatedCalls) -> Vec<ContextEntry> {
    let region = ("aws:RequestedRegion".to_owned(), call.region.as_str(), "string");
    let entry = |(key, value, kind): (String, &str, &str)| {
        let entry = ContextEntry::builder().context_key_name(key).context_key_values(value);
        entry.context_key_type(ContextKeyTypeEnum::from(kind)).build()
    };
    std::iter::once(region).chain(call.context()).map(entry).collect()
}

fn simulated(result: &EvaluationResult) -> SimulatedAction {
    SimulatedAction {
        action: result.eval_action_name().to_owned(),
        decision: result.eval_decision().as_str().to_owned(),
        missing: result.missing_context_values().to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_iam::types::PolicyEvaluationDecisionType;

    use super::*;

    #[test]
    fn the_simulator_is_told_the_region_the_tags_and_the_keys() {
        let call = SimulatedCalls {
            function: "Reconcile",
            actions: vec!["application-autoscaling:RegisterScalableTarget"],
            subject: "x".to_owned(),
            resource: "arn".to_owned(),
            region: "eu-west-1".to_owned(),
            stack: watchkeeper_domain::name::Region::new("eu-west-1").unwrap(),
            tags: [("watchkeeper:managed".to_owned(), "true".to_owned())].into(),
            keys: vec![("application-autoscaling:service-namespace".to_owned(), "ecs".to_owned())],
        };
        let told = context(&call);
        let told: Vec<(&str, &str)> = told
            .iter()
            .filter_map(|it| Some((it.context_key_name()?, it.context_key_values().first()?.as_str())))
            .collect();
        let expected = [
            ("aws:RequestedRegion", "eu-west-1"),
            ("aws:ResourceTag/watchkeeper:managed", "true"),
            ("application-autoscaling:service-namespace", "ecs"),
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn a_denial_keeps_what_was_missing() {
        let result = EvaluationResult::builder().eval_action_name("ecs:UpdateService");
        let result =
            result.eval_decision(PolicyEvaluationDecisionType::ImplicitDeny).missing_context_values("k").build();
        let result = result.map(|result| simulated(&result));
        let expected = SimulatedAction {
            action: "ecs:UpdateService".into(),
            decision: "implicitDeny".into(),
            missing: vec!["k".into()],
        };
        assert!(result.is_ok_and(|found| found == expected));
    }
}
