//! Tables, queues, streams, and what has no more than a name.

use serde::Deserialize;
use watchkeeper_domain::name::Region;
use watchkeeper_domain::value::ResourceName;

use super::StateReader;
use super::arn::{Arn, last_part};
use super::attributes::Attributes;
use super::cursor::StateMistake;
use crate::draft::facts::{Facts, Found, QueueFacts, StreamFacts, TableFacts};

/// Where dead letters go (Amazon SQS API reference, `SetQueueAttributes`, `RedrivePolicy`).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RedrivePolicy {
    dead_letter_target_arn: String,
}

impl StateReader<'_> {
    pub(super) fn table(&mut self, resource: &Attributes<'_>) -> Result<(), StateMistake> {
        let arn = resource.text("arn")?.and_then(Arn::parse);
        let name = |name: &str| name.parse::<ResourceName>().ok();
        let mut indexes = resource.texts("global_secondary_index.name")?;
        indexes.extend(resource.texts("local_secondary_index.name")?);
        indexes.sort_unstable();
        let mut replicas: Vec<Region> =
            resource.texts("replica.region_name")?.into_iter().filter_map(|region| Region::new(region).ok()).collect();
        replicas.sort();
        let (key, point_in_time) =
            (resource.text("hash_key")?.and_then(name), resource.flag("point_in_time_recovery.enabled")?);
        let indexes = indexes.into_iter().filter_map(name).collect();
        let facts = resource.text("name")?.and_then(name).map(|name| TableFacts {
            name,
            key,
            indexes,
            replicas,
            point_in_time,
        });
        let found = self.found(resource, arn.as_ref(), facts)?;
        self.facts.tables.extend(found);
        Ok(())
    }

    pub(super) fn queue(&mut self, resource: &Attributes<'_>) -> Result<(), StateMistake> {
        let arn = resource.text("arn")?.and_then(Arn::parse);
        let policy = resource.text("redrive_policy")?.and_then(|json| serde_json::from_str::<RedrivePolicy>(json).ok());
        let dead_letters = policy.and_then(|policy| last_part(&policy.dead_letter_target_arn).parse().ok());
        let facts =
            resource.text("name")?.and_then(|name| name.parse().ok()).map(|name| QueueFacts { name, dead_letters });
        let found = self.found(resource, arn.as_ref(), facts)?;
        self.facts.queues.extend(found);
        Ok(())
    }

    pub(super) fn stream(&mut self, resource: &Attributes<'_>) -> Result<(), StateMistake> {
        let arn = resource.text("arn")?.and_then(Arn::parse);
        let (shards, hours) = (resource.count("shard_count")?, resource.count("retention_period")?);
        let facts =
            resource.text("name")?.and_then(|name| name.parse().ok()).map(|name| StreamFacts { name, shards, hours });
        let found = self.found(resource, arn.as_ref(), facts)?;
        self.facts.streams.extend(found);
        Ok(())
    }

    pub(super) fn named(
        &mut self,
        resource: &Attributes<'_>,
        attribute: &str,
        list: impl Fn(&mut Facts) -> &mut Vec<Found<ResourceName>>,
    ) -> Result<(), StateMistake> {
        let arn = resource.text("arn")?.and_then(Arn::parse);
        let name = resource.text(attribute)?.and_then(|name| name.parse().ok());
        let found = self.found(resource, arn.as_ref(), name)?;
        list(self.facts).extend(found);
        Ok(())
    }
}
