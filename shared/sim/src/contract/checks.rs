//! Cases about the tasks that check what a drill restored: one for a token, its exit code and its log, and its stop.

use watchkeeper_control::backup::CheckTasks;
use watchkeeper_control::backup::ports::CheckOrder;
use watchkeeper_domain::backup::{
    CheckRun, JobPolicy, ObservedCheckTask, RestorePurpose, RestoreRun, RestoreSource, RestoredEndpoint,
};
use watchkeeper_domain::estate::{CheckTask, Estate};
use watchkeeper_domain::name::Scope;

use super::{CaseFailure, ContractBench, Passed, equal, holds, there};

/// Hands the name of every case in this module to a macro.
#[macro_export]
macro_rules! check_cases {
    ($test:ident) => {
        $test! {
            a_task_that_is_asked_for_twice_with_one_token_is_one
            a_task_is_found_by_its_token_while_it_runs
            a_task_that_ends_tells_its_exit_code_and_the_end_of_its_log
            a_task_that_ends_with_another_code_tells_it
            a_task_that_is_stopped_has_stopped_and_one_more_stop_is_no_error
            a_token_of_nothing_finds_no_task
        }
    };
}

/// A place to try an implementation of the port in.
pub trait CheckBench: ContractBench {
    /// The port.
    type Checks: CheckTasks;

    /// The port.
    fn checks(&self) -> &Self::Checks;

    /// A cluster and a task definition whose container ends in time to be seen after [`ContractBench::settle`], with this code, or
    /// not at all, and logs these lines.
    async fn make_check(&self, code: Option<u8>, says: &[&str]) -> Result<CheckTask, CaseFailure>;
}

struct CheckCase {
    policy: JobPolicy,
    check: CheckTask,
    restore: RestoreRun,
    run: CheckRun,
}

impl CheckCase {
    async fn new<B: CheckBench>(bench: &B, code: Option<u8>, says: &[&str]) -> Result<Self, CaseFailure> {
        let check = bench.make_check(code, says).await?;
        let policy = policy(&bench.fresh_scope())?;
        let from = RestoreSource::Instant(bench.now());
        let (mark, target) = (bench.fresh_name(), "db-drill".to_owned());
        let restore = RestoreRun::new(&mark, RestorePurpose::Drill, target, from, bench.now());
        let run = CheckRun::new(&check, &policy, &restore, bench.now());
        Ok(Self { policy, check, restore, run })
    }

    /// Starts it, and remembers what it is called.
    async fn start<B: CheckBench>(&mut self, bench: &B) -> Passed {
        let endpoint = RestoredEndpoint { address: "db-drill.example.com".to_owned(), port: 5432 };
        let Self { check, run, restore, .. } = &*self;
        let order = CheckOrder { check, run, restore, endpoint: Some(&endpoint) };
        let started = bench.checks().run_check(&self.policy, order).await?;
        (self.run.task, self.run.container) = (Some(started.task), Some(started.container));
        Ok(())
    }

    async fn seen<B: CheckBench>(&self, bench: &B) -> Result<Option<ObservedCheckTask>, CaseFailure> {
        Ok(bench.checks().describe_check(&self.policy, &self.run).await?)
    }
}

/// A job in the bench's region: what the port needs of it is where.
fn policy(scope: &Scope) -> Result<JobPolicy, CaseFailure> {
    let document = serde_json::json!({"estate": scope.estate, "environments": {scope.environment.as_str(): {
        "kind": "production", "regions": {"primary": scope.region},
        "backups": {"zone": "Etc/UTC", "jobs": [
            {"rds": "db", "schedule": {"at": "03:00"}, "retention": {"daily": 1}}]}}}});
    let estate: Result<Estate, _> = serde_json::from_value(document);
    let estate =
        estate.map_err(|source| CaseFailure::Bench { what: "read a document".to_owned(), source: Box::new(source) })?;
    let environment = there("environment", estate.environments().next())?;
    there("job", JobPolicy::all(scope, environment).into_iter().next())
}

/// The second call is answered with the first one's task.
pub async fn a_task_that_is_asked_for_twice_with_one_token_is_one<B: CheckBench>(bench: &B) -> Passed {
    let mut case = CheckCase::new(bench, None, &[]).await?;
    case.start(bench).await?;
    let first = case.run.task.clone();
    case.start(bench).await?;
    equal("the task of the second call", &case.run.task, &first)?;
    // Another restore's is another one.
    let mut other = CheckCase { run: CheckRun { token: format!("{}x", case.run.token), ..case.run.clone() }, ..case };
    other.start(bench).await?;
    holds("another token is another task", other.run.task != first)
}

/// An answer that was lost is found again.
pub async fn a_task_is_found_by_its_token_while_it_runs<B: CheckBench>(bench: &B) -> Passed {
    let mut case = CheckCase::new(bench, None, &[]).await?;
    case.start(bench).await?;
    let task = case.run.task.take();
    bench.settle().await;
    let seen = there("the task by its token", case.seen(bench).await?)?;
    equal("the task", &Some(seen.task), &task)?;
    holds("it runs", !seen.stopped)
}

/// Exit code 0, and the lines in their order.
pub async fn a_task_that_ends_tells_its_exit_code_and_the_end_of_its_log<B: CheckBench>(bench: &B) -> Passed {
    let mut case = CheckCase::new(bench, Some(0), &["looking at orders", "rows: 5"]).await?;
    case.start(bench).await?;
    bench.settle().await;
    let seen = there("the task", case.seen(bench).await?)?;
    equal("its end", &(seen.stopped, seen.code), &(true, Some(0)))?;
    let log = bench.checks().check_log(&case.policy, &case.run, &seen.task).await?;
    equal("its log", &log, &vec!["looking at orders".to_owned(), "rows: 5".to_owned()])
}

/// As its container ended.
pub async fn a_task_that_ends_with_another_code_tells_it<B: CheckBench>(bench: &B) -> Passed {
    let mut case = CheckCase::new(bench, Some(3), &[]).await?;
    case.start(bench).await?;
    bench.settle().await;
    let seen = there("the task", case.seen(bench).await?)?;
    equal("its end", &(seen.stopped, seen.code), &(true, Some(3)))
}

/// It is not found by its token any more either.
pub async fn a_task_that_is_stopped_has_stopped_and_one_more_stop_is_no_error<B: CheckBench>(bench: &B) -> Passed {
    let mut case = CheckCase::new(bench, None, &[]).await?;
    case.start(bench).await?;
    let task = there("the task", case.run.task.clone())?;
    bench.checks().stop_check(&case.policy, &case.run, &task).await?;
    bench.settle().await;
    let seen = there("the task", case.seen(bench).await?)?;
    holds("it has stopped", seen.stopped)?;
    bench.checks().stop_check(&case.policy, &case.run, &task).await?;
    case.run.task = None;
    equal("what runs under its token", &case.seen(bench).await?, &None)
}

/// Nothing was started.
pub async fn a_token_of_nothing_finds_no_task<B: CheckBench>(bench: &B) -> Passed {
    let case = CheckCase::new(bench, None, &[]).await?;
    equal("what runs under the token", &case.seen(bench).await?, &None)
}
