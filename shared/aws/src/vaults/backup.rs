//! AWS Backup as the engine, where a document chooses it: a job into the document's vault, and copies into the vault of the
//! same name in the other region. A recovery point has no name: it is in a tag.

use aws_sdk_backup::types::{RecoveryPointByBackupVault, RecoveryPointStatus};
use watchkeeper_control::ports::AwsError;
use watchkeeper_domain::backup::{BACKUP_TAG, CopyName, CopyState, Kind, ObservedCopy, Policy};
use watchkeeper_domain::name::Region;

use super::{Shelf, tags};
use crate::fault::{failed, odd};
use crate::time::timestamp;

/// The tag that carries the name of a recovery point.
const NAME_TAG: &str = "watchkeeper:name";

fn vault(policy: &Policy) -> Result<(&str, &str), AwsError> {
    let vault = policy.vault.as_ref().map(|(vault, role)| (vault.as_str(), role.as_str()));
    vault.ok_or_else(|| odd("StartBackupJob", &policy.subject, "the document names no vault".to_owned()))
}

impl Shelf {
    /// The ARN of the resource: AWS Backup knows it by nothing else.
    pub(super) async fn resource_arn(&self, policy: &Policy) -> Result<String, AwsError> {
        let name = policy.subject.source.name.as_str();
        let arn = match policy.subject.source.kind {
            Kind::Dynamodb => self.table(name).await?.and_then(|it| it.table_arn),
            Kind::Aurora => self.cluster(name).await?.and_then(|it| it.db_cluster_arn),
            Kind::Rds => self.instance(name).await?.and_then(|it| it.db_instance_arn),
            Kind::Elasticache | Kind::Opensearch | Kind::S3 => None,
        };
        arn.ok_or_else(|| odd("StartBackupJob", &policy.subject, "AWS tells no ARN of it".to_owned()))
    }

    pub(super) async fn recovery_points(&self, policy: &Policy, arn: &str) -> Result<Vec<ObservedCopy>, AwsError> {
        let (vault, _) = vault(policy)?;
        let call = self.backup.list_recovery_points_by_backup_vault().backup_vault_name(vault).by_resource_arn(arn);
        let all = call.into_paginator().items().send().try_collect().await;
        let all: Vec<_> = all.map_err(|error| failed("ListRecoveryPointsByBackupVault", vault, error))?;
        let mut copies = Vec::new();
        for point in &all {
            let Some(id) = point.recovery_point_arn() else { continue };
            let answer = self.backup.list_tags().resource_arn(id).send().await;
            let answer = answer.map_err(|error| failed("ListTags", id, error))?;
            let found = answer.tags().into_iter().flatten();
            let found: Vec<(Option<&str>, Option<&str>)> =
                found.map(|(key, value)| (Some(key.as_str()), Some(value.as_str()))).collect();
            let name = tags::value(found.clone(), NAME_TAG).unwrap_or_default();
            copies.push(copy(point, id, name, tags::value(found, BACKUP_TAG)));
        }
        Ok(copies)
    }

    /// The name is the token as well: a call that is made twice is one job.
    pub(super) async fn start_job(&self, policy: &Policy, arn: &str, name: &CopyName) -> Result<(), AwsError> {
        let (vault, role) = vault(policy)?;
        let (key, value) = tags::of_copy(policy);
        let call = self.backup.start_backup_job().backup_vault_name(vault).resource_arn(arn).iam_role_arn(role);
        let call = call.idempotency_token(name.as_str());
        let call = call.recovery_point_tags(key, value).recovery_point_tags(NAME_TAG, name.as_str());
        call.send().await.map(drop).map_err(|error| failed("StartBackupJob", name, error))
    }

    /// Tags come along with a copy (AWS Backup developer guide, copying tags).
    pub(super) async fn copy_recovery_point(
        &self,
        policy: &Policy,
        copy: &ObservedCopy,
        to: &Region,
    ) -> Result<(), AwsError> {
        let (vault, role) = vault(policy)?;
        let account = role.split(':').nth(4).unwrap_or_default();
        let partition = role.split(':').nth(1).unwrap_or("aws");
        let call = self.backup.start_copy_job().recovery_point_arn(&copy.id).source_backup_vault_name(vault);
        let call =
            call.destination_backup_vault_arn(format!("arn:{partition}:backup:{to}:{account}:backup-vault:{vault}"));
        let call = call.iam_role_arn(role).idempotency_token(&copy.name);
        call.send().await.map(drop).map_err(|error| failed("StartCopyJob", &copy.name, error))
    }

    pub(super) async fn delete_recovery_point(&self, policy: &Policy, copy: &ObservedCopy) -> Result<(), AwsError> {
        let (vault, _) = vault(policy)?;
        let call = self.backup.delete_recovery_point().backup_vault_name(vault).recovery_point_arn(&copy.id);
        call.send().await.map(drop).map_err(|error| failed("DeleteRecoveryPoint", &copy.name, error))
    }
}

fn copy(point: &RecoveryPointByBackupVault, id: &str, name: String, mark: Option<String>) -> ObservedCopy {
    ObservedCopy {
        id: id.to_owned(),
        name,
        state: match point.status() {
            Some(RecoveryPointStatus::Completed | RecoveryPointStatus::Available) => CopyState::Available,
            Some(RecoveryPointStatus::Creating) => CopyState::Creating,
            Some(RecoveryPointStatus::Deleting) => CopyState::Deleting,
            other => CopyState::Failed(other.map_or("unknown", |it| it.as_str()).to_ascii_lowercase()),
        },
        created: point.creation_date().and_then(timestamp),
        bytes: point.backup_size_in_bytes().and_then(|bytes| u64::try_from(bytes).ok()),
        encrypted: point.is_encrypted(),
        mark,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recovery_point_is_read_with_the_name_in_its_tag() {
        let point = RecoveryPointByBackupVault::builder().is_encrypted(true).backup_size_in_bytes(7);
        let point = point.status(RecoveryPointStatus::Completed).build();
        let read = copy(&point, "arn:point", "wk-a".to_owned(), Some("a/b".to_owned()));
        assert_eq!((read.state, read.bytes, read.encrypted), (CopyState::Available, Some(7), true));
        let partial = RecoveryPointByBackupVault::builder().status(RecoveryPointStatus::Partial).build();
        assert_eq!(copy(&partial, "arn", String::new(), None).state, CopyState::Failed("partial".to_owned()));
    }
}
