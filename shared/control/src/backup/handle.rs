//! What the schedule and the machines `backup` and `restore-drill` ask.

use jiff::Timestamp;
use watchkeeper_domain::backup::{BackupRequest, RestoreRequest};
use watchkeeper_domain::name::Scope;
use watchkeeper_domain::reconcile::run::RunRef;

use super::call::{Answer, Step};
use super::{BackupRunbook, EnvironmentJobs};
use crate::platform::Platform;
use crate::runbook::{Begin, FunctionEvent, RunbookError, Stack, StepCall, read_input};

impl<P: Platform> BackupRunbook<P> {
    /// Handles one event.
    ///
    /// # Errors
    /// [`RunbookError`] for a request that cannot be read or followed, an unknown environment, the halt switch, or a ledger
    /// or an AWS that does not answer.
    pub async fn handle(&self, stack: &Stack, event: FunctionEvent<Step>) -> Result<Answer, RunbookError> {
        match event {
            FunctionEvent::Tick(tick) => Ok(Answer::Ticked(self.tick(stack, &tick).await?)),
            FunctionEvent::Call(StepCall { now, step }) => Box::pin(self.advance(stack, step, now)).await,
        }
    }

    async fn advance(&self, stack: &Stack, step: Step, now: Timestamp) -> Result<Answer, RunbookError> {
        match step {
            Step::Begin(begin) => self.take_up(stack, begin, now).await,
            Step::Job { run, index } => {
                Ok(Answer::stepped(self.step(&jobs(stack, &run.scope)?, &run.id, index, now).await?))
            }
            Step::Stumble { run, index, error } => {
                Ok(Answer::stepped(self.stumble(&jobs(stack, &run.scope)?, &run.id, index, &error, now).await?))
            }
            Step::Finish { run } => {
                let finished = self.finish(&jobs(stack, &run.scope)?, &run.id, now).await?;
                Ok(Answer::Finished { outcome: finished.outcome, headline: finished.headline })
            }
            Step::BeginRestore(begin) => self.take_up_restore(stack, begin, now).await,
            Step::Restore { run, source } => {
                Ok(Answer::stepped(self.step_restore(&jobs(stack, &run.scope)?, &source, &run.id, now).await?))
            }
            Step::FailRestore { run, source, error } => {
                self.fail_restore(&jobs(stack, &run.scope)?, &source, &run.id, &error, now).await?;
                Ok(Answer::Stepped { again: true, wait_seconds: 0, what: error })
            }
            Step::FinishRestore { run, source } => {
                let ended = self.finish_restore(&jobs(stack, &run.scope)?, &source, &run.id, now).await?;
                let (passed, headline) = (ended.drilled.ok, ended.headline);
                Ok(Answer::Restored { passed, headline, evidence: Box::new(ended.drilled) })
            }
        }
    }

    async fn take_up(
        &self,
        stack: &Stack,
        Begin { request, execution }: Begin,
        now: Timestamp,
    ) -> Result<Answer, RunbookError> {
        let request: BackupRequest = read_input(request)?;
        let (estate, environment) = stack.find(request.estate.as_str(), request.environment.as_str())?;
        let jobs = EnvironmentJobs::of(estate, environment, &stack.home)?;
        request.check(now)?;
        let begun = self.begin(&jobs, &request, &execution.name, execution.start).await?;
        let run = RunRef { scope: jobs.scope, id: execution.name };
        Ok(Answer::Begun { run, jobs: (0..begun.jobs).collect(), summary: begun.summary })
    }

    async fn take_up_restore(
        &self,
        stack: &Stack,
        Begin { request, execution }: Begin,
        now: Timestamp,
    ) -> Result<Answer, RunbookError> {
        let request: RestoreRequest = read_input(request)?;
        let (estate, environment) = stack.find(request.estate.as_str(), request.environment.as_str())?;
        let jobs = EnvironmentJobs::of(estate, environment, &stack.home)?;
        let begun = self.begin_restore(&jobs, &request, &execution.name, now).await?;
        let run = RunRef { scope: jobs.scope, id: execution.name };
        Ok(Answer::Restoring { run, source: begun.source, summary: begun.summary })
    }
}

fn jobs(stack: &Stack, scope: &Scope) -> Result<EnvironmentJobs, RunbookError> {
    let (estate, environment) = stack.of(scope)?;
    Ok(EnvironmentJobs::of(estate, environment, &stack.home)?)
}
