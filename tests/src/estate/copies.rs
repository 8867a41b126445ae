//! What was taken of resources, read back from AWS itself: the adapters under test have no part in it.

use std::collections::BTreeMap;

use serde_json::Value;
use watchkeeper_domain::backup::{BackupSource, ResourceKind};
use watchkeeper_domain::estate::Environment;
use watchkeeper_domain::name::Region;
use watchkeeper_domain::value::ResourceName;

use super::{RegionFixtures, SiteError};

/// What was taken of a resource: its names by region.
pub type KeptCopies = BTreeMap<(BackupSource, Region), Vec<String>>;

impl RegionFixtures {
    /// What there is of the backups of an environment, everybody's, by resource and region.
    ///
    /// # Errors
    /// [`SiteError`] says what failed.
    pub async fn kept_copies(&self, environment: &Environment) -> Result<KeptCopies, SiteError> {
        let mut kept_copies = KeptCopies::new();
        for job in environment.document().backups.iter().flat_map(|backups| &backups.jobs) {
            let Some(source) = BackupSource::of(job) else { continue };
            let name = source.name.as_str();
            let here = match source.kind {
                ResourceKind::Dynamodb => self.table_backups(name).await?,
                ResourceKind::Aurora => self.cluster_snapshots(name).await?,
                ResourceKind::Rds => self.instance_snapshots(name).await?,
                ResourceKind::Elasticache => self.cache_snapshots(name).await?,
                ResourceKind::S3 => self.objects(name.split_once('/').map_or(name, |(bucket, _)| bucket)).await?,
                ResourceKind::Opensearch => self.domain_snapshots(name, job.repository.as_ref()).await?,
            };
            kept_copies.insert((source.clone(), self.region().clone()), here);
            let Some(copy) = &job.copy else { continue };
            let away = self.elsewhere(&copy.region);
            let there = match (source.kind, &copy.bucket) {
                (ResourceKind::Aurora, _) => away.cluster_snapshots(name).await?,
                (ResourceKind::Rds, _) => away.instance_snapshots(name).await?,
                (ResourceKind::S3, Some(bucket)) => away.objects(bucket.as_str()).await?,
                _ => continue,
            };
            kept_copies.insert((source, copy.region.clone()), there);
        }
        Ok(kept_copies)
    }

    async fn table_backups(&self, table: &str) -> Result<Vec<String>, SiteError> {
        let answer = self.dynamodb.list_backups().table_name(table).send().await;
        let answer = answer.map_err(SiteError::aws(format!("list the backups of {table}")))?;
        Ok(sorted(answer.backup_summaries().iter().filter_map(|it| it.backup_name())))
    }

    async fn cluster_snapshots(&self, cluster: &str) -> Result<Vec<String>, SiteError> {
        let answer = self.rds.describe_db_cluster_snapshots().db_cluster_identifier(cluster).send().await;
        let answer = answer.map_err(SiteError::aws(format!("list the snapshots of {cluster}")))?;
        Ok(sorted(answer.db_cluster_snapshots().iter().filter_map(|it| it.db_cluster_snapshot_identifier())))
    }

    async fn instance_snapshots(&self, instance: &str) -> Result<Vec<String>, SiteError> {
        let answer = self.rds.describe_db_snapshots().db_instance_identifier(instance).send().await;
        let answer = answer.map_err(SiteError::aws(format!("list the snapshots of {instance}")))?;
        Ok(sorted(answer.db_snapshots().iter().filter_map(|it| it.db_snapshot_identifier())))
    }

    async fn cache_snapshots(&self, group: &str) -> Result<Vec<String>, SiteError> {
        let answer = self.elasticache.describe_snapshots().replication_group_id(group).send().await;
        let answer = answer.map_err(SiteError::aws(format!("list the snapshots of {group}")))?;
        Ok(sorted(answer.snapshots().iter().filter_map(|it| it.snapshot_name())))
    }

    async fn domain_snapshots(&self, name: &str, repository: Option<&ResourceName>) -> Result<Vec<String>, SiteError> {
        let Some(repository) = repository else { return Ok(Vec::new()) };
        let path = format!("/_domains/{name}/_snapshot/{repository}/*");
        let (status, text) = self.search("GET", &path, &Value::Null).await?;
        let failed = || SiteError::new(format!("list the snapshots of {name}"), format!("{status}: {text}"));
        let answer: Value = serde_json::from_str(&text).map_err(|_| failed())?;
        let all = answer["snapshots"].as_array().ok_or_else(failed)?;
        Ok(sorted(all.iter().filter_map(|it| it["snapshot"].as_str())))
    }

    /// The versions in our folder of a bucket.
    async fn objects(&self, bucket: &str) -> Result<Vec<String>, SiteError> {
        let answer = self.s3.list_object_versions().bucket(bucket).prefix("watchkeeper/").send().await;
        let answer = answer.map_err(SiteError::aws(format!("list the versions in {bucket}")))?;
        let markers = answer.delete_markers().iter().filter_map(|it| it.key()).map(|key| format!("deleted {key}"));
        let versions = answer.versions().iter().filter_map(|it| it.key());
        let mut names = sorted(versions.map(|key| key.trim_start_matches("watchkeeper/")));
        names.extend(markers);
        Ok(names)
    }

    /// Somebody makes a backup of a table, under a name of their own.
    ///
    /// # Errors
    /// [`SiteError`] says what failed.
    pub async fn back_up_by_hand(&self, table: &str, name: &str) -> Result<(), SiteError> {
        let call = self.dynamodb.create_backup().table_name(table).backup_name(name);
        call.send().await.map_err(SiteError::aws(format!("back {table} up by hand")))?;
        Ok(())
    }
}

fn sorted<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut names: Vec<String> = names.map(str::to_owned).collect();
    names.sort();
    names
}
