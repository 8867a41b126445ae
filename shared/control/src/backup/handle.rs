//! What the machines `backup` and `restore-drill` ask.

use jiff::Timestamp;
use watchkeeper_domain::backup::{BackupRequest, RestoreRequest};
use watchkeeper_domain::estate::{Environment, Estate};
use watchkeeper_domain::name::Scope;
use watchkeeper_domain::request::RunTrigger;

use super::call::{Details, RESTORE, Step, worked};
use super::{BackupRunbook, EnvironmentJobs, serving_region};
use crate::platform::Platform;
use crate::report::ReportDesk;
use crate::runbook::{Begin, NextStep, RunbookError, Stack, StepCall, StepOutcome, Unmade, read_input};

impl<P: Platform> BackupRunbook<P> {
    /// Takes one step.
    ///
    /// # Errors
    /// [`RunbookError`] for a request that cannot be read or followed, an unknown environment, the halt switch, or a ledger
    /// or an AWS that does not answer.
    pub async fn handle(
        &self,
        stack: &Stack,
        StepCall { now, step }: StepCall<Step>,
    ) -> Result<StepOutcome<Details>, RunbookError> {
        Ok(match step {
            Step::Begin(begin) => self.take_up(stack, begin, now).await?,
            Step::Job { run, index } => {
                self.step(&self.jobs_of(stack, &run.scope).await?, run, index, now).await?.map(Details::Worked)
            }
            Step::Stumble { run, index, error } => self
                .stumble(&self.jobs_of(stack, &run.scope).await?, run, index, &error, now)
                .await?
                .map(Details::Worked),
            Step::Finish { run } => {
                self.finish(&self.jobs_of(stack, &run.scope).await?, run, now).await?.map(Details::Finished)
            }
            Step::Tell(unmade) => self.unmade(stack, unmade, "backup").await?,
            Step::TellRestore(unmade) => self.unmade(stack, unmade, "restore-drill").await?,
            Step::BeginRestore(begin) => self.take_up_restore(stack, begin, now).await?,
            Step::Restore { run, source } => self
                .step_restore(&self.jobs_of(stack, &run.scope).await?, &source, run, now)
                .await?
                .map(Details::Worked),
            Step::FailRestore { run, source, error } => {
                self.fail_restore(&self.jobs_of(stack, &run.scope).await?, &source, &run.id, &error, now).await?;
                worked(run, NextStep::at_once(RESTORE), error).map(Details::Worked)
            }
            Step::FinishRestore { run, source } => self
                .finish_restore(&self.jobs_of(stack, &run.scope).await?, &source, run, now)
                .await?
                .map(Details::Restored),
        })
    }

    /// Each try of a run that is due is about the same day; what lasts is told by when it was tried.
    async fn unmade(&self, stack: &Stack, unmade: Unmade, machine: &str) -> Result<StepOutcome<Details>, RunbookError> {
        let tried = unmade.execution.start;
        Ok(unmade.send(&self.ledger, &self.notifier, stack, machine, tried).await?.map(Details::Told))
    }

    async fn take_up(
        &self,
        stack: &Stack,
        Begin { request, execution }: Begin,
        now: Timestamp,
    ) -> Result<StepOutcome<Details>, RunbookError> {
        let request: BackupRequest = read_input(request)?;
        let (estate, environment) = stack.find(request.estate.as_str(), request.environment.as_str())?;
        let jobs = self.jobs(stack, estate, environment).await?.taken_here()?;
        request.check(now)?;
        ReportDesk::refuse(self.reports.as_ref(), request.report)?;
        self.begin(&jobs, &request, &execution.name, execution.start).await
    }

    async fn take_up_restore(
        &self,
        stack: &Stack,
        Begin { request, execution }: Begin,
        now: Timestamp,
    ) -> Result<StepOutcome<Details>, RunbookError> {
        let request: RestoreRequest = read_input(request)?;
        let (estate, environment) = stack.find(request.estate.as_str(), request.environment.as_str())?;
        // A tick may bring to its end what was begun here before the pair moved; a person means what is served here.
        let jobs = self.jobs(stack, estate, environment).await?;
        let jobs = if request.trigger == RunTrigger::Schedule { jobs } else { jobs.taken_here()? };
        ReportDesk::refuse(self.reports.as_ref(), request.report)?;
        self.begin_restore(&jobs, &request, &execution.name, now).await
    }

    /// The jobs of an environment to this stack, by where it is served now.
    pub(super) async fn jobs(
        &self,
        stack: &Stack,
        estate: &Estate,
        environment: &Environment,
    ) -> Result<EnvironmentJobs, RunbookError> {
        let serves = serving_region(&self.ledger, estate, environment).await?;
        Ok(EnvironmentJobs::of(estate, environment, &stack.home, &serves)?)
    }

    async fn jobs_of(&self, stack: &Stack, scope: &Scope) -> Result<EnvironmentJobs, RunbookError> {
        let (estate, environment) = stack.of(scope)?;
        self.jobs(stack, estate, environment).await
    }
}
