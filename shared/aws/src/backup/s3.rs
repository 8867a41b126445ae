//! Objects of S3: a copy of the version that is the newest at the instant, under a name of its own in the same bucket, and
//! from there in a bucket of the other region. Versions are removed as versions, so that nothing lives on below a marker.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_s3::config::Builder;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::error::ProvideErrorMetadata as _;
use aws_sdk_s3::operation::head_object::HeadObjectError;
use aws_sdk_s3::types::{ObjectVersion, Tag, TaggingDirective};
use watchkeeper_control::ports::{AwsError, Fault};
use watchkeeper_domain::backup::{
    BACKUP_TAG, BackupMemory, CopyName, CopyState, JobPolicy, ObservedCopy, ObservedSource, SourceState,
};
use watchkeeper_domain::estate::CopyPolicy;
use watchkeeper_domain::name::Region;

use super::engine::{BackupEngine, CopyEngine, RegionalResource};
use super::{BackupClients, presign, tags};
use crate::clients::CONNECT;
use crate::fault::{failed, invalid};
use crate::time::timestamp;

/// Where the copies lie in a bucket.
const FOLDER: &str = "watchkeeper/";

/// Between the key and the version in the id of a copy, which begins with the bucket: in another one it is another copy.
const VERSION: char = '?';

/// The largest object that one call copies, in bytes (Amazon S3 API reference, `CopyObject`): 5 GB.
const LARGEST: i64 = 5 * (1 << 30);

/// How long S3 may take to copy an object: it answers when it is done. Below the time of one step.
const COPYING: Duration = Duration::from_secs(100);

/// The error code where the key is there already.
const TAKEN: &str = "PreconditionFailed";

fn bucket_and_key(policy: &JobPolicy) -> Result<(&str, &str), AwsError> {
    let name = policy.subject.source.name.as_str();
    name.split_once('/').ok_or_else(|| invalid("HeadObject", name, "found no key, expected bucket/key".to_owned()))
}

/// The bucket of the copies in a region.
fn bucket_in<'a>(policy: &'a JobPolicy, region: &Region) -> Result<&'a str, AwsError> {
    let away = policy.copy.as_ref().filter(|copy| copy.region == *region);
    match away.and_then(|copy| copy.bucket.as_ref()) {
        Some(bucket) => Ok(bucket.as_str()),
        None => Ok(bucket_and_key(policy)?.0),
    }
}

/// Objects of S3.
#[derive(Debug)]
pub(super) struct S3;

impl CopyEngine for S3 {
    async fn copies(&self, resource: &RegionalResource<'_>, _: &BackupMemory) -> Result<Vec<ObservedCopy>, AwsError> {
        let bucket = bucket_in(resource.policy, &resource.clients.region)?;
        let prefix = format!("{FOLDER}{}", resource.policy.subject.series());
        let (mut copies, mut from): (_, (Option<String>, Option<String>)) = (Vec::new(), (None, None));
        loop {
            let call = resource.clients.s3.list_object_versions().bucket(bucket).prefix(&prefix);
            let answer = call.set_key_marker(from.0.clone()).set_version_id_marker(from.1.clone()).send().await;
            let answer = answer.map_err(|error| failed("ListObjectVersions", bucket, error))?;
            for version in answer.versions() {
                copies.extend(resource.clients.object_copy(bucket, version).await?);
            }
            let next = (answer.next_key_marker.filter(|key| !key.is_empty()), answer.next_version_id_marker);
            // A list that says that there is more, and not where, or where it began, has no more for us.
            if !answer.is_truncated.unwrap_or(false) || next.0.is_none() || next == from {
                return Ok(copies);
            }
            from = next;
        }
    }

    async fn start(&self, resource: &RegionalResource<'_>, name: &CopyName) -> Result<Option<String>, AwsError> {
        let (bucket, key) = bucket_and_key(resource.policy)?;
        let call = resource.clients.s3.head_object().bucket(bucket).key(key);
        let head = call.send().await.map_err(|error| failed("HeadObject", &resource.policy.subject.source, error))?;
        if head.content_length().is_some_and(|bytes| bytes > LARGEST) {
            let found =
                format!("found an object of {} bytes, expected at most {LARGEST}", head.content_length().unwrap_or(0));
            return Err(invalid("CopyObject", &resource.policy.subject.source, found));
        }
        let from = source(bucket, key, head.version_id());
        resource.clients.copy_object(resource.policy, from, bucket, name.as_str()).await.map(|()| None)
    }

    /// Called in the region of the copy.
    async fn copy(
        &self,
        resource: &RegionalResource<'_>,
        to: &CopyPolicy,
        copy: &ObservedCopy,
    ) -> Result<Option<String>, AwsError> {
        let (bucket, key, version) = parts(copy)?;
        let from = source(bucket, key, Some(version));
        resource
            .clients
            .copy_object(resource.policy, from, bucket_in(resource.policy, &to.region)?, &copy.name)
            .await
            .map(|()| None)
    }

    async fn delete(&self, resource: &RegionalResource<'_>, copy: &ObservedCopy) -> Result<(), AwsError> {
        let (bucket, key, version) = parts(copy)?;
        let call = resource.clients.s3.delete_object().bucket(bucket).key(key).version_id(version);
        call.send().await.map(drop).map_err(|error| failed("DeleteObject", &copy.name, error))
    }
}

impl BackupEngine for S3 {
    async fn source(&self, resource: &RegionalResource<'_>) -> Result<Option<ObservedSource>, AwsError> {
        let (bucket, key) = bucket_and_key(resource.policy)?;
        match resource.clients.s3.head_object().bucket(bucket).key(key).send().await {
            Ok(answer) => {
                let settings = BTreeMap::from([(
                    "versioned".to_owned(),
                    answer.version_id().is_some_and(|version| version != "null").to_string(),
                )]);
                // S3 encrypts every new object (Amazon S3 user guide, default encryption).
                let encrypted = answer.server_side_encryption().is_some();
                Ok(Some(ObservedSource { state: SourceState::Available, encrypted, window: None, settings }))
            }
            Err(error) if error.as_service_error().is_some_and(HeadObjectError::is_not_found) => Ok(None),
            Err(error) => Err(failed("HeadObject", &resource.policy.subject.source, error)),
        }
    }
}

impl BackupClients {
    async fn object_copy(&self, bucket: &str, version: &ObjectVersion) -> Result<Option<ObservedCopy>, AwsError> {
        let (Some(key), Some(id)) = (version.key(), version.version_id()) else { return Ok(None) };
        let call = self.s3.head_object().bucket(bucket).key(key).version_id(id);
        let head = call.send().await.map_err(|error| failed("HeadObject", key, error))?;
        let call = self.s3.get_object_tagging().bucket(bucket).key(key).version_id(id);
        let tagging = call.send().await.map_err(|error| failed("GetObjectTagging", key, error))?;
        let pairs = tagging.tag_set().iter().map(|tag| (Some(tag.key()), Some(tag.value())));
        Ok(Some(ObservedCopy {
            id: format!("{bucket}/{key}{VERSION}{id}"),
            name: key.strip_prefix(FOLDER).unwrap_or(key).to_owned(),
            state: CopyState::Available,
            created: version.last_modified().and_then(timestamp),
            bytes: version.size().and_then(|size| u64::try_from(size).ok()),
            encrypted: head.server_side_encryption().is_some(),
            mark: tags::value(pairs, BACKUP_TAG),
        }))
    }

    async fn copy_object(&self, policy: &JobPolicy, from: String, bucket: &str, name: &str) -> Result<(), AwsError> {
        let (key, value) = tags::of_copy(policy);
        let tag = Tag::builder().key(key).value(value).build();
        let tag = tag.map_err(|flaw| invalid("CopyObject", name, flaw.to_string()))?;
        let tagging = format!("{}={}", presign::encoded(tag.key()), presign::encoded(tag.value()));
        let call = self.s3.copy_object().copy_source(from).bucket(bucket).key(format!("{FOLDER}{name}"));
        let call = call.tagging_directive(TaggingDirective::Replace).tagging(tagging).if_none_match("*");
        // Each copy is a version of its own, so one whose answer was lost must not be made again: the next step looks first.
        let times = TimeoutConfig::builder().connect_timeout(CONNECT).read_timeout(COPYING);
        let times = times.operation_attempt_timeout(COPYING).operation_timeout(COPYING).build();
        let once = Builder::new().retry_config(RetryConfig::disabled()).timeout_config(times);
        let answer = Box::pin(call.customize().config_override(once).send()).await;
        answer.map(drop).map_err(|error| {
            let taken = error.code() == Some(TAKEN);
            let error = failed("CopyObject", name, error);
            if taken { AwsError { fault: Fault::Conflict, ..error } } else { error }
        })
    }
}

/// The bucket, the key and the version of a copy.
fn parts(copy: &ObservedCopy) -> Result<(&str, &str, &str), AwsError> {
    let (clients, version) = copy.id.split_once(VERSION).unwrap_or((&copy.id, "null"));
    let (bucket, key) = clients.split_once('/').ok_or_else(|| {
        invalid("CopyObject", &copy.name, format!("found the id {}, expected bucket/key{VERSION}version", copy.id))
    })?;
    Ok((bucket, key, version))
}

/// One version of an object, as a copy names its source.
fn source(bucket: &str, key: &str, version: Option<&str>) -> String {
    let path: Vec<String> = key.split('/').map(presign::encoded).collect();
    let version = version.map(|version| format!("?versionId={}", presign::encoded(version))).unwrap_or_default();
    format!("{bucket}/{}{version}", path.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_source_of_a_copy_is_one_version() {
        let written = source("candlefish-terraform-state", "clos-v2/terraform tfstate", Some("a/b"));
        assert_eq!(written, "candlefish-terraform-state/clos-v2/terraform%20tfstate?versionId=a%2Fb");
        assert_eq!(source("b", "k", None), "b/k");
    }
}
