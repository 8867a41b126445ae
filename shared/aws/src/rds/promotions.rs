//! Databases that become writers: read replicas of RDS, and Aurora global databases.

use aws_sdk_rds::config::{Builder, Region as AwsRegion};
use aws_sdk_rds::operation::describe_global_clusters::DescribeGlobalClustersError;
use aws_sdk_rds::types::{DbInstance, FailoverStatus, GlobalCluster, GlobalClusterMember};
use watchkeeper_control::failover::ports::DatabasePromotions;
use watchkeeper_control::ports::{AwsError, Fault};
use watchkeeper_domain::failover::{DatabaseRole, PairDatabase};
use watchkeeper_domain::name::Region;
use watchkeeper_domain::value::ResourceName;

use super::{named, unknown_instance};
use crate::AwsRegionReader;
use crate::clients::peer_timeouts;
use crate::fault::failed;

const DESCRIBE_GLOBAL: &str = "DescribeGlobalClusters";
const SWITCHOVER: &str = "SwitchoverGlobalCluster";
const FAILOVER: &str = "FailoverGlobalCluster";

/// The states in which an instance takes writes as it does when it is available (Amazon RDS user guide, "Viewing DB
/// instance status"): the first backup of a new writer takes minutes, and nothing has to wait for it.
const WRITABLE: [&str; 3] = ["available", "backing-up", "storage-optimization"];

impl DatabasePromotions for AwsRegionReader {
    async fn role(&self, database: &PairDatabase) -> Result<Option<DatabaseRole>, AwsError> {
        match database {
            PairDatabase::Replica(name) => {
                let call = self.aws.rds.describe_db_instances().db_instance_identifier(name.as_str());
                match call.send().await {
                    Ok(answer) => Ok(answer.db_instances().first().map(role_of_instance)),
                    Err(error) if error.as_service_error().is_some_and(unknown_instance) => Ok(None),
                    Err(error) => Err(failed("DescribeDBInstances", name, error)),
                }
            }
            PairDatabase::AuroraGlobal(name) => {
                let own = self.aws.rds.config().region().map_or("", AsRef::as_ref);
                Ok(self.global(name).await?.and_then(|global| role_in(&global, own)))
            }
        }
    }

    async fn promote_replica(&self, database: &ResourceName) -> Result<(), AwsError> {
        let call = self.aws.rds.promote_read_replica().db_instance_identifier(database.as_str());
        call.send().await.map_err(|error| failed("PromoteReadReplica", database, error))?;
        Ok(())
    }

    /// AWS takes a switchover in the region of the writer, and a failover in the region that becomes it (Amazon Aurora
    /// user guide, "Using switchover or failover in Amazon Aurora Global Database"). One never turns into the other.
    async fn move_writer(&self, global: &ResourceName, to: &Region, lossless: bool) -> Result<(), AwsError> {
        let operation = if lossless { SWITCHOVER } else { FAILOVER };
        let found = self.global(global).await?.ok_or_else(|| missing(operation, global, "no such global database"))?;
        let target = member_in(&found, to.as_str()).and_then(GlobalClusterMember::db_cluster_arn);
        let target = target.ok_or_else(|| missing(operation, global, &format!("it has no cluster in {to}")))?;
        if lossless {
            let writer = writer_region(&found).ok_or_else(|| missing(operation, global, "it has no writer"))?;
            let call = self.aws.rds.switchover_global_cluster().global_cluster_identifier(global.as_str());
            let call = call.target_db_cluster_identifier(target).customize();
            let there = Builder::new().region(AwsRegion::new(writer.to_owned())).timeout_config(peer_timeouts());
            let call = call.config_override(there);
            call.send().await.map_err(|error| failed(operation, global, error))?;
        } else {
            let call = self.aws.rds.failover_global_cluster().global_cluster_identifier(global.as_str());
            let call = call.target_db_cluster_identifier(target).allow_data_loss(true);
            call.send().await.map_err(|error| failed(operation, global, error))?;
        }
        Ok(())
    }
}

impl AwsRegionReader {
    /// A global database as this region knows it; `None` where there is none of that name.
    pub(super) async fn global(&self, name: &ResourceName) -> Result<Option<GlobalCluster>, AwsError> {
        match self.aws.rds.describe_global_clusters().global_cluster_identifier(name.as_str()).send().await {
            Ok(answer) => Ok(answer.global_clusters.unwrap_or_default().into_iter().next()),
            Err(error) if error.as_service_error().is_some_and(unknown_global) => Ok(None),
            Err(error) => Err(failed(DESCRIBE_GLOBAL, name, error)),
        }
    }
}

fn unknown_global(error: &DescribeGlobalClustersError) -> bool {
    error.is_global_cluster_not_found_fault()
}

fn missing(operation: &'static str, global: &ResourceName, what: &str) -> AwsError {
    AwsError { operation, subject: global.to_string(), fault: Fault::NotFound, source: Some(what.into()) }
}

/// A replica has a source until its promotion is over; while AWS works at it, it is neither.
fn role_of_instance(instance: &DbInstance) -> DatabaseRole {
    let source = named(instance.read_replica_source_db_instance_identifier())
        .or(named(instance.read_replica_source_db_cluster_identifier()));
    match (source, instance.db_instance_status().unwrap_or("in an unknown state")) {
        (Some(_), "available") => DatabaseRole::Follower,
        (None, status) if WRITABLE.contains(&status) => DatabaseRole::Writer,
        (_, status) => DatabaseRole::Changing(status.to_owned()),
    }
}

/// What the cluster of a region is in a global database; `None` where it has none there. A switchover or failover that
/// has begun says so in the failover state; anything else that AWS works at does not keep the writer from writing.
fn role_in(global: &GlobalCluster, region: &str) -> Option<DatabaseRole> {
    let member = member_in(global, region)?;
    let moving = global.failover_state().and_then(|state| state.status()).map(FailoverStatus::as_str);
    let busy = global.status().filter(|status| *status != "available");
    let writes = member.is_writer() == Some(true);
    Some(match (moving, writes, busy) {
        (Some(moving), ..) => DatabaseRole::Changing(moving.to_owned()),
        (None, true, Some(busy)) if busy.contains("over") => DatabaseRole::Changing(busy.to_owned()),
        (None, true, _) => DatabaseRole::Writer,
        (None, false, Some(busy)) => DatabaseRole::Changing(busy.to_owned()),
        (None, false, None) => DatabaseRole::Follower,
    })
}

pub(super) fn member_in<'a>(global: &'a GlobalCluster, region: &str) -> Option<&'a GlobalClusterMember> {
    global.global_cluster_members().iter().find(|member| region_of(member) == Some(region))
}

fn writer_region(global: &GlobalCluster) -> Option<&str> {
    global.global_cluster_members().iter().find(|member| member.is_writer() == Some(true)).and_then(region_of)
}

/// The region in the ARN of a member's cluster.
fn region_of(member: &GlobalClusterMember) -> Option<&str> {
    member.db_cluster_arn()?.split(':').nth(3)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use aws_sdk_rds::types::FailoverState;
    use aws_sdk_rds::types::builders::GlobalClusterBuilder;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(Some("arn:source"), "available", DatabaseRole::Follower)]
    #[case(Some("arn:source"), "modifying", DatabaseRole::Changing("modifying".to_owned()))]
    #[case(Some("arn:source"), "backing-up", DatabaseRole::Changing("backing-up".to_owned()))]
    #[case(None, "rebooting", DatabaseRole::Changing("rebooting".to_owned()))]
    #[case(None, "backing-up", DatabaseRole::Writer)]
    #[case(None, "available", DatabaseRole::Writer)]
    #[case(Some(""), "available", DatabaseRole::Writer)]
    fn a_replica_is_a_writer_once_it_has_no_source_and_works(
        #[case] source: Option<&str>,
        #[case] status: &str,
        #[case] expected: DatabaseRole,
    ) {
        let instance = DbInstance::builder().db_instance_status(status);
        let source = source.map(ToOwned::to_owned);
        let instance = instance.set_read_replica_source_db_instance_identifier(source).build();
        assert_eq!(role_of_instance(&instance), expected);
    }

    fn member(region: &str, writer: bool) -> GlobalClusterMember {
        let arn = format!("arn:aws:rds:{region}:123456789012:cluster:fleet-{region}");
        GlobalClusterMember::builder().db_cluster_arn(arn).is_writer(writer).build()
    }

    fn global(status: &str) -> GlobalClusterBuilder {
        let members = [member("us-west-2", true), member("us-west-1", false)];
        GlobalCluster::builder().status(status).set_global_cluster_members(Some(members.to_vec()))
    }

    #[test]
    fn the_writer_and_its_followers_are_told_by_the_regions_in_their_arns() {
        let found = global("available").build();
        assert_eq!(role_in(&found, "us-west-2"), Some(DatabaseRole::Writer));
        assert_eq!(role_in(&found, "us-west-1"), Some(DatabaseRole::Follower));
        assert_eq!(role_in(&found, "us-east-1"), None);
        assert_eq!(writer_region(&found), Some("us-west-2"));
        let target = member_in(&found, "us-west-1").and_then(GlobalClusterMember::db_cluster_arn);
        assert_eq!(target, Some("arn:aws:rds:us-west-1:123456789012:cluster:fleet-us-west-1"));
    }

    #[test]
    fn a_move_that_has_begun_is_waited_for_on_both_sides() {
        let state = FailoverState::builder().status(FailoverStatus::FailingOver).build();
        let failing = global("available").failover_state(state).build();
        for region in ["us-west-1", "us-west-2"] {
            assert_eq!(role_in(&failing, region), Some(DatabaseRole::Changing("failing-over".to_owned())));
        }
        let switching = global("switching-over").build();
        for region in ["us-west-1", "us-west-2"] {
            assert_eq!(role_in(&switching, region), Some(DatabaseRole::Changing("switching-over".to_owned())));
        }
    }

    #[test]
    fn a_global_database_at_which_aws_works_keeps_its_writer_but_cannot_be_moved() {
        let found = global("modifying").build();
        assert_eq!(role_in(&found, "us-west-2"), Some(DatabaseRole::Writer));
        assert_eq!(role_in(&found, "us-west-1"), Some(DatabaseRole::Changing("modifying".to_owned())));
    }
}
