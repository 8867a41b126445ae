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

/// What a document wants to be backed up, in the region that is asked about it.
#[derive(Debug)]
pub(super) struct RegionalResource<'a> {
    /// The region that is asked.
    pub(super) clients: BackupClients,
    /// What the document wants.
    pub(super) policy: &'a JobPolicy,
}

impl RegionalResource<'_> {
    /// The same in the region of the original.
    pub(super) fn at_home(&self) -> Self {
        Self { clients: self.clients.at(&self.policy.region), policy: self.policy }
    }

    /// The name of the original.
    pub(super) fn name(&self) -> &str {
        self.policy.subject.source.name.as_str()
    }
}

/// Takes and keeps copies.
pub(super) trait CopyEngine {
    /// The copies of a resource in a region, ours or not.
    async fn copies(
        &self,
        resource: &RegionalResource<'_>,
        memory: &BackupMemory,
    ) -> Result<Vec<ObservedCopy>, AwsError>;

    /// Begins a backup; tells the job that makes it, where there is one.
    async fn start(&self, resource: &RegionalResource<'_>, name: &CopyName) -> Result<Option<String>, AwsError>;

    /// Removes a copy.
    async fn delete(&self, resource: &RegionalResource<'_>, copy: &ObservedCopy) -> Result<(), AwsError>;

    /// Begins a copy in another region, which is asked for it, or home by AWS Backup; tells the job that makes it, where there is one.
    async fn copy(
        &self,
        resource: &RegionalResource<'_>,
        _: &CopyPolicy,
        _: &ObservedCopy,
    ) -> Result<Option<String>, AwsError> {
        Err(cannot(resource.policy, "copy"))
    }

    /// How full the region is of copies. Most kinds have no limit in number, or none that an API tells.
    async fn quota(&self, _: &BackupClients) -> Result<Option<CopyQuota>, AwsError> {
        Ok(None)
    }
}

/// A kind of resource: it describes itself, takes copies, and restores them if it can.
pub(super) trait BackupEngine: CopyEngine {
    /// The resource; nothing where there is none.
    async fn source(&self, resource: &RegionalResource<'_>) -> Result<Option<ObservedSource>, AwsError>;

    /// The ARN of the resource, for AWS Backup, which knows it by nothing else; nothing for one that is gone.
    async fn arn(&self, _: &RegionalResource<'_>) -> Result<Option<String>, AwsError> {
        Ok(None)
    }

    /// What was restored under a name.
    async fn restored(&self, resource: &RegionalResource<'_>, _: &str) -> Result<Option<ObservedRestore>, AwsError> {
        Err(cannot(resource.policy, "restore"))
    }

    /// Begins to restore a copy.
    async fn restore(&self, resource: &RegionalResource<'_>, _: &KnownCopy, _: &str, _: &str) -> Result<(), AwsError> {
        Err(cannot(resource.policy, "restore"))
    }

    /// Begins to restore the state of an instant.
    async fn restore_instant(
        &self,
        resource: &RegionalResource<'_>,
        _: Timestamp,
        _: &str,
        _: &str,
    ) -> Result<(), AwsError> {
        Err(cannot(resource.policy, "restore"))
    }

    /// Tags what was restored as ours.
    async fn mark(&self, resource: &RegionalResource<'_>, _: &str, _: &str) -> Result<(), AwsError> {
        Err(cannot(resource.policy, "restore"))
    }

    /// Sets again what a restore does not bring; tells what.
    async fn reapply(&self, resource: &RegionalResource<'_>, _: &str) -> Result<Vec<String>, AwsError> {
        Err(cannot(resource.policy, "restore"))
    }

    /// Looks into what was restored, as far as its settings.
    async fn inspect(&self, resource: &RegionalResource<'_>, target: &str) -> Result<RestoredFacts, AwsError> {
        let found = self.restored(resource, target).await?;
        Ok(RestoredFacts {
            settings: found.map(|found| found.settings).unwrap_or_default(),
            ..RestoredFacts::default()
        })
    }

    /// Gives a restored cluster an instance; only Aurora's has none by itself.
    async fn add_instance(&self, resource: &RegionalResource<'_>, _: &str, _: &str) -> Result<(), AwsError> {
        Err(cannot(resource.policy, "CreateDBInstance"))
    }

    /// Removes that instance.
    async fn remove_instance(&self, resource: &RegionalResource<'_>, _: &str) -> Result<(), AwsError> {
        Err(cannot(resource.policy, "DeleteDBInstance"))
    }

    /// Removes what was restored.
    async fn delete_restored(&self, resource: &RegionalResource<'_>, _: &str) -> Result<(), AwsError> {
        Err(cannot(resource.policy, "restore"))
    }
}

/// What a document check refuses, and nobody should come to.
pub(super) fn cannot(policy: &JobPolicy, operation: &'static str) -> AwsError {
    invalid(operation, &policy.subject, "this kind of resource has no such operation here".to_owned())
}
