//! Queues.

use std::collections::BTreeSet;

use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::Value;
use watchkeeper_aws::failed;
use watchkeeper_control::ports::AwsError;
use watchkeeper_domain::preflight::{QueueFacts, Tags};
use watchkeeper_domain::value::ResourceName;

use super::RegionClients;
use crate::unread::{found, read};

impl RegionClients {
    /// A queue.
    pub(crate) async fn queue(&self, name: &ResourceName) -> Result<Option<QueueFacts>, AwsError> {
        let answer = self.sqs.get_queue_url().queue_name(name.as_str()).send().await;
        let answer = found(answer.map_err(|error| failed("sqs:GetQueueUrl", name, error)))?;
        let Some(url) = answer.and_then(|answer| answer.queue_url) else { return Ok(None) };
        let redrive = self.redrive(name, &url).await?;
        let (tags, sources) = (read(self.queue_tags(name, &url).await), read(self.sources(name, &url).await));
        Ok(Some(QueueFacts { url, tags, redrive, sources }))
    }

    pub(crate) async fn redrive(&self, name: &ResourceName, url: &str) -> Result<Option<(String, u32)>, AwsError> {
        let call = self.sqs.get_queue_attributes().queue_url(url).attribute_names(QueueAttributeName::RedrivePolicy);
        let answer = call.send().await.map_err(|error| failed("sqs:GetQueueAttributes", name, error))?;
        Ok(answer.attributes().and_then(|all| policy(all.get(&QueueAttributeName::RedrivePolicy)?)))
    }

    pub(crate) async fn queue_tags(&self, name: &ResourceName, url: &str) -> Result<Tags, AwsError> {
        let answer = self.sqs.list_queue_tags().queue_url(url).send().await;
        let answer = answer.map_err(|error| failed("sqs:ListQueueTags", name, error))?;
        Ok(answer.tags().into_iter().flatten().map(|(key, value)| (key.clone(), value.clone())).collect())
    }

    /// The names of the queues that send their dead letters to this one.
    async fn sources(&self, name: &ResourceName, url: &str) -> Result<BTreeSet<String>, AwsError> {
        let call = self.sqs.list_dead_letter_source_queues().queue_url(url).into_paginator().items().send();
        let all: Vec<String> =
            call.try_collect().await.map_err(|error| failed("sqs:ListDeadLetterSourceQueues", name, error))?;
        Ok(all.iter().filter_map(|url| url.rsplit('/').next().map(str::to_owned)).collect())
    }
}

/// Where a redrive policy sends dead letters, and after how many receives. SQS takes the number as a number or a text.
fn policy(text: &str) -> Option<(String, u32)> {
    let policy: Value = serde_json::from_str(text).ok()?;
    let to = policy["deadLetterTargetArn"].as_str()?.to_owned();
    let receives = &policy["maxReceiveCount"];
    let receives = receives.as_u64().or_else(|| receives.as_str()?.parse().ok())?;
    Some((to, u32::try_from(receives).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redrive_policy_is_read_in_both_of_its_forms() {
        for count in ["3", "\"3\""] {
            let text = format!("{{\"deadLetterTargetArn\":\"arn:aws:sqs:r:1:q\",\"maxReceiveCount\":{count}}}");
            assert_eq!(policy(&text), Some(("arn:aws:sqs:r:1:q".to_owned(), 3)));
        }
        assert_eq!(policy("{}"), None);
    }
}
