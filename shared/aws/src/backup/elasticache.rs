//! Replication groups of `ElastiCache`: manual snapshots.

use std::collections::BTreeMap;

use aws_sdk_elasticache::operation::describe_replication_groups::DescribeReplicationGroupsError;
use aws_sdk_elasticache::types::{ReplicationGroup, Snapshot, Tag};
use watchkeeper_control::ports::AwsError;
use watchkeeper_domain::backup::{
    BACKUP_TAG, BackupMemory, CopyName, CopyState, ObservedCopy, ObservedSource, SourceState,
};

use super::engine::{BackupEngine, CopyEngine, RegionalResource};
use super::tags;
use crate::fault::failed;
use crate::time::timestamp;

/// `ElastiCache` replication groups.
#[derive(Debug)]
pub(super) struct Elasticache;

impl CopyEngine for Elasticache {
    async fn copies(&self, resource: &RegionalResource<'_>, _: &BackupMemory) -> Result<Vec<ObservedCopy>, AwsError> {
        let name = resource.name();
        let call = resource.clients.elasticache.describe_snapshots().replication_group_id(name).snapshot_source("user");
        let all = call.into_paginator().items().send().try_collect().await;
        let all: Vec<Snapshot> = all.map_err(|error| failed("DescribeSnapshots", name, error))?;
        let series = resource.policy.subject.series();
        let mut copies = Vec::new();
        for found in &all {
            let Some(mut copy) = snapshot(found) else { continue };
            // One call each: only for those that have a name of ours.
            if series.due(&copy.name).is_some() && copy.state == CopyState::Available {
                let call = resource.clients.elasticache.list_tags_for_resource().resource_name(&copy.id);
                let answer = call.send().await.map_err(|error| failed("ListTagsForResource", &copy.name, error))?;
                copy.mark = tags::value(answer.tag_list().iter().map(|tag| (tag.key(), tag.value())), BACKUP_TAG);
            } else if series.due(&copy.name).is_some() {
                // Tags can be asked for once it is available; until then its name has to do, and nothing removes it.
                copy.mark = Some(resource.policy.subject.identity());
            }
            copies.push(copy);
        }
        Ok(copies)
    }

    async fn start(&self, resource: &RegionalResource<'_>, name: &CopyName) -> Result<Option<String>, AwsError> {
        let (key, value) = tags::of_copy(resource.policy);
        let call = resource.clients.elasticache.create_snapshot().replication_group_id(resource.name());
        let call = call.snapshot_name(name.as_str()).tags(Tag::builder().key(key).value(value).build());
        call.send().await.map(|_| None).map_err(|error| failed("CreateSnapshot", name, error))
    }

    async fn delete(&self, resource: &RegionalResource<'_>, copy: &ObservedCopy) -> Result<(), AwsError> {
        let call = resource.clients.elasticache.delete_snapshot().snapshot_name(&copy.name);
        call.send().await.map(drop).map_err(|error| failed("DeleteSnapshot", &copy.name, error))
    }
}

impl BackupEngine for Elasticache {
    async fn source(&self, resource: &RegionalResource<'_>) -> Result<Option<ObservedSource>, AwsError> {
        let name = resource.name();
        match resource.clients.elasticache.describe_replication_groups().replication_group_id(name).send().await {
            Ok(answer) => Ok(answer.replication_groups().first().map(group)),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(DescribeReplicationGroupsError::is_replication_group_not_found_fault) =>
            {
                Ok(None)
            }
            Err(error) => Err(failed("DescribeReplicationGroups", name, error)),
        }
    }
}

fn group(group: &ReplicationGroup) -> ObservedSource {
    let text = |value: Option<&str>| value.unwrap_or("none").to_owned();
    ObservedSource {
        state: match group.status() {
            Some("available") => SourceState::Available,
            other => SourceState::Busy(text(other)),
        },
        encrypted: group.at_rest_encryption_enabled().unwrap_or(false),
        window: None,
        settings: BTreeMap::from([
            ("engine".to_owned(), text(group.engine())),
            ("node type".to_owned(), text(group.cache_node_type())),
        ]),
    }
}

fn snapshot(snapshot: &Snapshot) -> Option<ObservedCopy> {
    let nodes = snapshot.node_snapshots();
    let sizes: Option<Vec<u64>> = nodes.iter().map(|node| node.cache_size().and_then(bytes)).collect();
    Some(ObservedCopy {
        id: snapshot.arn()?.to_owned(),
        name: snapshot.snapshot_name()?.to_owned(),
        state: match snapshot.snapshot_status() {
            Some("available" | "restoring" | "exporting") => CopyState::Available,
            Some("creating" | "copying") => CopyState::Creating,
            Some("deleting") => CopyState::Deleting,
            other => CopyState::Failed(other.unwrap_or("unknown").to_owned()),
        },
        created: nodes.iter().filter_map(|node| node.snapshot_create_time().and_then(timestamp)).min(),
        bytes: sizes.filter(|sizes| !sizes.is_empty()).map(|sizes| sizes.iter().sum()),
        // A snapshot is encrypted where its group is (Amazon ElastiCache user guide, at-rest encryption); it names a key only
        // where that is not the service's own.
        encrypted: true,
        mark: None,
    })
}

/// A size as the service writes it: `12 MB`.
fn bytes(text: &str) -> Option<u64> {
    let (figure, unit) = text.trim().split_once(' ')?;
    let unit = match unit {
        "B" => 1,
        "KB" => 1 << 10,
        "MB" => 1 << 20,
        "GB" => 1 << 30,
        _ => return None,
    };
    figure.parse::<u64>().ok().map(|figure| figure * unit)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use aws_sdk_elasticache::types::NodeSnapshot;

    use super::*;

    #[test]
    fn the_size_of_a_snapshot_is_that_of_its_nodes() {
        let node = |size: &str| NodeSnapshot::builder().cache_size(size).build();
        let made = |nodes: Vec<NodeSnapshot>| {
            let made = Snapshot::builder().arn("arn").snapshot_name("wk-a").snapshot_status("available");
            snapshot(&made.set_node_snapshots(Some(nodes)).build()).unwrap()
        };
        assert_eq!(made(vec![node("12 MB"), node("3 MB")]).bytes, Some(15 << 20));
        assert_eq!(made(vec![node("12 MB"), node("much")]).bytes, None);
        assert_eq!(made(vec![]).bytes, None);
    }

    #[test]
    fn a_group_that_is_not_available_is_busy() {
        let read = group(&ReplicationGroup::builder().status("snapshotting").at_rest_encryption_enabled(true).build());
        assert_eq!((read.state, read.encrypted), (SourceState::Busy("snapshotting".to_owned()), true));
    }
}
