//! Queues and their dead letters: made, filled, failed over, and emptied.

use aws_sdk_sqs::types::{Message, MessageAttributeValue, QueueAttributeName};
use serde_json::json;
use watchkeeper_aws::MANAGED_TAG;
use watchkeeper_domain::estate::QueuePolicy;

use super::super::SiteError;
use super::{ReceivedMessage, UnblockFixtures};

/// The end of the name of a FIFO queue.
const FIFO: &str = ".fifo";

impl UnblockFixtures {
    /// Make a queue, or empty the one that is there.
    ///
    /// # Errors
    /// [`SiteError`] says which call of AWS failed.
    pub async fn make_queue(&self, queue: &str) -> Result<(), SiteError> {
        let call = self.sqs.create_queue().queue_name(queue).tags(MANAGED_TAG, "true");
        // The name of a FIFO queue ends with it (Amazon SQS API reference, CreateQueue).
        let call = if queue.ends_with(FIFO) { call.attributes(QueueAttributeName::FifoQueue, "true") } else { call };
        let made = call.send().await;
        let url = made.map_err(SiteError::aws(format!("make queue {queue}")))?.queue_url.unwrap_or_default();
        self.sqs.purge_queue().queue_url(url).send().await.map_err(SiteError::aws(format!("empty queue {queue}")))?;
        Ok(())
    }

    /// What fails once in a queue goes to its dead letters.
    pub(super) async fn give_dead_letters(&self, queue: &QueuePolicy) -> Result<(), SiteError> {
        let (name, to) = (queue.queue.as_str(), self.arn(queue.dead_letters.as_str()).await?);
        let policy = json!({ "deadLetterTargetArn": to, "maxReceiveCount": 1 }).to_string();
        let call = self.sqs.set_queue_attributes().queue_url(self.url(name).await?);
        let call = call.attributes(QueueAttributeName::RedrivePolicy, policy);
        call.send().await.map_err(SiteError::aws(format!("give {name} its dead letters")))?;
        Ok(())
    }

    /// Send a message with these attributes.
    ///
    /// # Errors
    /// [`SiteError`] says which call of AWS failed.
    pub async fn send(&self, queue: &str, body: &str, attributes: &[(&str, &str, &str)]) -> Result<(), SiteError> {
        let mut call = self.sqs.send_message().queue_url(self.url(queue).await?).message_body(body);
        if queue.ends_with(FIFO) {
            // A message that fails holds up those of its group (Amazon SQS developer guide): each has its own.
            call = call.message_group_id(body.replace(' ', "-")).message_deduplication_id(body.replace(' ', "-"));
        }
        for (name, kind, value) in attributes {
            let attribute = MessageAttributeValue::builder().data_type(*kind).string_value(*value).build();
            let attribute = attribute.map_err(|error| SiteError::new("write an attribute", error))?;
            call = call.message_attributes(*name, attribute);
        }
        call.send().await.map_err(SiteError::aws(format!("send to {queue}")))?;
        Ok(())
    }

    /// How many messages a queue has, seen by somebody or not.
    ///
    /// # Errors
    /// [`SiteError`] says which call of AWS failed.
    pub async fn length(&self, queue: &str) -> Result<u64, SiteError> {
        let names = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
        ];
        let call = self.sqs.get_queue_attributes().queue_url(self.url(queue).await?);
        let call = call.set_attribute_names(Some(names.to_vec()));
        let told = call.send().await.map_err(SiteError::aws(format!("describe queue {queue}")))?;
        let number = |name| told.attributes().and_then(|all| all.get(name)?.parse::<u64>().ok()).unwrap_or_default();
        Ok(names.iter().map(number).sum())
    }

    /// Take all messages out of a queue.
    ///
    /// # Errors
    /// [`SiteError`] says which call of AWS failed.
    pub async fn drain(&self, queue: &str) -> Result<Vec<ReceivedMessage>, SiteError> {
        let url = self.url(queue).await?;
        let mut all = Vec::new();
        loop {
            let call = self.sqs.receive_message().queue_url(&url).max_number_of_messages(10);
            let call = call.message_attribute_names("All").send().await;
            let found = call.map_err(SiteError::aws(format!("receive from {queue}")))?.messages.unwrap_or_default();
            if found.is_empty() {
                return Ok(all);
            }
            for message in found {
                let handle = message.receipt_handle().unwrap_or_default();
                let call = self.sqs.delete_message().queue_url(&url).receipt_handle(handle);
                call.send().await.map_err(SiteError::aws(format!("take out of {queue}")))?;
                all.push(heard(message));
            }
        }
    }

    /// A consumer fails over everything in a queue: AWS moves it to the dead letters then, and says where it came from.
    ///
    /// # Errors
    /// [`SiteError`] says which call of AWS failed.
    pub async fn fail_all(&self, queue: &str) -> Result<(), SiteError> {
        let url = self.url(queue).await?;
        loop {
            let call = self.sqs.receive_message().queue_url(&url).max_number_of_messages(10).visibility_timeout(0);
            let found = call.send().await.map_err(SiteError::aws(format!("receive from {queue}")))?;
            if found.messages().is_empty() {
                return Ok(());
            }
        }
    }

    /// A message over which the consumer of a queue fails.
    ///
    /// # Errors
    /// [`SiteError`] says which call of AWS failed.
    pub async fn fail(
        &self,
        queue: &QueuePolicy,
        body: &str,
        attributes: &[(&str, &str, &str)],
    ) -> Result<(), SiteError> {
        self.send(queue.queue.as_str(), body, attributes).await?;
        self.fail_all(queue.queue.as_str()).await
    }

    pub(super) async fn arn(&self, queue: &str) -> Result<String, SiteError> {
        let url = self.url(queue).await?;
        let asked = self.sqs.get_queue_attributes().queue_url(url).attribute_names(QueueAttributeName::QueueArn);
        let told = asked.send().await.map_err(SiteError::aws(format!("describe queue {queue}")))?;
        Ok(told.attributes().and_then(|all| all.get(&QueueAttributeName::QueueArn)).cloned().unwrap_or_default())
    }

    async fn url(&self, queue: &str) -> Result<String, SiteError> {
        let found = self.sqs.get_queue_url().queue_name(queue).send().await;
        Ok(found.map_err(SiteError::aws(format!("find queue {queue}")))?.queue_url.unwrap_or_default())
    }
}

fn heard(message: Message) -> ReceivedMessage {
    let attributes = message.message_attributes.unwrap_or_default().into_iter();
    let attributes = attributes.map(|(name, value)| (name, value.string_value.unwrap_or_default())).collect();
    ReceivedMessage { body: message.body.unwrap_or_default(), attributes }
}
