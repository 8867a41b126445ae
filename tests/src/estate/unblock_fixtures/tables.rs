//! Tables of locks and of items that may wait, and what their owners do to them.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType,
    PointInTimeRecoverySpecification, Projection, ProjectionType, PutRequest, ScalarAttributeType, Tag, WriteRequest,
};
use watchkeeper_aws::MANAGED_TAG;
use watchkeeper_domain::estate::{BlockerPolicy, FinishedItems, LockSchema};
use watchkeeper_domain::unblock::{BlockerItem, ItemAttribute, LockItem};

use super::super::SiteError;
use super::UnblockFixtures;

/// The most items of one `BatchWriteItem` (Amazon DynamoDB API reference).
const BATCH: usize = 25;

/// An item as the SDK has it.
type Item = HashMap<String, AttributeValue>;

impl UnblockFixtures {
    /// Make a table of locks, and that of its items.
    ///
    /// # Errors
    /// [`SiteError`] says which call of AWS failed.
    pub async fn make_locks(&self, locks: &LockSchema) -> Result<(), SiteError> {
        let index = locks.index.as_ref().map(|index| (index.as_str(), locks.lock_type.as_str()));
        self.make_table(locks.table.as_str(), &[locks.pod.as_str(), locks.item.as_str()], index).await?;
        if let Some(finished) = &locks.finished {
            self.make_table(finished.table.as_str(), &[finished.item.as_str()], None).await?;
        }
        Ok(())
    }

    /// A table with these keys, perhaps an index by one attribute, point-in-time recovery, and our tag.
    pub(super) async fn make_table(
        &self,
        table: &str,
        keys: &[&str],
        index: Option<(&str, &str)>,
    ) -> Result<(), SiteError> {
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

    /// Put locks, as their owners do.
    ///
    /// # Errors
    /// [`SiteError`] says which call of AWS failed.
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
    /// [`SiteError`] says which call of AWS failed.
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
    /// [`SiteError`] says which call of AWS failed.
    pub async fn released(&self, locks: &LockSchema) -> Result<usize, SiteError> {
        let call = self.dynamodb.scan().table_name(locks.table.as_str());
        let all = call.into_paginator().items().send().try_collect().await.map_err(SiteError::aws("read the locks"))?;
        Ok(all.iter().filter(|item| item.contains_key(locks.released_at.as_str())).count())
    }

    /// Put an item that may wait.
    ///
    /// # Errors
    /// [`SiteError`] says which call of AWS failed.
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
    /// [`SiteError`] says which call of AWS failed.
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
    /// [`SiteError`] says which call of AWS failed.
    pub async fn remove_item(&self, source: &BlockerPolicy, item: &str) -> Result<(), SiteError> {
        let key = AttributeValue::S(item.to_owned());
        let call = self.dynamodb.delete_item().table_name(source.table.as_str()).key(source.item.as_str(), key);
        call.send().await.map_err(SiteError::aws("remove an item"))?;
        Ok(())
    }
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
