//! What the `daily-unblock` machine asks.

use watchkeeper_domain::unblock::UnblockRequest;

use super::call::{Details, Step};
use super::{UnblockEnvironment, UnblockRunbook};
use crate::platform::Platform;
use crate::runbook::{Begin, FormerWord, RunbookError, Stack, StepCall, StepOutcome, read_input};

/// The machine's name.
pub(super) const MACHINE: &str = "daily-unblock";

impl<P: Platform> UnblockRunbook<P> {
    /// Takes one step.
    ///
    /// # Errors
    /// [`RunbookError`] for a request that cannot be read or followed, and for a step that failed.
    pub async fn handle(&self, stack: &Stack, call: StepCall<Step>) -> Result<StepOutcome<Details>, RunbookError> {
        let outcome = match call.step {
            Step::Begin(begin) => self.take_up(stack, begin).await?,
            Step::Work { run } => {
                let (estate, environment) = stack.of(&run.scope)?;
                self.work(&UnblockEnvironment::of(stack, estate, environment), &run).await?
            }
            Step::Skip { run, error } => {
                let (estate, environment) = stack.of(&run.scope)?;
                self.skip(&UnblockEnvironment::of(stack, estate, environment), &run, &error.into()).await?
            }
            Step::Report { run } => {
                let (estate, environment) = stack.of(&run.scope)?;
                self.report(&UnblockEnvironment::of(stack, estate, environment), &run).await?
            }
            Step::Tell(unmade) => {
                // Each try of a run that is due is about the same instant; what lasts is told by when it was tried.
                let tried = unmade.execution.start;
                let told = unmade.send(&self.ledger, &self.notifier, stack, MACHINE, tried).await?;
                return Ok(told.map(Details::Told));
            }
        };
        Ok(outcome.map(Details::Worked))
    }

    async fn take_up(
        &self,
        stack: &Stack,
        Begin { request, execution }: Begin,
    ) -> Result<StepOutcome<FormerWord>, RunbookError> {
        let request: UnblockRequest = read_input(request)?;
        let (estate, environment) = stack.find(request.estate.as_str(), request.environment.as_str())?;
        if !UnblockEnvironment::is_of(stack, environment) {
            // It says why not.
            stack.place(request.estate.as_str(), request.environment.as_str(), execution.start)?;
        }
        self.begin(&UnblockEnvironment::of(stack, estate, environment), &request, &execution).await
    }
}
