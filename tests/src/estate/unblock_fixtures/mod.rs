//! What an environment's document says of unblocking, built in the emulated AWS: its tables, queues and bus; and what their
//! owners do to them.

mod bus;
mod queues;
mod tables;

use std::collections::HashMap;

use aws_config::SdkConfig;
use watchkeeper_domain::estate::Unblock;

use super::SiteError;

/// The tables, queues and buses of one region.
#[derive(Debug, Clone)]
pub struct UnblockFixtures {
    dynamodb: aws_sdk_dynamodb::Client,
    sqs: aws_sdk_sqs::Client,
    events: aws_sdk_eventbridge::Client,
}

/// A message in a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedMessage {
    /// Its body.
    pub body: String,
    /// Its attributes, as text.
    pub attributes: HashMap<String, String>,
}

impl UnblockFixtures {
    /// The region that this configuration talks to.
    pub fn new(config: &SdkConfig) -> Self {
        Self {
            dynamodb: aws_sdk_dynamodb::Client::new(config),
            sqs: aws_sdk_sqs::Client::new(config),
            events: aws_sdk_eventbridge::Client::new(config),
        }
    }

    /// Make all that a section names, empty, whatever was there before; and a queue that hears what is said on its bus.
    ///
    /// # Errors
    /// [`SiteError`] says what could not be made.
    pub async fn build(&self, section: &Unblock) -> Result<(), SiteError> {
        if let Some(locks) = &section.locks {
            self.make_locks(locks).await?;
        }
        if let Some(blockers) = &section.blockers {
            let index = blockers.index.as_ref().map(|index| (index.as_str(), blockers.item.as_str()));
            self.make_table(blockers.table.as_str(), &[blockers.item.as_str()], index).await?;
        }
        for queue in &section.queues {
            self.make_queue(queue.queue.as_str()).await?;
            self.make_queue(queue.dead_letters.as_str()).await?;
            self.give_dead_letters(queue).await?;
            if let Some(parked) = &queue.parked {
                self.make_queue(parked.as_str()).await?;
            }
        }
        match &section.report {
            Some(report) => self.make_bus(report.bus.as_str()).await,
            None => Ok(()),
        }
    }
}
