//! What people, chats and programs hear: a queue subscribed to each topic, and another behind a rule of the event bus.

use aws_config::SdkConfig;
use aws_sdk_eventbridge::types::Target;
use aws_sdk_sns::error::DisplayErrorContext;
use serde_json::{Value, json};
use watchkeeper_domain::name::Region;

use super::HarnessError;
use crate::estate::{SiteError, awaited};
use crate::sandbox::StackOutputs;

/// Three queues of the sandbox.
#[derive(Debug)]
pub struct Notifications {
    messages: NotificationQueue,
    chat: NotificationQueue,
    events: NotificationQueue,
}

/// A message as a person gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotificationMessage {
    /// One line.
    pub subject: String,
    /// All of it.
    pub text: String,
}

impl NotificationMessage {
    fn of(body: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        Self { subject: text(&body["Subject"]), text: text(&body["Message"]) }
    }
}

impl Notifications {
    /// Make the queues, and have them hear what the stack says.
    pub(super) async fn open(
        endpoint: &str,
        config: &SdkConfig,
        region: &Region,
        outputs: &StackOutputs,
    ) -> Result<Self, HarnessError> {
        let (messages, chat, events) = (
            NotificationQueue::make(endpoint, region, "sandbox-messages").await?,
            NotificationQueue::make(endpoint, region, "sandbox-chat").await?,
            NotificationQueue::make(endpoint, region, "sandbox-events").await?,
        );
        let sns = aws_sdk_sns::Client::new(config);
        for (topic, queue) in [("TopicArn", &messages), ("ChatTopicArn", &chat)] {
            let call = sns.subscribe().topic_arn(outputs.get(topic)?).protocol("sqs").endpoint(&queue.arn);
            call.send().await.map_err(|e| SiteError::new("subscribe to the topic", DisplayErrorContext(e)))?;
        }

        let bus = aws_sdk_eventbridge::Client::new(config);
        let name = outputs.get("EventBusName")?;
        let pattern = json!({ "source": [watchkeeper_aws::SOURCE] }).to_string();
        let rule = bus.put_rule().name("sandbox-events").event_bus_name(name).event_pattern(pattern);
        rule.send().await.map_err(|e| SiteError::new("make a rule on the bus", DisplayErrorContext(e)))?;
        let target = Target::builder().id("queue").arn(&events.arn).build();
        let target = target.map_err(|e| SiteError::new("name the rule's target", e))?;
        let targets = bus.put_targets().rule("sandbox-events").event_bus_name(name).targets(target);
        targets.send().await.map_err(|e| SiteError::new("make the rule's target", DisplayErrorContext(e)))?;
        Ok(Self { messages, chat, events })
    }

    /// Where the messages lie.
    pub fn messages_url(&self) -> &str {
        &self.messages.url
    }

    /// Where the events lie.
    pub fn events_url(&self) -> &str {
        &self.events.url
    }

    /// The messages since the last look.
    ///
    /// # Errors
    /// [`HarnessError`] when the queue does not answer. So below.
    pub async fn letters(&self) -> Result<Vec<NotificationMessage>, HarnessError> {
        Ok(self.messages.drain().await?.iter().map(NotificationMessage::of).collect())
    }

    /// Wait for a message that fits, and return it, last, with all that came since the last look.
    ///
    /// # Errors
    /// [`HarnessError`], also when none comes.
    pub async fn letters_until(
        &self,
        fits: impl Fn(&NotificationMessage) -> bool,
    ) -> Result<Vec<NotificationMessage>, HarnessError> {
        let mut all: Vec<NotificationMessage> = Vec::new();
        loop {
            // One at a time, so that what comes after it is left to the next look.
            let next = awaited("a message", async || self.messages.take().await).await?;
            all.push(NotificationMessage::of(&next));
            if fits(&all[all.len() - 1]) {
                return Ok(all);
            }
        }
    }

    /// What the chat has heard since the last look, as the service behind it reads it.
    ///
    /// # Errors
    /// [`HarnessError`] says what failed.
    pub async fn chat(&self) -> Result<Vec<Value>, HarnessError> {
        let read = |body: Value| serde_json::from_str(body["Message"].as_str().unwrap_or_default());
        let heard = self.chat.drain().await?.into_iter().map(read).collect::<Result<Vec<Value>, _>>();
        Ok(heard.map_err(|error| SiteError::new("read what the chat heard", error))?)
    }

    /// The events since the last look.
    ///
    /// # Errors
    /// [`HarnessError`] says what failed.
    pub async fn events(&self) -> Result<Vec<Value>, HarnessError> {
        self.events.drain().await
    }
}

/// A queue, spoken to in the JSON protocol of SQS: three calls are not worth an SDK of their own.
#[derive(Debug)]
struct NotificationQueue {
    endpoint: String,
    region: Region,
    url: String,
    arn: String,
}

impl NotificationQueue {
    async fn make(endpoint: &str, region: &Region, name: &str) -> Result<Self, HarnessError> {
        let mut queue =
            Self { endpoint: endpoint.to_owned(), region: region.clone(), url: String::new(), arn: String::new() };
        let made = queue.call("CreateQueue", &json!({ "QueueName": name })).await?;
        made["QueueUrl"].as_str().unwrap_or_default().clone_into(&mut queue.url);
        let asked = json!({ "QueueUrl": queue.url, "AttributeNames": ["QueueArn"] });
        let attributes = queue.call("GetQueueAttributes", &asked).await?;
        attributes["Attributes"]["QueueArn"].as_str().unwrap_or_default().clone_into(&mut queue.arn);
        Ok(queue)
    }

    /// All messages that are there, as JSON, taken out of the queue.
    async fn drain(&self) -> Result<Vec<Value>, HarnessError> {
        let mut bodies = Vec::new();
        loop {
            let found = self.receive(10).await?;
            if found.is_empty() {
                return Ok(bodies);
            }
            bodies.extend(found);
        }
    }

    /// The next message, if there is one.
    async fn take(&self) -> Result<Option<Value>, HarnessError> {
        Ok(self.receive(1).await?.pop())
    }

    async fn receive(&self, most: u32) -> Result<Vec<Value>, HarnessError> {
        let asked = json!({ "QueueUrl": self.url, "MaxNumberOfMessages": most });
        let answer = self.call("ReceiveMessage", &asked).await?;
        let mut bodies = Vec::new();
        for message in answer["Messages"].as_array().into_iter().flatten() {
            let handle = &message["ReceiptHandle"];
            self.call("DeleteMessage", &json!({ "QueueUrl": self.url, "ReceiptHandle": handle })).await?;
            let body = message["Body"].as_str().unwrap_or_default();
            bodies.push(serde_json::from_str(body).map_err(|e| SiteError::new("read a message", e))?);
        }
        Ok(bodies)
    }

    async fn call(&self, operation: &str, request: &Value) -> Result<Value, HarnessError> {
        let failed = |why: &dyn std::fmt::Display| SiteError::new(format!("{operation} of {}", self.url), why);
        // Nothing checks the signature; the region is read from it.
        let scope = format!("AWS4-HMAC-SHA256 Credential=root/20260101/{}/sqs/aws4_request", self.region);
        let request = ureq::http::Request::post(&self.endpoint)
            // Whoever looks from outside sees into a region that is lost, too.
            .header("user-agent", "app/test")
            .header("content-type", "application/x-amz-json-1.0")
            .header("x-amz-target", format!("AmazonSQS.{operation}"))
            .header("authorization", format!("{scope}, SignedHeaders=host, Signature=none"))
            .body(request.to_string())
            .map_err(|error| failed(&error))?;
        let answer = tokio::task::spawn_blocking(move || {
            let agent: ureq::Agent = ureq::Agent::config_builder().proxy(None).build().into();
            agent.run(request)?.body_mut().read_to_string()
        });
        let text = answer.await.map_err(|error| failed(&error))?.map_err(|error| failed(&error))?;
        if text.is_empty() {
            return Ok(Value::Null);
        }
        Ok(serde_json::from_str(&text).map_err(|error| failed(&error))?)
    }
}
