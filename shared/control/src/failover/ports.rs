//! The ports of a failover: what it needs of a region beyond its capacity, and of the means by which traffic moves.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use watchkeeper_domain::capacity::{ServiceId, TaskDefinition};
use watchkeeper_domain::estate::EventSource;
use watchkeeper_domain::failover::protection::{InstanceFacts, NewReplica};
use watchkeeper_domain::failover::readiness::{StreamFacts, TableFacts, TargetGroupFacts};
use watchkeeper_domain::failover::rehearsal::TaskStart;
use watchkeeper_domain::failover::{DatabaseRole, DnsRecord, PairDatabase, SourceState};
use watchkeeper_domain::name::{EnvironmentName, EstateName, MachineName, Region};
use watchkeeper_domain::value::{AlarmName, ResourceName};

use crate::ports::{AccountQuotas, Alarms, AwsError, ScalableTargets, Services, TargetTags};

/// The tasks of one region.
pub trait RegionTasks {
    /// Tasks of a service that are not STOPPED, whatever is wanted of them. A service that does not exist has none.
    async fn tasks_alive(&self, service: &ServiceId) -> Result<u32, AwsError>;

    /// How the slowest of a service's running tasks started; `None` where none runs, or ECS does not tell of any.
    async fn slowest_start(&self, service: &ServiceId) -> Result<Option<TaskStart>, AwsError>;

    /// The images of a task definition, in the order of its containers.
    async fn task_images(&self, definition: &TaskDefinition) -> Result<Vec<String>, AwsError>;

    /// The target groups of a service, each with its health check and the health of its targets.
    async fn target_groups(&self, service: &ServiceId) -> Result<Vec<TargetGroupFacts>, AwsError>;
}

/// The data that a region has of a pair.
pub trait ReplicatedStores {
    /// A table as the region sees it; `None` where it has none of that name.
    async fn table(&self, table: &ResourceName) -> Result<Option<TableFacts>, AwsError>;

    /// How far a table's writes of this region were behind in `to` lately: the largest replication lag of the last five
    /// minutes before `at`; `None` where AWS has no figure.
    async fn lag(&self, table: &ResourceName, to: &Region, at: Timestamp) -> Result<Option<SignedDuration>, AwsError>;

    /// A Kinesis stream; `None` where the region has none of that name.
    async fn stream(&self, stream: &ResourceName) -> Result<Option<StreamFacts>, AwsError>;

    /// Whether the region's repository has an image, by tag or by digest; `None` where it has no such repository.
    async fn has_image(&self, repository: &ResourceName, reference: &str) -> Result<Option<bool>, AwsError>;
}

/// The databases that have to be promoted.
pub trait DatabasePromotions {
    /// What the database is in this region at present; `None` where it is not there.
    async fn role(&self, database: &PairDatabase) -> Result<Option<DatabaseRole>, AwsError>;

    /// Makes a read replica of this region a database of its own. It cannot be undone.
    async fn promote_replica(&self, database: &ResourceName) -> Result<(), AwsError>;

    /// Moves the writer of an Aurora global database to the cluster of this region. With `lossless` it is a switchover,
    /// which needs both regions; without, a failover, which loses what has not been replicated.
    async fn move_writer(&self, global: &ResourceName, to: &Region, lossless: bool) -> Result<(), AwsError>;
}

/// What starts work by itself in a region.
pub trait EventSources {
    /// How a source stands; `None` where the region has none of that name.
    async fn source(&self, source: &EventSource) -> Result<Option<SourceState>, AwsError>;

    /// Switches a source on or off; harmless when it is so already. It may take a while to show.
    async fn switch_source(&self, source: &EventSource, on: bool) -> Result<(), AwsError>;
}

/// The read replicas of a region that has been left. Nothing here deletes anything.
pub trait StandbyReplicas {
    /// An instance of RDS of this region; `None` where there is none of that name.
    async fn instance(&self, name: &ResourceName) -> Result<Option<InstanceFacts>, AwsError>;

    /// Whether the cluster that a global database has in this region is still to catch up with its writer; not where it has none.
    async fn resynchronizes(&self, global: &ResourceName) -> Result<bool, AwsError>;

    /// Gives an instance of this region another name, at once. Its data stays, and its old address is gone.
    async fn rename_instance(&self, from: &ResourceName, to: &ResourceName) -> Result<(), AwsError>;

    /// Stops an instance of this region.
    async fn stop_instance(&self, name: &ResourceName) -> Result<(), AwsError>;

    /// Makes a read replica in this region of an instance of another one.
    async fn create_replica(&self, new: &NewReplica) -> Result<(), AwsError>;
}

/// One region as a failover looks at it: nothing here changes capacity.
pub trait RegionReader:
    Services + ScalableTargets + TargetTags + RegionTasks + ReplicatedStores + AccountQuotas + Alarms
{
}

impl<T> RegionReader for T where
    T: Services + ScalableTargets + TargetTags + RegionTasks + ReplicatedStores + AccountQuotas + Alarms
{
}

/// The means by which traffic moves. Each call is of the data plane, but those about records.
pub trait TrafficSwitches {
    /// Whether the object is there.
    async fn object_exists(&self, bucket: &ResourceName, object: &ResourceName) -> Result<bool, AwsError>;

    /// Puts or removes the object; either is harmless when it is so already.
    async fn set_object(&self, bucket: &ResourceName, object: &ResourceName, there: bool) -> Result<(), AwsError>;

    /// Whether a routing control is on, asked of each regional endpoint in turn until one answers; `None` where it is in a
    /// state that is neither on nor off.
    async fn control_is_on(&self, control: &ResourceName) -> Result<Option<bool>, AwsError>;

    /// Sets routing controls, all in one call, at each regional endpoint in turn until one answers.
    async fn set_controls(&self, controls: &BTreeMap<ResourceName, bool>) -> Result<(), AwsError>;

    /// Publishes whether the standby serves, as the metric that the estate's alarm follows: 1 or 0.
    async fn tell_alarm(
        &self,
        estate: &EstateName,
        environment: &EnvironmentName,
        standby_serves: bool,
    ) -> Result<(), AwsError>;

    /// Whether an alarm of the standby region is in ALARM; `None` where there is none of that name.
    async fn alarm_is_on(&self, alarm: &AlarmName) -> Result<Option<bool>, AwsError>;

    /// The failover and weighted records of a hosted zone with this DNS name.
    async fn records(&self, hosted_zone: &ResourceName, name: &str) -> Result<Vec<DnsRecord>, AwsError>;

    /// Changes records, all or none; everything else of each record stays as it is.
    async fn change_records(&self, hosted_zone: &ResourceName, records: &[DnsRecord]) -> Result<(), AwsError>;
}

/// The state machines beside one, in its account and region.
pub trait SiblingMachines {
    /// The one of this name.
    #[must_use]
    fn sibling(&self, machine: &MachineName) -> Self;
}

/// Executions that ask a person.
pub trait OpenQuestions {
    /// Ends the execution of this name, whose question needs no answer any more; one that is over stays as it is.
    async fn end(&self, name: &str, why: &str) -> Result<(), AwsError>;
}

/// Asking an address from outside.
pub trait HealthProber {
    /// The HTTP status of an address, or why there is none. Never takes longer than `timeout`.
    async fn get(&self, address: &str, timeout: Duration) -> Result<u16, String>;
}
