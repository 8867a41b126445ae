//! What backups are taken of, beside databases: tables with items, an object in a versioned bucket, caches and search domains.

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    BucketLocationConstraint, BucketVersioningStatus, CreateBucketConfiguration, VersioningConfiguration,
};
use serde_json::{Value, json};
use watchkeeper_domain::backup::{BackupSource, ResourceKind};
use watchkeeper_domain::estate::{BackupJob, Environment};
use watchkeeper_domain::value::ResourceName;

use super::tables::key_of;
use super::{RegionFixtures, SiteError};

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
        self.make_checks(environment).await
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

    /// One call of search domains, for which this package has no client.
    pub(super) async fn search(
        &self,
        method: &'static str,
        path: &str,
        body: &Value,
    ) -> Result<(u16, String), SiteError> {
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
}
