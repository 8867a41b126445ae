//! The tick: which backups and drills are due, and how fresh the newest good copies are.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use watchkeeper_domain::backup::{
    BackupMemory, BackupRequest, BackupSource, Freshness, JobPolicy, RestoreRequest, drill_is_due,
};
use watchkeeper_domain::estate::{Environment, Estate};
use watchkeeper_domain::execution::execution_name;
use watchkeeper_domain::name::Scope;

use super::{BackupRunbook, EnvironmentJobs};
use crate::ledger::Ledger;
use crate::platform::Platform;
use crate::ports::{Executions, StartOutcome};
use crate::runbook::{RunbookError, ScheduleTick, Stack, round};

/// What one tick did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TickReport {
    /// Each environment of this account whose backups may be taken in this region.
    pub environments: Vec<EnvironmentResult>,
}

/// What a tick found in one environment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EnvironmentResult {
    /// The environment, in one region.
    #[serde(flatten)]
    pub scope: Scope,
    /// Resources whose backups are due, or have to be gone on with.
    pub due: Vec<BackupSource>,
    /// The execution that was started for them, or was there already.
    pub run: Option<String>,
    /// The execution of a drill that was started.
    pub drill: Option<String>,
    /// How fresh each resource's newest good copy is.
    pub fresh: Vec<Fresh>,
}

/// How fresh a resource's newest good copy is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fresh {
    /// The resource.
    pub source: BackupSource,
    /// Its age, in seconds; nothing where there is none.
    pub age_seconds: Option<i64>,
    /// Whether it is older than it may be, or there is none.
    pub stale: bool,
}

impl<P: Platform> BackupRunbook<P> {
    /// Looks after every environment whose backups this stack takes.
    ///
    /// # Errors
    /// The first [`RunbookError`]; the other environments have had their turn.
    pub async fn tick(&self, stack: &Stack, tick: &ScheduleTick) -> Result<TickReport, RunbookError> {
        let ours =
            stack.estates.environments().filter(|(_, environment)| EnvironmentJobs::are_of(&stack.home, environment));
        let look = async |estate: &Estate, environment: &Environment| {
            self.look_after(&self.jobs(stack, estate, environment).await?, tick.time).await
        };
        Ok(TickReport { environments: round(ours, look).await? })
    }

    async fn look_after(&self, jobs: &EnvironmentJobs, instant: Timestamp) -> Result<EnvironmentResult, RunbookError> {
        let scope = &jobs.scope;
        let memories = self.ledger.backups(&jobs.kept).await?;
        let due: Vec<BackupSource> = jobs.wanted(&memories, instant).into_iter().map(|line| line.source).collect();
        let words = [scope.estate.as_str(), scope.environment.as_str()];
        let mut run = None;
        if !due.is_empty() {
            let name = execution_name(&[words[0], words[1], "backup"], instant);
            let input = BackupRequest::of_tick(scope, instant).to_string();
            started(scope, &name, self.machine.start(&name, &input).await?);
            run = Some(name);
        }
        let mut drill = None;
        if let Some(source) = jobs.drilled(&memories, instant).filter(|_| due.is_empty()) {
            let name = execution_name(&[words[0], words[1], "drill", source.name.as_str()], instant);
            let input = RestoreRequest::of_tick(scope, source.clone()).to_string();
            started(scope, &name, self.restores.start(&name, &input).await?);
            drill = Some(name);
        }
        Ok(EnvironmentResult { scope: scope.clone(), due, run, drill, fresh: jobs.fresh(&memories, instant) })
    }
}

impl EnvironmentJobs {
    /// The resource whose restore is to be drilled now. One drill at a time in an environment, for each restores a whole
    /// resource; and not beside backups, which come first.
    fn drilled(&self, memories: &BTreeMap<BackupSource, BackupMemory>, instant: Timestamp) -> Option<&BackupSource> {
        let restores = |memory: &BackupMemory| memory.restore.as_ref().is_some_and(|it| it.is_alive(instant));
        let backs_up = |memory: &BackupMemory| memory.attempt.as_ref().is_some_and(|it| it.is_alive(instant));
        if memories.values().any(|memory| restores(memory) || backs_up(memory)) {
            return None;
        }
        let none = BackupMemory::default();
        let of = |policy: &JobPolicy| memories.get(&policy.subject.source).unwrap_or(&none);
        // What was begun here before the pair moved is brought to its end here.
        let left = self.elsewhere.iter().filter(|policy| of(policy).restore.is_some());
        let due = self.policies.iter().chain(left).find(|policy| drill_is_due(policy, of(policy), instant))?;
        Some(&due.subject.source)
    }

    fn fresh(&self, memories: &BTreeMap<BackupSource, BackupMemory>, instant: Timestamp) -> Vec<Fresh> {
        let none = BackupMemory::default();
        let fresh = self.policies.iter().map(|policy| {
            let memory = memories.get(&policy.subject.source).unwrap_or(&none);
            let fresh = Freshness::of(policy, memory, instant);
            let (age_seconds, stale) = (fresh.age.map(|age| age.as_secs()), !fresh.is_fresh());
            Fresh { source: fresh.source, age_seconds, stale }
        });
        fresh.collect()
    }
}

fn started(scope: &Scope, name: &str, started: StartOutcome) {
    tracing::info!(estate = %scope.estate, environment = %scope.environment, execution = name, ?started, "due");
}
