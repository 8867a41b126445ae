//! AWS Backup as the engine, where a document chooses it: a job into the document's vault, and copies into the vault of the
//! same name in the other region. A recovery point has no name, and its tags can be asked for only where its ARN is one of AWS
//! Backup's own (AWS Backup API reference, `ListTags`): ours are known by their ARNs, which their jobs tell.

use aws_sdk_backup::types::{BackupJobState, CopyJobState, RecoveryPointByBackupVault, RecoveryPointStatus};
use watchkeeper_control::ports::{AwsError, Fault};
use watchkeeper_domain::backup::{
    BackupMemory, CopyName, CopyState, JobPolicy, ObservedCopy, PendingJob, ResourceKind,
};
use watchkeeper_domain::estate::CopyPolicy;
use watchkeeper_domain::name::Region;

use super::engine::{BackupEngine, CopyEngine, RegionalResource};
use super::{BackupClients, ask, tags};
use crate::fault::{failed, invalid};
use crate::time::timestamp;

/// The tag that carries the name of a recovery point, for people.
const NAME_TAG: &str = "watchkeeper:name";

/// What an ARN begins with: a job's id does not.
const ARN: &str = "arn:";

/// What a job says: the recovery point that it makes, once there is one, and why it made none.
#[derive(Debug, Default, PartialEq, Eq)]
struct JobAnswer {
    point: Option<String>,
    failed: Option<String>,
}

fn vault(policy: &JobPolicy) -> Result<(&str, &str), AwsError> {
    let vault = policy.vault.as_ref().map(|(vault, role)| (vault.as_str(), role.as_str()));
    vault.ok_or_else(|| invalid("StartBackupJob", &policy.subject, "the document names no vault".to_owned()))
}

/// Whatever AWS Backup looks after.
#[derive(Debug)]
pub(super) struct AwsBackup;

impl CopyEngine for AwsBackup {
    /// Asked of the region of the copies; the jobs are asked for at home.
    async fn copies(
        &self,
        resource: &RegionalResource<'_>,
        memory: &BackupMemory,
    ) -> Result<Vec<ObservedCopy>, AwsError> {
        let (vault, _) = vault(resource.policy)?;
        let home = resource.at_home();
        let arn = ask!(resource.policy, engine => engine.arn(&home))?;
        let call = resource.clients.backup.list_recovery_points_by_backup_vault().backup_vault_name(vault);
        let all = call.set_by_resource_arn(arn).into_paginator().items().send().try_collect().await;
        let all: Vec<_> = all.map_err(|error| failed("ListRecoveryPointsByBackupVault", vault, error))?;
        let mut said = Vec::new();
        for job in memory.jobs.iter().filter(|job| job.region == resource.clients.region) {
            said.push((job, home.clients.said(resource.policy, job).await?));
        }
        Ok(copies(resource.policy, &resource.clients.region, memory, &all, &said))
    }

    /// The name is the token as well: a call that is made twice is one job.
    async fn start(&self, resource: &RegionalResource<'_>, name: &CopyName) -> Result<Option<String>, AwsError> {
        let (vault, role) = vault(resource.policy)?;
        let gone = || invalid("StartBackupJob", &resource.policy.subject, "AWS tells no ARN of it".to_owned());
        let arn = ask!(resource.policy, engine => engine.arn(resource))?.ok_or_else(gone)?;
        let (key, value) = tags::of_copy(resource.policy);
        let call =
            resource.clients.backup.start_backup_job().backup_vault_name(vault).resource_arn(arn).iam_role_arn(role);
        let call = call.idempotency_token(name.as_str());
        let call = call.recovery_point_tags(key, value).recovery_point_tags(NAME_TAG, name.as_str());
        let answer = Box::pin(call.send()).await.map_err(|error| failed("StartBackupJob", name, error))?;
        Ok(answer.backup_job_id)
    }

    /// Tags come along with a copy (AWS Backup developer guide, copying tags).
    async fn copy(
        &self,
        resource: &RegionalResource<'_>,
        to: &CopyPolicy,
        copy: &ObservedCopy,
    ) -> Result<Option<String>, AwsError> {
        let (vault, role) = vault(resource.policy)?;
        let account = role.split(':').nth(4).unwrap_or_default();
        let partition = role.split(':').nth(1).unwrap_or("aws");
        let call =
            resource.clients.backup.start_copy_job().recovery_point_arn(&copy.id).source_backup_vault_name(vault);
        let call = call.destination_backup_vault_arn(format!(
            "arn:{partition}:backup:{}:{account}:backup-vault:{vault}",
            to.region
        ));
        let call = call.iam_role_arn(role).idempotency_token(&copy.name);
        let answer = call.send().await.map_err(|error| failed("StartCopyJob", &copy.name, error))?;
        Ok(answer.copy_job_id)
    }

    async fn delete(&self, resource: &RegionalResource<'_>, copy: &ObservedCopy) -> Result<(), AwsError> {
        let (vault, _) = vault(resource.policy)?;
        // A job that failed made nothing.
        if !copy.id.starts_with(ARN) {
            return Ok(());
        }
        let call =
            resource.clients.backup.delete_recovery_point().backup_vault_name(vault).recovery_point_arn(&copy.id);
        call.send().await.map(drop).map_err(|error| failed("DeleteRecoveryPoint", &copy.name, error))
    }
}

impl BackupClients {
    /// What a job says: of a backup, or of a copy to the other region.
    async fn said(&self, policy: &JobPolicy, job: &PendingJob) -> Result<JobAnswer, AwsError> {
        if job.region == policy.region {
            return match self.backup.describe_backup_job().backup_job_id(&job.id).send().await {
                Ok(answer) => {
                    let state = answer.state().map(BackupJobState::as_str);
                    Ok(read(state, answer.status_message(), answer.recovery_point_arn()))
                }
                Err(error) => nobody(failed("DescribeBackupJob", &job.name, error)),
            };
        }
        match self.backup.describe_copy_job().copy_job_id(&job.id).send().await {
            Ok(answer) => {
                let job = answer.copy_job();
                let state = job.and_then(|job| job.state()).map(CopyJobState::as_str);
                let words = job.and_then(|job| job.status_message());
                Ok(read(state, words, job.and_then(|job| job.destination_recovery_point_arn())))
            }
            Err(error) => nobody(failed("DescribeCopyJob", &job.name, error)),
        }
    }
}

/// A job that AWS Backup has forgotten says nothing.
fn nobody(error: AwsError) -> Result<JobAnswer, AwsError> {
    if error.fault == Fault::NotFound { Ok(JobAnswer::default()) } else { Err(error) }
}

fn read(state: Option<&str>, words: Option<&str>, point: Option<&str>) -> JobAnswer {
    let failed = matches!(state, Some("ABORTED" | "ABORTING" | "EXPIRED" | "FAILED" | "PARTIAL"));
    let state = state.unwrap_or("UNKNOWN").to_ascii_lowercase();
    let words = words.map_or(state.clone(), |words| format!("{state}: {words}"));
    JobAnswer { point: point.map(str::to_owned), failed: failed.then_some(words) }
}

/// The recovery points of a vault, ours with their names; and what our jobs are making, or failed to make.
fn copies(
    policy: &JobPolicy,
    region: &Region,
    memory: &BackupMemory,
    points: &[RecoveryPointByBackupVault],
    said: &[(&PendingJob, JobAnswer)],
) -> Vec<ObservedCopy> {
    let ours = |id: &str| {
        let made = said.iter().find(|(_, said)| said.point.as_deref() == Some(id)).map(|(job, _)| job.name.clone());
        made.or_else(|| memory.known(region, id).map(|known| known.name.clone()))
    };
    let listed = points.iter().filter_map(|point| {
        let id = point.recovery_point_arn()?;
        let name = ours(id);
        let mark = name.is_some().then(|| policy.subject.identity());
        Some(copy(point, id, name.unwrap_or_else(|| id.rsplit(':').next().unwrap_or(id).to_owned()), mark))
    });
    let is_listed = |said: &JobAnswer| points.iter().any(|point| point.recovery_point_arn() == said.point.as_deref());
    let coming = said.iter().filter(|(_, said)| said.point.is_none() || !is_listed(said)).map(|(job, said)| {
        // Nothing is said of one whose list lags behind its job: it is being made.
        let state = said.failed.clone().map_or(CopyState::Creating, CopyState::Failed);
        let (id, name) = (said.point.clone().unwrap_or_else(|| job.id.clone()), job.name.clone());
        let mark = Some(policy.subject.identity());
        ObservedCopy { id, name, state, created: Some(job.due), bytes: None, encrypted: true, mark }
    });
    listed.chain(coming).collect()
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
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_recovery_point_is_read() {
        let point = RecoveryPointByBackupVault::builder().is_encrypted(true).backup_size_in_bytes(7);
        let point = point.status(RecoveryPointStatus::Completed).build();
        let read = copy(&point, "arn:point", "wk-a".to_owned(), Some("a/b".to_owned()));
        assert_eq!((read.state, read.bytes, read.encrypted), (CopyState::Available, Some(7), true));
        let partial = RecoveryPointByBackupVault::builder().status(RecoveryPointStatus::Partial).build();
        assert_eq!(copy(&partial, "arn", String::new(), None).state, CopyState::Failed("partial".to_owned()));
    }

    /// The policy of a database that AWS Backup looks after.
    fn policy() -> JobPolicy {
        let document = serde_json::json!({"estate": "shop", "environments": {"prod": {
            "kind": "production", "regions": {"primary": "us-east-1"},
            "backups": {"zone": "Etc/UTC", "aws-backup": {"vault": "v", "role": "arn:aws:iam::1:role/b"}, "jobs": [{
                "rds": "db", "engine": "aws-backup", "schedule": {"at": "03:00"}, "retention": {"daily": 1}}]}}}});
        let estate: watchkeeper_domain::estate::Estate = serde_json::from_value(document).unwrap();
        let region = Region::new("us-east-1").unwrap();
        let scope = watchkeeper_domain::name::Scope {
            estate: estate.name().clone(),
            environment: estate.environments().next().unwrap().name().clone(),
            region,
        };
        JobPolicy::all(&scope, estate.environments().next().unwrap()).remove(0)
    }

    #[test]
    fn recovery_points_are_told_apart_by_their_jobs_and_what_is_known_and_by_no_tag() {
        let (policy, due) = (policy(), "2026-11-21T03:00:00Z".parse().unwrap());
        let region = policy.region.clone();
        let point = |arn: &str| {
            let point = RecoveryPointByBackupVault::builder().recovery_point_arn(arn).is_encrypted(true);
            point.status(RecoveryPointStatus::Completed).build()
        };
        let name = policy.subject.series().name(due).to_string();
        let job = PendingJob { id: "job-1".to_owned(), name: name.clone(), region: region.clone(), due };
        let points =
            [point("arn:aws:rds:us-east-1:1:snapshot:awsbackup:job-1"), point("arn:aws:rds:x:1:snapshot:other")];
        let said = [(&job, JobAnswer { point: points[0].recovery_point_arn().map(str::to_owned), failed: None })];
        let mut memory = BackupMemory::default();
        let found = copies(&policy, &region, &memory, &points, &said);
        assert_eq!((found[0].name.as_str(), found[0].mark.clone()), (name.as_str(), Some(policy.subject.identity())));
        assert_eq!((found[1].name.as_str(), &found[1].mark), ("other", &None), "of another plan");
        // Once it is known, it is so without its job.
        memory.sync(&policy.subject, &region, &found, due);
        let again = copies(&policy, &region, &memory, &points, &[]);
        assert_eq!(again, found);
        // Before there is a point, the job stands for it; one that failed says why.
        let pending =
            copies(&policy, &region, &BackupMemory::default(), &[], &[(&job, read(Some("RUNNING"), None, None))]);
        assert_eq!((pending[0].id.as_str(), &pending[0].state), ("job-1", &CopyState::Creating));
        let failed = read(Some("FAILED"), Some("no rights"), None);
        let failed = copies(&policy, &region, &BackupMemory::default(), &[], &[(&job, failed)]);
        assert_eq!(failed[0].state, CopyState::Failed("failed: no rights".to_owned()));
    }
}
