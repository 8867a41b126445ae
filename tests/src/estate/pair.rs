//! What a pair of regions has beside its services: images, target groups, streams, global tables, and the bucket of the
//! switch.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, CreateReplicationGroupMemberAction, GlobalSecondaryIndex, KeySchemaElement,
    KeyType, Projection, ProjectionType, ReplicationGroupUpdate, ScalarAttributeType, StreamSpecification,
    StreamViewType,
};
use aws_sdk_elasticloadbalancingv2::types::{ProtocolEnum, TargetGroup, TargetTypeEnum};
use watchkeeper_domain::estate::{Environment, Failover, GlobalTable, StreamSize};
use watchkeeper_domain::name::{Region, ServiceName};
use watchkeeper_domain::value::ResourceName;

use super::{RegionFixtures, SiteError};

/// The tag of every image: one release in both regions.
pub const IMAGE_TAG: &str = "1.0";
/// A manifest without layers: nobody pulls it.
const MANIFEST: &str = r#"{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json"}"#;

/// The repositories whose images a service of a pair runs: those named after it, or at the end of its name. A document does
/// not say it of the others: the first service that a failover starts runs these beside its own.
pub(super) fn repositories<'a>(service: &ServiceName, failover: &'a Failover) -> Vec<&'a ResourceName> {
    let named_after = |repository: &ResourceName, service: &ServiceName| {
        let last = repository.as_str().rsplit('/').next().unwrap_or_default();
        service.as_str() == last || service.as_str().ends_with(&format!("-{last}"))
    };
    let is_first = failover.capacity.keys().next() == Some(service);
    let has_none = |repository: &ResourceName| !failover.capacity.keys().any(|other| named_after(repository, other));
    let runs = |repository: &&ResourceName| named_after(repository, service) || (is_first && has_none(repository));
    failover.images.iter().filter(runs).collect()
}

impl RegionFixtures {
    /// Make what a failover needs here, but the streams of the standby: the system itself has none there.
    pub(super) async fn make_pair(&self, environment: &Environment) -> Result<(), SiteError> {
        let document = environment.document();
        let (Some(failover), Some(standby)) = (&document.failover, &document.regions.standby) else { return Ok(()) };
        for repository in &failover.images {
            self.push_image(repository).await?;
        }
        if *self.region() == document.regions.primary {
            self.make_streams(&failover.streams).await?;
            for table in &failover.tables {
                self.make_global_table(table, standby).await?;
            }
        } else if let Some(bucket) = &failover.traffic.bucket {
            self.make_bucket(bucket.as_str()).await?;
        }
        Ok(())
    }

    /// Push the image of a repository, which is made where it is missing.
    ///
    /// # Errors
    /// [`SiteError`] when ECR refuses. So for all here.
    pub async fn push_image(&self, repository: &ResourceName) -> Result<(), SiteError> {
        let what = || format!("push an image to {repository}");
        if self.image_of(repository.as_str()).await?.is_none() {
            let call = self.ecr.create_repository().repository_name(repository.as_str());
            call.send().await.map_err(SiteError::aws(what()))?;
        }
        let call = self.ecr.put_image().repository_name(repository.as_str());
        call.image_tag(IMAGE_TAG).image_manifest(MANIFEST).send().await.map_err(SiteError::aws(what()))?;
        Ok(())
    }

    /// Remove the image of a repository, as when it was never replicated.
    ///
    /// # Errors
    /// [`SiteError`] says what failed.
    pub async fn drop_image(&self, repository: &ResourceName) -> Result<(), SiteError> {
        let id = aws_sdk_ecr::types::ImageIdentifier::builder().image_tag(IMAGE_TAG).build();
        let call = self.ecr.batch_delete_image().repository_name(repository.as_str()).image_ids(id);
        call.send().await.map_err(SiteError::aws(format!("remove the image of {repository}")))?;
        Ok(())
    }

    /// Make the streams that are missing.
    ///
    /// # Errors
    /// [`SiteError`] says what failed.
    pub async fn make_streams(&self, streams: &[StreamSize]) -> Result<(), SiteError> {
        for stream in streams {
            let what = || format!("make stream {}", stream.stream);
            let call = self.kinesis.create_stream().stream_name(stream.stream.as_str());
            match call.shard_count(stream.shards.cast_signed()).send().await {
                Err(error)
                    if error.as_service_error().is_some_and(
                        aws_sdk_kinesis::operation::create_stream::CreateStreamError::is_resource_in_use_exception,
                    ) => {}
                answer => answer.map(drop).map_err(SiteError::aws(what()))?,
            }
        }
        Ok(())
    }

    /// Remove streams, as long as they are there.
    ///
    /// # Errors
    /// [`SiteError`] says what failed.
    pub async fn drop_streams(&self, streams: &[StreamSize]) -> Result<(), SiteError> {
        for stream in streams {
            let call = self.kinesis.delete_stream().stream_name(stream.stream.as_str());
            match call.send().await {
                Err(error)
                    if error.as_service_error().is_some_and(
                        aws_sdk_kinesis::operation::delete_stream::DeleteStreamError::is_resource_not_found_exception,
                    ) => {}
                answer => answer.map(drop).map_err(SiteError::aws(format!("remove stream {}", stream.stream)))?,
            }
        }
        Ok(())
    }

    /// Whether the object of the switch is there.
    ///
    /// # Errors
    /// [`SiteError`] says what failed.
    pub async fn has_object(&self, bucket: &ResourceName, object: &ResourceName) -> Result<bool, SiteError> {
        let call = self.s3.list_objects_v2().bucket(bucket.as_str()).prefix(object.as_str());
        let found = call.send().await.map_err(SiteError::aws(format!("look for {object} in {bucket}")))?;
        Ok(found.contents().iter().any(|found| found.key() == Some(object.as_str())))
    }

    /// The texts of a bucket, by their keys.
    ///
    /// # Errors
    /// [`SiteError`] says what failed.
    pub async fn files(&self, bucket: &str) -> Result<BTreeMap<String, String>, SiteError> {
        let listed = self.s3.list_objects_v2().bucket(bucket).send().await;
        let listed = listed.map_err(SiteError::aws(format!("list {bucket}")))?;
        let mut files = BTreeMap::new();
        for key in listed.contents().iter().filter_map(|found| found.key()) {
            let failed = || format!("read {key} of {bucket}");
            let found = self.s3.get_object().bucket(bucket).key(key).send().await.map_err(SiteError::aws(failed()))?;
            let bytes = found.body.collect().await.map_err(|error| SiteError::new(failed(), error))?;
            files.insert(key.to_owned(), String::from_utf8_lossy(&bytes.into_bytes()).into_owned());
        }
        Ok(files)
    }

    /// Remove the object of the switch, if it is there.
    ///
    /// # Errors
    /// [`SiteError`] says what failed.
    pub async fn drop_object(&self, bucket: &ResourceName, object: &ResourceName) -> Result<(), SiteError> {
        let call = self.s3.delete_object().bucket(bucket.as_str()).key(object.as_str());
        call.send().await.map_err(SiteError::aws(format!("remove {object} from {bucket}")))?;
        Ok(())
    }

    /// The image of a repository, where there is one.
    pub(super) async fn image_of(&self, repository: &str) -> Result<Option<String>, SiteError> {
        let call = self.ecr.describe_repositories().repository_names(repository).send().await;
        let found = match call {
            Err(error) if error.as_service_error().is_some_and(aws_sdk_ecr::operation::describe_repositories::DescribeRepositoriesError::is_repository_not_found_exception) => return Ok(None),
            answer => answer.map_err(SiteError::aws(format!("describe repository {repository}")))?,
        };
        let uri = found.repositories().first().and_then(|repository| repository.repository_uri());
        Ok(uri.map(|uri| format!("{uri}:{IMAGE_TAG}")))
    }

    /// The target group of a service that has a health path, by its ARN; it is made where it is missing.
    ///
    /// # Errors
    /// [`SiteError`] says what failed.
    pub async fn target_group(&self, service: &ServiceName, failover: &Failover) -> Result<Option<String>, SiteError> {
        let Some(path) = failover.probe.as_ref().and_then(|probe| probe.paths.get(service)) else { return Ok(None) };
        // Names of target groups have 32 characters at most, and those of services begin alike.
        let kept = service.as_str().len().saturating_sub(29);
        let name = format!("tg-{}", service.as_str()[kept..].trim_start_matches('-'));
        self.make_target_group(&name, path.as_str()).await.map(Some)
    }

    /// The target group of this name, by its ARN; it is made where it is missing.
    pub(super) async fn make_target_group(&self, name: &str, path: &str) -> Result<String, SiteError> {
        let arn = |groups: &[TargetGroup]| groups.first()?.target_group_arn().map(str::to_owned);
        let there = self.elb.describe_target_groups().names(name).send().await;
        if let Some(there) = there.ok().and_then(|found| arn(found.target_groups())) {
            return Ok(there);
        }
        let call = self.elb.create_target_group().name(name).protocol(ProtocolEnum::Http).port(80).vpc_id("vpc-1");
        let call = call.target_type(TargetTypeEnum::Ip).health_check_path(path);
        let what = || format!("make target group {name}");
        let made = call.send().await.map_err(SiteError::aws(what()))?;
        arn(made.target_groups()).ok_or_else(|| SiteError::new(what(), "the answer has no ARN"))
    }

    async fn make_global_table(&self, table: &GlobalTable, standby: &Region) -> Result<(), SiteError> {
        let failed = |what: &str| format!("{what} table {}", table.table);
        let key = |name: &str| KeySchemaElement::builder().attribute_name(name).key_type(KeyType::Hash).build();
        let key = |name: &str| key(name).map_err(|error| SiteError::new(failed("name the key of"), error));
        let mut call = self.dynamodb.create_table().table_name(table.table.as_str());
        let mut attributes = vec![table.key.as_str()];
        for index in &table.indexes {
            // A document names no attributes of an index: here it has the name of the index itself.
            attributes.push(index.as_str());
            let all = Projection::builder().projection_type(ProjectionType::All).build();
            let made = GlobalSecondaryIndex::builder().index_name(index.as_str()).projection(all);
            let made = made.key_schema(key(index.as_str())?).build();
            call =
                call.global_secondary_indexes(made.map_err(|error| SiteError::new(failed("name an index of"), error))?);
        }
        for name in attributes {
            let attribute = AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S);
            let attribute = attribute.build().map_err(|error| SiteError::new(failed("name an attribute of"), error))?;
            call = call.attribute_definitions(attribute);
        }
        let streams = StreamSpecification::builder().stream_enabled(true);
        let streams = streams.stream_view_type(StreamViewType::NewAndOldImages).build();
        let streams = streams.map_err(|error| SiteError::new(failed("turn on the stream of"), error))?;
        let call = call.key_schema(key(table.key.as_str())?).stream_specification(streams);
        match call.billing_mode(BillingMode::PayPerRequest).send().await {
            Err(error)
                if error.as_service_error().is_some_and(
                    aws_sdk_dynamodb::operation::create_table::CreateTableError::is_resource_in_use_exception,
                ) =>
            {
                return Ok(());
            }
            answer => answer.map(drop).map_err(SiteError::aws(failed("make")))?,
        }
        let replica = CreateReplicationGroupMemberAction::builder().region_name(standby.as_str()).build();
        let replica = replica.map_err(|error| SiteError::new(failed("name a replica of"), error))?;
        let replica = ReplicationGroupUpdate::builder().create(replica).build();
        let call = self.dynamodb.update_table().table_name(table.table.as_str()).replica_updates(replica);
        call.send().await.map_err(SiteError::aws(failed("replicate")))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_repository_has_a_service_that_runs_its_image() {
        let failover: Failover = serde_json::from_value(serde_json::json!({
            "detect": "ask", "rto": "5m", "rpo": "1s", "capacity": {"lpa-app": 2, "lpa-worker": 1},
            "images": ["modernising-lpa/app", "modernising-lpa/pdf", "lpa-worker"],
            "traffic": {"strategy": "alarm", "names": ["lpa.example.com"], "alarm": "standby"}
        }))
        .unwrap();
        let of = |name: &str| -> Vec<&str> {
            repositories(&ServiceName::new(name).unwrap(), &failover).into_iter().map(ResourceName::as_str).collect()
        };
        assert_eq!(of("lpa-app"), ["modernising-lpa/app", "modernising-lpa/pdf"]);
        assert_eq!(of("lpa-worker"), ["lpa-worker"]);
    }
}
