//! What the machines `failover` and `failback` ask, and the tick of the watch over all pairs of a stack.

use futures_util::future::join_all;
use jiff::Timestamp;
use watchkeeper_domain::failover::FailoverRequest;
use watchkeeper_domain::reconcile::run::RunError;
use watchkeeper_domain::request::RequestError;

use super::call::{Answer, ChildResult, Details, PairTicks, Step};
use super::{FailoverRunbook, MoveRequest, PairTick};
use crate::platform::Platform;
use crate::runbook::{Ask, Begin, RunbookError, Stack, StepCall, StepOutcome, Tell, read_input};
use crate::scoped::{PairMember, ScopedEnvironment};

/// What a tick did about all pairs of a stack.
#[derive(Debug)]
pub struct Watched {
    /// Each pair that could be looked after.
    pub pairs: Vec<PairTick>,
    /// The first thing that failed, so that the tick is retried.
    pub failed: Option<RunbookError>,
}

impl Watched {
    /// What the schedule is answered.
    ///
    /// # Errors
    /// The first thing that failed.
    pub fn answer(self) -> Result<Answer, RunbookError> {
        let Self { pairs, failed } = self;
        failed.map_or(Ok(Answer::Ticked(PairTicks { pairs })), Err)
    }
}

impl<P: Platform> FailoverRunbook<P> {
    /// Looks after every pair of a stack, each with its own parts of the platform, and all at once: one that fails, or is lost and
    /// probed for long, does not keep the others from their turn.
    pub async fn watch_all(stack: &Stack, at: Timestamp, of: impl Fn(&PairMember) -> Self) -> Watched {
        let pairs = stack.environments().filter_map(|(estate, environment)| {
            let found = ScopedEnvironment::of(estate, environment, &stack.home, at).ok()?;
            Some((found.pair?, found.allowance))
        });
        let ticks = pairs.map(async |(member, allowance)| {
            let ticked = Box::pin(of(&member).tick(&member, &allowance, at)).await;
            (member, ticked)
        });
        let mut watched = Watched { pairs: Vec::new(), failed: None };
        for (member, ticked) in join_all(ticks).await {
            match ticked {
                Ok(ticked) => {
                    let first = ticked.failed.first().cloned();
                    let part = first.map(|why| RunbookError::InPart { scope: ticked.scope.clone(), why });
                    watched.failed = watched.failed.or(part);
                    watched.pairs.push(ticked);
                }
                Err(error) => {
                    tracing::warn!(pair = %member.id, %error, "the pair could not be looked after");
                    watched.failed.get_or_insert(error);
                }
            }
        }
        watched
    }

    /// Takes one step.
    ///
    /// # Errors
    /// [`RunbookError`]; it may be asked for again.
    pub async fn handle(
        &self,
        member: &PairMember,
        call: StepCall<Step>,
    ) -> Result<StepOutcome<Details>, RunbookError> {
        match call.step {
            Step::Advance { request, execution, answer, child, error } => {
                let request: FailoverRequest = read_input(request)?;
                let call = MoveRequest {
                    execution: &execution.name,
                    start: execution.start,
                    answer,
                    child: child.map(ChildResult::from),
                    error: error.map(RunError::from),
                };
                Ok(self.advance(member, &request, call).await?.map(Details::Advanced))
            }
            Step::Ready(Begin { request, execution }) => {
                let request: FailoverRequest = read_input(request)?;
                Ok(self.ready(member, &request, &execution).await?.map(Details::Readied))
            }
            Step::Ask(ask) => Ok(ask.send(&self.notifier, call.now).await?.map(Details::Told)),
            Step::Tell(tell) => Ok(tell.send(&self.notifier).await?.map(Details::Told)),
        }
    }
}

/// The half of a pair that a step is about.
///
/// # Errors
/// [`RunbookError`] when the input does not read, or what it names is no pair of this account and region.
pub fn member(stack: &Stack, step: &Step) -> Result<PairMember, RunbookError> {
    let (estate, environment) = match step {
        Step::Advance { request, .. } | Step::Ready(Begin { request, .. }) => {
            let request: FailoverRequest = read_input(request.clone())?;
            (request.estate, request.environment)
        }
        Step::Ask(Ask { run, .. }) | Step::Tell(Tell { run: Some(run), .. }) => {
            (run.scope.estate.clone(), run.scope.environment.clone())
        }
        Step::Tell(Tell { run: None, .. }) => {
            let (found, expected) = ("nothing".to_owned(), "a run, for all but a message".to_owned());
            return Err(RequestError { field: "run", found, expected }.into());
        }
    };
    let home = &stack.home;
    let (estate, environment) = stack.find(estate.as_str(), environment.as_str())?;
    let found = PairMember::of(estate, environment, &home.region).filter(|_| home.has(environment));
    found.ok_or_else(|| {
        let found = format!("{} of account {} in {}", environment.name(), home.account, home.region);
        let expected =
            "an environment with `failover`, of this account, one of whose two regions is this one".to_owned();
        RequestError { field: "environment", found, expected }.into()
    })
}
