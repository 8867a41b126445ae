//! Topic and bus together: where people and programs learn of a run.

use aws_config::SdkConfig;
use watchkeeper_control::ports::{Announcer, AwsError};

use crate::{Bus, Topic};

/// The topic for people and the bus for programs.
#[derive(Debug, Clone)]
pub struct Announcements {
    topic: Topic,
    bus: Bus,
}

impl Announcements {
    /// Announces on the topic with this ARN and the bus with this name.
    pub fn new(config: &SdkConfig, topic_arn: &str, event_bus: &str) -> Self {
        Self { topic: Topic::new(config, topic_arn), bus: Bus::new(config, event_bus) }
    }
}

impl Announcer for Announcements {
    async fn tell(&self, subject: &str, text: &str) -> Result<(), AwsError> {
        self.topic.send(subject, text).await
    }

    async fn publish(&self, detail_type: &str, detail: &str) -> Result<(), AwsError> {
        self.bus.put(detail_type, detail).await
    }
}
