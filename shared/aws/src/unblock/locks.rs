//! Locks of an estate in its table: a release is written while the lock is exactly what was read, and its proof holds.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, KeysAndAttributes, TransactWriteItem, Update};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use jiff::Timestamp;
use watchkeeper_control::ledger::{ListPage, WriteOutcome};
use watchkeeper_control::ports::{AwsError, Fault};
use watchkeeper_control::unblock::ports::LockTable;
use watchkeeper_domain::estate::{FinishedItems, LockSchema};
use watchkeeper_domain::unblock::{AbandonmentProof, ItemAttribute, LockItem, LockRelease};

use super::AwsUnblockSources;
use super::field::{Item, cursor, field, start, value};
use crate::fault::{classify, failed, odd};

const SCAN: &str = "Scan";
const UPDATE: &str = "UpdateItem";
const TRANSACT: &str = "TransactWriteItems";

/// A write with its condition, in the words of an expression.
#[derive(Debug)]
struct ConditionalWrite {
    key: Item,
    update: String,
    condition: String,
    names: HashMap<String, String>,
    values: Item,
}

impl LockTable for AwsUnblockSources {
    async fn locks(&self, table: &LockSchema, after: Option<&str>, limit: u32) -> Result<ListPage<LockItem>, AwsError> {
        let name = table.table.as_str();
        let (names, projection) = projection(&attributes(table));
        let call = self.dynamodb.scan().table_name(name).consistent_read(true);
        let call = call.limit(i32::try_from(limit).unwrap_or(i32::MAX));
        let call = call.projection_expression(projection).set_expression_attribute_names(Some(names));
        let call = call.set_exclusive_start_key(start(after).map_err(|what| odd(SCAN, name, what))?);
        let answer = call.send().await.map_err(|error| failed(SCAN, name, error))?;
        let next = cursor(answer.last_evaluated_key).map_err(|what| odd(SCAN, name, what))?;
        let items = answer.items.unwrap_or_default();
        Ok(ListPage { items: items.iter().map(|item| read(table, item)).collect(), next })
    }

    async fn statuses(
        &self,
        finished: &FinishedItems,
        items: &[String],
    ) -> Result<BTreeMap<String, ItemAttribute>, AwsError> {
        const BATCH: &str = "BatchGetItem";
        let (table, key) = (finished.table.as_str(), finished.item.as_str());
        if items.is_empty() {
            return Ok(BTreeMap::new());
        }
        let (names, wanted) = projection(&[key, finished.status.as_str()]);
        let keys = items.iter().map(|item| Item::from([(key.to_owned(), AttributeValue::S(item.clone()))]));
        let request = KeysAndAttributes::builder().set_keys(Some(keys.collect())).consistent_read(true);
        let request = request.projection_expression(wanted).set_expression_attribute_names(Some(names)).build();
        let request = request.map_err(|error| odd(BATCH, table, error.to_string()))?;
        let mut left = Some(HashMap::from([(table.to_owned(), request)]));
        let mut found = Vec::new();
        while let Some(wanted) = left {
            let before = unread(&wanted);
            let answer = self.dynamodb.batch_get_item().set_request_items(Some(wanted)).send().await;
            let answer = answer.map_err(|error| failed(BATCH, table, error))?;
            found.extend(answer.responses.unwrap_or_default().remove(table).unwrap_or_default());
            left = answer.unprocessed_keys.filter(|left| unread(left) > 0);
            // With large items an answer holds only some of them (16 MB, Amazon DynamoDB API reference); with none it is the pace.
            if left.as_ref().is_some_and(|left| unread(left) >= before) {
                let source = Some("some keys were not read".into());
                return Err(AwsError { operation: BATCH, subject: table.to_owned(), fault: Fault::Throttled, source });
            }
        }
        let status = |item: &Item| Some((field(item, key).key()?.to_owned(), field(item, finished.status.as_str())));
        Ok(found.iter().filter_map(status).collect())
    }

    async fn release(
        &self,
        table: &LockSchema,
        release: &LockRelease,
        now: Timestamp,
    ) -> Result<WriteOutcome, AwsError> {
        let mut change = change(table, &release.lock, format!("SET #{RELEASED} = :at"))?;
        change.values.insert(":at".to_owned(), AttributeValue::S(release.released_at.clone()));
        let after = LockItem { released_at: ItemAttribute::Text(release.released_at.clone()), ..release.lock.clone() };
        let written = if let (AbandonmentProof::Finished(status), Some(finished)) = (&release.proof, &table.finished) {
            self.transact(table, change, finished, &release.lock.item, status).await
        } else {
            change.condition = format!("{} AND #{EXPIRES} <= :now", change.condition);
            change.values.insert(":now".to_owned(), AttributeValue::N(now.as_second().to_string()));
            self.update(table, change).await
        };
        self.settled(table, written, &release.lock, &after).await
    }

    async fn restore(&self, table: &LockSchema, release: &LockRelease) -> Result<WriteOutcome, AwsError> {
        let before = LockItem { released_at: ItemAttribute::Text(release.released_at.clone()), ..release.lock.clone() };
        let written = self.update(table, change(table, &before, format!("REMOVE #{RELEASED}"))?).await;
        self.settled(table, written, &before, &release.lock).await
    }
}

impl AwsUnblockSources {
    async fn update(&self, table: &LockSchema, change: ConditionalWrite) -> Result<(), AwsError> {
        let call = self.dynamodb.update_item().table_name(table.table.as_str()).set_key(Some(change.key));
        let call = call.update_expression(change.update).condition_expression(change.condition);
        let call = call.set_expression_attribute_names(Some(change.names));
        let call = call.set_expression_attribute_values((!change.values.is_empty()).then_some(change.values));
        call.send().await.map_err(|error| failed(UPDATE, &table.table, error))?;
        Ok(())
    }

    /// The write, and in the same transaction the proof: the item is finished still.
    async fn transact(
        &self,
        table: &LockSchema,
        change: ConditionalWrite,
        finished: &FinishedItems,
        item: &ItemAttribute,
        status: &str,
    ) -> Result<(), AwsError> {
        let invalid =
            |error: aws_smithy_types::error::operation::BuildError| odd(TRANSACT, &table.table, error.to_string());
        let update = Update::builder().table_name(table.table.as_str()).set_key(Some(change.key));
        let update = update.update_expression(change.update).condition_expression(change.condition);
        let update = update.set_expression_attribute_names(Some(change.names));
        let update = update.set_expression_attribute_values(Some(change.values)).build().map_err(invalid)?;
        let proof = ConditionCheck::builder().table_name(finished.table.as_str());
        let proof = proof.set_key(value(item).map(|key| Item::from([(finished.item.to_string(), key)])));
        let proof = proof.condition_expression("#status = :status");
        let proof = proof.expression_attribute_names("#status", finished.status.as_str());
        let proof = proof.expression_attribute_values(":status", AttributeValue::S(status.to_owned()));
        let proof = proof.build().map_err(invalid)?;
        let call = self.dynamodb.transact_write_items();
        let call = call.transact_items(TransactWriteItem::builder().condition_check(proof).build());
        let call = call.transact_items(TransactWriteItem::builder().update(update).build());
        call.send().await.map_err(|error| cancelled(&table.table, error))?;
        Ok(())
    }

    /// What became of a write: one that lost its condition, or its answer, is looked at, because an attempt before it may
    /// have been written.
    async fn settled(
        &self,
        table: &LockSchema,
        written: Result<(), AwsError>,
        before: &LockItem,
        after: &LockItem,
    ) -> Result<WriteOutcome, AwsError> {
        let Err(error) = written else { return Ok(WriteOutcome::Done) };
        if !matches!(error.fault, Fault::Conflict | Fault::Unavailable) {
            return Err(error);
        }
        let call = self.dynamodb.get_item().table_name(table.table.as_str()).set_key(Some(key(table, before)?));
        let answer = call.consistent_read(true).send().await;
        let answer = answer.map_err(|error| failed("GetItem", &table.table, error))?;
        let found = answer.item.map(|item| read(table, &item));
        if found.as_ref() == Some(after) {
            Ok(WriteOutcome::Done)
        } else if found.as_ref() == Some(before) && error.fault == Fault::Unavailable {
            Err(error)
        } else {
            Ok(WriteOutcome::Changed)
        }
    }
}

/// How many keys a batch asks for.
fn unread(batch: &HashMap<String, KeysAndAttributes>) -> usize {
    batch.values().map(|keys| keys.keys().len()).sum()
}

/// Places of attributes in expressions.
const EXPIRES: &str = "expires";
const RELEASED: &str = "released";

/// The attributes of a lock by the names of the document, in the order of [`LockItem`].
fn attributes(table: &LockSchema) -> [&str; 7] {
    [
        &table.pod,
        &table.item,
        &table.lock_type,
        &table.acquired_by,
        &table.acquired_at,
        &table.expires_at,
        &table.released_at,
    ]
    .map(watchkeeper_domain::value::ResourceName::as_str)
}

/// Only these attributes, whatever they are called: a name may be a word that DynamoDB keeps for itself.
pub(super) fn projection(attributes: &[&str]) -> (HashMap<String, String>, String) {
    let names = attributes.iter().enumerate().map(|(number, name)| (format!("#a{number}"), (*name).to_owned()));
    let places: Vec<String> = (0..attributes.len()).map(|number| format!("#a{number}")).collect();
    (names.collect(), places.join(", "))
}

fn read(table: &LockSchema, item: &Item) -> LockItem {
    let [pod, on, lock_type, acquired_by, acquired_at, expires_at, released_at] =
        attributes(table).map(|name| field(item, name));
    LockItem { pod, item: on, lock_type, acquired_by, acquired_at, expires_at, released_at }
}

fn key(table: &LockSchema, lock: &LockItem) -> Result<Item, AwsError> {
    let part = |name: &str, field: &ItemAttribute| {
        let value = value(field).ok_or_else(|| unfit(table, lock))?;
        Ok::<_, AwsError>((name.to_owned(), value))
    };
    Ok([part(table.pod.as_str(), &lock.pod)?, part(table.item.as_str(), &lock.item)?].into())
}

/// A write that counts only while each attribute is exactly what was read.
fn change(table: &LockSchema, found: &LockItem, update: String) -> Result<ConditionalWrite, AwsError> {
    let compared = [
        ("type", &table.lock_type, &found.lock_type),
        ("by", &table.acquired_by, &found.acquired_by),
        ("acquired", &table.acquired_at, &found.acquired_at),
        (EXPIRES, &table.expires_at, &found.expires_at),
        (RELEASED, &table.released_at, &found.released_at),
    ];
    let (mut names, mut values, mut conditions) = (HashMap::new(), Item::new(), Vec::new());
    for (place, name, field) in compared {
        names.insert(format!("#{place}"), name.to_string());
        if *field == ItemAttribute::Absent {
            conditions.push(format!("attribute_not_exists(#{place})"));
        } else {
            values.insert(format!(":{place}"), value(field).ok_or_else(|| unfit(table, found))?);
            conditions.push(format!("#{place} = :{place}"));
        }
    }
    Ok(ConditionalWrite { key: key(table, found)?, update, condition: conditions.join(" AND "), names, values })
}

fn unfit(table: &LockSchema, lock: &LockItem) -> AwsError {
    let source = Some(format!("{} has an attribute that no condition can be made of", lock.name()).into());
    AwsError { operation: UPDATE, subject: table.table.to_string(), fault: Fault::Invalid, source }
}

/// A cancelled transaction tells a reason for each of its items.
fn cancelled(table: &impl std::fmt::Display, error: SdkError<TransactWriteItemsError, HttpResponse>) -> AwsError {
    let reasons = match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(canceled)) => {
            canceled.cancellation_reasons().to_vec()
        }
        _ => Vec::new(),
    };
    let codes: Vec<&str> = reasons.iter().filter_map(|reason| reason.code()).filter(|code| *code != "None").collect();
    let code = codes.iter().find(|code| **code != "ConditionalCheckFailed").or(codes.first()).copied();
    let fault = code.map(|code| classify(Some(code), None));
    let error = failed(TRANSACT, table, error);
    AwsError { fault: fault.unwrap_or(error.fault), ..error }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn table() -> LockSchema {
        let name = |name: &str| name.parse().unwrap();
        LockSchema {
            table: name("locks"),
            pod: name("pod_id"),
            item: name("item_id"),
            lock_type: name("lock_type"),
            acquired_by: name("acquired_by"),
            acquired_at: name("acquired_at"),
            expires_at: name("expires_at"),
            released_at: name("released_at"),
            index: None,
            finished: None,
        }
    }

    fn lock() -> LockItem {
        let text = |text: &str| ItemAttribute::Text(text.to_owned());
        LockItem {
            pod: text("Ratio"),
            item: text("p-1"),
            lock_type: text("projects"),
            acquired_by: text("ada"),
            acquired_at: text("2026-11-19T09:00:00Z"),
            expires_at: ItemAttribute::Number("1795168800".to_owned()),
            released_at: ItemAttribute::Absent,
        }
    }

    #[test]
    fn the_condition_is_on_every_attribute_that_was_read() {
        let change = change(&table(), &lock(), "SET #released = :at".to_owned()).unwrap();
        let expected = "#type = :type AND #by = :by AND #acquired = :acquired AND #expires = :expires AND \
                        attribute_not_exists(#released)";
        assert_eq!(change.condition, expected);
        assert_eq!(change.values[":expires"], AttributeValue::N("1795168800".to_owned()));
        assert_eq!(change.names["#by"], "acquired_by");
        assert_eq!(change.key["pod_id"], AttributeValue::S("Ratio".to_owned()));
    }

    #[test]
    fn an_attribute_of_another_type_is_never_written_over() {
        let odd = LockItem { acquired_by: ItemAttribute::Other("map".to_owned()), ..lock() };
        assert_eq!(change(&table(), &odd, String::new()).unwrap_err().fault, Fault::Invalid);
        let odd = LockItem { pod: ItemAttribute::Other("binary".to_owned()), ..lock() };
        assert_eq!(change(&table(), &odd, String::new()).unwrap_err().fault, Fault::Invalid);
    }

    #[test]
    fn a_lock_is_read_by_the_names_of_the_document() {
        let item = Item::from([
            ("pod_id".to_owned(), AttributeValue::S("Ratio".to_owned())),
            ("item_id".to_owned(), AttributeValue::S("p-1".to_owned())),
            ("expires_at".to_owned(), AttributeValue::S("tomorrow".to_owned())),
        ]);
        let read = read(&table(), &item);
        assert_eq!(read.name(), "Ratio/p-1");
        assert_eq!(read.expires_at, ItemAttribute::Text("tomorrow".to_owned()));
        assert_eq!(read.released_at, ItemAttribute::Absent);
    }
}
