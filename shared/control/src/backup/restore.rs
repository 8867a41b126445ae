//! Restores, one idempotent step at a time: the drill and a person's own.

use jiff::Timestamp;
use watchkeeper_domain::backup::{
    BackupMemory, BackupSource, JobPolicy, RestoreNext, RestorePurpose, RestoreRequest, RestoreRun, RestoreSource,
    RestoreView, RestoreWants, checks, compared, decide_restore,
};
use watchkeeper_domain::reconcile::run::RunRef;
use watchkeeper_domain::request::RequestError;

use super::call::{Details, RESTORE, Worked, worked};
use super::check_task::about_to_check;
use super::{BackupRunbook, BackupStore, CheckTasks, EnvironmentJobs, RestoreStore};
use crate::ledger::Ledger;
use crate::platform::Platform;
use crate::ports::{AwsError, Fault};
use crate::runbook::{NextStep, RunbookError, StepOutcome};

fn wrong(field: &'static str, found: impl Into<String>, expected: impl Into<String>) -> RequestError {
    RequestError { field, found: found.into(), expected: expected.into() }
}

impl<P: Platform> BackupRunbook<P> {
    /// Begins a restore, or goes on with one that its execution has left.
    ///
    /// # Errors
    /// [`RunbookError`] for a request that cannot be followed: a name that is taken, an instant that recovery does not
    /// reach, no good backup, or another restore under way.
    pub async fn begin_restore(
        &self,
        jobs: &EnvironmentJobs,
        request: &RestoreRequest,
        id: &str,
        now: Timestamp,
    ) -> Result<StepOutcome<Details>, RunbookError> {
        let policy = jobs.policy_of_any(&request.resource)?;
        let source = &policy.subject.source;
        if !source.kind.can_be_drilled() {
            let expected = "a resource of the kinds aurora, rds, dynamodb";
            return Err(wrong("resource", source.to_string(), expected).into());
        }
        self.not_halted(&jobs.scope).await?;
        let (mut memory, version) = self.ledger.backup(&jobs.kept, source).await?;
        // A person's restore that its execution has left stays as it is; the next one has another name.
        if let Some(left) = memory.restore.take_if(|it| it.purpose == RestorePurpose::Keep && !it.is_alive(now)) {
            memory.kept = Some(left.outcome(now));
        }
        if let Some(under_way) = memory.restore.as_mut() {
            if !under_way.is_in(&policy.region) {
                let found = format!("{source}, of which {} is restoring in another region", under_way.run);
                return Err(wrong("resource", found, "a resource that is not being restored").into());
            }
            let takes_over = purpose(request) == RestorePurpose::Drill;
            if under_way.run != id && (under_way.is_alive(now) || !takes_over) {
                let found = format!("{source}, of which {} is restoring into {}", under_way.run, under_way.target);
                return Err(wrong("resource", found, "a resource that is not being restored").into());
            }
            id.clone_into(&mut under_way.run);
            under_way.touched = now;
        } else {
            // Only what was begun here is gone on with here, once the pair is served elsewhere.
            let policy = jobs.policy(source)?;
            memory.restore = Some(self.new_restore(policy, &memory, request, id, now).await?);
        }
        self.ledger.put_backup(&jobs.kept, source, &memory, version).await?;
        let target = memory.restore.as_ref().map_or_else(String::new, |restore| restore.target.clone());
        let from = memory.restore.as_ref().map_or_else(String::new, |restore| restore.from.to_string());
        let summary = format!("{}: {from} into {target}", policy.subject);
        let (run, details) = (RunRef::new(jobs.scope.clone(), id), Details::Restoring { source: source.clone() });
        Ok(StepOutcome::new(run, NextStep::at_once(RESTORE), summary, details))
    }

    async fn new_restore(
        &self,
        policy: &JobPolicy,
        memory: &BackupMemory,
        request: &RestoreRequest,
        id: &str,
        now: Timestamp,
    ) -> Result<RestoreRun, RunbookError> {
        let region = &policy.region;
        let newest = || wrong("resource", "no good backup", "a resource with a verified backup in this region");
        let mut restore = RestoreRun::drill(id, policy, memory, region, now);
        if let Some(into) = &request.into {
            let from = match request.to {
                Some(instant) => {
                    self.reachable(policy, instant).await?;
                    RestoreSource::Instant(instant)
                }
                None => restore.as_ref().ok_or_else(newest)?.from.clone(),
            };
            let kept = RestoreRun::new(id, RestorePurpose::Keep, into.to_string(), from, now);
            restore = Some(kept.within(region));
        } else if request.to.is_some() {
            return Err(wrong(
                "into",
                "nothing",
                "a new name for the state of `to`: nothing is restored over what exists",
            )
            .into());
        }
        let mut restore = restore.ok_or_else(newest)?;
        restore.report = request.report;
        let kind = policy.subject.source.kind;
        if let Some(expected) = kind.wrong_target(&restore.target) {
            return Err(wrong("into", restore.target, expected).into());
        }
        let taken = kind.same_name(&restore.target, policy.subject.source.name.as_str())
            || self.cloud.describe_restored(policy, &restore.target).await?.is_some();
        if taken {
            let found = format!("{}, which exists", restore.target);
            return Err(wrong("into", found, "a name that is free: nothing is restored over what exists").into());
        }
        Ok(restore)
    }

    /// Whether point-in-time recovery reaches an instant.
    async fn reachable(&self, policy: &JobPolicy, instant: Timestamp) -> Result<(), RunbookError> {
        let source = self.cloud.describe_source(policy).await?;
        let Some(window) = source.and_then(|source| source.window) else {
            return Err(
                wrong("to", instant.to_string(), "a resource with point-in-time recovery; here it is off").into()
            );
        };
        if instant > window.to || window.from.is_some_and(|from| instant < from) {
            let from = window.from.map_or_else(|| "its beginning".to_owned(), |from| from.to_string());
            return Err(wrong("to", instant.to_string(), format!("an instant from {from} to {}", window.to)).into());
        }
        Ok(())
    }

    /// Takes one step of a restore.
    ///
    /// # Errors
    /// [`RunbookError`]; the next step finds what was done so far.
    pub async fn step_restore(
        &self,
        jobs: &EnvironmentJobs,
        source: &BackupSource,
        run: RunRef,
        now: Timestamp,
    ) -> Result<StepOutcome<Worked>, RunbookError> {
        let policy = jobs.policy_of_any(source)?;
        self.not_halted(&jobs.scope).await?;
        let (mut memory, version) = self.ledger.backup(&jobs.kept, source).await?;
        let Some(restore) = memory.restore.as_mut().filter(|restore| restore.run == run.id) else {
            return Ok(worked(run, NextStep::done("done"), "another execution goes on with it"));
        };
        let target = self.cloud.describe_restored(policy, &restore.target).await?;
        let task = match restore.task.as_ref().filter(|task| task.end.is_none()) {
            Some(task) => self.cloud.describe_check(policy, task).await?,
            None => None,
        };
        let wants = RestoreWants::of(policy, restore.purpose);
        let view = RestoreView { restore, wants, target: target.as_ref(), task: task.as_ref(), now };
        let next = decide_restore(&view);
        restore.touched = now;
        let what = format!("{next:?}");
        let mut then = NextStep::at_once(RESTORE);
        // The ledger first, where a change is about to be asked for.
        match &next {
            RestoreNext::Restore => restore.asked = Some(now),
            RestoreNext::Ready => restore.ready = Some(now),
            RestoreNext::Remove => restore.removing = Some(now),
            RestoreNext::Fail(why) => restore.failed = Some(why.clone()),
            RestoreNext::Reapply => restore.reapplied = Some(self.cloud.reapply(policy, &restore.target).await?),
            RestoreNext::AddInstance => restore.instance_asked = Some(now),
            RestoreNext::RunCheck => about_to_check(policy, restore, now),
            RestoreNext::EndCheck => self.end_check(policy, restore, task.as_ref(), now).await,
            RestoreNext::StopCheck => {
                if let Some(task) = &mut restore.task {
                    task.stopped = Some(now);
                }
            }
            RestoreNext::Check => {
                let found = self.cloud.inspect_restored(policy, &restore.target).await?;
                let observed = self.cloud.describe_source(policy).await?;
                let drill = policy.drill.as_ref().filter(|_| restore.purpose == RestorePurpose::Drill);
                restore.checks = Some(checks(drill, observed.as_ref(), &found, restore.task.as_ref()));
                restore.compared = Some(compared(source, observed.as_ref(), drill, now));
            }
            RestoreNext::Wait(seconds, _) => then = NextStep::Again { step: RESTORE, wait_seconds: *seconds },
            RestoreNext::Leave(_) => then = NextStep::done("done"),
            RestoreNext::Done => {
                restore.over = true;
                then = NextStep::done("done");
            }
            RestoreNext::Adopt | RestoreNext::RemoveInstance => {}
        }
        let restore = restore.clone();
        self.ledger.put_backup(&jobs.kept, source, &memory, version).await?;
        match next {
            RestoreNext::Restore => self.ask(policy, &memory, &restore).await?,
            RestoreNext::Adopt => self.cloud.mark_restored(policy, &restore.target, &restore.mark).await?,
            RestoreNext::AddInstance => {
                there_already(self.cloud.add_instance(policy, &restore.target, &restore.mark).await)?;
            }
            RestoreNext::RunCheck => {
                self.run_check(jobs, policy, (memory, version + 1), target.as_ref()).await?;
            }
            RestoreNext::StopCheck => self.stop_check(policy, &restore, task.as_ref()).await?,
            RestoreNext::RemoveInstance => {
                gone_already(self.cloud.remove_instance(policy, &restore.target).await)?;
            }
            RestoreNext::Remove => gone_already(self.cloud.delete_restored(policy, &restore.target).await)?,
            _ => {}
        }
        Ok(worked(run, then, what))
    }

    async fn ask(&self, policy: &JobPolicy, memory: &BackupMemory, restore: &RestoreRun) -> Result<(), RunbookError> {
        let answer = match &restore.from {
            RestoreSource::Instant(instant) => {
                self.cloud.restore_instant(policy, *instant, &restore.target, &restore.mark).await
            }
            RestoreSource::Copy { id, name, .. } => {
                let region = &policy.region;
                let known = memory.known(region, id).ok_or_else(|| RunbookError::RunUnknown {
                    what: format!("copy {name}"),
                    scope: policy.subject.scope.clone(),
                })?;
                self.cloud.restore_copy(policy, known, &restore.target, &restore.mark).await
            }
        };
        Ok(there_already(answer)?)
    }

    /// Notes that an error ended the restore; what it made is still removed, where it is a drill.
    ///
    /// # Errors
    /// [`RunbookError`] where the ledger does not answer.
    pub async fn fail_restore(
        &self,
        jobs: &EnvironmentJobs,
        source: &BackupSource,
        id: &str,
        error: &str,
        now: Timestamp,
    ) -> Result<(), RunbookError> {
        let (mut memory, version) = self.ledger.backup(&jobs.kept, source).await?;
        let Some(restore) = memory.restore.as_mut().filter(|restore| restore.run == id) else { return Ok(()) };
        restore.failed.get_or_insert_with(|| error.to_owned());
        restore.touched = now;
        Ok(self.ledger.put_backup(&jobs.kept, source, &memory, version).await?)
    }
}

fn purpose(request: &RestoreRequest) -> RestorePurpose {
    if request.into.is_some() { RestorePurpose::Keep } else { RestorePurpose::Drill }
}

/// An earlier call made it, and its answer was lost; the next look finds it.
fn there_already(answer: Result<(), AwsError>) -> Result<(), AwsError> {
    match answer {
        Err(error) if error.fault == Fault::Conflict => Ok(()),
        answer => answer,
    }
}

fn gone_already(answer: Result<(), AwsError>) -> Result<(), AwsError> {
    match answer {
        Err(error) if matches!(error.fault, Fault::NotFound | Fault::Conflict) => Ok(()),
        answer => answer,
    }
}
