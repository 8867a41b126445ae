//! What RDS instances and Aurora clusters have in common: states, tags, windows and quotas.

use aws_sdk_rds::types::Tag;
use watchkeeper_control::ports::AwsError;
use watchkeeper_domain::backup::{
    CopyQuota, CopyState, JobPolicy, ObservedCopy, RESTORE_TAG, RestoreWindow, SourceState,
};
use watchkeeper_domain::estate::CopyPolicy;
use watchkeeper_domain::value::ResourceName;

use super::engine::RegionalResource;
use super::{BackupClients, presign, tags};
use crate::fault::{failed, odd};
use crate::time::timestamp;

/// A gibibyte, in bytes: what RDS counts storage in.
pub(super) const GIB: u64 = 1 << 30;

impl BackupClients {
    /// A quota of the account in this region, by the name under which RDS tells it.
    pub(super) async fn snapshot_quota(&self, quota: &'static str) -> Result<Option<CopyQuota>, AwsError> {
        let answer = self.rds.describe_account_attributes().send().await;
        let answer = answer.map_err(|error| failed("DescribeAccountAttributes", quota, error))?;
        let found = answer.account_quotas().iter().find(|found| found.account_quota_name() == Some(quota));
        let number = |value: Option<i64>| value.and_then(|value| u32::try_from(value).ok());
        Ok(found.and_then(|found| Some(CopyQuota { used: number(found.used())?, limit: number(found.max())? })))
    }

    /// Tags a database as ours: it was restored for this drill or request.
    pub(super) async fn mark_database(&self, arn: Option<&str>, mark: &str) -> Result<(), AwsError> {
        self.tag_database(arn.unwrap_or_default(), vec![restore_tag(mark)]).await
    }

    /// Sets again what a restore of a database does not bring, its tags; tells what it has of its original now.
    pub(super) async fn reapply_to_database(
        &self,
        arn: Option<&str>,
        original: &[Tag],
    ) -> Result<Vec<String>, AwsError> {
        let mut set = vec!["subnets, security groups, parameters".to_owned()];
        let theirs: Vec<Tag> = original.iter().filter(|tag| tag.key().is_some_and(tags::is_theirs)).cloned().collect();
        if !theirs.is_empty() {
            self.tag_database(arn.unwrap_or_default(), theirs).await?;
            set.push("tags".to_owned());
        }
        Ok(set)
    }

    async fn tag_database(&self, arn: &str, wanted: Vec<Tag>) -> Result<(), AwsError> {
        let call = self.rds.add_tags_to_resource().resource_name(arn).set_tags(Some(wanted));
        call.send().await.map(drop).map_err(|error| failed("AddTagsToResource", arn, error))
    }
}

impl RegionalResource<'_> {
    /// What RDS needs to copy an encrypted snapshot out of another region: the key there, and a request to that region that is
    /// signed beforehand. `call` is the operation with its parameters for the original and for the copy.
    pub(super) async fn encrypted_copy(
        &self,
        to: &CopyPolicy,
        copy: &ObservedCopy,
        call: [&'static str; 3],
    ) -> Result<(String, String), AwsError> {
        let [action, source, target] = call;
        let key = to.key.as_ref().map_or(KEY, ResourceName::as_str);
        let asked = presign::PresignRequest {
            action,
            source: (source, &copy.id),
            target: (target, &copy.name),
            key,
            tag: &copy_tag(self.policy),
            from: &self.policy.region,
            to: &to.region,
        };
        let url = presign::url(&self.clients.sdk, &asked).await.map_err(|why| odd(action, &copy.name, why))?;
        Ok((key.to_owned(), url))
    }
}

/// The key of a copy in another region where the document names none: that of the original stays in its region, and RDS has one
/// of its own in each (Amazon RDS user guide, copying a DB snapshot across regions).
const KEY: &str = "alias/aws/rds";

/// Of an instance a snapshot can be taken while its storage is being optimized, too (Amazon RDS API reference,
/// `CreateDBSnapshot`); in any other state RDS refuses.
pub(super) fn state(status: Option<&str>) -> SourceState {
    match status {
        Some("available" | "storage-optimization") => SourceState::Available,
        Some("stopped" | "stopping") => SourceState::Stopped,
        Some(other) => SourceState::Busy(other.to_owned()),
        None => SourceState::Busy("in no state that AWS tells".to_owned()),
    }
}

/// Automated backups are what point-in-time recovery is made of; without them there is none.
pub(super) fn window(
    retention_days: Option<i32>,
    from: Option<&aws_smithy_types::DateTime>,
    to: Option<&aws_smithy_types::DateTime>,
) -> Option<RestoreWindow> {
    if retention_days.unwrap_or(0) == 0 {
        return None;
    }
    Some(RestoreWindow { from: from.and_then(timestamp), to: to.and_then(timestamp)? })
}

/// A status that is neither of these is one from which nothing can be restored (Amazon RDS user guide).
pub(super) fn copy_state(status: Option<&str>) -> CopyState {
    match status.unwrap_or("unknown") {
        "available" => CopyState::Available,
        "creating" | "copying" | "pending" => CopyState::Creating,
        "deleting" => CopyState::Deleting,
        other => CopyState::Failed(other.to_owned()),
    }
}

pub(super) fn pairs(tags: &[Tag]) -> impl Iterator<Item = (Option<&str>, Option<&str>)> {
    tags.iter().map(|tag| (tag.key(), tag.value()))
}

pub(super) fn copy_tag(policy: &JobPolicy) -> Tag {
    let (key, value) = tags::of_copy(policy);
    Tag::builder().key(key).value(value).build()
}

pub(super) fn restore_tag(mark: &str) -> Tag {
    Tag::builder().key(RESTORE_TAG).value(mark).build()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use aws_smithy_types::DateTime;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("available", CopyState::Available)]
    #[case("creating", CopyState::Creating)]
    #[case("copying", CopyState::Creating)]
    #[case("deleting", CopyState::Deleting)]
    #[case("failed", CopyState::Failed("failed".to_owned()))]
    fn the_status_of_a_snapshot_is_read(#[case] status: &str, #[case] expected: CopyState) {
        assert_eq!(copy_state(Some(status)), expected);
    }

    #[test]
    fn without_automated_backups_there_is_no_window() {
        let to = DateTime::from_secs(1_795_000_000);
        assert_eq!(window(Some(0), None, Some(&to)), None);
        assert_eq!(window(None, None, Some(&to)), None);
        assert_eq!(window(Some(7), None, Some(&to)).unwrap().to.as_second(), 1_795_000_000);
    }

    #[test]
    fn a_stopped_instance_is_told_from_a_busy_one() {
        assert_eq!(state(Some("stopping")), SourceState::Stopped);
        assert_eq!(state(Some("storage-optimization")), SourceState::Available);
        assert_eq!(state(Some("backing-up")), SourceState::Busy("backing-up".to_owned()));
    }
}
