//! The daily unblock: starts what is due, and takes one step of the `daily-unblock` machine.

mod call;
mod place;
pub mod tick;

use watchkeeper_control::ledger::Ledger;
use watchkeeper_control::place::{Home, Place};
use watchkeeper_control::ports::{Announcer, Clock, Executions};
use watchkeeper_control::stuck::{Notebook, Stuck};
use watchkeeper_control::unblock::{self, Step as Taken, UnblockError, Unblocker};
use watchkeeper_domain::request::RequestError;
use watchkeeper_domain::run::RunRef;
use watchkeeper_domain::unblock::UnblockRequest;
use watchkeeper_estates::{Estates, Unknown};
use watchkeeper_lambda::{Event, Failure, Unreadable, read_input};

pub use call::{Answer, Step};
use tick::TickError;

/// Why an event was not handled.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The input of the execution is no request.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// It names what no document does.
    #[error(transparent)]
    Unknown(#[from] Unknown),
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

impl From<CallError> for Failure {
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
pub async fn answer<S: Stuck, L: Ledger + Notebook, X: Executions, N: Announcer, K: Clock>(
    unblocker: &Unblocker<S, L, X, N, K>,
    machine: &X,
    estates: &Estates,
    home: &Home,
    event: Event<Step>,
) -> Result<Answer, CallError> {
    match event {
        Event::Tick(due) => {
            let ticked = tick::tick(&unblocker.ledger, machine, &unblocker.stuck, estates, home, due.time).await?;
            Ok(Answer::Ticked(ticked))
        }
        Event::Call(call) => {
            let taken = handle(unblocker, estates, home, call.step).await?;
            tracing::info!(run = taken.run.id, next = ?taken.next, "{}", taken.summary);
            Ok(Answer::Taken(taken))
        }
    }
}

/// Takes one step.
///
/// # Errors
/// [`CallError`] for a request that cannot be read or followed, and for a step that failed.
pub async fn handle<S: Stuck, L: Ledger + Notebook, X: Executions, N: Announcer, K: Clock>(
    unblocker: &Unblocker<S, L, X, N, K>,
    estates: &Estates,
    home: &Home,
    step: Step,
) -> Result<Taken, CallError> {
    let of_run = |run: &RunRef| {
        let (estate, environment) = estates.environment(run.scope.estate.as_str(), run.scope.environment.as_str())?;
        Ok::<_, CallError>(place::place(estate, environment, home))
    };
    Ok(match step {
        Step::Begin { request, execution } => {
            let request: UnblockRequest = read_input(request)?;
            let (estate, environment) = estates.environment(request.estate.as_str(), request.environment.as_str())?;
            // It checks that this stack has the environment.
            Place::of(estate, environment, home, execution.start)?;
            let execution = unblock::Execution { name: &execution.name, start: execution.start };
            unblocker.begin(&place::place(estate, environment, home), &request, execution).await?
        }
        Step::Work { run } => unblocker.work(&of_run(&run)?, &run).await?,
        Step::Skip { run, error } => unblocker.skip(&of_run(&run)?, &run, &error.into()).await?,
        Step::Report { run } => unblocker.report(&of_run(&run)?, &run).await?,
    })
}
