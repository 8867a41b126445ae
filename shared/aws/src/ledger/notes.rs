//! What the daily unblock notes: payloads with a version beside them, like the memory of an alarm, in the partition of runs,
//! so that no run of `reconcile` reads them.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, Put};
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use watchkeeper_control::ledger::{LedgerError, Run};
use watchkeeper_control::ports::Fault;
use watchkeeper_control::stuck::{Note, Notebook, Page, Written};
use watchkeeper_domain::intent::Intent;
use watchkeeper_domain::name::Scope;

use super::item::{self, Item, corrupt, pack, unpack, with_ttl};
use super::key::{self, Key, SK};
use super::{DynamoLedger, lease};
use crate::fault::failed;

const VERSION: &str = "version";
/// How many runs one page reads: with the largest record it stays near the megabyte of a query.
const PAGE: i32 = 100;
/// The runs that have an outcome carry it beside their payload.
pub(super) const OUTCOME: &str = "outcome";

impl Notebook for DynamoLedger {
    async fn read<T: DeserializeOwned>(&self, scope: &Scope, note: Note<'_>) -> Result<Option<(T, u64)>, LedgerError> {
        let key = Key::note(scope, note);
        let Some(item) = self.get(&key).await? else { return Ok(None) };
        let found = item.get(VERSION).and_then(|version| version.as_n().ok()?.parse().ok());
        let version = found.ok_or_else(|| corrupt(&key, scope, "no version, expected a number, 1 or more".into()))?;
        Ok(Some((unpack(&key, scope, &item)?, version)))
    }

    async fn write<T: Serialize + DeserializeOwned + PartialEq>(
        &self,
        scope: &Scope,
        note: Note<'_>,
        value: &T,
        expected: u64,
        until: Timestamp,
    ) -> Result<(), LedgerError> {
        let key = Key::note(scope, note);
        let put = put(&self.table, &key, scope, value, expected, until)?;
        let Err(error) = self.put_if(&key, put).await else { return Ok(()) };
        if !lease::may_be_written(&error) {
            return Err(error.into());
        }
        match self.read::<T>(scope, note).await? {
            Some((current, version)) if version == expected + 1 && current == *value => Ok(()),
            current if current.as_ref().map_or(0, |(_, version)| *version) == expected => Err(error.into()),
            _ => Err(LedgerError::Conflict { scope: scope.to_string() }),
        }
    }

    async fn open_runs(&self, scope: &Scope, after: Option<&str>) -> Result<Page<Run>, LedgerError> {
        let run = Key::run(scope, "");
        let call = self.client.query().table_name(&self.table).consistent_read(true).limit(PAGE);
        let call = call.key_condition_expression("pk = :pk AND begins_with(sk, :run)");
        let values = run.attributes();
        let call = call.expression_attribute_values(":pk", values[key::PK].clone());
        let call = call.expression_attribute_values(":run", values[SK].clone());
        let call =
            call.filter_expression("attribute_not_exists(#outcome)").expression_attribute_names("#outcome", OUTCOME);
        let start = after.map(|sk| Key::run(scope, sk).attributes());
        let answer = call.set_exclusive_start_key(start).send().await;
        let answer = answer.map_err(|error| failed("Query", scope, error))?;
        let next = answer.last_evaluated_key().and_then(|key| key.get(SK)?.as_s().ok()).cloned();
        let runs = answer.items.unwrap_or_default();
        let runs = runs.iter().map(|item| unpack::<Run>(&run, scope, item)).collect::<Result<Vec<_>, _>>()?;
        // Records of a version before this one carry no outcome beside them, and have it inside.
        let items = runs.into_iter().filter(|run| run.outcome.is_none()).collect();
        Ok(Page { items, next: next.map(|sk| sk.trim_start_matches(RUN).to_owned()) })
    }

    async fn take_out(&self, scope: &Scope, intent: &Intent) -> Result<Written, LedgerError> {
        let key = Key::intent(scope, &intent.slot());
        let Some(found) = self.get(&key).await? else { return Ok(Written::Changed) };
        if unpack::<Intent>(&key, scope, &found)? != *intent {
            return Ok(Written::Changed);
        }
        // The payload as it is stored: a version before this one may have written the same in other words.
        let Some((name, payload)) = item::payload(&found) else { return Ok(Written::Changed) };
        let call = self.client.delete_item().table_name(&self.table).set_key(Some(key.attributes()));
        let call = call.condition_expression("#payload = :payload").expression_attribute_names("#payload", name);
        match call.expression_attribute_values(":payload", payload.clone()).send().await {
            Ok(_) => Ok(Written::Done),
            Err(error) => {
                let error = failed("DeleteItem", &key, error);
                if error.fault == Fault::Conflict { Ok(Written::Changed) } else { Err(error.into()) }
            }
        }
    }
}

/// What the sort keys of runs begin with.
const RUN: &str = "RUN#";

impl Key {
    /// A note of the daily unblock, in the partition of runs.
    pub(super) fn note(scope: &Scope, note: Note<'_>) -> Self {
        let sk = match note {
            Note::Memory => "UNBLOCK".to_owned(),
            Note::Run(id) => format!("UNBLOCK#{id}"),
            Note::Page(id, number) => format!("UNBLOCK#{id}#{number:06}"),
        };
        Self { sk, ..Self::run(scope, "") }
    }
}

/// A write of a note as the version after `expected`, which counts only while that is the version there; 0: while there is
/// none.
fn put<T: Serialize>(
    table: &str,
    key: &Key,
    scope: &Scope,
    value: &T,
    expected: u64,
    until: Timestamp,
) -> Result<Put, LedgerError> {
    let number = |version: u64| AttributeValue::N(version.to_string());
    let mut item: Item = with_ttl(pack(key, "note of the daily unblock", scope, value)?, Some(until));
    item.insert(VERSION.to_owned(), number(expected + 1));
    let (condition, values) = match expected {
        0 => ("attribute_not_exists(#version)", None),
        version => ("#version = :version", Some([(":version".to_owned(), number(version))].into())),
    };
    let names: HashMap<String, String> = [("#version".to_owned(), VERSION.to_owned())].into();
    let put = Put::builder().table_name(table).set_item(Some(item)).condition_expression(condition);
    let put = put.set_expression_attribute_names(Some(names)).set_expression_attribute_values(values);
    put.build().map_err(|flaw| corrupt(key, scope, flaw.into()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::key::tests::scope;
    use super::*;

    #[test]
    fn the_notes_lie_in_the_partition_of_runs_and_are_no_runs() {
        let partition = "RUNS#clos-v2#dev#us-east-1";
        for (note, sk) in [
            (Note::Memory, "UNBLOCK"),
            (Note::Run("unblock-1"), "UNBLOCK#unblock-1"),
            (Note::Page("unblock-1", 12), "UNBLOCK#unblock-1#000012"),
        ] {
            assert_eq!(Key::note(&scope(), note).to_string(), format!("{partition} {sk}"));
            assert!(!sk.starts_with(RUN));
        }
    }

    #[test]
    fn a_note_is_put_over_the_version_that_was_read_and_kept_for_its_time() {
        let (key, until) = (Key::note(&scope(), Note::Memory), Timestamp::constant(1_795_000_000, 0));
        let first = put("ledger", &key, &scope(), &"x", 0, until).unwrap();
        assert_eq!(first.condition_expression.as_deref(), Some("attribute_not_exists(#version)"));
        let next = put("ledger", &key, &scope(), &"x", 6, until).unwrap();
        assert_eq!(next.item["version"], AttributeValue::N("7".to_owned()));
        assert_eq!(next.item["ttl"], AttributeValue::N("1795000000".to_owned()));
        assert_eq!(next.expression_attribute_values.unwrap()[":version"], AttributeValue::N("6".to_owned()));
    }
}
