//! The ledger in one DynamoDB table.
//!
//! The table has the string keys `pk` and `sk` and the time-to-live attribute `ttl` (epoch seconds). Estates,
//! environments, regions and execution names contain no `#`. This is all that is in it:
//!
//! | pk | sk | attributes | written by | ttl |
//! | --- | --- | --- | --- | --- |
//! | `SCOPE#estate#environment#region` | `BASELINE` | payload: `Baseline` | a run, before its first write to AWS; gone when given back | |
//! | same | `INTENT#layer`, `INTENT#emergency#profile` | payload: `Intent` | the tick (`schedule`), a run (`override` and stronger) | [`INTENT_KEPT`] after its expiry, if it has one |
//! | same | `ALARM#name` | `version` (N), payload: `AlarmMemory` | alarm-response, with each message about the alarm that is news | [`ALARM_KEPT`] after its newest change |
//! | same | `LEASE` | `holder`, `layer`, `generation` (N), `usable`, `expires` | each run that changes the scope | never: the generation must not begin again |
//! | same | `STANDING` | payload: `Standing` | a run, when it ends | |
//! | same | `HALT` | payload: `HaltSwitch` | a person | |
//! | `HALT` | `ALL` | payload: `HaltSwitch` | a person; it halts every scope | |
//! | `BACKUPS#estate#environment#region` | `JOB#kind:name` | `version` (N), payload: `backup::BackupMemory` | backups, before each change that it asks of AWS | never: it is what is known of the copies |
//! | same | `RUN#id` | payload: `backup::BackupRun` | each run of backups | [`RUN_KEPT`] after its start |
//! | `RUNS#estate#environment#region` | `RUN#id` | payload: `RunRecord`; `outcome` once it has one | each run | [`RUN_KEPT`] after its start |
//! | same | `UNBLOCK` | `version` (N), payload: `Memory` of the daily unblock | each of its runs, when it ends | 400 days after its last run |
//! | same | `UNBLOCK#id` | `version` (N), payload: `Record` of a run of it | each step of that run | 90 days after its start |
//! | same | `TROUBLE#machine` | `version` (N), payload: `Trouble` of runs that could not be made | each of them | a day after the last |
//! | same | `UNBLOCK#id#number` | `version` (N), payload: what it released, with the undo | that run, before and after each page; an undo | as above |
//! | `PAIR#estate#environment` | `POINTER` | `revision` (N), payload: `Pointer` | the stack of the region that a move goes to | never: the epoch must not begin again |
//! | same | `HEARTBEAT#region` | payload: `Heartbeat` | that region's stack, each minute | |
//! | same | `SAMPLE#region` | payload: `Sample` | that region's stack, while it serves | |
//! | `WATCHES#estate#environment` | `WATCH#region` | `version` (N), payload: `Watch` | that region's stack, after each probe | |
//! | `MOVES#estate#environment` | `MOVE#id` | `version` (N), payload: `Move` | the stack of the region that the move goes to | [`MOVE_KEPT`] after its start |
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

mod alarm;
mod backup;
mod commit;
mod item;
mod key;
mod lease;
mod notes;
mod pair;
mod read;
mod version;

use std::fmt::Display;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::Put;
use watchkeeper_control::lease::Lease;
use watchkeeper_control::ledger::{AlarmLog, Ledger, LedgerError, LedgerWrite, RunRecord, ScopeState};
use watchkeeper_control::ports::AwsError;
use watchkeeper_domain::emergency::alarm::AlarmMemory;
use watchkeeper_domain::guardrail::HaltSwitch;
use watchkeeper_domain::intent::{Intent, IntentKey};
use watchkeeper_domain::name::Scope;
use watchkeeper_domain::value::AlarmName;

use self::item::Item;
use self::key::ItemKey;
use self::version::VersionRaise;
use crate::fault::failed;

pub use self::item::{ALARM_KEPT, INTENT_KEPT, ITEM_MAX, MOVE_KEPT, RUN_KEPT, TEXT_MAX};

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

    async fn get(&self, key: &ItemKey) -> Result<Option<Item>, LedgerError> {
        let call = self.client.get_item().table_name(&self.table).set_key(Some(key.attributes()));
        let answer = call.consistent_read(true).send().await;
        Ok(answer.map_err(|error| failed("GetItem", key, error))?.item)
    }

    /// Everything of a partition: that of `whose`.
    async fn query(&self, partition: String, whose: &impl Display) -> Result<Vec<Item>, LedgerError> {
        let call = self.client.query().table_name(&self.table).consistent_read(true);
        let call = call.key_condition_expression("pk = :pk").expression_attribute_values(":pk", key::text(partition));
        let items = call.into_paginator().items().send().try_collect().await;
        Ok(items.map_err(|error| failed("Query", whose, error))?)
    }

    async fn put(&self, key: &ItemKey, item: Item) -> Result<(), LedgerError> {
        let call = self.client.put_item().table_name(&self.table).set_item(Some(item));
        call.send().await.map_err(|error| failed("PutItem", key, error))?;
        Ok(())
    }

    /// Puts an item while its condition holds.
    async fn put_if(&self, key: &ItemKey, put: Put) -> Result<(), AwsError> {
        let call = self.client.put_item().table_name(put.table_name).set_item(Some(put.item));
        let call = call.set_condition_expression(put.condition_expression);
        let call = call.set_expression_attribute_names(put.expression_attribute_names);
        let call = call.set_expression_attribute_values(put.expression_attribute_values);
        call.send().await.map_err(|error| failed("PutItem", key, error))?;
        Ok(())
    }

    /// Puts an item while its condition holds. Where it may have been written without an answer, `look` says what became
    /// of it.
    async fn put_once(
        &self,
        key: &ItemKey,
        put: Put,
        look: impl AsyncFnOnce(AwsError) -> Result<(), LedgerError>,
    ) -> Result<(), LedgerError> {
        match self.put_if(key, put).await {
            Ok(()) => Ok(()),
            Err(error) if lease::may_be_written(&error) => look(error).await,
            Err(error) => Err(error.into()),
        }
    }

    async fn delete(&self, key: &ItemKey) -> Result<(), LedgerError> {
        let call = self.client.delete_item().table_name(&self.table).set_key(Some(key.attributes()));
        call.send().await.map_err(|error| failed("DeleteItem", key, error))?;
        Ok(())
    }
}

impl Ledger for DynamoLedger {
    async fn load(&self, scope: &Scope) -> Result<ScopeState, LedgerError> {
        let everything = ItemKey::halt_of_everything();
        let (items, halt) = tokio::try_join!(self.query(key::partition(scope), scope), self.get(&everything))?;
        read::remembered(scope, items, halt.as_ref())
    }

    async fn lease(&self, scope: &Scope) -> Result<Option<Lease>, LedgerError> {
        let key = ItemKey::lease(scope);
        self.get(&key).await?.map(|item| lease::read(&key, scope, item)).transpose()
    }

    async fn take_lease(&self, scope: &Scope, lease: &Lease, expected: u64) -> Result<(), LedgerError> {
        let put = lease::put(&self.table, scope, lease, expected)?;
        let look = async |error| {
            let current = self.lease(scope).await?;
            lease::judge(scope, current.as_ref(), lease, expected, error)
        };
        self.put_once(&ItemKey::lease(scope), put, look).await
    }

    async fn commit(&self, scope: &Scope, generation: u64, writes: &[LedgerWrite]) -> Result<(), LedgerError> {
        // The first lease has generation 1: without one, nothing counts.
        if generation == 0 {
            return Err(LedgerError::LeaseLost { scope: scope.to_string() });
        }
        let items = commit::transaction(&self.table, scope, generation, writes)?;
        // The SDK makes the ClientRequestToken once a call and sends the same with each attempt, so an attempt that
        // was answered too late is not applied again. A token made of the content would be wrong: the same standing
        // may be written twice within the ten minutes of a token with another one between.
        let call = self.client.transact_write_items().set_transact_items(Some(items));
        call.send().await.map_err(|error| commit::failure(scope, error))?;
        Ok(())
    }

    async fn run(&self, scope: &Scope, id: &str) -> Result<Option<RunRecord>, LedgerError> {
        let key = ItemKey::run(scope, id);
        self.get(&key).await?.map(|item| item::unpack(&key, scope, &item)).transpose()
    }

    async fn declare(&self, scope: &Scope, intent: &Intent) -> Result<(), LedgerError> {
        let key = ItemKey::intent(scope, &intent.slot());
        self.put(&key, item::intent(scope, intent)?).await
    }

    async fn withdraw(&self, scope: &Scope, slot: &IntentKey) -> Result<(), LedgerError> {
        self.delete(&ItemKey::intent(scope, slot)).await
    }

    async fn set_halt(&self, scope: Option<&Scope>, halt: Option<&HaltSwitch>) -> Result<(), LedgerError> {
        let key = scope.map_or_else(ItemKey::halt_of_everything, ItemKey::halt);
        match halt {
            Some(halt) => self.put(&key, item::halt(&key, scope, halt)?).await,
            None => self.delete(&key).await,
        }
    }
}

impl AlarmLog for DynamoLedger {
    async fn recall(&self, scope: &Scope, alarm: &AlarmName) -> Result<(AlarmMemory, u64), LedgerError> {
        let key = ItemKey::alarm(scope, alarm);
        let item = self.get(&key).await?;
        item.map_or_else(|| Ok((AlarmMemory::default(), 0)), |item| alarm::read(&key, scope, &item))
    }

    async fn remember(
        &self,
        scope: &Scope,
        alarm: &AlarmName,
        memory: &AlarmMemory,
        expected: u64,
    ) -> Result<(), LedgerError> {
        let raise = VersionRaise::version(expected);
        let put = alarm::put(&self.table, scope, alarm, memory, raise)?;
        let look = async |error| {
            let (found, version) = self.recall(scope, alarm).await?;
            raise.judge(scope, (&found, version), memory, error)
        };
        self.put_once(&ItemKey::alarm(scope, alarm), put, look).await
    }
}
