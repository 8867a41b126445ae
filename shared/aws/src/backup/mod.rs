//! The backups of a region's resources, their copies elsewhere, and restores: one file a service, behind one port.

mod aurora;
mod aws_backup;
mod database;
mod dynamodb;
mod elasticache;
mod http;
mod opensearch;
mod presign;
mod rds;
mod restored_table;
mod s3;
mod tags;

use aws_config::{Region as SdkRegion, SdkConfig};
use jiff::Timestamp;
use watchkeeper_control::backup::{BackupStore, RestoreStore};
use watchkeeper_control::ports::AwsError;
use watchkeeper_domain::backup::{
    BackupMemory, CopyName, CopyQuota, JobPolicy, KnownCopy, ObservedCopy, ObservedRestore, ObservedSource,
    ResourceKind, RestoredFacts,
};
use watchkeeper_domain::estate::BackupProvider;
use watchkeeper_domain::name::Region;

use crate::fault::invalid;

/// The backups of every kind of resource.
#[derive(Debug, Clone)]
pub struct BackupEngines {
    sdk: SdkConfig,
}

/// The clients of one region. They are made where they are needed: over the connections of the shared configuration, that
/// costs next to nothing, and a run needs those of one kind only.
#[derive(Debug)]
pub(crate) struct BackupClients {
    sdk: SdkConfig,
    backup: aws_sdk_backup::Client,
    dynamodb: aws_sdk_dynamodb::Client,
    elasticache: aws_sdk_elasticache::Client,
    rds: aws_sdk_rds::Client,
    s3: aws_sdk_s3::Client,
}

impl BackupEngines {
    /// Over the clients of this configuration; other regions are reached with the same credentials.
    pub fn new(config: &SdkConfig) -> Self {
        Self { sdk: config.clone() }
    }

    fn at(&self, region: &Region) -> BackupClients {
        let sdk = self.sdk.to_builder().region(SdkRegion::new(region.as_str().to_owned())).build();
        // A sandbox has no name for each bucket.
        let plain = sdk.endpoint_url().is_some();
        let s3 = aws_sdk_s3::config::Builder::from(&sdk).force_path_style(plain).build();
        BackupClients {
            backup: aws_sdk_backup::Client::new(&sdk),
            dynamodb: aws_sdk_dynamodb::Client::new(&sdk),
            elasticache: aws_sdk_elasticache::Client::new(&sdk),
            rds: aws_sdk_rds::Client::new(&sdk),
            s3: aws_sdk_s3::Client::from_conf(s3),
            sdk,
        }
    }

    fn home(&self, policy: &JobPolicy) -> BackupClients {
        self.at(&policy.subject.scope.region)
    }
}

fn by_aws_backup(policy: &JobPolicy) -> bool {
    policy.subject.engine == BackupProvider::AwsBackup
}

/// Where the next page of a list begins, if there is one: neither an empty token nor the one that was just given leads on.
fn next_page(given: Option<&str>, told: Option<String>) -> Option<String> {
    told.filter(|token| !token.is_empty() && given != Some(token))
}

/// What a document check refuses, and nobody should come to.
fn cannot(policy: &JobPolicy, operation: &'static str) -> AwsError {
    invalid(operation, &policy.subject, "this kind of resource has no such operation here".to_owned())
}

impl BackupStore for BackupEngines {
    async fn describe_source(&self, policy: &JobPolicy) -> Result<Option<ObservedSource>, AwsError> {
        let place = self.home(policy);
        match policy.subject.source.kind {
            ResourceKind::Aurora => Box::pin(place.cluster_source(policy)).await,
            ResourceKind::Rds => Box::pin(place.instance_source(policy)).await,
            ResourceKind::Dynamodb => Box::pin(place.table_source(policy)).await,
            ResourceKind::Elasticache => Box::pin(place.group_source(policy)).await,
            ResourceKind::Opensearch => Box::pin(place.domain_source(policy)).await,
            ResourceKind::S3 => Box::pin(place.object_source(policy)).await,
        }
    }

    async fn list_copies(
        &self,
        policy: &JobPolicy,
        region: &Region,
        memory: &BackupMemory,
    ) -> Result<Vec<ObservedCopy>, AwsError> {
        let place = self.at(region);
        if by_aws_backup(policy) {
            return Box::pin(place.recovery_points(policy, &self.home(policy), region, memory)).await;
        }
        match policy.subject.source.kind {
            ResourceKind::Aurora => Box::pin(place.cluster_snapshots(policy)).await,
            ResourceKind::Rds => Box::pin(place.instance_snapshots(policy)).await,
            ResourceKind::Dynamodb => Box::pin(place.table_backups(policy)).await,
            ResourceKind::Elasticache => Box::pin(place.group_snapshots(policy)).await,
            ResourceKind::Opensearch => Box::pin(place.domain_snapshots(policy)).await,
            ResourceKind::S3 => Box::pin(place.object_copies(policy, region)).await,
        }
    }

    async fn start_backup(&self, policy: &JobPolicy, name: &CopyName) -> Result<Option<String>, AwsError> {
        let place = self.home(policy);
        if by_aws_backup(policy) {
            return Box::pin(place.start_job(policy, name)).await;
        }
        let asked = match policy.subject.source.kind {
            ResourceKind::Aurora => Box::pin(place.snapshot_cluster(policy, name)).await,
            ResourceKind::Rds => Box::pin(place.snapshot_instance(policy, name)).await,
            ResourceKind::Dynamodb => Box::pin(place.back_up_table(policy, name)).await,
            ResourceKind::Elasticache => Box::pin(place.snapshot_group(policy, name)).await,
            ResourceKind::Opensearch => Box::pin(place.snapshot_domain(policy, name)).await,
            ResourceKind::S3 => Box::pin(place.keep_object(policy, name)).await,
        };
        asked.map(|()| None)
    }

    async fn copy_backup(&self, policy: &JobPolicy, copy: &ObservedCopy) -> Result<Option<String>, AwsError> {
        let Some(to) = &policy.copy else { return Err(cannot(policy, "copy")) };
        if by_aws_backup(policy) {
            return Box::pin(self.home(policy).copy_recovery_point(policy, copy, &to.region)).await;
        }
        let place = self.at(&to.region);
        let asked = match policy.subject.source.kind {
            ResourceKind::Aurora => Box::pin(place.copy_cluster_snapshot(policy, to, copy)).await,
            ResourceKind::Rds => Box::pin(place.copy_instance_snapshot(policy, to, copy)).await,
            ResourceKind::S3 => Box::pin(place.copy_object_copy(policy, to, copy)).await,
            ResourceKind::Dynamodb | ResourceKind::Elasticache | ResourceKind::Opensearch => {
                Err(cannot(policy, "copy"))
            }
        };
        asked.map(|()| None)
    }

    async fn delete_backup(&self, policy: &JobPolicy, region: &Region, copy: &ObservedCopy) -> Result<(), AwsError> {
        let place = self.at(region);
        if by_aws_backup(policy) {
            return Box::pin(place.delete_recovery_point(policy, copy)).await;
        }
        match policy.subject.source.kind {
            ResourceKind::Aurora => Box::pin(place.delete_cluster_snapshot(copy)).await,
            ResourceKind::Rds => Box::pin(place.delete_instance_snapshot(copy)).await,
            ResourceKind::Dynamodb => Box::pin(place.delete_table_backup(copy)).await,
            ResourceKind::Elasticache => Box::pin(place.delete_group_snapshot(copy)).await,
            ResourceKind::Opensearch => Box::pin(place.delete_domain_snapshot(policy, copy)).await,
            ResourceKind::S3 => Box::pin(place.delete_object_copy(copy)).await,
        }
    }

    async fn copy_quota(&self, policy: &JobPolicy, region: &Region) -> Result<Option<CopyQuota>, AwsError> {
        if by_aws_backup(policy) {
            return Ok(None);
        }
        match policy.subject.source.kind {
            ResourceKind::Aurora => Box::pin(self.at(region).snapshot_quota("ManualClusterSnapshots")).await,
            ResourceKind::Rds => Box::pin(self.at(region).snapshot_quota("ManualSnapshots")).await,
            // Backups of tables and versions of objects are unlimited in number; those of caches and domains have no figure
            // that an API tells.
            ResourceKind::Dynamodb | ResourceKind::Elasticache | ResourceKind::Opensearch | ResourceKind::S3 => {
                Ok(None)
            }
        }
    }
}

impl RestoreStore for BackupEngines {
    async fn describe_restored(&self, policy: &JobPolicy, target: &str) -> Result<Option<ObservedRestore>, AwsError> {
        let place = self.home(policy);
        match policy.subject.source.kind {
            ResourceKind::Aurora => Box::pin(place.restored_cluster(target)).await,
            ResourceKind::Rds => Box::pin(place.restored_instance(target)).await,
            ResourceKind::Dynamodb => Box::pin(place.restored_table(target)).await,
            ResourceKind::Elasticache | ResourceKind::Opensearch | ResourceKind::S3 => Err(cannot(policy, "restore")),
        }
    }

    async fn restore_copy(
        &self,
        policy: &JobPolicy,
        known: &KnownCopy,
        target: &str,
        mark: &str,
    ) -> Result<(), AwsError> {
        let place = self.home(policy);
        match policy.subject.source.kind {
            ResourceKind::Aurora => Box::pin(place.restore_cluster(policy, &known.id, target, mark)).await,
            ResourceKind::Rds => Box::pin(place.restore_instance(policy, &known.name, target, mark)).await,
            ResourceKind::Dynamodb => Box::pin(place.restore_table(&known.id, target)).await,
            ResourceKind::Elasticache | ResourceKind::Opensearch | ResourceKind::S3 => Err(cannot(policy, "restore")),
        }
    }

    async fn restore_instant(
        &self,
        policy: &JobPolicy,
        instant: Timestamp,
        target: &str,
        mark: &str,
    ) -> Result<(), AwsError> {
        let place = self.home(policy);
        match policy.subject.source.kind {
            ResourceKind::Aurora => Box::pin(place.restore_cluster_to(policy, instant, target, mark)).await,
            ResourceKind::Rds => Box::pin(place.restore_instance_to(policy, instant, target, mark)).await,
            ResourceKind::Dynamodb => Box::pin(place.restore_table_to(policy, instant, target)).await,
            ResourceKind::Elasticache | ResourceKind::Opensearch | ResourceKind::S3 => Err(cannot(policy, "restore")),
        }
    }

    async fn mark_restored(&self, policy: &JobPolicy, target: &str, mark: &str) -> Result<(), AwsError> {
        let place = self.home(policy);
        match policy.subject.source.kind {
            ResourceKind::Aurora => Box::pin(place.mark_cluster(target, mark)).await,
            ResourceKind::Rds => Box::pin(place.mark_instance(target, mark)).await,
            ResourceKind::Dynamodb => Box::pin(place.mark_table(target, mark)).await,
            ResourceKind::Elasticache | ResourceKind::Opensearch | ResourceKind::S3 => Err(cannot(policy, "restore")),
        }
    }

    async fn reapply(&self, policy: &JobPolicy, target: &str) -> Result<Vec<String>, AwsError> {
        let place = self.home(policy);
        match policy.subject.source.kind {
            ResourceKind::Aurora => Box::pin(place.reapply_to_cluster(policy, target)).await,
            ResourceKind::Rds => Box::pin(place.reapply_to_instance(policy, target)).await,
            ResourceKind::Dynamodb => Box::pin(place.reapply_to_table(policy, target)).await,
            ResourceKind::Elasticache | ResourceKind::Opensearch | ResourceKind::S3 => Err(cannot(policy, "restore")),
        }
    }

    async fn inspect_restored(&self, policy: &JobPolicy, target: &str) -> Result<RestoredFacts, AwsError> {
        let place = self.home(policy);
        if policy.subject.source.kind == ResourceKind::Dynamodb {
            return Box::pin(place.inspect_table(policy, target)).await;
        }
        let found = self.describe_restored(policy, target).await?;
        Ok(RestoredFacts {
            settings: found.map(|found| found.settings).unwrap_or_default(),
            ..RestoredFacts::default()
        })
    }

    async fn delete_restored(&self, policy: &JobPolicy, target: &str) -> Result<(), AwsError> {
        let place = self.home(policy);
        match policy.subject.source.kind {
            ResourceKind::Aurora => Box::pin(place.delete_cluster(target)).await,
            ResourceKind::Rds => Box::pin(place.delete_instance(target)).await,
            ResourceKind::Dynamodb => Box::pin(place.delete_table(target)).await,
            ResourceKind::Elasticache | ResourceKind::Opensearch | ResourceKind::S3 => Err(cannot(policy, "restore")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_ends_at_an_empty_token_and_at_one_that_was_given() {
        let next = |given, told: Option<&str>| next_page(given, told.map(str::to_owned));
        assert_eq!(next(None, Some("b")).as_deref(), Some("b"));
        assert_eq!(next(Some("a"), Some("b")).as_deref(), Some("b"));
        for (given, told) in [(None, None), (None, Some("")), (Some("a"), Some("a"))] {
            assert_eq!(next(given, told), None, "{given:?} {told:?}");
        }
    }
}
