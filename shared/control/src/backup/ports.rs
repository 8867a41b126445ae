//! What backups need of the world. `aws` implements it for each kind of resource, `sim` in memory for all.

use jiff::Timestamp;
use watchkeeper_domain::backup::{
    BackupMemory, CheckRun, CopyName, CopyQuota, JobPolicy, KnownCopy, ObservedCheckTask, ObservedCopy,
    ObservedRestore, ObservedSource, RestoreRun, RestoredEndpoint, RestoredFacts,
};
use watchkeeper_domain::estate::CheckTask;
use watchkeeper_domain::name::Region;
use watchkeeper_domain::value::ResourceName;

use crate::ports::AwsError;

/// The backups of one region's resources, and their copies in other regions.
pub trait BackupStore {
    /// Describes the resource of a job; `None` when it does not exist.
    async fn describe_source(&self, policy: &JobPolicy) -> Result<Option<ObservedSource>, AwsError>;

    /// Every copy of the resource in a region, ours or not. The list may lag behind what was just made or removed. What is
    /// remembered says which is which, where neither name nor tag can be asked for.
    async fn list_copies(
        &self,
        policy: &JobPolicy,
        region: &Region,
        memory: &BackupMemory,
    ) -> Result<Vec<ObservedCopy>, AwsError>;

    /// Begins a backup under this name, tagged as ours where the service can tag. A name that exists is a
    /// [`crate::ports::Fault::Conflict`] where names are unique. Tells the job that makes it, where there is one.
    async fn start_backup(&self, policy: &JobPolicy, name: &CopyName) -> Result<Option<String>, AwsError>;

    /// Begins a copy, under the same name and with the same tag, in the region that the job names. Tells the job that makes
    /// it, where there is one.
    async fn copy_backup(&self, policy: &JobPolicy, copy: &ObservedCopy) -> Result<Option<String>, AwsError>;

    /// Removes a copy of ours.
    async fn delete_backup(&self, policy: &JobPolicy, region: &Region, copy: &ObservedCopy) -> Result<(), AwsError>;

    /// How full a region is of copies of this kind; `None` where there is no limit, or AWS does not tell.
    async fn copy_quota(&self, policy: &JobPolicy, region: &Region) -> Result<Option<CopyQuota>, AwsError>;
}

/// Restores, always into a name that is free.
pub trait RestoreStore {
    /// Describes what has this name; `None` when nothing has.
    async fn describe_restored(&self, policy: &JobPolicy, target: &str) -> Result<Option<ObservedRestore>, AwsError>;

    /// Begins to restore a copy into a new name. A name that exists is a [`crate::ports::Fault::Conflict`].
    async fn restore_copy(
        &self,
        policy: &JobPolicy,
        known: &KnownCopy,
        target: &str,
        mark: &str,
    ) -> Result<(), AwsError>;

    /// Begins to restore the state of an instant into a new name.
    async fn restore_instant(
        &self,
        policy: &JobPolicy,
        instant: Timestamp,
        target: &str,
        mark: &str,
    ) -> Result<(), AwsError>;

    /// Tags what was restored as ours.
    async fn mark_restored(&self, policy: &JobPolicy, target: &str, mark: &str) -> Result<(), AwsError>;

    /// Sets on what was restored, as they are on the source, the things that a restore does not bring; tells which.
    async fn reapply(&self, policy: &JobPolicy, target: &str) -> Result<Vec<String>, AwsError>;

    /// Looks at what was restored.
    async fn inspect_restored(&self, policy: &JobPolicy, target: &str) -> Result<RestoredFacts, AwsError>;

    /// Begins to give a restored cluster the instance that it needs to be asked anything: of its own name, and with our tag. A
    /// name that exists is a [`crate::ports::Fault::Conflict`].
    async fn add_instance(&self, policy: &JobPolicy, target: &str, mark: &str) -> Result<(), AwsError>;

    /// Removes that instance.
    async fn remove_instance(&self, policy: &JobPolicy, target: &str) -> Result<(), AwsError>;

    /// Removes what was restored.
    async fn delete_restored(&self, policy: &JobPolicy, target: &str) -> Result<(), AwsError>;
}

/// What the task of a check is told, and by what it is ours.
#[derive(Debug, Clone, Copy)]
pub struct CheckOrder<'a> {
    /// What the document says of it.
    pub check: &'a CheckTask,
    /// What is remembered of it.
    pub run: &'a CheckRun,
    /// The restore that it checks.
    pub restore: &'a RestoreRun,
    /// Where the restored database answers, where it does by an address of its own.
    pub endpoint: Option<&'a RestoredEndpoint>,
}

/// A task that was started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartedCheck {
    /// Its ARN.
    pub task: String,
    /// The container that checks.
    pub container: ResourceName,
}

/// The one-off tasks of the estate's own that check what was restored, in the region of the resource.
pub trait CheckTasks {
    /// Runs the task. Asked again with the same token, it is the same task.
    async fn run_check(&self, policy: &JobPolicy, order: CheckOrder<'_>) -> Result<StartedCheck, AwsError>;

    /// Describes the task: by its ARN, or where that is not known, by our token, under which only one that is not told to stop
    /// is found. `None` where there is none.
    async fn describe_check(&self, policy: &JobPolicy, run: &CheckRun) -> Result<Option<ObservedCheckTask>, AwsError>;

    /// Asks for its stop. One that has stopped, or is gone, is no error.
    async fn stop_check(&self, policy: &JobPolicy, run: &CheckRun, task: &str) -> Result<(), AwsError>;

    /// The last lines of its container's log, the oldest first.
    async fn check_log(&self, policy: &JobPolicy, run: &CheckRun, task: &str) -> Result<Vec<String>, AwsError>;
}
