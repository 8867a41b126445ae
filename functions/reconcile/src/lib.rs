//! The one hand: takes one step of a run, as the `reconcile` machine asks.

pub mod report;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use watchkeeper_control::ledger::Ledger;
use watchkeeper_control::place::{ScopedEnvironment, StackIdentity};
use watchkeeper_control::ports::{Clock, Cloud, Notifier};
use watchkeeper_control::steps::{BegunRun, FinishedRun, LeasedRun, Reconciler, SliceResult, StepError};
use watchkeeper_control::trouble::{self, EndedRun};
use watchkeeper_domain::name::Scope;
use watchkeeper_domain::reconcile::run::RunError;
use watchkeeper_domain::request::{RequestError, RunRequest, RunTrigger};
use watchkeeper_estates::{EstateFolder, UnknownName};
use watchkeeper_lambda::{CaughtError, FunctionFailure, MachineExecution, UnreadableInput, read_input};

/// A step of a run.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "step")]
pub enum Step {
    /// Decide.
    Begin {
        /// The execution's input, as it was given.
        request: Value,
        /// The execution.
        execution: MachineExecution,
    },
    /// Write.
    Apply {
        /// The run.
        run: LeasedRun,
    },
    /// Look.
    Verify {
        /// The run.
        run: LeasedRun,
    },
    /// Close.
    Finish {
        /// The run.
        run: LeasedRun,
        /// The error that ended it, if one did.
        #[serde(default)]
        error: Option<CaughtError>,
    },
    /// Tell of a run that could not begin, or not be closed.
    Tell {
        /// The execution's input, as it was given.
        request: Value,
        /// The execution.
        execution: MachineExecution,
        /// Why it ends.
        error: CaughtError,
    },
}

impl Step {
    /// The run that a step belongs to; at its beginning only its name is known.
    pub fn run(&self) -> (&str, Option<&Scope>) {
        match self {
            Self::Begin { execution, .. } | Self::Tell { execution, .. } => (&execution.name, None),
            Self::Apply { run } | Self::Verify { run } | Self::Finish { run, .. } => (&run.id, Some(&run.scope)),
        }
    }
}

/// What a step answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// Of begin.
    Begun(BegunRun),
    /// Of begin, when it was about the halt switch.
    Switched {
        /// The run that turned it.
        run: Switch,
        /// Always `nothing`: the machine ends.
        verdict: &'static str,
        /// What was switched.
        summary: String,
    },
    /// Of apply and verify.
    Slice(SliceResult),
    /// Of finish.
    Finished(FinishedRun),
    /// Of tell: whether people were told.
    Told {
        /// Whether they were.
        told: bool,
    },
}

/// A run that only turned the halt switch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Switch {
    /// The execution's name.
    pub id: String,
}

/// Why a step could not be taken.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The input of the execution is no request.
    #[error(transparent)]
    Unreadable(#[from] UnreadableInput),
    /// It names what no document does.
    #[error(transparent)]
    Unknown(#[from] UnknownName),
    /// The step itself.
    #[error(transparent)]
    Step(#[from] StepError),
}

impl From<CallError> for FunctionFailure {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Unreadable(error) => error.into(),
            CallError::Unknown(error) => error.into(),
            CallError::Step(error) => error.into(),
        }
    }
}

impl From<RequestError> for CallError {
    fn from(error: RequestError) -> Self {
        Self::Step(error.into())
    }
}

/// Takes one step.
///
/// # Errors
/// [`CallError`] for a request that cannot be read, an unknown environment, or a step that failed.
pub async fn handle<C: Cloud, L: Ledger, N: Notifier, K: Clock>(
    engine: &Reconciler<C, L, N, K>,
    estates: &EstateFolder,
    home: &StackIdentity,
    step: Step,
) -> Result<Answer, CallError> {
    match step {
        Step::Begin { request, execution } => begin(engine, estates, home, request, &execution).await,
        Step::Apply { run } => Ok(Answer::Slice(engine.apply(&place(estates, home, &run.scope, engine)?, &run).await?)),
        Step::Verify { run } => {
            Ok(Answer::Slice(engine.verify(&place(estates, home, &run.scope, engine)?, &run).await?))
        }
        Step::Finish { run, error } => {
            let place = place(estates, home, &run.scope, engine)?;
            let error = error.map(RunError::from);
            Ok(Answer::Finished(engine.finish(&place, &run, error).await?))
        }
        Step::Tell { request, execution, error } => {
            tell(engine, estates, home, &request, &execution, error.into()).await
        }
    }
}

/// Tells of a run that has no record to tell by, as far as its input can be read.
async fn tell<C, L: Ledger, N: Notifier, K>(
    engine: &Reconciler<C, L, N, K>,
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
    let (estate, environment) = (estate.name().clone(), environment.name().clone());
    let scope = Scope { estate, environment, region: home.region.clone() };
    let trigger = request.get("trigger").and_then(|trigger| RunTrigger::deserialize(trigger).ok()).unwrap_or_default();
    let instant = request.get("instant").and_then(|instant| Timestamp::deserialize(instant).ok());
    let instant = instant.unwrap_or(execution.start);
    let ended = EndedRun { machine: "reconcile", trigger, instant, run: &execution.name, error: &error };
    let told = trouble::tell(&engine.ledger, &engine.announcer, &scope, ended).await.map_err(StepError::from)?;
    Ok(Answer::Told { told })
}

async fn begin<C: Cloud, L: Ledger, N: Notifier, K: Clock>(
    engine: &Reconciler<C, L, N, K>,
    estates: &EstateFolder,
    home: &StackIdentity,
    request: Value,
    execution: &MachineExecution,
) -> Result<Answer, CallError> {
    let request: RunRequest = read_input(request)?;
    request.check()?;
    let instant = match (request.trigger, request.instant) {
        (RunTrigger::Schedule, Some(instant)) => instant,
        _ => execution.start,
    };
    if request.halt.is_some() && request.estate.is_none() {
        return Ok(switched(execution, engine.halt(None, &request, &execution.name).await?));
    }
    let (estate, environment) = request.place()?;
    let (estate, environment) = estates.environment(estate.as_str(), environment.as_str())?;
    let place = ScopedEnvironment::of(estate, environment, home, instant)?;
    if request.halt.is_some() {
        return Ok(switched(execution, engine.halt(Some(&place.scope), &request, &execution.name).await?));
    }
    Ok(Answer::Begun(engine.begin(&place, &request, &execution.name, instant).await?))
}

fn switched(execution: &MachineExecution, summary: String) -> Answer {
    Answer::Switched { run: Switch { id: execution.name.clone() }, verdict: "nothing", summary }
}

/// The place of a run that has begun. Freeze windows count at its beginning only: the wall time stands in here.
fn place<C, L, N, K: Clock>(
    estates: &EstateFolder,
    home: &StackIdentity,
    scope: &Scope,
    engine: &Reconciler<C, L, N, K>,
) -> Result<ScopedEnvironment, CallError> {
    let (estate, environment) = estates.environment(scope.estate.as_str(), scope.environment.as_str())?;
    Ok(ScopedEnvironment::of(estate, environment, home, engine.clock.now())?)
}
