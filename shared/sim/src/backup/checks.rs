//! The port of the tasks that check what was restored: they end by themselves, as the test says.

use watchkeeper_control::backup::CheckTasks;
use watchkeeper_control::backup::ports::{CheckOrder, StartedCheck};
use watchkeeper_control::ports::{AwsError, Fault};
use watchkeeper_domain::backup::{CheckRun, JobPolicy, ObservedCheckTask};

use crate::kinds::vault::SimCheckTask;
use crate::operation::Operation;
use crate::refusal::CallRefusal;
use crate::region::SimRegion;
use crate::spec::checked;
use crate::state::SimState;

/// The exit code of a container that was stopped: its process was killed (Amazon ECS developer guide, stopped task errors).
const KILLED: i32 = 137;

impl CheckTasks for SimRegion {
    async fn run_check(&self, _: &JobPolicy, order: CheckOrder<'_>) -> Result<StartedCheck, AwsError> {
        let token = order.run.token.as_str();
        self.ask(Operation::RunCheck, token, |state| {
            let container = checked("check".parse());
            let there = state.vault.tasks.iter().find(|task| task.token == token);
            if let Some(there) = there {
                return Ok(StartedCheck { task: there.task.clone(), container });
            }
            let task = format!("arn:aws:ecs:sim:task/{}/{}", order.run.cluster, state.vault.tasks.len());
            let endpoint = order.endpoint;
            let told =
                (order.restore.target.clone(), endpoint.map(|it| it.address.clone()), endpoint.map(|it| it.port));
            let (behavior, begun) = (state.vault.checks.clone(), state.now);
            let made =
                SimCheckTask { task: task.clone(), token: token.to_owned(), told, behavior, begun, stopped: None };
            state.vault.tasks.push(made);
            Ok(StartedCheck { task, container })
        })
        .await
    }

    async fn describe_check(&self, _: &JobPolicy, run: &CheckRun) -> Result<Option<ObservedCheckTask>, AwsError> {
        self.ask(Operation::DescribeCheck, &run.token, |state| {
            let now = state.now;
            // By our token, only what is not told to stop is listed.
            let found = state.vault.tasks.iter().find(|it| match &run.task {
                Some(task) => it.task == *task,
                None => it.token == run.token && it.stopped.is_none() && it.ends() > now,
            });
            Ok(found.map(|found| {
                let stopped = found.ends() <= now;
                let code = if found.stopped.is_some() { KILLED } else { found.behavior.code };
                let why = if stopped { "Essential container in task exited" } else { "" };
                ObservedCheckTask {
                    task: found.task.clone(),
                    stopped,
                    code: stopped.then_some(code),
                    why: why.to_owned(),
                }
            }))
        })
        .await
    }

    async fn stop_check(&self, _: &JobPolicy, _: &CheckRun, task: &str) -> Result<(), AwsError> {
        self.ask(Operation::StopCheck, task, |state| {
            let now = state.now;
            let found = state.task(task)?;
            if found.ends() > now {
                found.stopped = Some(now);
            }
            Ok(())
        })
        .await
    }

    async fn check_log(&self, _: &JobPolicy, _: &CheckRun, task: &str) -> Result<Vec<String>, AwsError> {
        self.ask(Operation::ReadCheckLog, task, |state| Ok(state.task(task)?.behavior.says.clone())).await
    }
}

impl SimState {
    fn task(&mut self, task: &str) -> Result<&mut SimCheckTask, CallRefusal> {
        let found = self.vault.tasks.iter_mut().find(|it| it.task == task);
        found.ok_or_else(|| CallRefusal::new(Fault::Invalid, format!("the referenced task {task} was not found")))
    }
}
