//! The data of a region: global tables, streams, and image repositories.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use watchkeeper_control::failover::ports::ReplicatedStores;
use watchkeeper_control::ports::AwsError;
use watchkeeper_domain::failover::readiness::{StreamFacts, TableFacts};
use watchkeeper_domain::name::Region;
use watchkeeper_domain::value::ResourceName;

use crate::operation::Operation;
use crate::region::SimRegion;
use crate::spec::{checked, resource};

impl ReplicatedStores for SimRegion {
    async fn table(&self, table: &ResourceName) -> Result<Option<TableFacts>, AwsError> {
        self.ask(Operation::DescribeTable, table, |state| Ok(state.tables.get(table).cloned())).await
    }

    async fn lag(&self, table: &ResourceName, to: &Region, _at: Timestamp) -> Result<Option<SignedDuration>, AwsError> {
        let key = (table.clone(), to.clone());
        let subject = format!("{table} to {to}");
        self.ask(Operation::GetReplicationLag, subject, |state| Ok(state.lags.get(&key).copied())).await
    }

    async fn stream(&self, stream: &ResourceName) -> Result<Option<StreamFacts>, AwsError> {
        self.ask(Operation::DescribeStream, stream, |state| Ok(state.streams.get(stream).copied())).await
    }

    async fn has_image(&self, repository: &ResourceName, reference: &str) -> Result<Option<bool>, AwsError> {
        self.ask(Operation::DescribeImages, format!("{repository}:{reference}"), |state| {
            Ok(state.repositories.get(repository).map(|images| images.contains(reference)))
        })
        .await
    }
}

/// A table with a replica in each of these regions, all ACTIVE, and these indexes.
///
/// # Panics
/// When one of them is no name.
pub fn table(regions: &[&str], indexes: &[&str]) -> TableFacts {
    let replica = |region: &&str| (checked(Region::new(*region)), "ACTIVE".to_owned());
    let replicas = regions.iter().map(replica).collect();
    TableFacts { replicas, indexes: indexes.iter().map(|index| (*index).to_owned()).collect() }
}

/// An active stream of so many shards that keeps a record for so many hours.
pub fn stream(shards: u32, hours: i64) -> StreamFacts {
    StreamFacts { shards, on_demand: false, retention: SignedDuration::from_hours(hours), active: true }
}

/// What a test may do to the data of a region.
///
/// # Panics
/// Each of these, when something is no name.
impl SimRegion {
    /// The region has this table, or none of that name.
    pub fn set_table(&self, name: &str, facts: Option<TableFacts>) {
        let mut state = self.lock();
        match facts {
            Some(facts) => state.tables.insert(resource(name), facts),
            None => state.tables.remove(&resource(name)),
        };
    }

    /// AWS tells this lag of the region's writes to a table towards another region, or none.
    pub fn set_lag(&self, table: &str, to: &str, lag: Option<SignedDuration>) {
        let key = (resource(table), checked(Region::new(to)));
        let mut state = self.lock();
        match lag {
            Some(lag) => state.lags.insert(key, lag),
            None => state.lags.remove(&key),
        };
    }

    /// The region has this stream, or none of that name.
    pub fn set_stream(&self, name: &str, facts: Option<StreamFacts>) {
        let mut state = self.lock();
        match facts {
            Some(facts) => state.streams.insert(resource(name), facts),
            None => state.streams.remove(&resource(name)),
        };
    }

    /// The region has a repository with exactly these tags and digests, or none of that name.
    pub fn set_repository(&self, name: &str, references: Option<&[&str]>) {
        let mut state = self.lock();
        match references {
            Some(references) => {
                let images: BTreeSet<String> = references.iter().map(|image| (*image).to_owned()).collect();
                state.repositories.insert(resource(name), images)
            }
            None => state.repositories.remove(&resource(name)),
        };
    }
}
