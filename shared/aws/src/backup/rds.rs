//! RDS instances: manual snapshots, their copies, and restores beside the original.

use std::collections::BTreeMap;

use aws_sdk_rds::operation::describe_db_instances::DescribeDBInstancesError;
use aws_sdk_rds::types::{DbInstance, DbSnapshot};
use jiff::Timestamp;
use watchkeeper_control::ports::AwsError;
use watchkeeper_domain::backup::{
    BACKUP_TAG, BackupMemory, CopyName, CopyQuota, KnownCopy, ObservedCopy, ObservedRestore, ObservedSource,
    RESTORE_TAG, RestoredEndpoint,
};
use watchkeeper_domain::estate::CopyPolicy;

use super::database::{GIB, copy_state, copy_tag, pairs, restore_tag, state, window};
use super::engine::{BackupEngine, CopyEngine, RegionalResource};
use super::{BackupClients, tags};
use crate::fault::{failed, odd};
use crate::time::{date_time, timestamp};

/// The operation that copies a snapshot, with its parameters for the original and for the copy.
const COPY: [&str; 3] = ["CopyDBSnapshot", "SourceDBSnapshotIdentifier", "TargetDBSnapshotIdentifier"];

/// RDS instances.
#[derive(Debug)]
pub(super) struct Rds;

impl CopyEngine for Rds {
    async fn copies(&self, resource: &RegionalResource<'_>, _: &BackupMemory) -> Result<Vec<ObservedCopy>, AwsError> {
        let name = resource.name();
        // Not by the instance: in the region of the copies there is none of the name.
        let call = resource.clients.rds.describe_db_snapshots().snapshot_type("manual");
        let all = call.into_paginator().items().send().try_collect().await;
        let all: Vec<DbSnapshot> = all.map_err(|error| failed("DescribeDBSnapshots", name, error))?;
        let of_it =
            |it: &&DbSnapshot| it.db_instance_identifier().is_some_and(|found| found.eq_ignore_ascii_case(name));
        Ok(all.iter().filter(of_it).filter_map(snapshot).collect())
    }

    async fn start(&self, resource: &RegionalResource<'_>, name: &CopyName) -> Result<Option<String>, AwsError> {
        let call = resource.clients.rds.create_db_snapshot().db_instance_identifier(resource.name());
        let call = call.db_snapshot_identifier(name.as_str()).tags(copy_tag(resource.policy));
        call.send().await.map(|_| None).map_err(|error| failed("CreateDBSnapshot", name, error))
    }

    /// Called in the region of the copy.
    async fn copy(
        &self,
        resource: &RegionalResource<'_>,
        to: &CopyPolicy,
        copy: &ObservedCopy,
    ) -> Result<Option<String>, AwsError> {
        let call = resource.clients.rds.copy_db_snapshot().source_db_snapshot_identifier(&copy.id);
        let mut call = call.target_db_snapshot_identifier(&copy.name).tags(copy_tag(resource.policy));
        if copy.encrypted {
            let (key, url) = resource.encrypted_copy(to, copy, COPY).await?;
            call = call.kms_key_id(key).pre_signed_url(url);
        }
        // In a box: the call's own future is large.
        Box::pin(call.send()).await.map(|_| None).map_err(|error| failed("CopyDBSnapshot", &copy.name, error))
    }

    async fn delete(&self, resource: &RegionalResource<'_>, copy: &ObservedCopy) -> Result<(), AwsError> {
        let call = resource.clients.rds.delete_db_snapshot().db_snapshot_identifier(&copy.name);
        call.send().await.map(drop).map_err(|error| failed("DeleteDBSnapshot", &copy.name, error))
    }

    async fn quota(&self, clients: &BackupClients) -> Result<Option<CopyQuota>, AwsError> {
        clients.snapshot_quota("ManualSnapshots").await
    }
}

impl BackupEngine for Rds {
    async fn source(&self, resource: &RegionalResource<'_>) -> Result<Option<ObservedSource>, AwsError> {
        let found = resource.clients.instance(resource.name()).await?;
        Ok(found.as_ref().map(|instance| ObservedSource {
            state: state(instance.db_instance_status()),
            encrypted: instance.storage_encrypted().unwrap_or(false),
            window: window(instance.backup_retention_period(), None, instance.latest_restorable_time()),
            settings: settings(instance),
        }))
    }

    async fn restored(
        &self,
        resource: &RegionalResource<'_>,
        target: &str,
    ) -> Result<Option<ObservedRestore>, AwsError> {
        let found = resource.clients.instance(target).await?;
        Ok(found.as_ref().map(|instance| ObservedRestore {
            state: state(instance.db_instance_status()),
            deleting: instance.db_instance_status() == Some("deleting"),
            created: instance.instance_create_time().and_then(timestamp),
            from: None,
            mark: tags::value(pairs(instance.tag_list()), RESTORE_TAG),
            settings: settings(instance),
            endpoint: endpoint(instance),
            instance: None,
        }))
    }

    /// In one zone and not public, whatever the original is: it is for a look, and the network is the original's.
    async fn restore(
        &self,
        resource: &RegionalResource<'_>,
        known: &KnownCopy,
        target: &str,
        mark: &str,
    ) -> Result<(), AwsError> {
        let original = resource.clients.instance(resource.name()).await?;
        let like = RestoreTemplate::of(original.as_ref());
        let call = resource.clients.rds.restore_db_instance_from_db_snapshot().db_instance_identifier(target);
        let call = call.db_snapshot_identifier(&known.name).publicly_accessible(false).multi_az(false);
        let call = call.set_db_instance_class(like.class).set_db_subnet_group_name(like.subnets);
        let call = call.set_vpc_security_group_ids(like.security).set_db_parameter_group_name(like.parameters);
        let call = call.tags(restore_tag(mark));
        let answer = Box::pin(call.send()).await;
        answer.map(drop).map_err(|error| failed("RestoreDBInstanceFromDBSnapshot", target, error))
    }

    async fn restore_instant(
        &self,
        resource: &RegionalResource<'_>,
        instant: Timestamp,
        target: &str,
        mark: &str,
    ) -> Result<(), AwsError> {
        let source = resource.name();
        let original = resource.clients.instance(source).await?;
        let like = RestoreTemplate::of(original.as_ref());
        let call = resource.clients.rds.restore_db_instance_to_point_in_time().source_db_instance_identifier(source);
        let call = call.target_db_instance_identifier(target).restore_time(date_time(instant));
        let call = call.publicly_accessible(false).multi_az(false);
        let call = call.set_db_instance_class(like.class).set_db_subnet_group_name(like.subnets);
        let call = call.set_vpc_security_group_ids(like.security).set_db_parameter_group_name(like.parameters);
        let call = call.tags(restore_tag(mark));
        let answer = Box::pin(call.send()).await;
        answer.map(drop).map_err(|error| failed("RestoreDBInstanceToPointInTime", target, error))
    }

    async fn mark(&self, resource: &RegionalResource<'_>, target: &str, mark: &str) -> Result<(), AwsError> {
        let found = resource.clients.instance(target).await?;
        resource.clients.mark_database(found.as_ref().and_then(|found| found.db_instance_arn()), mark).await
    }

    /// Subnets, security groups, parameters and class came with the restore; what is left are the tags.
    async fn reapply(&self, resource: &RegionalResource<'_>, target: &str) -> Result<Vec<String>, AwsError> {
        let (source, found) =
            (resource.clients.instance(resource.name()).await?, resource.clients.instance(target).await?);
        let (Some(source), Some(found)) = (source, found) else {
            return Err(odd(
                "DescribeDBInstances",
                target,
                format!("{} or {target} is gone", resource.policy.subject.source),
            ));
        };
        resource.clients.reapply_to_database(found.db_instance_arn(), source.tag_list()).await
    }

    async fn delete_restored(&self, resource: &RegionalResource<'_>, target: &str) -> Result<(), AwsError> {
        let call = resource.clients.rds.delete_db_instance().db_instance_identifier(target).skip_final_snapshot(true);
        let call = call.delete_automated_backups(true);
        call.send().await.map(drop).map_err(|error| failed("DeleteDBInstance", target, error))
    }

    async fn arn(&self, resource: &RegionalResource<'_>) -> Result<Option<String>, AwsError> {
        Ok(resource.clients.instance(resource.name()).await?.and_then(|it| it.db_instance_arn))
    }
}

impl BackupClients {
    pub(super) async fn instance(&self, name: &str) -> Result<Option<DbInstance>, AwsError> {
        match self.rds.describe_db_instances().db_instance_identifier(name).send().await {
            Ok(answer) => Ok(answer.db_instances.unwrap_or_default().into_iter().next()),
            Err(error)
                if error.as_service_error().is_some_and(DescribeDBInstancesError::is_db_instance_not_found_fault) =>
            {
                Ok(None)
            }
            Err(error) => Err(failed("DescribeDBInstances", name, error)),
        }
    }
}

/// What a restored instance has of its original.
#[derive(Debug, Default)]
struct RestoreTemplate {
    class: Option<String>,
    subnets: Option<String>,
    parameters: Option<String>,
    security: Option<Vec<String>>,
}

impl RestoreTemplate {
    fn of(original: Option<&DbInstance>) -> Self {
        let Some(original) = original else { return Self::default() };
        let groups = original.vpc_security_groups().iter().filter_map(|it| it.vpc_security_group_id());
        let security: Vec<String> = groups.map(str::to_owned).collect();
        let parameters = original.db_parameter_groups().first().and_then(|it| it.db_parameter_group_name());
        let subnets = original.db_subnet_group().and_then(|it| it.db_subnet_group_name());
        Self {
            class: original.db_instance_class().map(str::to_owned),
            subnets: subnets.filter(|name| !name.is_empty()).map(str::to_owned),
            parameters: parameters.filter(|name| !name.is_empty()).map(str::to_owned),
            security: (!security.is_empty()).then_some(security),
        }
    }
}

/// Where it answers; RDS tells it once the instance is made.
fn endpoint(instance: &DbInstance) -> Option<RestoredEndpoint> {
    let found = instance.endpoint()?;
    let port = found.port().and_then(|port| u16::try_from(port).ok())?;
    Some(RestoredEndpoint { address: found.address()?.to_owned(), port })
}

fn settings(instance: &DbInstance) -> BTreeMap<String, String> {
    let text = |value: Option<&str>| value.unwrap_or("none").to_owned();
    [
        ("engine".to_owned(), text(instance.engine())),
        ("engine version".to_owned(), text(instance.engine_version())),
        ("class".to_owned(), text(instance.db_instance_class())),
        ("encrypted".to_owned(), instance.storage_encrypted().unwrap_or(false).to_string()),
    ]
    .into()
}

fn snapshot(snapshot: &DbSnapshot) -> Option<ObservedCopy> {
    Some(ObservedCopy {
        id: snapshot.db_snapshot_arn()?.to_owned(),
        name: snapshot.db_snapshot_identifier()?.to_owned(),
        state: copy_state(snapshot.status()),
        created: snapshot.snapshot_create_time().and_then(timestamp),
        bytes: snapshot.allocated_storage().and_then(|gib| u64::try_from(gib).ok()).map(|gib| gib * GIB),
        encrypted: snapshot.encrypted().unwrap_or(false),
        mark: tags::value(pairs(snapshot.tag_list()), BACKUP_TAG),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use aws_sdk_rds::types::Tag;

    use super::*;

    #[test]
    fn a_snapshot_is_read_with_its_tag_and_size() {
        let tag = Tag::builder().key(BACKUP_TAG).value("a/b/c/rds:d").build();
        let read = snapshot(
            &DbSnapshot::builder()
                .db_snapshot_arn("arn:snapshot")
                .db_snapshot_identifier("wk-a")
                .status("available")
                .allocated_storage(20)
                .encrypted(true)
                .tag_list(tag)
                .build(),
        );
        let read = read.unwrap();
        assert_eq!((read.mark.as_deref(), read.bytes, read.encrypted), (Some("a/b/c/rds:d"), Some(20 * GIB), true));
        assert_eq!(snapshot(&DbSnapshot::builder().build()), None);
    }
}
