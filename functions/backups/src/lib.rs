//! The backups function: the tick that finds out what is due, and the steps of the machines `backup` and `restore-drill`.

mod call;
pub mod report;
mod tick;

use jiff::Timestamp;
use watchkeeper_control::backup::{BackupError, BackupRunbook, BackupStore, EnvironmentJobs, RestoreStore};
use watchkeeper_control::ledger::{Ledger, LedgerError};
use watchkeeper_control::place::StackIdentity;
use watchkeeper_control::ports::{AwsError, Executions, Notifier};
use watchkeeper_domain::backup::{BackupRequest, RestoreRequest};
use watchkeeper_domain::reconcile::run::RunRef;
use watchkeeper_domain::request::RequestError;
use watchkeeper_estates::{EstateFolder, UnknownName};
use watchkeeper_lambda::{FunctionEvent, FunctionFailure, StepCall, UnreadableInput, read_input};

pub use call::{Answer, Step};
pub use tick::{Fresh, Line, Ticked, tick};

/// Why an event could not be handled.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The input of the execution is no request.
    #[error(transparent)]
    Unreadable(#[from] UnreadableInput),
    /// It names what no document does.
    #[error(transparent)]
    Unknown(#[from] UnknownName),
    /// The step could not be taken.
    #[error(transparent)]
    Backup(#[from] BackupError),
}

impl From<RequestError> for CallError {
    fn from(error: RequestError) -> Self {
        Self::Backup(error.into())
    }
}

impl From<LedgerError> for CallError {
    fn from(error: LedgerError) -> Self {
        Self::Backup(error.into())
    }
}

impl From<AwsError> for CallError {
    fn from(error: AwsError) -> Self {
        Self::Backup(error.into())
    }
}

impl From<CallError> for FunctionFailure {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Unreadable(error) => error.into(),
            CallError::Unknown(error) => error.into(),
            CallError::Backup(error) => error.into(),
        }
    }
}

/// Handles one event.
///
/// # Errors
/// [`CallError`] for a request that cannot be read or followed, an unknown environment, the halt switch, or a ledger or an
/// AWS that does not answer.
pub async fn handle<C, L, N, B, R>(
    keeper: BackupRunbook<'_, C, L, N>,
    machines: (&B, &R),
    estates: &EstateFolder,
    home: &StackIdentity,
    event: FunctionEvent<Step>,
) -> Result<Answer, CallError>
where
    C: BackupStore + RestoreStore,
    L: Ledger,
    N: Notifier,
    B: Executions,
    R: Executions,
{
    match event {
        FunctionEvent::Tick(at) => Ok(Answer::Ticked(tick(keeper.ledger, machines, estates, home, &at).await?)),
        FunctionEvent::Call(call) => Box::pin(step(keeper, estates, home, call)).await,
    }
}

/// Takes one step of a machine.
///
/// # Errors
/// As for [`handle`].
pub async fn step<C, L, N>(
    keeper: BackupRunbook<'_, C, L, N>,
    estates: &EstateFolder,
    home: &StackIdentity,
    StepCall { now, step }: StepCall<Step>,
) -> Result<Answer, CallError>
where
    C: BackupStore + RestoreStore,
    L: Ledger,
    N: Notifier,
{
    let jobs_of = |run: &RunRef| jobs(estates, home, run.scope.estate.as_str(), run.scope.environment.as_str());
    match step {
        Step::Begin { request, execution } => {
            let request: BackupRequest = read_input(request)?;
            let jobs = jobs(estates, home, request.estate.as_str(), request.environment.as_str())?;
            let instant = fresh(&request, execution.start, now)?;
            let begun = keeper.begin(&jobs, &request, &execution.name, instant).await?;
            let run = RunRef { scope: jobs.scope, id: execution.name };
            Ok(Answer::Begun { run, jobs: (0..begun.jobs).collect(), summary: begun.summary })
        }
        Step::Job { run, index } => Ok(Answer::stepped(keeper.step(&jobs_of(&run)?, &run.id, index, now).await?)),
        Step::Stumble { run, index, error } => {
            Ok(Answer::stepped(keeper.stumble(&jobs_of(&run)?, &run.id, index, &error, now).await?))
        }
        Step::Finish { run } => {
            let finished = keeper.finish(&jobs_of(&run)?, &run.id, now).await?;
            Ok(Answer::Finished { outcome: finished.outcome, headline: finished.headline })
        }
        Step::BeginRestore { request, execution } => {
            let request: RestoreRequest = read_input(request)?;
            let jobs = jobs(estates, home, request.estate.as_str(), request.environment.as_str())?;
            let begun = keeper.begin_restore(&jobs, &request, &execution.name, now).await?;
            let run = RunRef { scope: jobs.scope, id: execution.name };
            Ok(Answer::Restoring { run, source: begun.source, summary: begun.summary })
        }
        Step::Restore { run, source } => {
            Ok(Answer::stepped(keeper.step_restore(&jobs_of(&run)?, &source, &run.id, now).await?))
        }
        Step::FailRestore { run, source, error } => {
            keeper.fail_restore(&jobs_of(&run)?, &source, &run.id, &error, now).await?;
            Ok(Answer::Stepped { again: true, wait_seconds: 0, what: error })
        }
        Step::FinishRestore { run, source } => {
            let ended = keeper.finish_restore(&jobs_of(&run)?, &source, &run.id, now).await?;
            let (passed, headline) = (ended.drilled.ok, ended.headline);
            Ok(Answer::Restored { passed, headline, evidence: Box::new(ended.drilled) })
        }
    }
}

fn jobs(
    estates: &EstateFolder,
    home: &StackIdentity,
    estate: &str,
    environment: &str,
) -> Result<EnvironmentJobs, CallError> {
    let (estate, environment) = estates.environment(estate, environment)?;
    Ok(EnvironmentJobs::of(estate, environment, home)?)
}

/// The instant of a request: an event that is older than a day, or from the future, is none that a tick brought.
fn fresh(request: &BackupRequest, start: Timestamp, now: Timestamp) -> Result<Timestamp, RequestError> {
    let Some(instant) = request.instant else { return Ok(start) };
    let age = now.duration_since(instant);
    if age.abs() < watchkeeper_domain::backup::CATCH_UP {
        return Ok(start);
    }
    let expected = format!("an instant less than {:#} from now, {now}", watchkeeper_domain::backup::CATCH_UP);
    Err(RequestError { field: "instant", found: instant.to_string(), expected })
}
