//! What the daily unblock notes: payloads with a version beside them, like the memory of an alarm, in the partition of runs,
//! so that no run of `reconcile` reads them.

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use watchkeeper_control::ledger::{LedgerError, RunRecord};
use watchkeeper_control::unblock::ports::{LedgerNote, ListPage, UnblockNotes, WriteOutcome};
use watchkeeper_domain::intent::Intent;
use watchkeeper_domain::name::Scope;

use super::item::{self, pack, unpack, with_ttl};
use super::key::{self, ItemKey, SK};
use super::version::{VersionRaise, version};
use super::{DynamoLedger, lease};
use crate::fault::failed;

/// How many runs one page reads: with the largest record it stays near the megabyte of a query.
const PAGE: i32 = 100;
/// The runs that have an outcome carry it beside their payload.
pub(super) const OUTCOME: &str = "outcome";

impl UnblockNotes for DynamoLedger {
    async fn read<T: DeserializeOwned>(
        &self,
        scope: &Scope,
        note: LedgerNote<'_>,
    ) -> Result<Option<(T, u64)>, LedgerError> {
        let key = ItemKey::note(scope, note);
        let Some(item) = self.get(&key).await? else { return Ok(None) };
        Ok(Some((unpack(&key, scope, &item)?, version(&key, scope, &item)?)))
    }

    async fn write<T: Serialize + DeserializeOwned + PartialEq>(
        &self,
        scope: &Scope,
        note: LedgerNote<'_>,
        value: &T,
        expected: u64,
        until: Timestamp,
    ) -> Result<(), LedgerError> {
        let key = ItemKey::note(scope, note);
        let item = with_ttl(pack(&key, "note of the daily unblock", scope, value)?, Some(until));
        let raise = VersionRaise::version(expected);
        let Err(error) = self.put_if(&key, raise.put(&self.table, &key, scope, item)?).await else { return Ok(()) };
        if !lease::may_be_written(&error) {
            return Err(error.into());
        }
        match self.read::<T>(scope, note).await? {
            Some((found, version)) => raise.judge(scope, (&found, version), value, error),
            None if expected == 0 => Err(error.into()),
            None => Err(LedgerError::Conflict { scope: scope.to_string() }),
        }
    }

    async fn open_runs(&self, scope: &Scope, after: Option<&str>) -> Result<ListPage<RunRecord>, LedgerError> {
        let run = ItemKey::run(scope, "");
        let call = self.client.query().table_name(&self.table).consistent_read(true).limit(PAGE);
        let call = call.key_condition_expression("pk = :pk AND begins_with(sk, :run)");
        let values = run.attributes();
        let call = call.expression_attribute_values(":pk", values[key::PK].clone());
        let call = call.expression_attribute_values(":run", values[SK].clone());
        let call =
            call.filter_expression("attribute_not_exists(#outcome)").expression_attribute_names("#outcome", OUTCOME);
        let start = after.map(|sk| ItemKey::run(scope, sk).attributes());
        let answer = call.set_exclusive_start_key(start).send().await;
        let answer = answer.map_err(|error| failed("Query", scope, error))?;
        let next = answer.last_evaluated_key().and_then(|key| key.get(SK)?.as_s().ok()).cloned();
        let runs = answer.items.unwrap_or_default();
        let runs = runs.iter().map(|item| unpack::<RunRecord>(&run, scope, item)).collect::<Result<Vec<_>, _>>()?;
        // Records of a version before this one carry no outcome beside them, and have it inside.
        let items = runs.into_iter().filter(|run| run.outcome.is_none()).collect();
        Ok(ListPage { items, next: next.map(|sk| sk.trim_start_matches(RUN).to_owned()) })
    }

    async fn take_out(&self, scope: &Scope, intent: &Intent) -> Result<WriteOutcome, LedgerError> {
        let key = ItemKey::intent(scope, &intent.slot());
        let Some(found) = self.get(&key).await? else { return Ok(WriteOutcome::Changed) };
        if unpack::<Intent>(&key, scope, &found)? != *intent {
            return Ok(WriteOutcome::Changed);
        }
        // The payload as it is stored: a version before this one may have written the same in other words.
        let Some((name, payload)) = item::payload(&found) else { return Ok(WriteOutcome::Changed) };
        let call = self.client.delete_item().table_name(&self.table).set_key(Some(key.attributes()));
        let call = call.condition_expression("#payload = :payload").expression_attribute_names("#payload", name);
        let Err(error) = call.expression_attribute_values(":payload", payload.clone()).send().await else {
            return Ok(WriteOutcome::Done);
        };
        let error = failed("DeleteItem", &key, error);
        if !lease::may_be_written(&error) {
            return Err(error.into());
        }
        // An attempt before this one may have taken it out, unanswered.
        Ok(match self.get(&key).await? {
            None => WriteOutcome::Done,
            Some(still) if still == found => return Err(error.into()),
            Some(_) => WriteOutcome::Changed,
        })
    }
}

/// What the sort keys of runs begin with.
const RUN: &str = "RUN#";

impl ItemKey {
    /// A note, in the partition of runs; of the backups, whose role reaches nothing else, in their own.
    pub(super) fn note(scope: &Scope, note: LedgerNote<'_>) -> Self {
        let sk = match note {
            LedgerNote::Memory => "UNBLOCK".to_owned(),
            LedgerNote::Run(id) => format!("UNBLOCK#{id}"),
            LedgerNote::Page(id, number) => format!("UNBLOCK#{id}#{number:06}"),
            LedgerNote::Question(what) => format!("QUESTION#{what}"),
            LedgerNote::Trouble(machine) => format!("TROUBLE#{machine}"),
        };
        match note {
            LedgerNote::Trouble("backup" | "restore-drill") => Self { sk, ..Self::backup_run(scope, "") },
            _ => Self { sk, ..Self::run(scope, "") },
        }
    }
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
            (LedgerNote::Memory, "UNBLOCK"),
            (LedgerNote::Run("unblock-1"), "UNBLOCK#unblock-1"),
            (LedgerNote::Page("unblock-1", 12), "UNBLOCK#unblock-1#000012"),
            (LedgerNote::Question("surge"), "QUESTION#surge"),
            (LedgerNote::Trouble("reconcile"), "TROUBLE#reconcile"),
        ] {
            assert_eq!(ItemKey::note(&scope(), note).to_string(), format!("{partition} {sk}"));
            assert!(!sk.starts_with(RUN));
        }
        for machine in ["backup", "restore-drill"] {
            let key = ItemKey::note(&scope(), LedgerNote::Trouble(machine)).to_string();
            assert_eq!(key, format!("BACKUPS#clos-v2#dev#us-east-1 TROUBLE#{machine}"));
        }
    }
}
