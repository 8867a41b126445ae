//! What a kind of resource has to say for itself, so that it can be backed up and restored.

use jiff::Timestamp;
use watchkeeper_control::ports::AwsError;
use watchkeeper_domain::backup::{
    BackupMemory, CopyName, CopyQuota, JobPolicy, KnownCopy, ObservedCopy, ObservedRestore, ObservedSource,
    RestoredFacts,
};
use watchkeeper_domain::estate::CopyPolicy;

use super::BackupClients;
use crate::fault::invalid;

/// Takes and keeps copies. `place` is the region that is asked.
pub(super) trait CopyEngine {
    /// The copies of a resource in a region, ours or not.
    async fn copies(
        &self,
        place: &BackupClients,
        policy: &JobPolicy,
        memory: &BackupMemory,
    ) -> Result<Vec<ObservedCopy>, AwsError>;

    /// Begins a backup; tells the job that makes it, where there is one.
    async fn start(
        &self,
        place: &BackupClients,
        policy: &JobPolicy,
        name: &CopyName,
    ) -> Result<Option<String>, AwsError>;

    /// Removes a copy.
    async fn delete(&self, place: &BackupClients, policy: &JobPolicy, copy: &ObservedCopy) -> Result<(), AwsError>;

    /// Begins a copy in another region, which is asked for it, or home by AWS Backup; tells the job that makes it, where there is one.
    async fn copy(
        &self,
        _: &BackupClients,
        policy: &JobPolicy,
        _: &CopyPolicy,
        _: &ObservedCopy,
    ) -> Result<Option<String>, AwsError> {
        Err(cannot(policy, "copy"))
    }

    /// How full the region is of copies. Most kinds have no limit in number, or none that an API tells.
    async fn quota(&self, _: &BackupClients) -> Result<Option<CopyQuota>, AwsError> {
        Ok(None)
    }
}

/// A kind of resource: it describes itself, takes copies, and restores them if it can.
pub(super) trait BackupEngine: CopyEngine {
    /// The resource; nothing where there is none.
    async fn source(&self, place: &BackupClients, policy: &JobPolicy) -> Result<Option<ObservedSource>, AwsError>;

    /// The ARN of the resource, for AWS Backup, which knows it by nothing else; nothing for one that is gone.
    async fn arn(&self, _: &BackupClients, _: &JobPolicy) -> Result<Option<String>, AwsError> {
        Ok(None)
    }

    /// What was restored under a name.
    async fn restored(
        &self,
        _: &BackupClients,
        policy: &JobPolicy,
        _: &str,
    ) -> Result<Option<ObservedRestore>, AwsError> {
        Err(cannot(policy, "restore"))
    }

    /// Begins to restore a copy.
    async fn restore(
        &self,
        _: &BackupClients,
        policy: &JobPolicy,
        _: &KnownCopy,
        _: &str,
        _: &str,
    ) -> Result<(), AwsError> {
        Err(cannot(policy, "restore"))
    }

    /// Begins to restore the state of an instant.
    async fn restore_instant(
        &self,
        _: &BackupClients,
        policy: &JobPolicy,
        _: Timestamp,
        _: &str,
        _: &str,
    ) -> Result<(), AwsError> {
        Err(cannot(policy, "restore"))
    }

    /// Tags what was restored as ours.
    async fn mark(&self, _: &BackupClients, policy: &JobPolicy, _: &str, _: &str) -> Result<(), AwsError> {
        Err(cannot(policy, "restore"))
    }

    /// Sets again what a restore does not bring; tells what.
    async fn reapply(&self, _: &BackupClients, policy: &JobPolicy, _: &str) -> Result<Vec<String>, AwsError> {
        Err(cannot(policy, "restore"))
    }

    /// Looks into what was restored, as far as its settings.
    async fn inspect(
        &self,
        place: &BackupClients,
        policy: &JobPolicy,
        target: &str,
    ) -> Result<RestoredFacts, AwsError> {
        let found = self.restored(place, policy, target).await?;
        Ok(RestoredFacts {
            settings: found.map(|found| found.settings).unwrap_or_default(),
            ..RestoredFacts::default()
        })
    }

    /// Removes what was restored.
    async fn delete_restored(&self, _: &BackupClients, policy: &JobPolicy, _: &str) -> Result<(), AwsError> {
        Err(cannot(policy, "restore"))
    }
}

/// What a document check refuses, and nobody should come to.
pub(super) fn cannot(policy: &JobPolicy, operation: &'static str) -> AwsError {
    invalid(operation, &policy.subject, "this kind of resource has no such operation here".to_owned())
}
