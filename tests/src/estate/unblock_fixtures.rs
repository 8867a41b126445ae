//! What an environment's document says of unblocking, built in the emulated AWS: its tables, queues and bus; and what their
//! owners do to them.

use std::collections::HashMap;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType,
    PointInTimeRecoverySpecification, Projection, ProjectionType, PutRequest, ScalarAttributeType, Tag, WriteRequest,
};
use aws_sdk_eventbridge::types::Target;
use aws_sdk_sqs::types::{Message, MessageAttributeValue, QueueAttributeName};
use serde_json::{Value, json};
use watchkeeper_aws::MANAGED_TAG;
use watchkeeper_domain::estate::{BlockerPolicy, FinishedItems, LockSchema, QueuePolicy, Unblock};
use watchkeeper_domain::unblock::{BlockerItem, ItemAttribute, LockItem};

use super::{SiteError, awaited};

/// The most items of one `BatchWriteItem` (Amazon DynamoDB API reference).
const BATCH: usize = 25;

/// An item as the SDK has it.
type Item = HashMap<String, AttributeValue>;

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
    /// [`SiteError`] says what could not be made. So for all here.
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

    /// What fails once in a queue goes to its dead letters.
    async fn give_dead_letters(&self, queue: &QueuePolicy) -> Result<(), SiteError> {
        let (name, to) = (queue.queue.as_str(), self.arn(queue.dead_letters.as_str()).await?);
        let policy = json!({ "deadLetterTargetArn": to, "maxReceiveCount": 1 }).to_string();
        let call = self.sqs.set_queue_attributes().queue_url(self.url(name).await?);
        let call = call.attributes(QueueAttributeName::RedrivePolicy, policy);
        call.send().await.map_err(SiteError::aws(format!("give {name} its dead letters")))?;
        Ok(())
    }

    /// Make a table of locks, and that of its items.
    ///
    /// # Errors
    /// As above.
    pub async fn make_locks(&self, locks: &LockSchema) -> Result<(), SiteError> {
        let index = locks.index.as_ref().map(|index| (index.as_str(), locks.lock_type.as_str()));
        self.make_table(locks.table.as_str(), &[locks.pod.as_str(), locks.item.as_str()], index).await?;
        if let Some(finished) = &locks.finished {
            self.make_table(finished.table.as_str(), &[finished.item.as_str()], None).await?;
        }
        Ok(())
    }

    /// A table with these keys, perhaps an index by one attribute, point-in-time recovery, and our tag.
    async fn make_table(&self, table: &str, keys: &[&str], index: Option<(&str, &str)>) -> Result<(), SiteError> {
        // One that is not there is as good as deleted.
        let _ = self.dynamodb.delete_table().table_name(table).send().await;
        let odd = |error| SiteError::new(format!("describe table {table}"), error);
        let element = |key: &str, kind| KeySchemaElement::builder().attribute_name(key).key_type(kind).build();
        let mut call = self.dynamodb.create_table().table_name(table).billing_mode(BillingMode::PayPerRequest);
        for (key, kind) in keys.iter().zip([KeyType::Hash, KeyType::Range]) {
            call = call.key_schema(element(key, kind).map_err(odd)?);
        }
        if let Some((name, key)) = index {
            let all = Projection::builder().projection_type(ProjectionType::All).build();
            let made = GlobalSecondaryIndex::builder().index_name(name).projection(all);
            let made = made.key_schema(element(key, KeyType::Hash).map_err(odd)?).build();
            call = call.global_secondary_indexes(made.map_err(odd)?);
        }
        let indexed = index.map(|(_, key)| key).filter(|key| !keys.contains(key));
        for key in keys.iter().copied().chain(indexed) {
            let attribute = AttributeDefinition::builder().attribute_name(key).attribute_type(ScalarAttributeType::S);
            call = call.attribute_definitions(attribute.build().map_err(odd)?);
        }
        let tag = Tag::builder().key(MANAGED_TAG).value("true").build().map_err(odd)?;
        Box::pin(call.tags(tag).send()).await.map_err(SiteError::aws(format!("make table {table}")))?;
        let on = PointInTimeRecoverySpecification::builder().point_in_time_recovery_enabled(true).build();
        let call = self.dynamodb.update_continuous_backups().table_name(table);
        let call = call.point_in_time_recovery_specification(on.map_err(odd)?);
        call.send().await.map_err(SiteError::aws(format!("turn on the recovery of {table}")))?;
        Ok(())
    }

    async fn arn(&self, queue: &str) -> Result<String, SiteError> {
        let url = self.url(queue).await?;
        let asked = self.sqs.get_queue_attributes().queue_url(url).attribute_names(QueueAttributeName::QueueArn);
        let told = asked.send().await.map_err(SiteError::aws(format!("describe queue {queue}")))?;
        Ok(told.attributes().and_then(|all| all.get(&QueueAttributeName::QueueArn)).cloned().unwrap_or_default())
    }

    /// Make a queue, or empty the one that is there.
    ///
    /// # Errors
    /// As above.
    pub async fn make_queue(&self, queue: &str) -> Result<(), SiteError> {
        let made = self.sqs.create_queue().queue_name(queue).tags(MANAGED_TAG, "true").send().await;
        let url = made.map_err(SiteError::aws(format!("make queue {queue}")))?.queue_url.unwrap_or_default();
        self.sqs.purge_queue().queue_url(url).send().await.map_err(SiteError::aws(format!("empty queue {queue}")))?;
        Ok(())
    }

    /// A bus, and a queue behind a rule that takes everything on it.
    async fn make_bus(&self, bus: &str) -> Result<(), SiteError> {
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

    /// The events on a bus since the last look.
    ///
    /// # Errors
    /// As above.
    pub async fn heard(&self, bus: &str) -> Result<Vec<Value>, SiteError> {
        let all = self.drain(&ear(bus)).await?;
        let read = |heard: ReceivedMessage| serde_json::from_str(&heard.body);
        all.into_iter().map(read).collect::<Result<_, _>>().map_err(|error| SiteError::new("read an event", error))
    }

    /// Put locks, as their owners do.
    ///
    /// # Errors
    /// As above.
    pub async fn put_locks(&self, locks: &LockSchema, all: &[LockItem]) -> Result<(), SiteError> {
        for some in all.chunks(BATCH) {
            let put = |lock: &LockItem| {
                let request = PutRequest::builder().set_item(Some(lock_item(locks, lock))).build();
                let request = request.map_err(|error| SiteError::new("write a lock", error))?;
                Ok::<_, SiteError>(WriteRequest::builder().put_request(request).build())
            };
            let requests = some.iter().map(put).collect::<Result<Vec<_>, _>>()?;
            let call = self.dynamodb.batch_write_item().request_items(locks.table.as_str(), requests);
            call.send().await.map_err(SiteError::aws("put locks"))?;
        }
        Ok(())
    }

    /// A lock as it is now.
    ///
    /// # Errors
    /// As above.
    pub async fn lock(&self, locks: &LockSchema, lock: &LockItem) -> Result<Option<LockItem>, SiteError> {
        let (Some(pod), Some(item)) = (value(&lock.pod), value(&lock.item)) else { return Ok(None) };
        let call = self.dynamodb.get_item().table_name(locks.table.as_str()).consistent_read(true);
        let call = call.key(locks.pod.as_str(), pod).key(locks.item.as_str(), item);
        let found = call.send().await.map_err(SiteError::aws("read a lock"))?;
        Ok(found.item.map(|item| read_lock(locks, &item)))
    }

    /// How many locks are released.
    ///
    /// # Errors
    /// As above.
    pub async fn released(&self, locks: &LockSchema) -> Result<usize, SiteError> {
        let call = self.dynamodb.scan().table_name(locks.table.as_str());
        let all = call.into_paginator().items().send().try_collect().await.map_err(SiteError::aws("read the locks"))?;
        Ok(all.iter().filter(|item| item.contains_key(locks.released_at.as_str())).count())
    }

    /// Put an item that may wait.
    ///
    /// # Errors
    /// As above.
    pub async fn put_item(&self, source: &BlockerPolicy, item: &BlockerItem) -> Result<(), SiteError> {
        let fields = [
            (Some(&source.item), &item.item),
            (Some(&source.activity), &item.activity),
            (source.since.as_ref(), &item.since),
            (Some(&source.owner), &item.owner),
            (Some(&source.reason), &item.reason),
            (source.status.as_ref(), &item.status),
        ];
        let fields = fields.into_iter().filter_map(|(name, field)| Some((name?.to_string(), value(field)?)));
        let call = self.dynamodb.put_item().table_name(source.table.as_str()).set_item(Some(fields.collect()));
        call.send().await.map_err(SiteError::aws("put an item"))?;
        Ok(())
    }

    /// Put an item with this status.
    ///
    /// # Errors
    /// As above.
    pub async fn put_status(&self, finished: &FinishedItems, item: &str, status: &str) -> Result<(), SiteError> {
        let call = self.dynamodb.put_item().table_name(finished.table.as_str());
        let call = call.item(finished.item.as_str(), AttributeValue::S(item.to_owned()));
        let call = call.item(finished.status.as_str(), AttributeValue::S(status.to_owned()));
        call.send().await.map_err(SiteError::aws("put an item"))?;
        Ok(())
    }

    /// Somebody removes an item.
    ///
    /// # Errors
    /// As above.
    pub async fn remove_item(&self, source: &BlockerPolicy, item: &str) -> Result<(), SiteError> {
        let key = AttributeValue::S(item.to_owned());
        let call = self.dynamodb.delete_item().table_name(source.table.as_str()).key(source.item.as_str(), key);
        call.send().await.map_err(SiteError::aws("remove an item"))?;
        Ok(())
    }

    /// Send a message with these attributes.
    ///
    /// # Errors
    /// As above.
    pub async fn send(&self, queue: &str, body: &str, attributes: &[(&str, &str, &str)]) -> Result<(), SiteError> {
        let mut call = self.sqs.send_message().queue_url(self.url(queue).await?).message_body(body);
        for (name, kind, value) in attributes {
            let attribute = MessageAttributeValue::builder().data_type(*kind).string_value(*value).build();
            let attribute = attribute.map_err(|error| SiteError::new("write an attribute", error))?;
            call = call.message_attributes(*name, attribute);
        }
        call.send().await.map_err(SiteError::aws(format!("send to {queue}")))?;
        Ok(())
    }

    /// How many messages a queue has, seen by somebody or not.
    ///
    /// # Errors
    /// As above.
    pub async fn length(&self, queue: &str) -> Result<u64, SiteError> {
        let names = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
        ];
        let call = self.sqs.get_queue_attributes().queue_url(self.url(queue).await?);
        let call = call.set_attribute_names(Some(names.to_vec()));
        let told = call.send().await.map_err(SiteError::aws(format!("describe queue {queue}")))?;
        let number = |name| told.attributes().and_then(|all| all.get(name)?.parse::<u64>().ok()).unwrap_or_default();
        Ok(names.iter().map(number).sum())
    }

    /// Take all messages out of a queue.
    ///
    /// # Errors
    /// As above.
    pub async fn drain(&self, queue: &str) -> Result<Vec<ReceivedMessage>, SiteError> {
        let url = self.url(queue).await?;
        let mut all = Vec::new();
        loop {
            let call = self.sqs.receive_message().queue_url(&url).max_number_of_messages(10);
            let call = call.message_attribute_names("All").send().await;
            let found = call.map_err(SiteError::aws(format!("receive from {queue}")))?.messages.unwrap_or_default();
            if found.is_empty() {
                return Ok(all);
            }
            for message in found {
                let handle = message.receipt_handle().unwrap_or_default();
                let call = self.sqs.delete_message().queue_url(&url).receipt_handle(handle);
                call.send().await.map_err(SiteError::aws(format!("take out of {queue}")))?;
                all.push(heard(message));
            }
        }
    }

    /// A consumer fails over everything in a queue: AWS moves it to the dead letters then, and says where it came from.
    ///
    /// # Errors
    /// As above.
    pub async fn fail_all(&self, queue: &str) -> Result<(), SiteError> {
        let url = self.url(queue).await?;
        loop {
            let call = self.sqs.receive_message().queue_url(&url).max_number_of_messages(10).visibility_timeout(0);
            let found = call.send().await.map_err(SiteError::aws(format!("receive from {queue}")))?;
            if found.messages().is_empty() {
                return Ok(());
            }
        }
    }

    /// A message over which the consumer of a queue fails.
    ///
    /// # Errors
    /// As above.
    pub async fn fail(
        &self,
        queue: &QueuePolicy,
        body: &str,
        attributes: &[(&str, &str, &str)],
    ) -> Result<(), SiteError> {
        self.send(queue.queue.as_str(), body, attributes).await?;
        self.fail_all(queue.queue.as_str()).await
    }

    /// Wait until as many events as this are heard, and return them.
    ///
    /// # Errors
    /// As above, and when they do not come.
    pub async fn heard_at_least(&self, bus: &str, number: usize) -> Result<Vec<Value>, SiteError> {
        let what = format!("{number} events on {bus}");
        let ear = ear(bus);
        let there = async || Ok::<_, SiteError>((self.length(&ear).await? >= number as u64).then_some(()));
        awaited(&what, there).await?;
        self.heard(bus).await
    }

    async fn url(&self, queue: &str) -> Result<String, SiteError> {
        let found = self.sqs.get_queue_url().queue_name(queue).send().await;
        Ok(found.map_err(SiteError::aws(format!("find queue {queue}")))?.queue_url.unwrap_or_default())
    }
}

fn ear(bus: &str) -> String {
    format!("sandbox-hears-{bus}")
}

fn heard(message: Message) -> ReceivedMessage {
    let attributes = message.message_attributes.unwrap_or_default().into_iter();
    let attributes = attributes.map(|(name, value)| (name, value.string_value.unwrap_or_default())).collect();
    ReceivedMessage { body: message.body.unwrap_or_default(), attributes }
}

fn value(field: &ItemAttribute) -> Option<AttributeValue> {
    match field {
        ItemAttribute::Text(text) => Some(AttributeValue::S(text.clone())),
        ItemAttribute::Number(number) => Some(AttributeValue::N(number.clone())),
        ItemAttribute::Absent | ItemAttribute::Other(_) => None,
    }
}

fn lock_item(locks: &LockSchema, lock: &LockItem) -> Item {
    let fields = [
        (&locks.pod, &lock.pod),
        (&locks.item, &lock.item),
        (&locks.lock_type, &lock.lock_type),
        (&locks.acquired_by, &lock.acquired_by),
        (&locks.acquired_at, &lock.acquired_at),
        (&locks.expires_at, &lock.expires_at),
        (&locks.released_at, &lock.released_at),
    ];
    fields.into_iter().filter_map(|(name, field)| Some((name.to_string(), value(field)?))).collect()
}

fn read_lock(locks: &LockSchema, item: &Item) -> LockItem {
    let field = |name: &watchkeeper_domain::value::ResourceName| match item.get(name.as_str()) {
        None => ItemAttribute::Absent,
        Some(AttributeValue::S(text)) => ItemAttribute::Text(text.clone()),
        Some(AttributeValue::N(number)) => ItemAttribute::Number(number.clone()),
        Some(other) => ItemAttribute::Other(format!("{other:?}")),
    };
    LockItem {
        pod: field(&locks.pod),
        item: field(&locks.item),
        lock_type: field(&locks.lock_type),
        acquired_by: field(&locks.acquired_by),
        acquired_at: field(&locks.acquired_at),
        expires_at: field(&locks.expires_at),
        released_at: field(&locks.released_at),
    }
}
