//! The ledger's ports.

use watchkeeper_control::lease::Lease;
use watchkeeper_control::ledger::{AlarmLog, Ledger, LedgerError, LedgerWrite, ScopeState};
use watchkeeper_domain::emergency::alarm::AlarmMemory;
use watchkeeper_domain::guardrail::HaltSwitch;
use watchkeeper_domain::intent::{Intent, IntentKey};
use watchkeeper_domain::name::Scope;
use watchkeeper_domain::reconcile::run::RunRecord;
use watchkeeper_domain::value::AlarmName;

use crate::operation::Operation;
use crate::world::SimRegion;

impl Ledger for SimRegion {
    async fn load(&self, scope: &Scope) -> Result<ScopeState, LedgerError> {
        self.call(Operation::LedgerLoad, scope.to_string(), |state| state.ledger.load(scope)).await
    }

    async fn lease(&self, scope: &Scope) -> Result<Option<Lease>, LedgerError> {
        self.call(Operation::LedgerLease, scope.to_string(), |state| state.ledger.lease(scope)).await
    }

    /// After a time-out this world does not read again: the caller sees the case in which that failed, too.
    async fn take_lease(&self, scope: &Scope, lease: &Lease, expected: u64) -> Result<(), LedgerError> {
        let effect = |state: &mut crate::state::SimState| state.ledger.take_lease(scope, lease, expected);
        self.call(Operation::LedgerTakeLease, scope.to_string(), effect).await
    }

    async fn commit(&self, scope: &Scope, generation: u64, writes: &[LedgerWrite]) -> Result<(), LedgerError> {
        let effect = |state: &mut crate::state::SimState| state.ledger.commit(scope, generation, writes);
        self.call(Operation::LedgerCommit, scope.to_string(), effect).await
    }

    async fn run(&self, scope: &Scope, id: &str) -> Result<Option<RunRecord>, LedgerError> {
        self.call(Operation::LedgerRun, format!("{id} of {scope}"), |state| state.ledger.run(scope, id)).await
    }

    async fn declare(&self, scope: &Scope, intent: &Intent) -> Result<(), LedgerError> {
        self.call(Operation::LedgerDeclare, scope.to_string(), |state| state.ledger.declare(scope, intent)).await
    }

    async fn withdraw(&self, scope: &Scope, slot: &IntentKey) -> Result<(), LedgerError> {
        self.call(Operation::LedgerWithdraw, scope.to_string(), |state| {
            state.ledger.withdraw(scope, slot);
            Ok(())
        })
        .await
    }

    async fn set_halt(&self, scope: Option<&Scope>, halt: Option<&HaltSwitch>) -> Result<(), LedgerError> {
        let subject = scope.map_or_else(|| "everything".to_owned(), Scope::to_string);
        self.call(Operation::LedgerSetHalt, subject, |state| state.ledger.set_halt(scope, halt)).await
    }
}

impl AlarmLog for SimRegion {
    async fn recall(&self, scope: &Scope, alarm: &AlarmName) -> Result<(AlarmMemory, u64), LedgerError> {
        let subject = format!("{alarm} of {scope}");
        self.call(Operation::AlarmLogRecall, subject, |state| state.ledger.recall(scope, alarm)).await
    }

    /// As with a lease, this world does not read again after a time-out.
    async fn remember(
        &self,
        scope: &Scope,
        alarm: &AlarmName,
        memory: &AlarmMemory,
        expected: u64,
    ) -> Result<(), LedgerError> {
        let effect = |state: &mut crate::state::SimState| state.ledger.remember(scope, alarm, memory, expected);
        self.call(Operation::AlarmLogRemember, format!("{alarm} of {scope}"), effect).await
    }
}
