//! What is remembered of backups: a partition of their own, so that one query reads what a tick needs, and so that the role
//! of the backups function can be held to it.

use std::collections::BTreeMap;

use watchkeeper_control::backup::BackupLog;
use watchkeeper_control::ledger::LedgerError;
use watchkeeper_domain::backup::{BackupMemory, BackupRun, BackupSource};
use watchkeeper_domain::name::Scope;

use super::DynamoLedger;
use super::item::{self, Item, RUN_KEPT, after, corrupt};
use super::key::{BACKUP, ItemKey, SK};
use super::version::{VersionRaise, version};
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
    async fn backup(&self, scope: &Scope, source: &BackupSource) -> Result<(BackupMemory, u64), LedgerError> {
        let key = ItemKey::backup(scope, source);
        if let Some(item) = self.get(&key).await? {
            return read(&key, scope, &item);
        }
        // What was remembered when the name still counted with its case is taken over with the next write.
        let before = spelt_otherwise(scope, source, &self.jobs(scope).await?)?;
        Ok((before.unwrap_or_default(), 0))
    }

    async fn backups(&self, scope: &Scope) -> Result<BTreeMap<BackupSource, BackupMemory>, LedgerError> {
        memories(scope, &self.jobs(scope).await?)
    }

    async fn put_backup(
        &self,
        scope: &Scope,
        source: &BackupSource,
        memory: &BackupMemory,
        expected: u64,
    ) -> Result<(), LedgerError> {
        let key = ItemKey::backup(scope, source);
        let raise = VersionRaise::version(expected);
        let put = raise.put(&self.table, &key, scope, item::pack(&key, "memory of the backups", scope, memory)?)?;
        let look = async |error| {
            let (found, version) = self.backup(scope, source).await?;
            raise.judge(scope, (&found, version), memory, error)
        };
        self.put_once(&key, put, look).await
    }

    async fn backup_run(&self, scope: &Scope, id: &str) -> Result<Option<BackupRun>, LedgerError> {
        let key = ItemKey::backup_run(scope, id);
        self.get(&key).await?.map(|item| item::unpack(&key, scope, &item)).transpose()
    }

    async fn put_backup_run(&self, scope: &Scope, run: &BackupRun) -> Result<(), LedgerError> {
        let key = ItemKey::backup_run(scope, &run.id);
        let packed = item::pack(&key, "record of the run of backups", scope, run)?;
        self.put(&key, item::with_ttl(packed, Some(after(run.started, RUN_KEPT)))).await
    }
}

/// What items say, by resource. Of two spellings of a database's name the one that is written today counts.
fn memories(scope: &Scope, items: &[Item]) -> Result<BTreeMap<BackupSource, BackupMemory>, LedgerError> {
    let mut found = BTreeMap::new();
    for item in items {
        let source = source(scope, item)?;
        let key = ItemKey::backup(scope, &source);
        let (memory, _) = read(&key, scope, item)?;
        if is_under(&key, item) {
            found.insert(source, memory);
        } else {
            found.entry(source).or_insert(memory);
        }
    }
    Ok(found)
}

/// What was remembered of a resource under another spelling of its name.
fn spelt_otherwise(scope: &Scope, source: &BackupSource, items: &[Item]) -> Result<Option<BackupMemory>, LedgerError> {
    Ok(memories(scope, items)?.remove(source))
}

fn is_under(key: &ItemKey, item: &Item) -> bool {
    item.get(SK).and_then(|sk| sk.as_s().ok()) == Some(&key.sk)
}

/// The memory in an item, and its version.
fn read(key: &ItemKey, scope: &Scope, item: &Item) -> Result<(BackupMemory, u64), LedgerError> {
    Ok((item::unpack(key, scope, item)?, version(key, scope, item)?))
}

/// The resource of an item, by its key.
fn source(scope: &Scope, item: &Item) -> Result<BackupSource, LedgerError> {
    let sk = item.get(SK).and_then(|sk| sk.as_s().ok()).map_or("", String::as_str);
    let read = sk.strip_prefix(BACKUP).unwrap_or_default().parse::<BackupSource>();
    read.map_err(|bad| corrupt(&ItemKey::of(scope, sk), scope, bad.into()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use aws_sdk_dynamodb::types::AttributeValue;

    use super::super::key::tests::scope;
    use super::*;

    fn item(sk: &str, memory: &BackupMemory) -> Item {
        let key = ItemKey::of(&scope(), sk);
        let mut item = item::pack(&key, "memory of the backups", &scope(), memory).unwrap();
        item.insert("version".to_owned(), AttributeValue::N("3".to_owned()));
        item
    }

    #[test]
    fn what_was_remembered_under_another_spelling_is_found() {
        let source: BackupSource = "rds:shop-db".parse().unwrap();
        let old = BackupMemory::default();
        let items = [item("JOB#rds:Shop-DB", &old)];
        assert_eq!(memories(&scope(), &items).unwrap(), [(source.clone(), old.clone())].into());
        assert_eq!(spelt_otherwise(&scope(), &source, &items).unwrap(), Some(old));
        assert_eq!(spelt_otherwise(&scope(), &"rds:other".parse().unwrap(), &items).unwrap(), None);
    }
}
