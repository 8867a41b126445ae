//! RDS instances and Aurora clusters: whether they run, and whether they can be stopped.

use std::error::Error;

use aws_sdk_rds::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_rds::operation::describe_db_clusters::DescribeDBClustersError;
use aws_sdk_rds::operation::describe_db_instances::DescribeDBInstancesError;
use aws_sdk_rds::types::{DbCluster, DbInstance, Tag};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use watchkeeper_control::ports::{AwsError, Databases};
use watchkeeper_domain::capacity::{DatabaseId, DatabaseState, ObservedDatabase, TagScheduler};
use watchkeeper_domain::name::DatabaseName;

use self::stoppable::{ClusterFacts, InstanceFacts};
use crate::fault::failed;
use crate::{Aws, managed, tagged};

mod listed;
mod promotions;
mod replicas;
mod stoppable;

impl Databases for Aws {
    async fn describe_database(&self, database: &DatabaseId) -> Result<Option<ObservedDatabase>, AwsError> {
        match database {
            DatabaseId::Aurora(name) => self.describe_cluster(name).await,
            DatabaseId::Rds(name) => self.describe_instance(name).await,
        }
    }

    async fn start_database(&self, database: &DatabaseId) -> Result<(), AwsError> {
        let name = database.name().as_str();
        match database {
            DatabaseId::Aurora(_) => {
                done("StartDBCluster", database, self.rds.start_db_cluster().db_cluster_identifier(name).send().await)
            }
            DatabaseId::Rds(_) => {
                let call = self.rds.start_db_instance().db_instance_identifier(name);
                done("StartDBInstance", database, call.send().await)
            }
        }
    }

    async fn stop_database(&self, database: &DatabaseId) -> Result<(), AwsError> {
        let name = database.name().as_str();
        match database {
            DatabaseId::Aurora(_) => {
                done("StopDBCluster", database, self.rds.stop_db_cluster().db_cluster_identifier(name).send().await)
            }
            DatabaseId::Rds(_) => {
                let call = self.rds.stop_db_instance().db_instance_identifier(name);
                done("StopDBInstance", database, call.send().await)
            }
        }
    }
}

impl Aws {
    async fn describe_instance(&self, name: &DatabaseName) -> Result<Option<ObservedDatabase>, AwsError> {
        Ok(self.instance(name.as_str()).await?.as_ref().map(read_instance))
    }

    async fn instance(&self, name: &str) -> Result<Option<DbInstance>, AwsError> {
        match self.rds.describe_db_instances().db_instance_identifier(name).send().await {
            Ok(answer) => Ok(answer.db_instances.unwrap_or_default().into_iter().next()),
            Err(error) if error.as_service_error().is_some_and(unknown_instance) => Ok(None),
            Err(error) => Err(failed("DescribeDBInstances", name, error)),
        }
    }

    async fn describe_cluster(&self, name: &DatabaseName) -> Result<Option<ObservedDatabase>, AwsError> {
        let answer = match self.rds.describe_db_clusters().db_cluster_identifier(name.as_str()).send().await {
            Ok(answer) => answer,
            Err(error) if error.as_service_error().is_some_and(unknown_cluster) => return Ok(None),
            Err(error) => return Err(failed("DescribeDBClusters", name, error)),
        };
        let Some(cluster) = answer.db_clusters().first() else { return Ok(None) };
        let global = match cluster.global_cluster_identifier().filter(|global| !global.is_empty()) {
            Some(global) => self.members(global).await?,
            None => 0,
        };
        let mut found = read_cluster(cluster, global);
        // The cluster is `available` some time before its writer is, and while its writer restarts.
        if let Some(writer) = writer(cluster).filter(|_| found.state.serves()) {
            let writer = self.instance(writer).await?;
            found.state = with_writer(found.state, writer.as_ref().and_then(DbInstance::db_instance_status));
        }
        Ok(Some(found))
    }

    /// How many clusters a global database has.
    async fn members(&self, global: &str) -> Result<usize, AwsError> {
        let call = self.rds.describe_global_clusters().global_cluster_identifier(global);
        let answer = call.send().await.map_err(|error| failed("DescribeGlobalClusters", global, error))?;
        Ok(answer.global_clusters().iter().map(|cluster| cluster.global_cluster_members().len()).sum())
    }
}

/// The instance through which a cluster takes writes; one without instances has none.
fn writer(cluster: &DbCluster) -> Option<&str> {
    let writer = cluster.db_cluster_members().iter().find(|member| member.is_cluster_writer() == Some(true));
    named(writer?.db_instance_identifier())
}

/// The state of a cluster that serves, once the status of its writer is known: it is up when its writer is.
fn with_writer(cluster: DatabaseState, writer: Option<&str>) -> DatabaseState {
    match writer.map(DatabaseState::of) {
        None | Some(DatabaseState::Available) => cluster,
        Some(DatabaseState::Stopped | DatabaseState::Stopping) => {
            DatabaseState::Passing("its writer is stopped".to_owned())
        }
        Some(state) => state,
    }
}

fn unknown_instance(error: &DescribeDBInstancesError) -> bool {
    error.is_db_instance_not_found_fault()
}

fn unknown_cluster(error: &DescribeDBClustersError) -> bool {
    error.is_db_cluster_not_found_fault()
}

fn done<T, E>(
    operation: &'static str,
    database: &DatabaseId,
    answer: Result<T, SdkError<E, HttpResponse>>,
) -> Result<(), AwsError>
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    answer.map(drop).map_err(|error| failed(operation, database, error))
}

fn read_instance(instance: &DbInstance) -> ObservedDatabase {
    let replicas = instance.read_replica_db_instance_identifiers().iter();
    let facts = InstanceFacts {
        engine: instance.engine().unwrap_or_default(),
        multi_az: instance.multi_az().unwrap_or(false),
        cluster: named(instance.db_cluster_identifier()),
        replica_of: named(instance.read_replica_source_db_instance_identifier())
            .or(named(instance.read_replica_source_db_cluster_identifier())),
        replicas: replicas.chain(instance.read_replica_db_cluster_identifiers()).map(String::as_str).collect(),
    };
    observed(instance.db_instance_status(), instance.tag_list(), facts.cannot_stop())
}

fn read_cluster(cluster: &DbCluster, global_members: usize) -> ObservedDatabase {
    let facts = ClusterFacts {
        engine: cluster.engine().unwrap_or_default(),
        mode: cluster.engine_mode().unwrap_or_default(),
        replica_of: named(cluster.replication_source_identifier()),
        replicas: cluster.read_replica_identifiers().iter().map(String::as_str).collect(),
        global_members,
    };
    observed(cluster.status(), cluster.tag_list(), facts.cannot_stop())
}

/// A name in an XML answer; an empty element names nothing.
fn named(name: Option<&str>) -> Option<&str> {
    name.filter(|name| !name.is_empty())
}

fn observed(status: Option<&str>, tags: &[Tag], cannot_stop: Option<String>) -> ObservedDatabase {
    let tags = tags.iter().map(|tag| (tag.key(), tag.value()));
    let (scheduler, managed) = (TagScheduler::of_database(tagged(tags.clone())), managed(tags));
    let state = DatabaseState::of(status.unwrap_or("in an unknown state"));
    ObservedDatabase { state, managed, cannot_stop, scheduler }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("available", DatabaseState::Available)]
    #[case("stopped", DatabaseState::Stopped)]
    #[case("backing-up", DatabaseState::Serving("backing-up".to_owned()))]
    fn a_status_is_a_state(#[case] status: &str, #[case] expected: DatabaseState) {
        assert_eq!(read_instance(&DbInstance::builder().db_instance_status(status).build()).state, expected);
        assert_eq!(read_cluster(&DbCluster::builder().status(status).build(), 0).state, expected);
    }

    #[test]
    fn a_cluster_is_up_when_its_writer_is() {
        let member = |name: &str, writer| {
            aws_sdk_rds::types::DbClusterMember::builder()
                .db_instance_identifier(name)
                .is_cluster_writer(writer)
                .build()
        };
        let cluster = DbCluster::builder().db_cluster_members(member("reader", false));
        assert_eq!(writer(&cluster.clone().build()), None);
        assert_eq!(writer(&cluster.db_cluster_members(member("first", true)).build()), Some("first"));
        let available = |status| with_writer(DatabaseState::Available, status);
        assert_eq!(available(None), DatabaseState::Available);
        assert_eq!(available(Some("available")), DatabaseState::Available);
        assert_eq!(available(Some("starting")), DatabaseState::Starting);
        assert!(available(Some("storage-optimization")).serves());
        for down in ["rebooting", "creating", "stopped", "failed"] {
            assert!(!available(Some(down)).serves(), "{down}");
        }
        let backing_up = DatabaseState::of("backing-up");
        assert_eq!(with_writer(backing_up.clone(), Some("available")), backing_up);
    }

    #[test]
    fn the_tag_is_read_of_both_kinds() {
        let tag = Tag::builder().key("watchkeeper:managed").value("true").build();
        assert!(read_instance(&DbInstance::builder().tag_list(tag.clone()).build()).managed);
        assert!(read_cluster(&DbCluster::builder().tag_list(tag).build(), 0).managed);
        assert!(!read_cluster(&DbCluster::builder().build(), 0).managed);
    }

    #[test]
    fn the_tag_of_another_scheduler_is_read_of_both_kinds() {
        let tag = Tag::builder().key("Schedule").value("office-hours").build();
        let name = |found: ObservedDatabase| found.scheduler.map(|it| it.name);
        let expected = Some("AWS Instance Scheduler");
        assert_eq!(name(read_instance(&DbInstance::builder().tag_list(tag.clone()).build())), expected);
        assert_eq!(name(read_cluster(&DbCluster::builder().tag_list(tag).build(), 0)), expected);
        assert_eq!(name(read_cluster(&DbCluster::builder().build(), 0)), None);
    }

    #[test]
    fn the_facts_of_an_instance_come_from_its_description() {
        let cannot_stop = |instance: DbInstance| read_instance(&instance).cannot_stop;
        let postgres = || DbInstance::builder().engine("postgres").multi_az(true);
        assert_eq!(cannot_stop(postgres().build()), None);
        for instance in [
            postgres().read_replica_db_instance_identifiers("copy"),
            postgres().read_replica_db_cluster_identifiers("copy"),
            postgres().read_replica_source_db_instance_identifier("origin"),
            postgres().read_replica_source_db_cluster_identifier("origin"),
            postgres().db_cluster_identifier("whole"),
            postgres().engine("sqlserver-se"),
        ] {
            assert!(cannot_stop(instance.clone().build()).is_some(), "{instance:?}");
        }
    }

    #[test]
    fn the_facts_of_a_cluster_come_from_its_description() {
        let cannot_stop = |cluster: DbCluster, global| read_cluster(&cluster, global).cannot_stop;
        let aurora = || DbCluster::builder().engine("aurora-postgresql").engine_mode("provisioned");
        assert_eq!(cannot_stop(aurora().replication_source_identifier("").build(), 1), None);
        assert!(cannot_stop(aurora().build(), 2).is_some());
        for cluster in [
            aurora().read_replica_identifiers("arn:copy"),
            aurora().replication_source_identifier("arn:origin"),
            aurora().engine_mode("serverless"),
            aurora().engine("postgres"),
        ] {
            assert!(cannot_stop(cluster.clone().build(), 0).is_some(), "{cluster:?}");
        }
    }
}
