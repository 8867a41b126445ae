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
use serde_json::{Value, json};
use watchkeeper_domain::backup::{BackupSource, ResourceKind};
use watchkeeper_domain::estate::{BackupJob, Environment, KeyValue};
use watchkeeper_domain::name::Region;
use watchkeeper_domain::value::ResourceName;

use super::{RegionFixtures, SiteError};

/// Items of each table.
pub const ITEMS: usize = 12;

/// What was taken of a resource: its names by region.
pub type Shelves = BTreeMap<(BackupSource, Region), Vec<String>>;

/// The items of a table, in an order of their own.
pub type Items = Vec<BTreeMap<String, String>>;

/// The key of a table: its attributes, the partition's first, and their types.
type TableKey = Vec<(String, ScalarAttributeType)>;

/// The key of a table as the document tells it: by an item that is known to be there, by the pair's table, by the attributes of
/// locks and of items; `id` where it tells nothing.
fn key_of(environment: &Environment, job: &BackupJob, table: &str) -> TableKey {
    let document = environment.document();
    let text = |name: &str| (name.to_owned(), ScalarAttributeType::S);
    let known = job.drill.iter().flat_map(|drill| &drill.known_item);
    let known: TableKey = known
        .map(|(name, value)| match value {
            KeyValue::Number(_) => (name.clone(), ScalarAttributeType::N),
            KeyValue::Text(_) => text(name),
        })
        .collect();
    if !known.is_empty() {
        return known;
    }
    let mut pairs = document.failover.iter().flat_map(|failover| &failover.tables);
    if let Some(pair) = pairs.find(|pair| pair.table.as_str() == table) {
        return vec![text(pair.key.as_str())];
    }
    let section = document.unblock.as_ref();
    let locks = section.and_then(|section| section.locks.as_ref());
    if let Some(locks) = locks.filter(|locks| locks.table.as_str() == table) {
        return vec![text(locks.pod.as_str()), text(locks.item.as_str())];
    }
    if let Some(finished) = locks.and_then(|locks| locks.finished.as_ref()).filter(|it| it.table.as_str() == table) {
        return vec![text(finished.item.as_str())];
    }
    let blockers = section.and_then(|section| section.blockers.as_ref());
    match blockers.filter(|blockers| blockers.table.as_str() == table) {
        Some(blockers) => vec![text(blockers.item.as_str())],
        None => vec![text("id")],
    }
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
                ResourceKind::Dynamodb => {
                    let name = source.name.as_str();
                    self.make_table(name, &key_of(environment, job, name)).await?;
                    if let Some(drill) = &job.drill {
                        self.put_known_item(name, &drill.known_item).await?;
                    }
                }
                ResourceKind::S3 => self.make_object(source.name.as_str(), job).await?,
                ResourceKind::Elasticache => self.make_cache(source.name.as_str()).await?,
                ResourceKind::Opensearch => self.make_domain(source.name.as_str(), job.repository.as_ref()).await?,
                // Those that sleep with the environment are there already.
                ResourceKind::Aurora | ResourceKind::Rds => self.make_backed_up(job).await?,
            }
        }
        Ok(())
    }

    /// A table with point-in-time recovery, a time to live, a tag, and some items.
    async fn make_table(&self, name: &str, keys: &TableKey) -> Result<(), SiteError> {
        let failed = || format!("make table {name}");
        if self.dynamodb.describe_table().table_name(name).send().await.is_ok() {
            return Ok(());
        }
        let mut call = self.dynamodb.create_table().table_name(name).billing_mode(BillingMode::PayPerRequest);
        for (place, (key, of)) in keys.iter().enumerate() {
            let kind = if place == 0 { KeyType::Hash } else { KeyType::Range };
            let element = KeySchemaElement::builder().attribute_name(key).key_type(kind).build();
            let attribute = AttributeDefinition::builder().attribute_name(key).attribute_type(of.clone());
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
        for (key, of) in self.key(table).await? {
            let value = match of {
                ScalarAttributeType::N => AttributeValue::N(number.to_string()),
                _ => AttributeValue::S(format!("{key}-{number}")),
            };
            call = call.item(key, value);
        }
        let call = call.item("content", AttributeValue::S(format!("what {table} holds, {number}")));
        call.send().await.map_err(SiteError::aws(format!("put an item into {table}")))?;
        Ok(())
    }

    /// Puts the item that the drill's assertions know, in the place of the last of the others.
    async fn put_known_item(&self, table: &str, known: &BTreeMap<String, KeyValue>) -> Result<(), SiteError> {
        if known.is_empty() {
            return Ok(());
        }
        let value = |value: &KeyValue| match value {
            KeyValue::Number(number) => AttributeValue::N(number.to_string()),
            KeyValue::Text(text) => AttributeValue::S(text.clone()),
        };
        let key = known.iter().map(|(name, known)| (name.clone(), value(known))).collect();
        let call = self.dynamodb.get_item().table_name(table).set_key(Some(key));
        let there = call.send().await.map_err(SiteError::aws(format!("look into table {table}")))?;
        if there.item().is_some() {
            return Ok(());
        }
        let mut last = self.dynamodb.delete_item().table_name(table);
        for (key, of) in self.key(table).await? {
            let number = ITEMS - 1;
            let value = match of {
                ScalarAttributeType::N => AttributeValue::N(number.to_string()),
                _ => AttributeValue::S(format!("{key}-{number}")),
            };
            last = last.key(key, value);
        }
        last.send().await.map_err(SiteError::aws(format!("take an item out of {table}")))?;
        let mut call = self.dynamodb.put_item().table_name(table);
        for (name, known) in known {
            call = call.item(name, value(known));
        }
        let call = call.item("content", AttributeValue::S("the known item".to_owned()));
        call.send().await.map_err(SiteError::aws(format!("put the known item into {table}")))?;
        Ok(())
    }

    /// The key of a table, as DynamoDB describes it.
    async fn key(&self, table: &str) -> Result<TableKey, SiteError> {
        let answer = self.dynamodb.describe_table().table_name(table).send().await;
        let answer = answer.map_err(SiteError::aws(format!("describe table {table}")))?;
        let found = answer.table().ok_or_else(|| SiteError::new(format!("describe table {table}"), "nothing"))?;
        let of = |key: &str| {
            let attribute = found.attribute_definitions().iter().find(|attribute| attribute.attribute_name() == key);
            attribute.map_or(ScalarAttributeType::S, |attribute| attribute.attribute_type().clone())
        };
        let key = |element: &KeySchemaElement| (element.attribute_name().to_owned(), of(element.attribute_name()));
        Ok(found.key_schema().iter().map(key).collect())
    }

    /// Everything in a table.
    ///
    /// # Errors
    /// As above.
    pub async fn items(&self, table: &str) -> Result<Items, SiteError> {
        let found = self.dynamodb.scan().table_name(table).into_paginator().items().send().try_collect().await;
        let found = found.map_err(SiteError::aws(format!("read table {table}")))?;
        let text = |value: &AttributeValue| value.as_s().or_else(|_| value.as_n()).cloned().unwrap_or_default();
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

    /// A search domain, with the repository of its snapshots.
    async fn make_domain(&self, name: &str, repository: Option<&ResourceName>) -> Result<(), SiteError> {
        let made = self.search("POST", "/2021-01-01/opensearch/domain", &json!({ "DomainName": name })).await?;
        // One that is there stays.
        if !matches!(made.0, 200 | 409) {
            return Err(SiteError::new(format!("make domain {name}"), format!("{}: {}", made.0, made.1)));
        }
        let Some(repository) = repository else { return Ok(()) };
        match self.search("PUT", &format!("/_domains/{name}/_snapshot/{repository}"), &json!({})).await? {
            (200, _) => Ok(()),
            (status, text) => {
                Err(SiteError::new(format!("register {repository} of {name}"), format!("{status}: {text}")))
            }
        }
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

    /// One call of search domains, for which this package has no client.
    async fn search(&self, method: &'static str, path: &str, body: &Value) -> Result<(u16, String), SiteError> {
        let failed = |why: &dyn std::fmt::Display| SiteError::new(format!("{method} {path}"), why);
        let scope = format!("AWS4-HMAC-SHA256 Credential=root/20261120/{}/es/aws4_request", self.region());
        let url = format!("{}{path}", self.config.endpoint_url().unwrap_or_default());
        let request = ureq::http::Request::builder().method(method).uri(url).header("authorization", scope);
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let request = request.header("content-type", "application/json").body(body).map_err(|error| failed(&error))?;
        let answer = tokio::task::spawn_blocking(move || {
            let config = ureq::Agent::config_builder().http_status_as_error(false);
            let agent: ureq::Agent = config.allow_non_standard_methods(true).proxy(None).build().into();
            let mut answer = agent.run(request)?;
            Ok::<_, ureq::Error>((answer.status().as_u16(), answer.body_mut().read_to_string()?))
        });
        answer.await.map_err(|error| failed(&error))?.map_err(|error| failed(&error))
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
                ResourceKind::Opensearch => self.domain_snapshots(name, job.repository.as_ref()).await?,
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
