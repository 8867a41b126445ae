//! The tick: which backups and drills are due, and how fresh the newest good copies are.

use jiff::Timestamp;
use serde::Serialize;
use watchkeeper_control::backup::EnvironmentJobs;
use watchkeeper_control::ledger::Ledger;
use watchkeeper_control::place::StackIdentity;
use watchkeeper_control::ports::{Executions, StartOutcome};
use watchkeeper_domain::backup::{BackupMemory, BackupRequest, BackupSource, Freshness, RestoreRequest, drill_is_due};
use watchkeeper_domain::execution::execution_name;
use watchkeeper_domain::name::Scope;
use watchkeeper_estates::EstateFolder;
use watchkeeper_lambda::ScheduleTick;

use crate::CallError;

/// What one tick did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ticked {
    /// Each environment of this account whose backups are taken in this region.
    pub environments: Vec<Line>,
}

/// What a tick found in one environment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    /// Which.
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

/// Looks after every environment whose backups this stack takes. One that fails does not keep the others from their turn;
/// the first failure is returned after the last one, so that the tick is retried.
///
/// # Errors
/// The first [`CallError`].
pub async fn tick<L: Ledger, B: Executions, R: Executions>(
    ledger: &L,
    machines: (&B, &R),
    estates: &EstateFolder,
    home: &StackIdentity,
    tick: &ScheduleTick,
) -> Result<Ticked, CallError> {
    let mut environments = Vec::new();
    let mut failed = None;
    let all = estates.iter().flat_map(|estate| estate.environments().map(move |environment| (estate, environment)));
    for (estate, environment) in all.filter(|(_, environment)| EnvironmentJobs::are_of(home, environment)) {
        let looked = match EnvironmentJobs::of(estate, environment, home) {
            Ok(jobs) => look_after(ledger, machines, &jobs, tick.time).await,
            Err(error) => Err(error.into()),
        };
        match looked {
            Ok(line) => environments.push(line),
            Err(error) => {
                tracing::warn!(estate = %estate.name(), environment = %environment.name(), %error,
                    "the backups could not be looked after; the tick will be retried");
                failed.get_or_insert(error);
            }
        }
    }
    failed.map_or(Ok(Ticked { environments }), Err)
}

async fn look_after<L: Ledger, B: Executions, R: Executions>(
    ledger: &L,
    (backups, restores): (&B, &R),
    jobs: &EnvironmentJobs,
    instant: Timestamp,
) -> Result<Line, CallError> {
    let scope = &jobs.scope;
    let memories = ledger.backups(scope).await?;
    let due: Vec<BackupSource> = jobs.wanted(&memories, instant).into_iter().map(|line| line.source).collect();
    let words = [scope.estate.as_str(), scope.environment.as_str()];
    let mut run = None;
    if !due.is_empty() {
        let name = execution_name(&[words[0], words[1], "backup"], instant);
        started(scope, &name, backups.start(&name, &BackupRequest::of_tick(scope, instant).to_string()).await?);
        run = Some(name);
    }
    // One drill at a time in an environment, for each restores a whole resource; and not beside backups, which come first.
    let none = BackupMemory::default();
    let of = |source: &BackupSource| memories.get(source).unwrap_or(&none);
    let restores_now = |memory: &BackupMemory| memory.restore.as_ref().is_some_and(|it| it.is_alive(instant));
    let backs_up = |memory: &BackupMemory| memory.attempt.as_ref().is_some_and(|it| it.is_alive(instant));
    let busy = !due.is_empty() || memories.values().any(|memory| restores_now(memory) || backs_up(memory));
    let mut waiting = jobs.policies.iter().filter(|policy| drill_is_due(policy, of(&policy.subject.source), instant));
    let mut drill = None;
    if let Some(policy) = waiting.next().filter(|_| !busy) {
        let source = policy.subject.source.clone();
        let name = execution_name(&[words[0], words[1], "drill", source.name.as_str()], instant);
        started(scope, &name, restores.start(&name, &RestoreRequest::of_tick(scope, source).to_string()).await?);
        drill = Some(name);
    }
    let fresh = jobs.policies.iter().map(|policy| {
        let fresh = Freshness::of(policy, of(&policy.subject.source), instant);
        let (age_seconds, stale) = (fresh.age.map(|age| age.as_secs()), !fresh.is_fresh());
        Fresh { source: fresh.source, age_seconds, stale }
    });
    Ok(Line { scope: scope.clone(), due, run, drill, fresh: fresh.collect() })
}

fn started(scope: &Scope, name: &str, started: StartOutcome) {
    tracing::info!(estate = %scope.estate, environment = %scope.environment, execution = name, ?started, "due");
}
