//! The tick: which environments are due, and whose run died before its end. It starts executions under names that make a
//! second start impossible, so that a doubled tick is one run.

use jiff::Timestamp;
use serde::Serialize;
use watchkeeper_control::ledger::{Ledger, LedgerError, LedgerNote};
use watchkeeper_control::place::StackIdentity;
use watchkeeper_control::ports::{AwsError, Executions, Notifier, StartOutcome};
use watchkeeper_control::stuck::ExecutionReader;
use watchkeeper_control::trouble::{self, EndedRun};
use watchkeeper_domain::execution::{ExecutionStatus, execution_name};
use watchkeeper_domain::name::Scope;
use watchkeeper_domain::reconcile::run::RunError;
use watchkeeper_domain::request::RunTrigger;
use watchkeeper_domain::unblock::{UnblockMemory, UnblockRequest};
use watchkeeper_estates::EstateFolder;

use crate::place::place;

/// How many executions one due run may use up: each goes on where the one before it died.
pub const TRIES: u32 = 3;

/// What one tick did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Ticked {
    /// Each environment of this account in this region.
    pub environments: Vec<Line>,
}

/// What a tick did about one environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Which.
    #[serde(flatten)]
    pub scope: Scope,
    /// When it was due last, unless that is too long ago.
    pub due: Option<Timestamp>,
    /// What was done about it.
    pub did: Did,
}

/// What a tick did about one environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Did {
    /// Nothing: it is not due, or has been looked after.
    Nothing,
    /// A run was started.
    Started,
    /// The run that is due goes on.
    Running,
    /// The run that is due died as often as is tried.
    GaveUp,
}

/// A tick that could not look after one environment.
#[derive(Debug, thiserror::Error)]
pub enum TickError {
    /// The ledger did not do what it was asked.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The run could not be started.
    #[error(transparent)]
    Aws(#[from] AwsError),
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

/// Looks after every environment of this account that has resources in this region. One that fails does not keep the
/// others from their turn; the first failure is returned after the last environment, so that the tick is retried.
///
/// # Errors
/// The first [`TickError`].
pub async fn tick<L: Ledger, X: Executions, W: ExecutionReader, N: Notifier>(
    hands: &Hands<'_, L, X, W, N>,
    estates: &EstateFolder,
    home: &StackIdentity,
    instant: Timestamp,
) -> Result<Ticked, TickError> {
    let mut environments = Vec::new();
    let mut failed = None;
    let all = estates.iter().flat_map(|estate| estate.environments().map(move |environment| (estate, environment)));
    for (estate, environment) in all.filter(|(_, environment)| home.has(environment)) {
        let place = place(estate, environment, home);
        let (scope, due) = (place.scope, place.hour.last_due(instant));
        let did = match due {
            Some(due) => look_after(hands, &scope, due, instant).await,
            None => Ok(Did::Nothing),
        };
        match did {
            Ok(did) => {
                tracing::info!(estate = %scope.estate, environment = %scope.environment, ?did, "unblock looked at");
                environments.push(Line { scope, due, did });
            }
            Err(error) => {
                tracing::warn!(estate = %scope.estate, environment = %scope.environment, %error,
                    "the environment could not be looked after; the tick will be retried");
                failed.get_or_insert(error);
            }
        }
    }
    failed.map_or(Ok(Ticked { environments }), Err)
}

/// What the tick works with.
#[derive(Debug)]
pub struct Hands<'a, L, X, W, N> {
    /// What is remembered.
    pub ledger: &'a L,
    /// The machine.
    pub machine: &'a X,
    /// Its executions.
    pub watch: &'a W,
    /// Where people hear of it.
    pub announcer: &'a N,
}

async fn look_after<L: Ledger, X: Executions, W: ExecutionReader, N: Notifier>(
    hands: &Hands<'_, L, X, W, N>,
    scope: &Scope,
    due: Timestamp,
    instant: Timestamp,
) -> Result<Did, TickError> {
    let memory = hands.ledger.read::<UnblockMemory>(scope, LedgerNote::Memory).await?;
    if memory.is_some_and(|(memory, _)| memory.done >= Some(due)) {
        return Ok(Did::Nothing);
    }
    let input = UnblockRequest::of_tick(scope, due).to_string();
    for attempt in 0..TRIES {
        let name = execution(scope, due, attempt);
        if hands.machine.start(&name, &input).await? == StartOutcome::New {
            return Ok(Did::Started);
        }
        // It was started before, and has not come to its end: it runs, or it died and the next one goes on.
        match hands.watch.status(&name).await? {
            ExecutionStatus::Dead(_) => {}
            _ => return Ok(Did::Running),
        }
    }
    tracing::error!(estate = %scope.estate, environment = %scope.environment, tries = TRIES,
        "the daily unblock died as often as it is tried; its executions say why");
    // An execution that was stopped, or ran into its time-out, could not tell of it.
    let message = format!("the run that was due at {due} died {TRIES} times; its executions say why");
    let error = RunError { name: "Run.Unverified".to_owned(), message };
    let run = execution(scope, due, TRIES - 1);
    let ended = EndedRun { machine: "daily-unblock", trigger: RunTrigger::Schedule, instant, run: &run, error: &error };
    trouble::tell(hands.ledger, hands.announcer, scope, ended).await?;
    Ok(Did::GaveUp)
}
