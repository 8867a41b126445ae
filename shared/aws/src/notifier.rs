//! Topics and bus together: where people and programs learn of a run.

use aws_config::SdkConfig;
use watchkeeper_control::ports::{AwsError, Notifier};
use watchkeeper_domain::message::{ChatNotification, ChatTopic, Message};

use crate::{EventBus, SnsTopic};

/// The topic for people, the one for chats, and the bus for programs.
#[derive(Debug, Clone)]
pub struct NotificationTargets {
    topic: SnsTopic,
    chat: Option<(SnsTopic, ChatTopic)>,
    bus: EventBus,
}

impl NotificationTargets {
    /// Announces on the topic with this ARN, on that of chats if there is one, and on the bus with this name.
    pub fn new(config: &SdkConfig, topic_arn: &str, chat: Option<ChatTopic>, event_bus: &str) -> Self {
        let chat = chat.map(|chat| (SnsTopic::new(config, chat.arn()), chat));
        Self { topic: SnsTopic::new(config, topic_arn), chat, bus: EventBus::new(config, event_bus) }
    }
}

impl Notifier for NotificationTargets {
    async fn notify(&self, message: &Message) -> Result<String, AwsError> {
        let id = self.topic.send(&message.subject, &message.text).await?;
        if let Some((topic, chat)) = &self.chat {
            let notification = ChatNotification::of(message, chat).to_string();
            if let Err(error) = topic.send(&message.subject, &notification).await {
                tracing::error!(%error, id, "the chat did not take a message that people were sent otherwise");
            }
        }
        Ok(id)
    }

    async fn publish(&self, detail_type: &str, detail: &str) -> Result<String, AwsError> {
        self.bus.put(detail_type, detail).await
    }
}
