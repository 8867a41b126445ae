//! The event bus that programs listen to.

use aws_config::SdkConfig;
use aws_sdk_eventbridge::operation::put_events::{PutEventsError, PutEventsOutput};
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use watchkeeper_control::ports::AwsError;

use crate::fault::{classify, failed};
use crate::once::ThrottleOnlyRetry;

/// What our events have as their source.
pub const SOURCE: &str = "watchkeeper";

const PUT: &str = "PutEvents";

/// One event bus.
#[derive(Debug, Clone)]
pub struct EventBus {
    client: aws_sdk_eventbridge::Client,
    name: String,
}

impl EventBus {
    /// The bus with this name or ARN.
    pub fn new(config: &SdkConfig, name: impl Into<String>) -> Self {
        Self { client: client(config), name: name.into() }
    }

    /// Puts one event, and returns the id that EventBridge gives it; `detail` is a JSON object.
    ///
    /// # Errors
    /// [`AwsError`] when the bus did not take it.
    pub async fn put(&self, detail_type: &str, detail: &str) -> Result<String, AwsError> {
        let entry = PutEventsRequestEntry::builder().event_bus_name(&self.name).source(SOURCE);
        let entry = entry.detail_type(detail_type).detail(detail).build();
        let answer = self.client.put_events().entries(entry).send().await;
        let answer = answer.map_err(|error| failed(PUT, &self.name, error))?;
        taken(&self.name, &answer)?;
        Ok(answer.entries().iter().find_map(|entry| entry.event_id()).unwrap_or_default().to_owned())
    }
}

/// A client that puts no event twice by itself.
pub(crate) fn client(config: &SdkConfig) -> aws_sdk_eventbridge::Client {
    let config = aws_sdk_eventbridge::config::Builder::from(config);
    aws_sdk_eventbridge::Client::from_conf(config.retry_classifier(ThrottleOnlyRetry::<PutEventsError>::new()).build())
}

/// `PutEvents` succeeds as a call even where it did not take an entry.
pub(crate) fn taken(bus: &str, answer: &PutEventsOutput) -> Result<(), AwsError> {
    let Some(refused) = answer.entries().iter().find(|entry| entry.error_code().is_some()) else { return Ok(()) };
    let code = refused.error_code();
    let source = format!("{}: {}", code.unwrap_or_default(), refused.error_message().unwrap_or_default());
    Err(AwsError { operation: PUT, subject: bus.to_owned(), fault: classify(code, None), source: Some(source.into()) })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::error::Error;

    use aws_sdk_eventbridge::types::PutEventsResultEntry;
    use watchkeeper_control::ports::Fault;

    use super::*;

    #[test]
    fn an_entry_that_was_not_taken_is_an_error() {
        let entry = PutEventsResultEntry::builder().error_code("ThrottlingException").error_message("slow").build();
        let answer = PutEventsOutput::builder().failed_entry_count(1).entries(entry).build();
        let error = taken("bus", &answer).unwrap_err();
        assert_eq!(error.fault, Fault::Throttled);
        assert_eq!(error.source().unwrap().to_string(), "ThrottlingException: slow");
    }

    #[test]
    fn an_entry_with_an_id_was_taken() {
        let entry = PutEventsResultEntry::builder().event_id("1").build();
        assert!(taken("bus", &PutEventsOutput::builder().entries(entry).build()).is_ok());
    }
}
