//! Tables, queues, streams, and what has no more than a name.

use serde::Deserialize;
use watchkeeper_domain::name::Region;
use watchkeeper_domain::value::ResourceName;

use super::StateReader;
use super::attributes::Attributes;
use super::cursor::StateMistake;
use crate::draft::arn::{Arn, last_part};
use crate::draft::facts::{Facts, Found, PlainFacts, QueueFacts, StreamFacts, TableFacts};

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

    /// A replica that is a resource of its own.
    pub(super) fn replica(&mut self, resource: &Attributes<'_>) -> Result<(), StateMistake> {
        let arn = resource.text("arn")?.and_then(Arn::parse);
        let table = resource.text("global_table_arn")?.and_then(Arn::parse);
        if let Some((arn, table)) = arn.zip(table) {
            let name = last_part(&table.resource).to_owned();
            self.facts.replicas.push(((table.account, table.region, name), arn.region));
        }
        Ok(())
    }

    pub(super) fn queue(&mut self, resource: &Attributes<'_>) -> Result<(), StateMistake> {
        let arn = resource.text("arn")?.and_then(Arn::parse);
        let dead_letters = dead_letters(resource)?.map(|(_, name)| name);
        let facts =
            resource.text("name")?.and_then(|name| name.parse().ok()).map(|name| QueueFacts { name, dead_letters });
        let found = self.found(resource, arn.as_ref(), facts)?;
        self.facts.queues.extend(found);
        Ok(())
    }

    /// A redrive policy that is a resource of its own. The dead-letter queue is in account and region of its queue ("Using
    /// dead-letter queues in Amazon SQS", Amazon SQS developer guide).
    pub(super) fn redrive(&mut self, resource: &Attributes<'_>) -> Result<(), StateMistake> {
        let queue = resource.text("queue_url")?.map(last_part);
        if let Some((queue, (arn, letters))) = queue.zip(dead_letters(resource)?) {
            self.facts.redrives.push(((arn.account, arn.region, queue.to_owned()), letters));
        }
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

    /// Something of which only the name counts.
    pub(super) fn plain(
        &mut self,
        resource: &Attributes<'_>,
        attribute: &str,
        kind: &'static str,
        list: impl Fn(&mut Facts) -> &mut Vec<Found<PlainFacts>>,
    ) -> Result<(), StateMistake> {
        let arn = resource.text("arn")?.and_then(Arn::parse);
        let name = resource.text(attribute)?.and_then(|name| name.parse().ok());
        let found = self.found(resource, arn.as_ref(), name.map(|name| PlainFacts { kind, name }))?;
        list(self.facts).extend(found);
        Ok(())
    }
}

/// The queue that a redrive policy names.
fn dead_letters(resource: &Attributes<'_>) -> Result<Option<(Arn, ResourceName)>, StateMistake> {
    let policy = resource.text("redrive_policy")?.and_then(|json| serde_json::from_str::<RedrivePolicy>(json).ok());
    let arn = policy.and_then(|policy| Arn::parse(&policy.dead_letter_target_arn));
    Ok(arn.and_then(|arn| Some((arn.clone(), arn.resource.parse().ok()?))))
}
