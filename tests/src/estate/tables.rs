//! Tables that backups are taken of: their keys as the document tells them, and their items.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, PointInTimeRecoverySpecification,
    ScalarAttributeType, Tag, TimeToLiveSpecification,
};
use watchkeeper_domain::estate::{BackupJob, Environment, KeyValue};

use super::{RegionFixtures, SiteError};

/// Items of each table.
pub const ITEMS: usize = 12;

/// The items of a table, in an order of their own.
pub type Items = Vec<BTreeMap<String, String>>;

/// The key of a table: its attributes, the partition's first, and their types.
pub(super) type TableKey = Vec<(String, ScalarAttributeType)>;

/// The key of a table as the document tells it: by an item that is known to be there, by the pair's table, by the attributes of
/// locks and of items; `id` where it tells nothing.
pub(super) fn key_of(environment: &Environment, job: &BackupJob, table: &str) -> TableKey {
    let document = environment.document();
    let text = |name: &str| (name.to_owned(), ScalarAttributeType::S);
    let known = job.drill.iter().flat_map(|drill| &drill.known_item);
    let known: TableKey = known
        .map(|(name, value)| match value {
            KeyValue::Number(_) => (name.clone(), ScalarAttributeType::N),
            KeyValue::Text(_) => text(name),
        })
        .collect();
    if !known.is_empty() {
        return known;
    }
    let mut pairs = document.failover.iter().flat_map(|failover| &failover.tables);
    if let Some(pair) = pairs.find(|pair| pair.table.as_str() == table) {
        return vec![text(pair.key.as_str())];
    }
    let section = document.unblock.as_ref();
    let locks = section.and_then(|section| section.locks.as_ref());
    if let Some(locks) = locks.filter(|locks| locks.table.as_str() == table) {
        return vec![text(locks.pod.as_str()), text(locks.item.as_str())];
    }
    if let Some(finished) = locks.and_then(|locks| locks.finished.as_ref()).filter(|it| it.table.as_str() == table) {
        return vec![text(finished.item.as_str())];
    }
    let blockers = section.and_then(|section| section.blockers.as_ref());
    match blockers.filter(|blockers| blockers.table.as_str() == table) {
        Some(blockers) => vec![text(blockers.item.as_str())],
        None => vec![text("id")],
    }
}

impl RegionFixtures {
    /// A table with point-in-time recovery, a time to live, a tag, and some items.
    pub(super) async fn make_table(&self, name: &str, keys: &TableKey) -> Result<(), SiteError> {
        let failed = || format!("make table {name}");
        if self.dynamodb.describe_table().table_name(name).send().await.is_ok() {
            return Ok(());
        }
        let mut call = self.dynamodb.create_table().table_name(name).billing_mode(BillingMode::PayPerRequest);
        for (place, (key, of)) in keys.iter().enumerate() {
            let kind = if place == 0 { KeyType::Hash } else { KeyType::Range };
            let element = KeySchemaElement::builder().attribute_name(key).key_type(kind).build();
            let attribute = AttributeDefinition::builder().attribute_name(key).attribute_type(of.clone());
            call = call.key_schema(element.map_err(SiteError::aws(failed()))?);
            call = call.attribute_definitions(attribute.build().map_err(SiteError::aws(failed()))?);
        }
        let tag = Tag::builder().key("team").value("clos").build().map_err(SiteError::aws(failed()))?;
        Box::pin(call.tags(tag).send()).await.map_err(SiteError::aws(failed()))?;
        let on = PointInTimeRecoverySpecification::builder().point_in_time_recovery_enabled(true).build();
        let on = on.map_err(SiteError::aws(failed()))?;
        let call = self.dynamodb.update_continuous_backups().table_name(name).point_in_time_recovery_specification(on);
        call.send().await.map_err(SiteError::aws(failed()))?;
        let lives = TimeToLiveSpecification::builder().enabled(true).attribute_name("expires_at").build();
        let lives = lives.map_err(SiteError::aws(failed()))?;
        let call = self.dynamodb.update_time_to_live().table_name(name).time_to_live_specification(lives);
        call.send().await.map_err(SiteError::aws(failed()))?;
        for number in 0..ITEMS {
            self.put_item(name, number).await?;
        }
        Ok(())
    }

    /// Puts one item, the same for the same number.
    ///
    /// # Errors
    /// [`SiteError`] says what failed.
    pub async fn put_item(&self, table: &str, number: usize) -> Result<(), SiteError> {
        let mut call = self.dynamodb.put_item().table_name(table);
        for (key, of) in self.key(table).await? {
            let value = match of {
                ScalarAttributeType::N => AttributeValue::N(number.to_string()),
                _ => AttributeValue::S(format!("{key}-{number}")),
            };
            call = call.item(key, value);
        }
        let call = call.item("content", AttributeValue::S(format!("what {table} holds, {number}")));
        call.send().await.map_err(SiteError::aws(format!("put an item into {table}")))?;
        Ok(())
    }

    /// Puts the item that the drill's assertions know, in the place of the last of the others.
    pub(super) async fn put_known_item(
        &self,
        table: &str,
        known: &BTreeMap<String, KeyValue>,
    ) -> Result<(), SiteError> {
        if known.is_empty() {
            return Ok(());
        }
        let value = |value: &KeyValue| match value {
            KeyValue::Number(number) => AttributeValue::N(number.to_string()),
            KeyValue::Text(text) => AttributeValue::S(text.clone()),
        };
        let key = known.iter().map(|(name, known)| (name.clone(), value(known))).collect();
        let call = self.dynamodb.get_item().table_name(table).set_key(Some(key));
        let there = call.send().await.map_err(SiteError::aws(format!("look into table {table}")))?;
        if there.item().is_some() {
            return Ok(());
        }
        let mut last = self.dynamodb.delete_item().table_name(table);
        for (key, of) in self.key(table).await? {
            let number = ITEMS - 1;
            let value = match of {
                ScalarAttributeType::N => AttributeValue::N(number.to_string()),
                _ => AttributeValue::S(format!("{key}-{number}")),
            };
            last = last.key(key, value);
        }
        last.send().await.map_err(SiteError::aws(format!("take an item out of {table}")))?;
        let mut call = self.dynamodb.put_item().table_name(table);
        for (name, known) in known {
            call = call.item(name, value(known));
        }
        let call = call.item("content", AttributeValue::S("the known item".to_owned()));
        call.send().await.map_err(SiteError::aws(format!("put the known item into {table}")))?;
        Ok(())
    }

    /// The key of a table, as DynamoDB describes it.
    pub(super) async fn key(&self, table: &str) -> Result<TableKey, SiteError> {
        let answer = self.dynamodb.describe_table().table_name(table).send().await;
        let answer = answer.map_err(SiteError::aws(format!("describe table {table}")))?;
        let found = answer.table().ok_or_else(|| SiteError::new(format!("describe table {table}"), "nothing"))?;
        let of = |key: &str| {
            let attribute = found.attribute_definitions().iter().find(|attribute| attribute.attribute_name() == key);
            attribute.map_or(ScalarAttributeType::S, |attribute| attribute.attribute_type().clone())
        };
        let key = |element: &KeySchemaElement| (element.attribute_name().to_owned(), of(element.attribute_name()));
        Ok(found.key_schema().iter().map(key).collect())
    }

    /// Everything in a table.
    ///
    /// # Errors
    /// [`SiteError`] says what failed.
    pub async fn items(&self, table: &str) -> Result<Items, SiteError> {
        let found = self.dynamodb.scan().table_name(table).into_paginator().items().send().try_collect().await;
        let found = found.map_err(SiteError::aws(format!("read table {table}")))?;
        let text = |value: &AttributeValue| value.as_s().or_else(|_| value.as_n()).cloned().unwrap_or_default();
        let mut items: Items =
            found.iter().map(|item| item.iter().map(|(name, value)| (name.clone(), text(value))).collect()).collect();
        items.sort();
        Ok(items)
    }

    /// Whether a table exists.
    ///
    /// # Errors
    /// [`SiteError`] says what failed.
    pub async fn has_table(&self, table: &str) -> Result<bool, SiteError> {
        let all = self.dynamodb.list_tables().into_paginator().items().send().try_collect().await;
        let all: Vec<String> = all.map_err(SiteError::aws("list tables"))?;
        Ok(all.iter().any(|name| name == table))
    }
}
