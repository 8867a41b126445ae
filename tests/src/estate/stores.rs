//! What backups are taken of, beside databases: tables with items, an object in a versioned bucket, caches. And what was
//! taken, read back from AWS itself: the adapters under test have no part in it.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, PointInTimeRecoverySpecification,
    ScalarAttributeType, Tag, TimeToLiveSpecification,
};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    BucketLocationConstraint, BucketVersioningStatus, CreateBucketConfiguration, VersioningConfiguration,
};
use watchkeeper_domain::backup::{BackupSource, ResourceKind};
use watchkeeper_domain::estate::{BackupJob, Environment};
use watchkeeper_domain::name::Region;

use super::{RegionFixtures, SiteError};

/// Items of each table.
pub const ITEMS: usize = 12;

/// The keys of the estates' tables, by the end of their names: the estates' own, and `id` for the rest.
const KEYS: [(&str, &[&str]); 5] = [
    ("-real-time-metrics", &["pod_id", "timestamp"]),
    ("-user-sessions", &["user_id", "session_id"]),
    ("-event-stream", &["event_type", "timestamp"]),
    ("-wip-locks", &["pod_id", "item_id"]),
    ("-ideas", &["idea_id"]),
];

/// What was taken of a resource: its names by region.
pub type Shelves = BTreeMap<(BackupSource, Region), Vec<String>>;

/// The items of a table, in an order of their own.
pub type Items = Vec<BTreeMap<String, String>>;

fn keys(table: &str) -> &'static [&'static str] {
    KEYS.iter().find(|(end, _)| table.ends_with(end)).map_or(&["id"], |(_, keys)| keys)
}

impl RegionFixtures {
    /// Make what the backups of an environment are taken of, as far as the sandbox can: tables with items, buckets with the
    /// object, caches, search domains. What is there stays.
    ///
    /// # Errors
    /// [`SiteError`] when AWS refuses. So for all here.
    pub async fn make_stores(&self, environment: &Environment) -> Result<(), SiteError> {
        for job in environment.document().backups.iter().flat_map(|backups| &backups.jobs) {
            let Some(source) = BackupSource::of(job) else { continue };
            match source.kind {
                ResourceKind::Dynamodb => self.make_table(source.name.as_str()).await?,
                ResourceKind::S3 => self.make_object(source.name.as_str(), job).await?,
                ResourceKind::Elasticache => self.make_cache(source.name.as_str()).await?,
                ResourceKind::Opensearch => self.make_domain(source.name.as_str()).await?,
                ResourceKind::Aurora | ResourceKind::Rds => {}
            }
        }
        Ok(())
    }

    /// A table with point-in-time recovery, a time to live, a tag, and some items.
    async fn make_table(&self, name: &str) -> Result<(), SiteError> {
        let failed = || format!("make table {name}");
        if self.dynamodb.describe_table().table_name(name).send().await.is_ok() {
            return Ok(());
        }
        let mut call = self.dynamodb.create_table().table_name(name).billing_mode(BillingMode::PayPerRequest);
        for (place, key) in keys(name).iter().enumerate() {
            let kind = if place == 0 { KeyType::Hash } else { KeyType::Range };
            let element = KeySchemaElement::builder().attribute_name(*key).key_type(kind).build();
            let attribute = AttributeDefinition::builder().attribute_name(*key).attribute_type(ScalarAttributeType::S);
            call = call.key_schema(element.map_err(SiteError::aws(failed()))?);
            call = call.attribute_definitions(attribute.build().map_err(SiteError::aws(failed()))?);
        }
        let tag = Tag::builder().key("team").value("clos").build().map_err(SiteError::aws(failed()))?;
        Box::pin(call.tags(tag).send()).await.map_err(SiteError::aws(failed()))?;
        let on = PointInTimeRecoverySpecification::builder().point_in_time_recovery_enabled(true).build();
        let on = on.map_err(SiteError::aws(failed()))?;
        let call = self.dynamodb.update_continuous_backups().table_name(name).point_in_time_recovery_specification(on);
        call.send().await.map_err(SiteError::aws(failed()))?;
        let lives = TimeToLiveSpecification::builder().enabled(true).attribute_name("expires_at").build();
        let lives = lives.map_err(SiteError::aws(failed()))?;
        let call = self.dynamodb.update_time_to_live().table_name(name).time_to_live_specification(lives);
        call.send().await.map_err(SiteError::aws(failed()))?;
        for number in 0..ITEMS {
            self.put_item(name, number).await?;
        }
        Ok(())
    }

    /// Puts one item, the same for the same number.
    ///
    /// # Errors
    /// As above.
    pub async fn put_item(&self, table: &str, number: usize) -> Result<(), SiteError> {
        let mut call = self.dynamodb.put_item().table_name(table);
        for key in keys(table) {
            call = call.item(*key, AttributeValue::S(format!("{key}-{number}")));
        }
        let call = call.item("content", AttributeValue::S(format!("what {table} holds, {number}")));
        call.send().await.map_err(SiteError::aws(format!("put an item into {table}")))?;
        Ok(())
    }

    /// Everything in a table.
    ///
    /// # Errors
    /// As above.
    pub async fn items(&self, table: &str) -> Result<Items, SiteError> {
        let found = self.dynamodb.scan().table_name(table).into_paginator().items().send().try_collect().await;
        let found = found.map_err(SiteError::aws(format!("read table {table}")))?;
        let text = |value: &AttributeValue| value.as_s().cloned().unwrap_or_default();
        let mut items: Items =
            found.iter().map(|item| item.iter().map(|(name, value)| (name.clone(), text(value))).collect()).collect();
        items.sort();
        Ok(items)
    }

    /// Whether a table exists.
    ///
    /// # Errors
    /// As above.
    pub async fn has_table(&self, table: &str) -> Result<bool, SiteError> {
        let all = self.dynamodb.list_tables().into_paginator().items().send().try_collect().await;
        let all: Vec<String> = all.map_err(SiteError::aws("list tables"))?;
        Ok(all.iter().any(|name| name == table))
    }

    async fn make_object(&self, name: &str, job: &BackupJob) -> Result<(), SiteError> {
        let failed = || format!("make object {name}");
        let Some((bucket, key)) = name.split_once('/') else { return Ok(()) };
        self.make_bucket(bucket).await?;
        if let Some((copy, bucket)) = job.copy.as_ref().and_then(|copy| Some((copy, copy.bucket.as_ref()?))) {
            self.elsewhere(&copy.region).make_bucket(bucket.as_str()).await?;
        }
        let call = self.s3.put_object().bucket(bucket).key(key).body(ByteStream::from_static(b"{\"version\": 4}"));
        Box::pin(call.send()).await.map_err(SiteError::aws(failed()))?;
        Ok(())
    }

    /// Makes a bucket that keeps versions; one that is there stays.
    pub(super) async fn make_bucket(&self, bucket: &str) -> Result<(), SiteError> {
        let failed = || format!("make bucket {bucket}");
        if self.s3.head_bucket().bucket(bucket).send().await.is_ok() {
            return Ok(());
        }
        let mut call = self.s3.create_bucket().bucket(bucket);
        // The oldest region is the one that may not be named (Amazon S3 API reference, CreateBucket).
        if self.region().as_str() != "us-east-1" {
            let place = BucketLocationConstraint::from(self.region().as_str());
            call = call
                .create_bucket_configuration(CreateBucketConfiguration::builder().location_constraint(place).build());
        }
        call.send().await.map_err(SiteError::aws(failed()))?;
        let on = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
        let call = self.s3.put_bucket_versioning().bucket(bucket).versioning_configuration(on);
        call.send().await.map_err(SiteError::aws(failed()))?;
        Ok(())
    }

    /// A search domain, of which the sandbox has no more than its description.
    async fn make_domain(&self, name: &str) -> Result<(), SiteError> {
        let failed = || format!("make domain {name}");
        let url = format!("{}/2021-01-01/opensearch/domain", self.config.endpoint_url().unwrap_or_default());
        let scope = format!("AWS4-HMAC-SHA256 Credential=root/20261120/{}/es/aws4_request", self.region());
        let request = ureq::http::Request::post(url).header("authorization", scope);
        let request = request.header("content-type", "application/json");
        let request = request.body(serde_json::json!({ "DomainName": name }).to_string());
        let request = request.map_err(|error| SiteError::new(failed(), error))?;
        let made = tokio::task::spawn_blocking(move || {
            let config = ureq::Agent::config_builder().http_status_as_error(false).proxy(None).build();
            let mut answer = ureq::Agent::from(config).run(request)?;
            Ok::<_, ureq::Error>((answer.status().as_u16(), answer.body_mut().read_to_string()?))
        });
        let made = made.await.map_err(|error| SiteError::new(failed(), error))?;
        match made.map_err(|error| SiteError::new(failed(), error))? {
            // One that is there stays.
            (200 | 409, _) => Ok(()),
            (status, text) => Err(SiteError::new(failed(), format!("{status}: {text}"))),
        }
    }

    async fn make_cache(&self, name: &str) -> Result<(), SiteError> {
        let failed = || format!("make cache {name}");
        if self.elasticache.describe_replication_groups().replication_group_id(name).send().await.is_ok() {
            return Ok(());
        }
        let call = self.elasticache.create_replication_group().replication_group_id(name);
        let call = call.replication_group_description(name).engine("redis").cache_node_type("cache.t3.medium");
        Box::pin(call.send()).await.map_err(SiteError::aws(failed()))?;
        Ok(())
    }

    /// What there is of the backups of an environment, everybody's, by resource and region.
    ///
    /// # Errors
    /// As above.
    pub async fn shelves(&self, environment: &Environment) -> Result<Shelves, SiteError> {
        let mut shelves = Shelves::new();
        for job in environment.document().backups.iter().flat_map(|backups| &backups.jobs) {
            let Some(source) = BackupSource::of(job) else { continue };
            let name = source.name.as_str();
            let here = match source.kind {
                ResourceKind::Dynamodb => self.table_backups(name).await?,
                ResourceKind::Aurora => self.cluster_snapshots(name).await?,
                ResourceKind::Rds => self.instance_snapshots(name).await?,
                ResourceKind::Elasticache => self.cache_snapshots(name).await?,
                ResourceKind::S3 => self.objects(name.split_once('/').map_or(name, |(bucket, _)| bucket)).await?,
                ResourceKind::Opensearch => continue,
            };
            shelves.insert((source.clone(), self.region().clone()), here);
            let Some(copy) = &job.copy else { continue };
            let away = self.elsewhere(&copy.region);
            let there = match (source.kind, &copy.bucket) {
                (ResourceKind::Aurora, _) => away.cluster_snapshots(name).await?,
                (ResourceKind::Rds, _) => away.instance_snapshots(name).await?,
                (ResourceKind::S3, Some(bucket)) => away.objects(bucket.as_str()).await?,
                _ => continue,
            };
            shelves.insert((source, copy.region.clone()), there);
        }
        Ok(shelves)
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
    /// As above.
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
