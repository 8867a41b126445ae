//! Buses, buckets, repositories and vaults.

use aws_sdk_s3::types::BucketVersioningStatus;
use watchkeeper_aws::failed;
use watchkeeper_control::ports::AwsError;
use watchkeeper_domain::preflight::{BucketFacts, Read, Tags};
use watchkeeper_domain::value::ResourceName;

use super::{RegionClients, tags};
use crate::unread::{found, read};

/// Where S3 says that a bucket lies, also when it is asked in another region (Amazon S3 API reference, `HeadBucket`).
const PLACE: &str = "x-amz-bucket-region";

impl RegionClients {
    /// An event bus: its tags.
    pub(crate) async fn bus(&self, name: &ResourceName) -> Result<Option<Read<Tags>>, AwsError> {
        let answer = self.events.describe_event_bus().name(name.as_str()).send().await;
        let answer = found(answer.map_err(|error| failed("events:DescribeEventBus", name, error)))?;
        let Some(arn) = answer.and_then(|answer| answer.arn) else { return Ok(None) };
        Ok(Some(read(self.bus_tags(&arn).await)))
    }

    async fn bus_tags(&self, arn: &str) -> Result<Tags, AwsError> {
        let answer = self.events.list_tags_for_resource().resource_arn(arn).send().await;
        let answer = answer.map_err(|error| failed("events:ListTagsForResource", arn, error))?;
        Ok(tags(answer.tags().iter().map(|tag| (Some(tag.key()), Some(tag.value())))))
    }

    /// A bucket, wherever it lies.
    pub(crate) async fn bucket(&self, name: &ResourceName) -> Result<Option<BucketFacts>, AwsError> {
        let region = match self.s3.head_bucket().bucket(name.as_str()).send().await {
            Ok(answer) => answer.bucket_region().map(str::to_owned),
            Err(error) => match error.raw_response().filter(|raw| raw.status().as_u16() == 301) {
                Some(raw) => raw.headers().get(PLACE).map(str::to_owned),
                None => {
                    return found(Err(failed("s3:ListBucket", name, error)));
                }
            },
        };
        Ok(Some(BucketFacts { region, versions: read(self.versions(name).await) }))
    }

    async fn versions(&self, name: &ResourceName) -> Result<bool, AwsError> {
        let answer = self.s3.get_bucket_versioning().bucket(name.as_str()).send().await;
        let answer = answer.map_err(|error| failed("s3:GetBucketVersioning", name, error))?;
        Ok(answer.status() == Some(&BucketVersioningStatus::Enabled))
    }

    /// Whether the region has a repository of images.
    pub(crate) async fn repository(&self, name: &ResourceName) -> Result<bool, AwsError> {
        let answer = self.ecr.describe_repositories().repository_names(name.as_str()).send().await;
        Ok(found(answer.map_err(|error| failed("ecr:DescribeRepositories", name, error)))?.is_some())
    }

    /// Whether the region has a vault of AWS Backup: listed, for of one that does not exist AWS says "denied".
    pub(crate) async fn vault(&self, name: &ResourceName) -> Result<bool, AwsError> {
        let all = self.backup.list_backup_vaults().into_paginator().items().send().try_collect().await;
        let all = all.map_err(|error| failed("backup:ListBackupVaults", name, error))?;
        Ok(all.iter().any(|vault| vault.backup_vault_name() == Some(name.as_str())))
    }
}
