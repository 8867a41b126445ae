//! The tables of estates: global tables of DynamoDB as one region sees them.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::describe_table::DescribeTableError;
use aws_sdk_dynamodb::types::{IndexStatus, TableDescription, TableStatus};
use watchkeeper_control::ports::AwsError;
use watchkeeper_domain::failover::readiness::TableFacts;
use watchkeeper_domain::name::Region;
use watchkeeper_domain::value::ResourceName;

use crate::fault::{failed, odd};

const DESCRIBE: &str = "DescribeTable";

/// A table of the client's region; `None` where it has none of that name.
pub(crate) async fn describe(client: &Client, table: &ResourceName) -> Result<Option<TableFacts>, AwsError> {
    let answer = match client.describe_table().table_name(table.as_str()).send().await {
        Ok(answer) => answer,
        Err(error) if error.as_service_error().is_some_and(DescribeTableError::is_resource_not_found_exception) => {
            return Ok(None);
        }
        Err(error) => return Err(failed(DESCRIBE, table, error)),
    };
    let found = answer.table().ok_or_else(|| "Table: found nothing, expected a description".to_owned());
    found.and_then(read).map(Some).map_err(|what| odd(DESCRIBE, table, what))
}

/// What a description says. AWS lists the replicas of the other regions; the region's own is the table itself.
fn read(table: &TableDescription) -> Result<TableFacts, String> {
    let mut replicas = BTreeMap::new();
    for replica in table.replicas() {
        let region = region("RegionName", replica.region_name().unwrap_or_default())?;
        replicas.insert(region, replica.replica_status().map_or("UNKNOWN", |status| status.as_str()).to_owned());
    }
    let arn = table.table_arn().unwrap_or_default();
    let own = region("TableArn", arn.split(':').nth(3).unwrap_or_default())?;
    replicas.insert(own, table.table_status().map_or("UNKNOWN", TableStatus::as_str).to_owned());
    Ok(TableFacts { replicas, indexes: indexes(table) })
}

fn region(field: &str, found: &str) -> Result<Region, String> {
    Region::new(found).map_err(|bad| format!("{field}: {bad}"))
}

/// The indexes that can be queried: one that is still being built cannot.
fn indexes(table: &TableDescription) -> BTreeSet<String> {
    let usable = |status: Option<&IndexStatus>| matches!(status, Some(IndexStatus::Active | IndexStatus::Updating));
    let global = table.global_secondary_indexes().iter().filter(|index| usable(index.index_status()));
    let local = table.local_secondary_indexes().iter().filter_map(|index| index.index_name());
    global.filter_map(|index| index.index_name()).chain(local).map(ToOwned::to_owned).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use aws_sdk_dynamodb::types::{
        GlobalSecondaryIndexDescription, LocalSecondaryIndexDescription, ReplicaDescription, ReplicaStatus,
    };

    use super::*;

    const ARN: &str = "arn:aws:dynamodb:us-west-1:123456789012:table/fleet-orchestration-jobs";

    fn name(text: &str) -> Region {
        Region::new(text).unwrap()
    }

    fn replica(region: &str, status: ReplicaStatus) -> ReplicaDescription {
        ReplicaDescription::builder().region_name(region).replica_status(status).build()
    }

    #[test]
    fn the_regions_own_replica_is_the_table_itself_whether_it_is_listed_or_not() {
        let other = replica("us-west-2", ReplicaStatus::Creating);
        let table = TableDescription::builder().table_arn(ARN).table_status(TableStatus::Active).replicas(other);
        let listed = table.clone().replicas(replica("us-west-1", ReplicaStatus::Updating));
        let expected = [(name("us-west-1"), "ACTIVE".to_owned()), (name("us-west-2"), "CREATING".to_owned())];
        for table in [table, listed] {
            assert_eq!(read(&table.build()).unwrap().replicas, expected.clone().into());
        }
    }

    #[test]
    fn an_index_that_is_still_being_built_is_not_there_yet() {
        let index = |name: &str, status| {
            GlobalSecondaryIndexDescription::builder().index_name(name).index_status(status).build()
        };
        let local = LocalSecondaryIndexDescription::builder().index_name("local").build();
        let table = TableDescription::builder().table_arn(ARN).local_secondary_indexes(local);
        let table = table.global_secondary_indexes(index("status-index", IndexStatus::Active));
        let table = table.global_secondary_indexes(index("assigned-vehicle-index", IndexStatus::Creating));
        assert_eq!(read(&table.build()).unwrap().indexes, ["local".to_owned(), "status-index".to_owned()].into());
    }

    #[test]
    fn a_description_without_an_arn_says_what_was_found() {
        let error = read(&TableDescription::builder().build()).unwrap_err();
        assert!(error.starts_with("TableArn: region: found \"\""), "{error}");
    }
}
