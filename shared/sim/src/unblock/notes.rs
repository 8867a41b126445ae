//! What the daily unblock notes in the ledger in memory.

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use watchkeeper_control::ledger::LedgerError;
use watchkeeper_control::unblock::ports::{LedgerNote, ListPage, UnblockNotes, WriteOutcome};
use watchkeeper_domain::intent::Intent;
use watchkeeper_domain::name::Scope;
use watchkeeper_domain::reconcile::run::RunRecord;

use crate::operation::Operation;
use crate::world::SimRegion;

/// Runs on one page: few, so that tests turn pages.
const PAGE: usize = 3;

pub(super) fn name(note: LedgerNote<'_>) -> String {
    match note {
        LedgerNote::Memory => "unblock".to_owned(),
        LedgerNote::Run(id) => format!("unblock {id}"),
        LedgerNote::Page(id, number) => format!("unblock {id} {number}"),
        LedgerNote::Question(what) => format!("question {what}"),
        LedgerNote::Trouble(machine) => format!("trouble {machine}"),
    }
}

impl UnblockNotes for SimRegion {
    async fn read<T: DeserializeOwned>(
        &self,
        scope: &Scope,
        note: LedgerNote<'_>,
    ) -> Result<Option<(T, u64)>, LedgerError> {
        let name = name(note);
        self.call(Operation::NotebookRead, format!("{name} of {scope}"), |state| state.ledger.note(scope, &name)).await
    }

    /// As with a lease, this world does not read again after a time-out.
    async fn write<T: Serialize + DeserializeOwned + PartialEq>(
        &self,
        scope: &Scope,
        note: LedgerNote<'_>,
        value: &T,
        expected: u64,
        _until: Timestamp,
    ) -> Result<(), LedgerError> {
        let name = name(note);
        self.call(Operation::NotebookWrite, format!("{name} of {scope}"), |state| {
            state.ledger.put_note(scope, &name, value, expected)
        })
        .await
    }

    async fn open_runs(&self, scope: &Scope, after: Option<&str>) -> Result<ListPage<RunRecord>, LedgerError> {
        self.call(Operation::NotebookOpenRuns, scope.to_string(), |state| {
            let from: usize = after.and_then(|after| after.parse().ok()).unwrap_or(0);
            let all = state.ledger.runs(scope)?;
            let next = (from + PAGE < all.len()).then(|| (from + PAGE).to_string());
            let page = all.into_iter().skip(from).take(PAGE);
            Ok(ListPage { items: page.filter(|run| run.outcome.is_none()).collect(), next })
        })
        .await
    }

    async fn take_out(&self, scope: &Scope, intent: &Intent) -> Result<WriteOutcome, LedgerError> {
        self.call(Operation::NotebookTakeOut, scope.to_string(), |state| {
            let there = state.ledger.load(scope)?.intents.contains(intent);
            if there {
                state.ledger.withdraw(scope, &intent.slot());
            }
            Ok(if there { WriteOutcome::Done } else { WriteOutcome::Changed })
        })
        .await
    }
}
