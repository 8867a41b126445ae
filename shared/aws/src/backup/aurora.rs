//! Aurora clusters: manual snapshots, their copies, and restores beside the original. A restored cluster has no instances; one
//! that is to be asked something gets one, of its own name.

use std::collections::BTreeMap;

use aws_sdk_rds::operation::describe_db_clusters::DescribeDBClustersError;
use aws_sdk_rds::types::{DbCluster, DbClusterSnapshot};
use jiff::Timestamp;
use watchkeeper_control::ports::AwsError;
use watchkeeper_domain::backup::{
    BACKUP_TAG, BackupMemory, CopyName, CopyQuota, KnownCopy, ObservedCopy, ObservedRestore, ObservedSource,
    RESTORE_TAG,
};
use watchkeeper_domain::estate::CopyPolicy;

use super::database::{GIB, copy_state, copy_tag, pairs, restore_tag, state, window};
use super::engine::{BackupEngine, CopyEngine, RegionalResource};
use super::instance;
use super::{BackupClients, tags};
use crate::fault::{failed, odd};
use crate::time::{date_time, timestamp};

/// The operation that copies a snapshot, with its parameters for the original and for the copy.
const COPY: [&str; 3] =
    ["CopyDBClusterSnapshot", "SourceDBClusterSnapshotIdentifier", "TargetDBClusterSnapshotIdentifier"];

/// Aurora clusters.
#[derive(Debug)]
pub(super) struct Aurora;

impl CopyEngine for Aurora {
    async fn copies(&self, resource: &RegionalResource<'_>, _: &BackupMemory) -> Result<Vec<ObservedCopy>, AwsError> {
        let name = resource.name();
        // Not by the cluster: in the region of the copies there is none of the name.
        let call = resource.clients.rds.describe_db_cluster_snapshots().snapshot_type("manual");
        let all = call.into_paginator().items().send().try_collect().await;
        let all: Vec<DbClusterSnapshot> = all.map_err(|error| failed("DescribeDBClusterSnapshots", name, error))?;
        let of_it =
            |it: &&DbClusterSnapshot| it.db_cluster_identifier().is_some_and(|found| found.eq_ignore_ascii_case(name));
        Ok(all.iter().filter(of_it).filter_map(snapshot).collect())
    }

    async fn start(&self, resource: &RegionalResource<'_>, name: &CopyName) -> Result<Option<String>, AwsError> {
        let call = resource.clients.rds.create_db_cluster_snapshot().db_cluster_identifier(resource.name());
        let call = call.db_cluster_snapshot_identifier(name.as_str()).tags(copy_tag(resource.policy));
        call.send().await.map(|_| None).map_err(|error| failed("CreateDBClusterSnapshot", name, error))
    }

    /// Called in the region of the copy.
    async fn copy(
        &self,
        resource: &RegionalResource<'_>,
        to: &CopyPolicy,
        copy: &ObservedCopy,
    ) -> Result<Option<String>, AwsError> {
        let call = resource.clients.rds.copy_db_cluster_snapshot().source_db_cluster_snapshot_identifier(&copy.id);
        let mut call = call.target_db_cluster_snapshot_identifier(&copy.name).tags(copy_tag(resource.policy));
        if copy.encrypted {
            let (key, url) = resource.encrypted_copy(to, copy, COPY).await?;
            call = call.kms_key_id(key).pre_signed_url(url);
        }
        call.send().await.map(|_| None).map_err(|error| failed("CopyDBClusterSnapshot", &copy.name, error))
    }

    async fn delete(&self, resource: &RegionalResource<'_>, copy: &ObservedCopy) -> Result<(), AwsError> {
        let call = resource.clients.rds.delete_db_cluster_snapshot().db_cluster_snapshot_identifier(&copy.name);
        call.send().await.map(drop).map_err(|error| failed("DeleteDBClusterSnapshot", &copy.name, error))
    }

    async fn quota(&self, clients: &BackupClients) -> Result<Option<CopyQuota>, AwsError> {
        clients.snapshot_quota("ManualClusterSnapshots").await
    }
}

impl BackupEngine for Aurora {
    async fn source(&self, resource: &RegionalResource<'_>) -> Result<Option<ObservedSource>, AwsError> {
        let found = resource.clients.cluster(resource.name()).await?;
        Ok(found.as_ref().map(|cluster| ObservedSource {
            state: state(cluster.status()),
            encrypted: cluster.storage_encrypted().unwrap_or(false),
            window: window(
                cluster.backup_retention_period(),
                cluster.earliest_restorable_time(),
                cluster.latest_restorable_time(),
            ),
            settings: settings(cluster),
        }))
    }

    async fn restored(
        &self,
        resource: &RegionalResource<'_>,
        target: &str,
    ) -> Result<Option<ObservedRestore>, AwsError> {
        let Some(cluster) = resource.clients.cluster(target).await? else { return Ok(None) };
        // Looked at whatever the document says by now: a cluster that has one cannot be removed.
        let instance = if cluster.db_cluster_members().is_empty() && !resource.may_have_instance() {
            None
        } else {
            resource.clients.instance(target).await?
        };
        Ok(Some(ObservedRestore {
            state: state(cluster.status()),
            deleting: cluster.status() == Some("deleting"),
            created: cluster.cluster_create_time().and_then(timestamp),
            from: None,
            mark: tags::value(pairs(cluster.tag_list()), RESTORE_TAG),
            settings: settings(&cluster),
            endpoint: instance::endpoint(&cluster),
            instance: instance.as_ref().map(instance::observed),
        }))
    }

    async fn restore(
        &self,
        resource: &RegionalResource<'_>,
        known: &KnownCopy,
        target: &str,
        mark: &str,
    ) -> Result<(), AwsError> {
        let original = resource.clients.cluster(resource.name()).await?;
        let original = original.ok_or_else(|| odd("DescribeDBClusters", target, "the original is gone".to_owned()))?;
        let call = resource.clients.rds.restore_db_cluster_from_snapshot().db_cluster_identifier(target);
        let call = call.snapshot_identifier(&known.id).set_engine(original.engine().map(str::to_owned));
        let call = call.set_engine_version(original.engine_version().map(str::to_owned));
        let call = call.set_db_subnet_group_name(subnets(&original)).set_vpc_security_group_ids(security(&original));
        let call = call.set_db_cluster_parameter_group_name(parameters(&original)).tags(restore_tag(mark));
        // An instance of the class db.serverless needs it.
        let call = call.set_serverless_v2_scaling_configuration(instance::serverless(&original));
        let answer = Box::pin(call.send()).await;
        answer.map(drop).map_err(|error| failed("RestoreDBClusterFromSnapshot", target, error))
    }

    async fn restore_instant(
        &self,
        resource: &RegionalResource<'_>,
        instant: Timestamp,
        target: &str,
        mark: &str,
    ) -> Result<(), AwsError> {
        let source = resource.name();
        let original = resource.clients.cluster(source).await?;
        let original = original.ok_or_else(|| odd("DescribeDBClusters", target, "the original is gone".to_owned()))?;
        let call = resource.clients.rds.restore_db_cluster_to_point_in_time().source_db_cluster_identifier(source);
        let call = call.db_cluster_identifier(target).restore_to_time(date_time(instant));
        let call = call.set_db_subnet_group_name(subnets(&original)).set_vpc_security_group_ids(security(&original));
        let call = call.set_db_cluster_parameter_group_name(parameters(&original)).tags(restore_tag(mark));
        // An instance of the class db.serverless needs it.
        let call = call.set_serverless_v2_scaling_configuration(instance::serverless(&original));
        let answer = Box::pin(call.send()).await;
        answer.map(drop).map_err(|error| failed("RestoreDBClusterToPointInTime", target, error))
    }

    async fn mark(&self, resource: &RegionalResource<'_>, target: &str, mark: &str) -> Result<(), AwsError> {
        let found = resource.clients.cluster(target).await?;
        resource.clients.mark_database(found.as_ref().and_then(|found| found.db_cluster_arn()), mark).await
    }

    async fn reapply(&self, resource: &RegionalResource<'_>, target: &str) -> Result<Vec<String>, AwsError> {
        let (source, found) =
            (resource.clients.cluster(resource.name()).await?, resource.clients.cluster(target).await?);
        let (Some(source), Some(found)) = (source, found) else {
            return Err(odd(
                "DescribeDBClusters",
                target,
                format!("{} or {target} is gone", resource.policy.subject.source),
            ));
        };
        resource.clients.reapply_to_database(found.db_cluster_arn(), source.tag_list()).await
    }

    async fn add_instance(&self, resource: &RegionalResource<'_>, target: &str, mark: &str) -> Result<(), AwsError> {
        resource.add_instance(target, mark).await
    }

    async fn remove_instance(&self, resource: &RegionalResource<'_>, target: &str) -> Result<(), AwsError> {
        // Without a word about backups: those of a cluster's instance are its cluster's (Amazon RDS API reference, DeleteDBInstance).
        let call = resource.clients.rds.delete_db_instance().db_instance_identifier(target).skip_final_snapshot(true);
        call.send().await.map(drop).map_err(|error| failed("DeleteDBInstance", target, error))
    }

    async fn delete_restored(&self, resource: &RegionalResource<'_>, target: &str) -> Result<(), AwsError> {
        let call = resource.clients.rds.delete_db_cluster().db_cluster_identifier(target).skip_final_snapshot(true);
        call.send().await.map(drop).map_err(|error| failed("DeleteDBCluster", target, error))
    }

    async fn arn(&self, resource: &RegionalResource<'_>) -> Result<Option<String>, AwsError> {
        Ok(resource.clients.cluster(resource.name()).await?.and_then(|it| it.db_cluster_arn))
    }
}

impl BackupClients {
    pub(super) async fn cluster(&self, name: &str) -> Result<Option<DbCluster>, AwsError> {
        match self.rds.describe_db_clusters().db_cluster_identifier(name).send().await {
            Ok(answer) => Ok(answer.db_clusters.unwrap_or_default().into_iter().next()),
            Err(error)
                if error.as_service_error().is_some_and(DescribeDBClustersError::is_db_cluster_not_found_fault) =>
            {
                Ok(None)
            }
            Err(error) => Err(failed("DescribeDBClusters", name, error)),
        }
    }
}

fn subnets(cluster: &DbCluster) -> Option<String> {
    cluster.db_subnet_group().filter(|name| !name.is_empty()).map(str::to_owned)
}

fn parameters(cluster: &DbCluster) -> Option<String> {
    cluster.db_cluster_parameter_group().filter(|name| !name.is_empty()).map(str::to_owned)
}

fn security(cluster: &DbCluster) -> Option<Vec<String>> {
    let groups = cluster.vpc_security_groups().iter().filter_map(|it| it.vpc_security_group_id());
    let groups: Vec<String> = groups.map(str::to_owned).collect();
    (!groups.is_empty()).then_some(groups)
}

fn settings(cluster: &DbCluster) -> BTreeMap<String, String> {
    let text = |value: Option<&str>| value.unwrap_or("none").to_owned();
    [
        ("engine".to_owned(), text(cluster.engine())),
        ("engine version".to_owned(), text(cluster.engine_version())),
        ("encrypted".to_owned(), cluster.storage_encrypted().unwrap_or(false).to_string()),
    ]
    .into()
}

fn snapshot(snapshot: &DbClusterSnapshot) -> Option<ObservedCopy> {
    Some(ObservedCopy {
        id: snapshot.db_cluster_snapshot_arn()?.to_owned(),
        name: snapshot.db_cluster_snapshot_identifier()?.to_owned(),
        state: copy_state(snapshot.status()),
        created: snapshot.snapshot_create_time().and_then(timestamp),
        // Aurora tells 0 or 1 for a volume whose size it does not know.
        bytes: snapshot.allocated_storage().and_then(|gib| u64::try_from(gib).ok()).map(|gib| gib * GIB),
        encrypted: snapshot.storage_encrypted().unwrap_or(false),
        mark: tags::value(pairs(snapshot.tag_list()), BACKUP_TAG),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use watchkeeper_domain::backup::CopyState;

    use super::*;

    #[test]
    fn a_snapshot_of_a_cluster_is_read() {
        let read = snapshot(
            &DbClusterSnapshot::builder()
                .db_cluster_snapshot_arn("arn:snapshot")
                .db_cluster_snapshot_identifier("wk-a")
                .status("copying")
                .allocated_storage(3)
                .storage_encrypted(true)
                .build(),
        );
        let read = read.unwrap();
        assert_eq!((read.state, read.bytes, read.encrypted), (CopyState::Creating, Some(3 * GIB), true));
        assert_eq!(read.mark, None);
    }

    #[test]
    fn what_a_restored_cluster_has_of_its_original_is_not_an_empty_name() {
        let cluster = DbCluster::builder().db_subnet_group("").db_cluster_parameter_group("own").build();
        assert_eq!((subnets(&cluster), parameters(&cluster).as_deref()), (None, Some("own")));
        assert_eq!(security(&cluster), None);
    }
}
