//! The databases of a region with their tags, page after page.

use aws_sdk_rds::types::{DbCluster, DbInstance, Tag};
use watchkeeper_control::ports::{AwsError, DatabaseLists};
use watchkeeper_domain::capacity::{DatabaseKind, EnvironmentTag, ListedDatabase};
use watchkeeper_domain::name::DatabaseName;

use super::named;
use crate::fault::{failed, odd};
use crate::{Aws, managed, tagged};

/// The most records of a page, and what AWS gives without a word (Amazon RDS API reference, `DescribeDBInstances` and
/// `DescribeDBClusters`, `MaxRecords`).
const PAGE: i32 = 100;

/// What an error is about, where it is about no single database.
const ALL: &str = "all databases";

impl DatabaseLists for Aws {
    async fn list_databases(
        &self,
        kind: DatabaseKind,
        after: Option<&str>,
    ) -> Result<(Vec<ListedDatabase>, Option<String>), AwsError> {
        let (after, odd_name) = (after.map(ToOwned::to_owned), |operation| move |what| odd(operation, ALL, what));
        match kind {
            DatabaseKind::Rds => {
                let call = self.rds.describe_db_instances().max_records(PAGE).set_marker(after);
                let answer = call.send().await.map_err(|error| failed("DescribeDBInstances", ALL, error))?;
                let found = answer.db_instances().iter().filter(|it| is_looked_after(it)).map(of_instance);
                let found = found.collect::<Result<_, _>>().map_err(odd_name("DescribeDBInstances"))?;
                Ok((found, next(answer.marker())))
            }
            DatabaseKind::Aurora => {
                let call = self.rds.describe_db_clusters().max_records(PAGE).set_marker(after);
                let answer = call.send().await.map_err(|error| failed("DescribeDBClusters", ALL, error))?;
                let found = answer.db_clusters().iter().filter(|it| is_aurora(it)).map(of_cluster);
                let found = found.collect::<Result<_, _>>().map_err(odd_name("DescribeDBClusters"))?;
                Ok((found, next(answer.marker())))
            }
        }
    }
}

/// The token of the page that follows; an empty one is none.
fn next(marker: Option<&str>) -> Option<String> {
    named(marker).map(ToOwned::to_owned)
}

/// Whether an instance is one by itself: a member stops with its cluster, of whatever service that is, and a read replica cannot be
/// stopped ("Stopping an Amazon RDS DB instance temporarily", Amazon RDS user guide).
fn is_looked_after(instance: &DbInstance) -> bool {
    let belongs = [
        instance.db_cluster_identifier(),
        instance.read_replica_source_db_instance_identifier(),
        instance.read_replica_source_db_cluster_identifier(),
    ];
    belongs.into_iter().all(|other| named(other).is_none())
}

/// Whether a cluster is Aurora's own: the same API tells of Neptune, `DocumentDB` and Multi-AZ DB clusters (Amazon RDS API reference,
/// `DBCluster`, `Engine`). A replica of another region cannot be stopped.
fn is_aurora(cluster: &DbCluster) -> bool {
    let engine = cluster.engine().unwrap_or_default();
    engine.starts_with("aurora") && named(cluster.replication_source_identifier()).is_none()
}

fn of_instance(instance: &DbInstance) -> Result<ListedDatabase, String> {
    let name = instance.db_instance_identifier().unwrap_or_default();
    listed(DatabaseKind::Rds, name, instance.tag_list()).map_err(|bad| format!("DBInstanceIdentifier: {bad}"))
}

fn of_cluster(cluster: &DbCluster) -> Result<ListedDatabase, String> {
    let name = cluster.db_cluster_identifier().unwrap_or_default();
    listed(DatabaseKind::Aurora, name, cluster.tag_list()).map_err(|bad| format!("DBClusterIdentifier: {bad}"))
}

fn listed(kind: DatabaseKind, name: &str, tags: &[Tag]) -> Result<ListedDatabase, String> {
    let tags = tags.iter().map(|tag| (tag.key(), tag.value()));
    let environment = tagged(tags.clone()).find(|(key, _)| *key == EnvironmentTag::KEY);
    let id = kind.named(DatabaseName::new(name).map_err(|bad| bad.to_string())?);
    Ok(ListedDatabase { id, managed: managed(tags), environment: environment.map(|(_, it)| EnvironmentTag::found(it)) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(key: &str, value: &str) -> Tag {
        Tag::builder().key(key).value(value).build()
    }

    #[test]
    fn whose_a_database_is_comes_from_its_tags() {
        let instance = DbInstance::builder().db_instance_identifier("Shop-DB");
        let plain = of_instance(&instance.clone().build()).unwrap();
        assert_eq!((plain.id.to_string().as_str(), plain.managed, plain.environment), ("rds:shop-db", false, None));
        let ours = instance.tag_list(tag("watchkeeper:managed", "true"));
        let ours = of_instance(&ours.tag_list(tag("watchkeeper:environment", "shop/dev")).build()).unwrap();
        assert!(ours.managed);
        assert_eq!(ours.environment.unwrap().to_string(), "shop/dev");
        let cluster = DbCluster::builder().db_cluster_identifier("shop").tag_list(tag("watchkeeper:managed", "false"));
        let cluster = of_cluster(&cluster.build()).unwrap();
        assert_eq!((cluster.id.to_string().as_str(), cluster.managed), ("aurora:shop", false));
        assert!(of_cluster(&DbCluster::builder().build()).unwrap_err().starts_with("DBClusterIdentifier: "));
    }

    #[test]
    fn a_member_and_a_replica_are_no_databases_of_their_own() {
        let instance = || DbInstance::builder().engine("postgres");
        assert!(is_looked_after(
            &instance().read_replica_db_instance_identifiers("copy").db_cluster_identifier("").build()
        ));
        for other in [
            instance().db_cluster_identifier("whole"),
            instance().read_replica_source_db_instance_identifier("origin"),
            instance().read_replica_source_db_cluster_identifier("origin"),
        ] {
            assert!(!is_looked_after(&other.clone().build()), "{other:?}");
        }
    }

    #[test]
    fn clusters_of_other_services_and_engines_are_left_out() {
        let cluster = |engine: &str| DbCluster::builder().engine(engine);
        for engine in ["aurora", "aurora-mysql", "aurora-postgresql"] {
            assert!(is_aurora(&cluster(engine).replication_source_identifier("").build()), "{engine}");
        }
        for engine in ["docdb", "neptune", "mysql", "postgres", ""] {
            assert!(!is_aurora(&cluster(engine).build()), "{engine}");
        }
        assert!(!is_aurora(&cluster("aurora-mysql").replication_source_identifier("arn:origin").build()));
    }

    #[test]
    fn an_empty_marker_ends_the_pages() {
        assert_eq!((next(None), next(Some("")), next(Some("x"))), (None, None, Some("x".to_owned())));
    }
}
