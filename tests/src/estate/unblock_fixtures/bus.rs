//! Buses, and what is heard on them.

use aws_sdk_eventbridge::types::Target;
use serde_json::{Value, json};
use watchkeeper_aws::MANAGED_TAG;

use super::super::{SiteError, awaited};
use super::{ReceivedMessage, UnblockFixtures};

impl UnblockFixtures {
    /// A bus, and a queue behind a rule that takes everything on it.
    pub(super) async fn make_bus(&self, bus: &str) -> Result<(), SiteError> {
        let tag = aws_sdk_eventbridge::types::Tag::builder().key(MANAGED_TAG).value("true").build();
        let tag = tag.map_err(|error| SiteError::new(format!("tag bus {bus}"), error))?;
        // One that is there already is as good.
        let _ = self.events.create_event_bus().name(bus).tags(tag).send().await;
        let ear = ear(bus);
        self.make_queue(&ear).await?;
        let arn = self.arn(&ear).await?;
        let pattern = json!({ "source": [{ "prefix": "" }] }).to_string();
        let rule = self.events.put_rule().name(&ear).event_bus_name(bus).event_pattern(pattern);
        rule.send().await.map_err(SiteError::aws(format!("make a rule on {bus}")))?;
        let target = Target::builder().id("queue").arn(arn).build();
        let target = target.map_err(|error| SiteError::new("name the rule's target", error))?;
        let targets = self.events.put_targets().rule(&ear).event_bus_name(bus).targets(target);
        targets.send().await.map_err(SiteError::aws(format!("listen to {bus}")))?;
        Ok(())
    }

    /// Wait until so many events of a source are heard on a bus, which may carry others, and return them.
    ///
    /// # Errors
    /// When they do not come, or [`SiteError`] says which call of AWS failed.
    pub async fn heard_from(&self, (bus, source): (&str, &str), number: usize) -> Result<Vec<Value>, SiteError> {
        let all = std::sync::Mutex::new(Vec::new());
        let poisoned = || SiteError::new("listen", "a listener panicked");
        awaited(&format!("{number} events of {source} on {bus}"), async || {
            let news = self.heard(bus).await?.into_iter().filter(|event| event["source"] == source);
            let mut all = all.lock().map_err(|_| poisoned())?;
            all.extend(news);
            Ok::<_, SiteError>((all.len() >= number).then_some(()))
        })
        .await?;
        all.into_inner().map_err(|_| poisoned())
    }

    /// The events on a bus since the last look.
    ///
    /// # Errors
    /// [`SiteError`] says which call of AWS failed.
    pub async fn heard(&self, bus: &str) -> Result<Vec<Value>, SiteError> {
        let all = self.drain(&ear(bus)).await?;
        let read = |heard: ReceivedMessage| serde_json::from_str(&heard.body);
        all.into_iter().map(read).collect::<Result<_, _>>().map_err(|error| SiteError::new("read an event", error))
    }
}

fn ear(bus: &str) -> String {
    format!("sandbox-hears-{bus}")
}
