//! The daily unblock: starts what is due, and takes one step of the `daily-unblock` machine.

mod call;
mod place;
pub mod tick;

use serde::Deserialize;
use serde_json::Value;
use watchkeeper_control::ledger::Ledger;
use watchkeeper_control::place::{ScopedEnvironment, StackIdentity};
use watchkeeper_control::ports::{Clock, Executions, Notifier};
use watchkeeper_control::stuck::UnblockSources;
use watchkeeper_control::trouble::{self, EndedRun};
use watchkeeper_control::unblock::{self, UnblockError, UnblockRunbook};
use watchkeeper_domain::reconcile::run::{RunError, RunRef};
use watchkeeper_domain::request::{RequestError, RunTrigger};
use watchkeeper_domain::unblock::UnblockRequest;
use watchkeeper_estates::{EstateFolder, UnknownName};
use watchkeeper_lambda::{FunctionEvent, FunctionFailure, MachineExecution, UnreadableInput, read_input};

pub use call::{Answer, Step};
use tick::TickError;

/// Why an event was not handled.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The input of the execution is no request.
    #[error(transparent)]
    Unreadable(#[from] UnreadableInput),
    /// It names what no document does.
    #[error(transparent)]
    Unknown(#[from] UnknownName),
    /// It names what this stack does not look after.
    #[error("the request cannot be followed")]
    Request(#[from] RequestError),
    /// The step itself.
    #[error(transparent)]
    Step(#[from] UnblockError),
    /// The tick.
    #[error(transparent)]
    Tick(#[from] TickError),
}

impl From<CallError> for FunctionFailure {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Unreadable(error) => error.into(),
            CallError::Unknown(error) => error.into(),
            CallError::Request(error) => error.into(),
            CallError::Step(error) => error.into(),
            CallError::Tick(TickError::Ledger(error)) => error.into(),
            CallError::Tick(TickError::Aws(error)) => error.into(),
        }
    }
}

/// Answers the schedule, or the machine.
///
/// # Errors
/// [`CallError`] as below, and for an environment that the tick could not look after.
pub async fn answer<S: UnblockSources, L: Ledger, X: Executions, N: Notifier, K: Clock>(
    unblocker: &UnblockRunbook<S, L, X, N, K>,
    machine: &X,
    estates: &EstateFolder,
    home: &StackIdentity,
    event: FunctionEvent<Step>,
) -> Result<Answer, CallError> {
    match event {
        FunctionEvent::Tick(due) => {
            let hands = tick::Hands {
                ledger: &unblocker.ledger,
                machine,
                watch: &unblocker.stuck,
                announcer: &unblocker.announcer,
            };
            let ticked = tick::tick(&hands, estates, home, due.time).await?;
            Ok(Answer::Ticked(ticked))
        }
        FunctionEvent::Call(call) => {
            let answer = handle(unblocker, estates, home, call.step).await?;
            match &answer {
                Answer::Taken(taken) => tracing::info!(run = taken.run.id, next = ?taken.next, "{}", taken.summary),
                other => tracing::warn!(?other, "the run could not be made"),
            }
            Ok(answer)
        }
    }
}

/// Takes one step.
///
/// # Errors
/// [`CallError`] for a request that cannot be read or followed, and for a step that failed.
pub async fn handle<S: UnblockSources, L: Ledger, X: Executions, N: Notifier, K: Clock>(
    unblocker: &UnblockRunbook<S, L, X, N, K>,
    estates: &EstateFolder,
    home: &StackIdentity,
    step: Step,
) -> Result<Answer, CallError> {
    let of_run = |run: &RunRef| {
        let (estate, environment) = estates.environment(run.scope.estate.as_str(), run.scope.environment.as_str())?;
        Ok::<_, CallError>(place::place(estate, environment, home))
    };
    Ok(Answer::Taken(match step {
        Step::Tell { request, execution, error } => {
            return tell(unblocker, estates, home, &request, &execution, error.into()).await;
        }
        Step::Begin { request, execution } => {
            let request: UnblockRequest = read_input(request)?;
            let (estate, environment) = estates.environment(request.estate.as_str(), request.environment.as_str())?;
            // It checks that this stack has the environment.
            ScopedEnvironment::of(estate, environment, home, execution.start)?;
            let execution = unblock::ManualExecution { name: &execution.name, start: execution.start };
            unblocker.begin(&place::place(estate, environment, home), &request, execution).await?
        }
        Step::Work { run } => unblocker.work(&of_run(&run)?, &run).await?,
        Step::Skip { run, error } => unblocker.skip(&of_run(&run)?, &run, &error.into()).await?,
        Step::Report { run } => unblocker.report(&of_run(&run)?, &run).await?,
    }))
}

/// Tells of a run that has no record to tell by, as far as its input can be read.
async fn tell<S, L: Ledger, X, N: Notifier, K>(
    unblocker: &UnblockRunbook<S, L, X, N, K>,
    estates: &EstateFolder,
    home: &StackIdentity,
    request: &Value,
    execution: &MachineExecution,
    error: RunError,
) -> Result<Answer, CallError> {
    let text = |field: &str| request.get(field).and_then(Value::as_str).unwrap_or_default();
    let Ok((estate, environment)) = estates.environment(text("estate"), text("environment")) else {
        return Ok(Answer::Told { told: false });
    };
    let scope = place::place(estate, environment, home).scope;
    let trigger = request.get("trigger").and_then(|trigger| RunTrigger::deserialize(trigger).ok()).unwrap_or_default();
    // Each try of a run that is due is about the same instant; what lasts is told by when it was tried.
    let ended =
        EndedRun { machine: "daily-unblock", trigger, instant: execution.start, run: &execution.name, error: &error };
    let told =
        trouble::tell(&unblocker.ledger, &unblocker.announcer, &scope, ended).await.map_err(UnblockError::from)?;
    Ok(Answer::Told { told })
}
