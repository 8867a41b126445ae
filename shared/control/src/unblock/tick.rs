//! The tick: which environments are due, and whose run died before its end. It starts executions under names that make a
//! second start impossible, so that a doubled tick is one run.

use jiff::Timestamp;
use serde::Serialize;
use watchkeeper_domain::estate::{Environment, Estate};
use watchkeeper_domain::execution::{ExecutionStatus, execution_name};
use watchkeeper_domain::name::Scope;
use watchkeeper_domain::reconcile::run::RunError;
use watchkeeper_domain::request::RunTrigger;
use watchkeeper_domain::unblock::{UnblockMemory, UnblockRequest};

use super::handle::MACHINE;
use super::{UnblockEnvironment, UnblockRunbook};
use crate::ledger::{Ledger, LedgerNote};
use crate::platform::Platform;
use crate::ports::{ExecutionStates, Executions, StartOutcome};
use crate::runbook::{ErrorName, RunbookError, Stack, round};
use crate::trouble::{self, EndedRun};

/// How many executions one due run may use up: each goes on where the one before it died.
pub const TRIES: u32 = 3;

/// What one tick did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TickReport {
    /// Each environment of this account in this region.
    pub environments: Vec<EnvironmentResult>,
}

/// What a tick did about one environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EnvironmentResult {
    /// The environment, in one region.
    #[serde(flatten)]
    pub scope: Scope,
    /// When it was due last, unless that is too long ago.
    pub due: Option<Timestamp>,
    /// What was done about it.
    pub did: TickOutcome,
}

/// What a tick did about one environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TickOutcome {
    /// Nothing: it is not due, or has been looked after.
    Nothing,
    /// A run was started.
    Started,
    /// The run that is due goes on.
    Running,
    /// The run that is due died as often as is tried.
    GaveUp,
}

/// The name of the execution that does a due run: each try has its own.
pub fn execution(scope: &Scope, due: Timestamp, attempt: u32) -> String {
    let (estate, environment) = (scope.estate.as_str(), scope.environment.as_str());
    let again = format!("again{attempt}");
    match attempt {
        0 => execution_name(&[estate, environment, "unblock"], due),
        _ => execution_name(&[estate, environment, "unblock", &again], due),
    }
}

impl<P: Platform> UnblockRunbook<P> {
    /// Looks after every environment of this account that has resources, or something that may be stuck, in this region.
    ///
    /// # Errors
    /// The first [`RunbookError`]; the other environments have had their turn.
    pub async fn tick(&self, stack: &Stack, instant: Timestamp) -> Result<TickReport, RunbookError> {
        let look = async |estate: &Estate, environment: &Environment| {
            let UnblockEnvironment { scope, hour, .. } = UnblockEnvironment::of(stack, estate, environment);
            let due = hour.last_due(instant);
            let did = match due {
                Some(due) => self.look_after(&scope, due, instant).await?,
                None => TickOutcome::Nothing,
            };
            tracing::info!(estate = %scope.estate, environment = %scope.environment, ?did, "unblock looked at");
            Ok(EnvironmentResult { scope, due, did })
        };
        let all = stack.estates.environments();
        let ours = all.filter(|(_, environment)| UnblockEnvironment::is_of(stack, environment));
        Ok(TickReport { environments: round(ours, look).await? })
    }

    async fn look_after(&self, scope: &Scope, due: Timestamp, instant: Timestamp) -> Result<TickOutcome, RunbookError> {
        let memory = self.ledger.read::<UnblockMemory>(scope, LedgerNote::Memory).await?;
        if memory.is_some_and(|(memory, _)| memory.done >= Some(due)) {
            return Ok(TickOutcome::Nothing);
        }
        let input = UnblockRequest::of_tick(scope, due).to_string();
        for attempt in 0..TRIES {
            let name = execution(scope, due, attempt);
            if self.machine.start(&name, &input).await? == StartOutcome::New {
                return Ok(TickOutcome::Started);
            }
            // It was started before, and has not come to its end: it runs, or it died and the next one goes on.
            match self.sources.status(&name).await? {
                ExecutionStatus::Dead(_) => {}
                _ => return Ok(TickOutcome::Running),
            }
        }
        tracing::error!(estate = %scope.estate, environment = %scope.environment, tries = TRIES,
            "the daily unblock died as often as it is tried; its executions say why");
        // An execution that was stopped, or ran into its time-out, could not tell of it.
        let message = format!("the run that was due at {due} died {TRIES} times; its executions say why");
        let error = RunError { name: ErrorName::RunUnverified.to_string(), message };
        let run = execution(scope, due, TRIES - 1);
        let ended = EndedRun { machine: MACHINE, trigger: RunTrigger::Schedule, instant, run: &run, error: &error };
        trouble::notify(&self.ledger, &self.notifier, scope, ended).await?;
        Ok(TickOutcome::GaveUp)
    }
}
