//! What is remembered of backups: a partition of their own, so that one query reads what a tick needs, and so that the role
//! of the backups function can be held to it.

use std::collections::BTreeMap;

use watchkeeper_control::backup::BackupLog;
use watchkeeper_control::ledger::LedgerError;
use watchkeeper_domain::backup::{Memory, Run, Source};
use watchkeeper_domain::name::Scope;

use super::DynamoLedger;
use super::item::{self, Item, RUN_KEPT, after, corrupt};
use super::key::{BACKUP, Key, SK};
use super::version::{Raise, version};
use crate::fault::failed;

impl DynamoLedger {
    async fn jobs(&self, scope: &Scope) -> Result<Vec<Item>, LedgerError> {
        let call = self.client.query().table_name(&self.table).consistent_read(true);
        let call = call.key_condition_expression("pk = :pk AND begins_with(sk, :sk)");
        let call = call.expression_attribute_values(":pk", super::key::text(super::key::backups(scope)));
        let call = call.expression_attribute_values(":sk", super::key::text(BACKUP));
        let items = call.into_paginator().items().send().try_collect().await;
        Ok(items.map_err(|error| failed("Query", scope, error))?)
    }
}

impl BackupLog for DynamoLedger {
    async fn backup(&self, scope: &Scope, source: &Source) -> Result<(Memory, u64), LedgerError> {
        let key = Key::backup(scope, source);
        let item = self.get(&key).await?;
        item.map_or_else(|| Ok((Memory::default(), 0)), |item| read(&key, scope, &item))
    }

    async fn backups(&self, scope: &Scope) -> Result<BTreeMap<Source, Memory>, LedgerError> {
        let job = |item: &Item| {
            let source = source(scope, item)?;
            let (memory, _) = read(&Key::backup(scope, &source), scope, item)?;
            Ok((source, memory))
        };
        self.jobs(scope).await?.iter().map(job).collect()
    }

    async fn put_backup(
        &self,
        scope: &Scope,
        source: &Source,
        memory: &Memory,
        expected: u64,
    ) -> Result<(), LedgerError> {
        let key = Key::backup(scope, source);
        let raise = Raise::version(expected);
        let put = raise.put(&self.table, &key, scope, item::pack(&key, "memory of the backups", scope, memory)?)?;
        let look = async |error| {
            let (found, version) = self.backup(scope, source).await?;
            raise.judge(scope, (&found, version), memory, error)
        };
        self.put_once(&key, put, look).await
    }

    async fn backup_run(&self, scope: &Scope, id: &str) -> Result<Option<Run>, LedgerError> {
        let key = Key::backup_run(scope, id);
        self.get(&key).await?.map(|item| item::unpack(&key, scope, &item)).transpose()
    }

    async fn put_backup_run(&self, scope: &Scope, run: &Run) -> Result<(), LedgerError> {
        let key = Key::backup_run(scope, &run.id);
        let packed = item::pack(&key, "record of the run of backups", scope, run)?;
        self.put(&key, item::with_ttl(packed, Some(after(run.started, RUN_KEPT)))).await
    }
}

/// The memory in an item, and its version.
fn read(key: &Key, scope: &Scope, item: &Item) -> Result<(Memory, u64), LedgerError> {
    Ok((item::unpack(key, scope, item)?, version(key, scope, item)?))
}

/// The resource of an item, by its key.
fn source(scope: &Scope, item: &Item) -> Result<Source, LedgerError> {
    let sk = item.get(SK).and_then(|sk| sk.as_s().ok()).map_or("", String::as_str);
    let read = sk.strip_prefix(BACKUP).unwrap_or_default().parse::<Source>();
    read.map_err(|bad| corrupt(&Key::of(scope, sk), scope, bad.into()))
}
