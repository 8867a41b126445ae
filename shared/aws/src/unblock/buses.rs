//! Event buses of estates: events under a source of theirs.

use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use watchkeeper_control::ports::AwsError;
use watchkeeper_control::unblock::ports::EventBuses;
use watchkeeper_domain::value::{Label, ResourceName};

use super::AwsUnblockSources;
use crate::eventbridge::taken;
use crate::fault::failed;

impl EventBuses for AwsUnblockSources {
    async fn emit(&self, bus: &ResourceName, source: &Label, detail_type: &str, detail: &str) -> Result<(), AwsError> {
        let entry = PutEventsRequestEntry::builder().event_bus_name(bus.as_str()).source(source.as_str());
        let entry = entry.detail_type(detail_type).detail(detail).build();
        let answer = self.events.put_events().entries(entry).send().await;
        taken(bus.as_str(), &answer.map_err(|error| failed("PutEvents", bus, error))?)
    }
}
