//! What RDS instances and Aurora clusters have in common: states, tags, windows and quotas.

use aws_sdk_rds::types::Tag;
use watchkeeper_control::ports::AwsError;
use watchkeeper_domain::backup::{CopyQuota, CopyState, JobPolicy, RESTORE_TAG, RestoreWindow, SourceState};

use super::{BackupClients, tags};
use crate::fault::failed;
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

    pub(super) async fn tag_database(&self, arn: &str, wanted: Vec<Tag>) -> Result<(), AwsError> {
        let call = self.rds.add_tags_to_resource().resource_name(arn).set_tags(Some(wanted));
        call.send().await.map(drop).map_err(|error| failed("AddTagsToResource", arn, error))
    }
}

/// The key of a copy in another region where the document names none: that of the original stays in its region, and RDS has one
/// of its own in each (Amazon RDS user guide, copying a DB snapshot across regions).
pub(super) const KEY: &str = "alias/aws/rds";

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

/// The tags of a source that belong on what was restored from it.
pub(super) fn theirs(tags: &[Tag]) -> Vec<Tag> {
    tags.iter().filter(|tag| tag.key().is_some_and(tags::is_theirs)).cloned().collect()
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
