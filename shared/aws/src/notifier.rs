//! Topic and bus together: where people and programs learn of a run.

use aws_config::SdkConfig;
use watchkeeper_control::ports::{AwsError, Notifier};

use crate::{EventBus, SnsTopic};

/// The topic for people and the bus for programs.
#[derive(Debug, Clone)]
pub struct NotificationTargets {
    topic: SnsTopic,
    bus: EventBus,
}

impl NotificationTargets {
    /// Announces on the topic with this ARN and the bus with this name.
    pub fn new(config: &SdkConfig, topic_arn: &str, event_bus: &str) -> Self {
        Self { topic: SnsTopic::new(config, topic_arn), bus: EventBus::new(config, event_bus) }
    }
}

impl Notifier for NotificationTargets {
    async fn notify(&self, subject: &str, text: &str) -> Result<String, AwsError> {
        self.topic.send(subject, text).await
    }

    async fn publish(&self, detail_type: &str, detail: &str) -> Result<String, AwsError> {
        self.bus.put(detail_type, detail).await
    }
}
