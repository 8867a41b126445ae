//! One step of the `reconcile` machine.

use jiff::Timestamp;
use watchkeeper_domain::name::Scope;
use watchkeeper_domain::reconcile::run::RunError;
use watchkeeper_domain::request::{RunRequest, RunTrigger};

use super::Reconciler;
use super::call::{BeginVerdict, Details, Step, Switch};
use crate::platform::Platform;
use crate::ports::Clock;
use crate::report::ReportDesk;
use crate::runbook::{Begin, MachineExecution, RunbookError, Stack, StepOutcome, read_input};
use crate::scoped::ScopedEnvironment;

/// The machine's name.
const MACHINE: &str = "reconcile";

impl<P: Platform> Reconciler<P> {
    /// Takes one step.
    ///
    /// # Errors
    /// [`RunbookError`] for a request that cannot be read, an unknown environment, or a step that failed.
    pub async fn handle(&self, stack: &Stack, step: Step) -> Result<StepOutcome<Details>, RunbookError> {
        match step {
            Step::Begin(begin) => self.take_up(stack, begin).await,
            Step::Apply { run } => Ok(self.apply(&self.place(stack, &run.scope)?, &run).await?.map(Details::Slice)),
            Step::Verify { run } => Ok(self.verify(&self.place(stack, &run.scope)?, &run).await?.map(Details::Slice)),
            Step::Finish { run, error } => {
                let scoped = self.place(stack, &run.scope)?;
                Ok(self.finish(&scoped, &run, error.map(RunError::from)).await?.map(Details::Finished))
            }
            Step::Tell(unmade) => {
                let instant = unmade.instant();
                Ok(unmade.send(&self.ledger, &self.notifier, stack, MACHINE, instant).await?.map(Details::Told))
            }
        }
    }

    /// Begins what the input asks for: a run, or to turn the halt switch.
    async fn take_up(
        &self,
        stack: &Stack,
        Begin { request, execution }: Begin,
    ) -> Result<StepOutcome<Details>, RunbookError> {
        let request: RunRequest = read_input(request)?;
        request.check()?;
        ReportDesk::refuse(self.reports.as_ref(), request.report)?;
        let instant = instant(&request, &execution);
        if request.halt.is_some() && request.estate.is_none() {
            return Ok(switched(&execution, self.halt(stack, None, &request, &execution.name).await?));
        }
        let (estate, environment) = request.place()?;
        let scoped = stack.place(estate.as_str(), environment.as_str(), instant)?;
        if request.halt.is_some() {
            let summary = self.halt(stack, Some(&scoped.scope), &request, &execution.name).await?;
            return Ok(switched(&execution, summary));
        }
        Ok(self.begin(&scoped, &request, &execution.name, instant).await?.map(Details::Begun))
    }

    /// The place of a run that has begun. Freeze windows count at its beginning only: the wall time stands in here.
    fn place(&self, stack: &Stack, scope: &Scope) -> Result<ScopedEnvironment, RunbookError> {
        stack.place(scope.estate.as_str(), scope.environment.as_str(), self.clock.now())
    }
}

/// What a run is about: the instant of its tick, or its own start.
fn instant(request: &RunRequest, execution: &MachineExecution) -> Timestamp {
    match (request.trigger, request.instant) {
        (RunTrigger::Schedule, Some(instant)) => instant,
        _ => execution.start,
    }
}

fn switched(execution: &MachineExecution, summary: String) -> StepOutcome<Details> {
    let verdict = BeginVerdict::Nothing;
    let details = Details::Switched { run: Switch { id: execution.name.clone() }, verdict };
    StepOutcome { run: None, then: verdict.then(), summary, tell: None, details }
}
