//! The ledger in one DynamoDB table.
//!
//! The table has the string keys `pk` and `sk` and the time-to-live attribute `ttl` (epoch seconds). Estates, environments,
//! regions and execution names contain no `#`. Which items there are, who writes each and until when it is kept, is a table
//! in `shared/README.md`; [`Key`] makes the keys.
//!
//! A document whose form an older release would misread carries `form` (N), 2 or more; a release that does not know the form
//! refuses it by its name.
//!
//! A payload is JSON: as text in `json`, or compressed in `gzip` (B) where the text is longer than
//! [`TEXT_MAX`]. The lease has attributes of its own, because every other write of a run has a condition on its
//! generation. The memory of an alarm has a version beside its payload: it is put as the version after the one that was
//! read, so of two messages that are handled at once one is handled again. Runs have a partition of their own, so that one
//! query reads everything else of a scope; and what two regions tell each other of a pair has one, so that one small
//! query reads it with every run.
//!
//! A scope belongs to one region, and only that region's stack writes its items; conditions of DynamoDB count in one
//! region only, so this stays true when the table becomes a global one. Of a pair, each region writes what bears its
//! name. The pointer is written in one region at a time, that of the stack that a move goes to, with a condition on its
//! revision; a move is its stack's own, and has a condition on its version like the watch.

mod commit;
mod condition;
mod item;
#[cfg(test)]
mod samples_tests;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use watchkeeper_control::ledger::{Change, Draft, Entry, Key, LedgerError, ListPage, Store, WriteOutcome};
use watchkeeper_control::ports::AwsError;
use watchkeeper_domain::name::Scope;

use self::item::{Item, SK, attributes, entry, text};
use crate::fault::failed;

pub use self::item::{ITEM_MAX, TEXT_MAX};

/// How many runs one page reads: with the largest record it stays near the megabyte of a query.
const PAGE: i32 = 100;

/// The ledger in a DynamoDB table.
#[derive(Debug, Clone)]
pub struct DynamoLedger {
    client: Client,
    table: String,
}

impl DynamoLedger {
    /// The ledger in the table of this name.
    pub fn new(config: &SdkConfig, table: impl Into<String>) -> Self {
        Self { client: Client::new(config), table: table.into() }
    }

    async fn item(&self, key: &Key) -> Result<Option<Item>, LedgerError> {
        let call = self.client.get_item().table_name(&self.table).set_key(Some(attributes(key)));
        let answer = call.consistent_read(true).send().await;
        Ok(answer.map_err(|error| failed("GetItem", key, error))?.item)
    }

    /// Everything whose key begins like this one.
    fn query(&self, like: &Key) -> QueryFluentBuilder {
        let call = self.client.query().table_name(&self.table).consistent_read(true);
        let call = call.expression_attribute_values(":pk", text(&like.partition.key));
        if like.sort.is_empty() {
            return call.key_condition_expression("pk = :pk");
        }
        let call = call.key_condition_expression("pk = :pk AND begins_with(sk, :sk)");
        call.expression_attribute_values(":sk", text(&like.sort))
    }

    async fn put_item(&self, draft: &Draft) -> Result<Result<(), AwsError>, LedgerError> {
        let put = condition::put(&self.table, draft)?;
        let call = self.client.put_item().table_name(put.table_name).set_item(Some(put.item));
        let call = call.set_condition_expression(put.condition_expression);
        let call = call.set_expression_attribute_names(put.expression_attribute_names);
        let call = call.set_expression_attribute_values(put.expression_attribute_values);
        Ok(call.send().await.map(drop).map_err(|error| failed("PutItem", &draft.key, error)))
    }
}

impl Store for DynamoLedger {
    async fn get(&self, key: &Key) -> Result<Option<Entry>, LedgerError> {
        Ok(self.item(key).await?.map(|item| entry(key, item)))
    }

    async fn list(&self, like: &Key) -> Result<Vec<Entry>, LedgerError> {
        let items = self.query(like).into_paginator().items().send().try_collect().await;
        let items: Vec<Item> = items.map_err(|error| failed("Query", &like.partition.owner, error))?;
        Ok(items.into_iter().map(|item| entry(like, item)).collect())
    }

    async fn page(&self, like: &Key, without: &str, after: Option<&str>) -> Result<ListPage<Entry>, LedgerError> {
        let start = after.map(|sort| attributes(&Key { sort: sort.to_owned(), ..like.clone() }));
        let call = self.query(like).limit(PAGE).set_exclusive_start_key(start);
        let call = call.filter_expression("attribute_not_exists(#mark)").expression_attribute_names("#mark", without);
        let answer = call.send().await.map_err(|error| failed("Query", &like.partition.owner, error))?;
        let next = answer.last_evaluated_key().and_then(|key| key.get(SK)?.as_s().ok()).cloned();
        let items = answer.items.unwrap_or_default().into_iter().map(|item| entry(like, item));
        Ok(ListPage { items: items.collect(), next })
    }

    async fn everything(&self, scope: &Scope) -> Result<(Vec<Entry>, Option<Entry>), LedgerError> {
        let (all, halt) = (Key::scope(scope), Key::halt(None));
        tokio::try_join!(self.list(&all), self.get(&halt))
    }

    async fn put(&self, draft: Draft) -> Result<(), LedgerError> {
        match (self.put_item(&draft).await?, draft.number) {
            (Ok(()), _) => Ok(()),
            (Err(error), Some(raised)) if condition::may_be_written(&error) => {
                condition::judge(&draft, raised, self.get(&draft.key).await?, error)
            }
            (Err(error), _) => Err(error.into()),
        }
    }

    async fn put_all(&self, drafts: Vec<Draft>) -> Result<(), LedgerError> {
        let Some(owner) = drafts.first().map(|draft| draft.key.partition.owner.clone()) else { return Ok(()) };
        let puts = drafts.into_iter().map(|draft| commit::action(&self.table, Change::Put(draft)));
        let items = puts.collect::<Result<Vec<_>, _>>()?;
        let call = self.client.transact_write_items().set_transact_items(Some(items));
        call.send().await.map_err(|error| commit::conflict(&owner, error))?;
        Ok(())
    }

    async fn delete(&self, key: &Key) -> Result<(), LedgerError> {
        let call = self.client.delete_item().table_name(&self.table).set_key(Some(attributes(key)));
        call.send().await.map_err(|error| failed("DeleteItem", key, error))?;
        Ok(())
    }

    async fn delete_if(
        &self,
        key: &Key,
        is: impl Fn(Entry) -> Result<bool, LedgerError>,
    ) -> Result<WriteOutcome, LedgerError> {
        let Some(found) = self.item(key).await? else { return Ok(WriteOutcome::Changed) };
        if !is(entry(key, found.clone()))? {
            return Ok(WriteOutcome::Changed);
        }
        // The payload as it is stored: a version before this one may have written the same in other words.
        let Some((name, payload)) = item::payload(&found) else { return Ok(WriteOutcome::Changed) };
        let call = self.client.delete_item().table_name(&self.table).set_key(Some(attributes(key)));
        let call = call.condition_expression("#payload = :payload").expression_attribute_names("#payload", name);
        let Err(error) = call.expression_attribute_values(":payload", payload.clone()).send().await else {
            return Ok(WriteOutcome::Done);
        };
        let error = failed("DeleteItem", key, error);
        if !condition::may_be_written(&error) {
            return Err(error.into());
        }
        // An attempt before this one may have taken it out, unanswered.
        Ok(match self.item(key).await? {
            None => WriteOutcome::Done,
            Some(still) if still == found => return Err(error.into()),
            Some(_) => WriteOutcome::Changed,
        })
    }

    async fn transact(&self, scope: &Scope, generation: u64, changes: Vec<Change>) -> Result<(), LedgerError> {
        // The first lease has generation 1: without one, nothing counts.
        if generation == 0 {
            return Err(LedgerError::LeaseLost { scope: scope.to_string() });
        }
        let items = commit::transaction(&self.table, scope, generation, changes)?;
        // The SDK makes the ClientRequestToken once a call and sends the same with each attempt, so an attempt that
        // was answered too late is not applied again. A token made of the content would be wrong: the same standing
        // may be written twice within the ten minutes of a token with another one between.
        let call = self.client.transact_write_items().set_transact_items(Some(items));
        call.send().await.map_err(|error| commit::failure(scope, error))?;
        Ok(())
    }
}
