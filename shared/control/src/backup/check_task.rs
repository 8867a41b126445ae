//! The check of a restore by a task of the estate's own: started once, looked at, stopped where nobody needs it any more.

use jiff::Timestamp;
use watchkeeper_domain::backup::{
    BackupMemory, CheckEnd, CheckRun, JobPolicy, ObservedCheckTask, ObservedRestore, RestoreRun, RestoreWants,
    kept_lines,
};

use super::ports::CheckOrder;
use super::{BackupRunbook, CheckTasks, EnvironmentJobs};
use crate::ledger::Ledger;
use crate::platform::Platform;
use crate::ports::{AwsError, Fault};
use crate::runbook::{RunbookError, in_full};

impl<P: Platform> BackupRunbook<P> {
    /// Starts the task, and notes what ECS calls it.
    pub(super) async fn run_check(
        &self,
        jobs: &EnvironmentJobs,
        policy: &JobPolicy,
        (mut memory, version): (BackupMemory, u64),
        target: Option<&ObservedRestore>,
    ) -> Result<(), RunbookError> {
        let Some(restore) = memory.restore.clone() else { return Ok(()) };
        let (Some(run), Some(check)) = (&restore.task, RestoreWants::of(policy, restore.purpose).check) else {
            return Ok(());
        };
        let endpoint = target.and_then(|target| target.endpoint.as_ref());
        let order = CheckOrder { check, run, restore: &restore, endpoint };
        let started = self.cloud.run_check(policy, order).await?;
        if let Some(task) = memory.restore.as_mut().and_then(|restore| restore.task.as_mut()) {
            (task.task, task.container) = (Some(started.task), Some(started.container));
        }
        Ok(self.ledger.put_backup(&jobs.kept, &policy.subject.source, &memory, version).await?)
    }

    /// Notes how the task ended, with the last lines of its log; a log that cannot be read is said.
    pub(super) async fn end_check(
        &self,
        policy: &JobPolicy,
        restore: &mut RestoreRun,
        seen: Option<&ObservedCheckTask>,
        now: Timestamp,
    ) {
        let Some(run) = &mut restore.task else { return };
        let log = match seen {
            Some(seen) => self.cloud.check_log(policy, run, &seen.task).await,
            None => Ok(Vec::new()),
        };
        let log = log.unwrap_or_else(|error| vec![format!("the log cannot be read: {}", in_full(&error))]);
        let why = seen.map_or_else(|| "ECS shows its task no more".to_owned(), |seen| seen.why.clone());
        let code = seen.and_then(|seen| seen.code);
        run.end = Some(CheckEnd { at: now, code, why, log: kept_lines(&log) });
    }

    /// Stops the task; one that is gone has stopped.
    pub(super) async fn stop_check(
        &self,
        policy: &JobPolicy,
        restore: &RestoreRun,
        seen: Option<&ObservedCheckTask>,
    ) -> Result<(), AwsError> {
        let (Some(run), Some(seen)) = (&restore.task, seen) else { return Ok(()) };
        match self.cloud.stop_check(policy, run, &seen.task).await {
            Err(error) if error.fault == Fault::NotFound => Ok(()),
            answer => answer,
        }
    }
}

/// Notes that the task is about to be started. One whose answer was lost keeps the instant at which it was first asked for.
pub(super) fn about_to_check(policy: &JobPolicy, restore: &mut RestoreRun, now: Timestamp) {
    if let (None, Some(check)) = (&restore.task, RestoreWants::of(policy, restore.purpose).check) {
        restore.task = Some(CheckRun::new(check, policy, restore, now));
    }
}
