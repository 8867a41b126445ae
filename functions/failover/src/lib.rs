//! Failover and failback: the watch over a pair, and the steps of its machines. It changes no capacity.

mod call;
pub mod report;

use jiff::{SignedDuration, Timestamp};
use watchkeeper_control::failover::ports::{DatabasePromotions, HealthProber, RegionReader, TrafficSwitches};
use watchkeeper_control::failover::{self, ChildResult, FailoverRunbook, MoveError, ReadinessAction};
use watchkeeper_control::ledger::Ledger;
use watchkeeper_control::place::{PairPlace, ScopedEnvironment, StackIdentity};
use watchkeeper_control::ports::{AwsError, Clock, ExecutionStates, Executions, Notifier};
use watchkeeper_domain::emergency::ask;
use watchkeeper_domain::failover::FailoverRequest;
use watchkeeper_domain::guardrail::Allowance;
use watchkeeper_domain::message::Message;
use watchkeeper_domain::reconcile::run::{RunError, RunRef};
use watchkeeper_domain::request::RequestError;
use watchkeeper_estates::{EstateFolder, UnknownName};
use watchkeeper_lambda::{ErrorName, FunctionFailure, StepCall, UnreadableInput, read_input};

pub use call::{Answer, Child, Readied, Step};

/// Why an event could not be answered.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The input of the execution is no request.
    #[error(transparent)]
    Unreadable(#[from] UnreadableInput),
    /// A field is not as it must be.
    #[error("the request cannot be followed")]
    Request(#[from] RequestError),
    /// It names what no document does.
    #[error(transparent)]
    Unknown(#[from] UnknownName),
    /// The step itself.
    #[error(transparent)]
    Move(#[from] MoveError),
    /// AWS did not do what it was asked.
    #[error(transparent)]
    Aws(#[from] AwsError),
    /// A tick did a part of its work: which pair, and the first thing that failed.
    #[error("{0} was looked after in part: {1}")]
    Half(String, String),
}

impl From<CallError> for FunctionFailure {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Unreadable(error) => error.into(),
            CallError::Request(error) => error.into(),
            CallError::Unknown(error) => error.into(),
            CallError::Move(error) => error.into(),
            CallError::Aws(error) => error.into(),
            CallError::Half(..) => FunctionFailure { name: ErrorName::RunUnverified, message: error.to_string() },
        }
    }
}

/// The halves of pairs that this stack looks after, each with what its document allows at an instant.
pub fn halves<'a>(
    estates: &'a EstateFolder,
    home: &'a StackIdentity,
    at: Timestamp,
) -> impl Iterator<Item = (PairPlace, Allowance)> + 'a {
    let all = estates.iter().flat_map(|estate| estate.environments().map(move |environment| (estate, environment)));
    all.filter(|(_, environment)| home.has(environment)).filter_map(move |(estate, environment)| {
        let place = ScopedEnvironment::of(estate, environment, home, at).ok()?;
        Some((place.pair?, place.allowance))
    })
}

/// The half of a pair that a step is about.
///
/// # Errors
/// [`CallError`] when the input does not read, or what it names is no pair of this account and region.
pub fn half(estates: &EstateFolder, home: &StackIdentity, step: &Step) -> Result<PairPlace, CallError> {
    let (estate, environment) = match step {
        Step::Advance { request, .. } | Step::Ready { request, .. } => {
            let request: FailoverRequest = read_input(request.clone())?;
            (request.estate, request.environment)
        }
        Step::Ask { run, .. } | Step::Tell { run: Some(run), .. } => {
            (run.scope.estate.clone(), run.scope.environment.clone())
        }
        Step::Tell { run: None, .. } => {
            let (found, expected) = ("nothing".to_owned(), "a run, for all but a message".to_owned());
            return Err(RequestError { field: "run", found, expected }.into());
        }
    };
    let (estate, environment) = estates.environment(estate.as_str(), environment.as_str())?;
    let found = PairPlace::of(estate, environment, &home.region).filter(|_| home.has(environment));
    found.ok_or_else(|| {
        let found = format!("{} of account {} in {}", environment.name(), home.account, home.region);
        let expected =
            "an environment with `failover`, of this account, one of whose two regions is this one".to_owned();
        RequestError { field: "environment", found, expected }.into()
    })
}

/// Takes one step.
///
/// # Errors
/// [`CallError`]; it may be asked for again.
pub async fn step<L, S, P, W, H, N, K, X, E>(
    mover: &FailoverRunbook<L, S, P, W, H, N, K, X, E>,
    half: &PairPlace,
    call: StepCall<Step>,
) -> Result<Answer, CallError>
where
    L: Ledger,
    S: RegionReader + DatabasePromotions,
    P: RegionReader,
    W: TrafficSwitches,
    H: HealthProber,
    N: Notifier,
    K: Clock,
    X: Executions,
    E: ExecutionStates,
{
    match call.step {
        Step::Advance { request, execution, answer, child, error } => {
            let request: FailoverRequest = read_input(request)?;
            let call = failover::MoveRequest {
                execution: &execution.name,
                start: execution.start,
                answer,
                child: child.map(ChildResult::from),
                error: error.map(RunError::from),
            };
            Ok(Answer::Advanced(Box::new(mover.advance(half, &request, call).await?)))
        }
        Step::Ready { request, execution } => {
            let request: FailoverRequest = read_input(request)?;
            let found = mover.ready(half, &request, execution.start).await?;
            let run = RunRef { scope: found.scope, id: execution.name };
            let tell = (found.next == ReadinessAction::Refused).then(|| Message {
                subject: format!("{}: it does not go home", half.id).chars().take(100).collect(),
                text: format!("{}: nothing was changed, and {} serves on.\n\n{}", half.id, half.other(), found.summary),
            });
            let (next, wait_seconds, request, summary) = (found.next, found.wait_seconds, found.request, found.summary);
            Ok(Answer::Readied(Box::new(Readied { run, next, wait_seconds, request, summary, tell })))
        }
        Step::Ask { run, token, what, why, plan, answer_seconds } => {
            let until = call.now.saturating_add(SignedDuration::from_secs(answer_seconds)).unwrap_or(Timestamp::MAX);
            tell(&mover.announcer, &ask(&run.scope, &what, &why, &plan, &token, until)).await
        }
        Step::Tell { subject, text, .. } => tell(&mover.announcer, &Message { subject, text }).await,
    }
}

/// Tells people, whatever it is about: what failed before it was any pair's has to be told, too.
///
/// # Errors
/// [`CallError`]; it may be asked for again.
pub async fn tell<N: Notifier>(announcer: &N, message: &Message) -> Result<Answer, CallError> {
    announcer.tell(&message.subject, &message.text).await?;
    Ok(Answer::Told {})
}

impl From<Child> for ChildResult {
    fn from(child: Child) -> Self {
        match child {
            Child::Failed(caught) => Self::Failed(caught.error, caught.cause.unwrap_or_default()),
            Child::Done(_) => Self::Done,
        }
    }
}
