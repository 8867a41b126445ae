//! The ports: what the engine needs of the world, one narrow trait a capability. `aws` implements them with the SDK,
//! `sim` in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use watchkeeper_domain::capacity::{
    DatabaseId, DatabaseKind, ListedDatabase, ObservedDatabase, ObservedRule, ObservedService, RuleActions,
    ScalingState, Schedules, ServiceId, ServiceRelease, TaskDefinition,
};
use watchkeeper_domain::emergency::alarm::AlarmStates;
use watchkeeper_domain::execution::ExecutionStatus;
use watchkeeper_domain::failures::FailedExecution;
use watchkeeper_domain::guardrail::CapacityQuotas;
use watchkeeper_domain::intent::idle::{UsageFigures, UsageSubject, UsageWindow};
use watchkeeper_domain::message::Message;
use watchkeeper_domain::name::{ClusterName, ServiceName};
use watchkeeper_domain::reconcile::run::RunError;
use watchkeeper_domain::value::{AlarmName, ListenerRuleArn};

/// The most services one `DescribeServices` call takes (Amazon ECS API reference).
pub const DESCRIBE_SERVICES_MAX: usize = 10;

/// The most resource ids one `DescribeScalableTargets` call takes (Application Auto Scaling API reference).
pub const DESCRIBE_TARGETS_MAX: usize = 50;

/// The most deployments of a service that are looked at for one to go back to: what one `DescribeServiceRevisions` call
/// takes (Amazon ECS API reference).
pub const RELEASES_MAX: usize = 20;

/// The most alarms one `DescribeAlarms` call takes by name (Amazon CloudWatch API reference).
pub const DESCRIBE_ALARMS_MAX: usize = 100;

/// Why AWS did not do what was asked, as far as it changes what we do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// Too many calls: slow down and come again.
    Throttled,
    /// The resource does not exist.
    NotFound,
    /// The resource is in a state that does not allow it now, or somebody was faster.
    Conflict,
    /// IAM forbids it.
    Denied,
    /// No answer, or a failure of AWS; the call may have had its effect.
    Unavailable,
    /// AWS does not accept the request as it is.
    Invalid,
}

impl Fault {
    /// The stable name of the error, as it leaves a function.
    pub fn name(self) -> &'static str {
        match self {
            Self::Throttled => "Aws.Throttled",
            Self::NotFound => "Aws.NotFound",
            Self::Conflict => "Aws.Conflict",
            Self::Denied => "Aws.Denied",
            Self::Unavailable => "Aws.Unavailable",
            Self::Invalid => "Aws.Invalid",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Throttled => "throttled",
            Self::NotFound => "not found",
            Self::Conflict => "conflict",
            Self::Denied => "denied",
            Self::Unavailable => "unavailable",
            Self::Invalid => "invalid",
        })
    }
}

/// A call to AWS that failed.
#[derive(Debug, thiserror::Error)]
#[error("{operation} of {subject}: {fault}")]
pub struct AwsError {
    /// The API operation, such as `UpdateService`.
    pub operation: &'static str,
    /// What it was about.
    pub subject: String,
    /// What kind of failure it is.
    pub fault: Fault,
    /// What the SDK said.
    #[source]
    pub source: Option<Box<dyn Error + Send + Sync>>,
}

/// The ECS services of one region.
pub trait Services {
    /// Describes at most [`DESCRIBE_SERVICES_MAX`] services of one cluster; what does not exist, or is inactive, is left
    /// out. `capacity.scaling` is `None` in the answer: it is [`ScalableTargets`]' to tell. A cluster that does not
    /// exist answers like a cluster without services.
    async fn describe_services(
        &self,
        cluster: &ClusterName,
        services: &[ServiceName],
    ) -> Result<BTreeMap<ServiceId, ObservedService>, AwsError>;
}

/// The names of the ECS services of one region. Their tags come with the description that a run needs anyway: `GetResources` of the
/// Resource Groups Tagging API would spare one call in eleven where all of a cluster has the tag, for a right to read the tags of
/// everything in the region.
pub trait ServiceLists {
    /// One page of the names of all services of a cluster, and the token of the next page if there is one; `after` is the token
    /// of the page before. A cluster that does not exist answers like one without services.
    async fn list_services(
        &self,
        cluster: &ClusterName,
        after: Option<&str>,
    ) -> Result<(Vec<ServiceName>, Option<String>), AwsError>;
}

/// The names of all services of a cluster, page after page, without pacing.
///
/// # Errors
/// [`AwsError`] of the first page that cannot be read: a list that is cut short would pass for all there is.
pub async fn all_services(lists: &impl ServiceLists, cluster: &ClusterName) -> Result<Vec<ServiceName>, AwsError> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let (page, next) = lists.list_services(cluster, after.as_deref()).await?;
        all.extend(page);
        after = next;
        if after.is_none() {
            return Ok(all);
        }
    }
}

/// The scalable targets of the ECS services of one region.
pub trait ScalableTargets {
    /// Describes the targets of at most [`DESCRIBE_TARGETS_MAX`] services; a service without one is left out.
    async fn describe_targets(&self, services: &[ServiceId]) -> Result<BTreeMap<ServiceId, ScalingState>, AwsError>;
}

/// The health of the targets that services answer through.
pub trait TargetHealth {
    /// Why not every target of these groups of a service is healthy, in words; `None` where all are. One that drains has been
    /// taken out, and counts for nothing. `groups` is what [`ObservedService::target_groups`] has.
    async fn unhealthy_targets(&self, service: &ServiceId, groups: &[String]) -> Result<Option<String>, AwsError>;
}

/// The tags of scalable targets: they have their own, apart from those of their services.
pub trait TargetTags {
    /// Whether the scalable target of a service carries the tag `watchkeeper:managed = true`; one that does not exist does
    /// not. It takes two calls.
    async fn target_is_managed(&self, service: &ServiceId) -> Result<bool, AwsError>;
}

/// Writes to the capacity of services. What only looks at a region does not have it.
pub trait ServiceWrites {
    /// Sets the desired count, in tasks.
    async fn set_count(&self, service: &ServiceId, desired: u32) -> Result<(), AwsError>;

    /// Sets bounds and suspensions of an existing target, in one call.
    async fn set_scaling(&self, service: &ServiceId, scaling: ScalingState) -> Result<(), AwsError>;

    /// Begins to roll out a task definition; the count stays.
    async fn set_release(&self, service: &ServiceId, release: &TaskDefinition) -> Result<(), AwsError>;
}

/// The scheduled actions of Application Auto Scaling in one region.
pub trait ScheduledActions {
    /// One page of those that move counts of ECS services, and the token of the next page if there is one. `after` is the
    /// token of the page before.
    async fn scheduled_actions(&self, after: Option<&str>) -> Result<(Schedules, Option<String>), AwsError>;
}

/// The databases of one region.
pub trait Databases {
    /// Describes one database; `None` when it does not exist.
    async fn describe_database(&self, database: &DatabaseId) -> Result<Option<ObservedDatabase>, AwsError>;

    /// Starts a stopped database; it is available some minutes later.
    async fn start_database(&self, database: &DatabaseId) -> Result<(), AwsError>;

    /// Stops an available database; AWS starts it again by itself after seven days.
    async fn stop_database(&self, database: &DatabaseId) -> Result<(), AwsError>;
}

/// The databases of one region, by their tags.
pub trait DatabaseLists {
    /// One page of the databases of a kind, and the token of the next page if there is one; `after` is the token of the page
    /// before. Members of a cluster are left to it; read replicas, and clusters of other services and engines that the same API
    /// tells of, are left out: nobody looks after them.
    async fn list_databases(
        &self,
        kind: DatabaseKind,
        after: Option<&str>,
    ) -> Result<(Vec<ListedDatabase>, Option<String>), AwsError>;
}

/// All databases of a region, page after page, without pacing.
///
/// # Errors
/// [`AwsError`] of the first page that cannot be read: a list that is cut short would pass for all there is.
pub async fn all_databases(lists: &impl DatabaseLists) -> Result<Vec<ListedDatabase>, AwsError> {
    let mut all = Vec::new();
    for kind in DatabaseKind::ALL {
        let mut after = None;
        loop {
            let (page, next) = lists.list_databases(kind, after.as_deref()).await?;
            all.extend(page);
            after = next;
            if after.is_none() {
                break;
            }
        }
    }
    Ok(all)
}

/// The rules of the listeners of Application Load Balancers in one region.
pub trait ListenerRules {
    /// Describes one rule, with its tag; `None` when it does not exist. It takes two calls.
    async fn describe_rule(&self, rule: &ListenerRuleArn) -> Result<Option<ObservedRule>, AwsError>;

    /// Replaces the actions of a rule, all at once; its conditions and transforms stay. A login keeps the client secret that it has,
    /// which AWS tells nobody.
    async fn set_rule(&self, rule: &ListenerRuleArn, actions: &RuleActions) -> Result<(), AwsError>;
}

/// The releases of the ECS services of one region.
pub trait ServiceReleases {
    /// The deployments of a service that AWS remembers, newest first, at most [`RELEASES_MAX`]: the newest of all, and
    /// before them those that completed. A deployment that was rolled back, stopped or failed is [`Rollout::Failed`]. Empty for a service whose controller keeps no such history.
    ///
    /// [`Rollout::Failed`]: watchkeeper_domain::capacity::Rollout::Failed
    async fn releases(&self, service: &ServiceId) -> Result<Vec<ServiceRelease>, AwsError>;

    /// Whether a service may be taken to a task definition: ECS rolls out none that was deregistered, as CloudFormation does
    /// with the one before at each update, or deleted (Amazon ECS API reference, `DeregisterTaskDefinition`).
    async fn is_active(&self, release: &TaskDefinition) -> Result<bool, AwsError>;
}

/// What the account may start in one region.
pub trait AccountQuotas {
    /// The quotas that AWS tells, applied or else its defaults, and what is used of them at `at`: what it does not know, or does not let us read, is
    /// `None`. `cpu_units` is empty.
    async fn quotas(&self, at: Timestamp) -> Result<CapacityQuotas, AwsError>;

    /// What a task of this definition takes, in CPU units; `None` where the task as a whole has no figure.
    async fn cpu_units(&self, release: &TaskDefinition) -> Result<Option<u32>, AwsError>;
}

/// The CloudWatch alarms of one region.
pub trait Alarms {
    /// Describes alarms of any kind, by name; one that does not exist is left out.
    async fn alarm_states(&self, names: &BTreeSet<AlarmName>) -> Result<AlarmStates, AwsError>;
}

/// CloudWatch's figures of how much an environment is used, in one region.
pub trait UsageMetrics {
    /// The figures of each subject in a window, by the beginning of their period of [`USAGE_PERIOD`]; a subject of which there is
    /// none has none. An answer that is cut short, or has an error of CloudWatch's in it, is an error.
    ///
    /// [`USAGE_PERIOD`]: watchkeeper_domain::intent::idle::USAGE_PERIOD
    async fn usage(&self, subjects: &BTreeSet<UsageSubject>, window: &UsageWindow) -> Result<UsageFigures, AwsError>;
}

/// What holds the actions of CloudWatch alarms back beside the alarms themselves.
pub trait AlarmMutes {
    /// Whether a mute rule is active for an alarm. A mute holds actions back, and no change of state: events about it go on
    /// (Amazon CloudWatch API reference, `PutAlarmMuteRule`).
    async fn is_muted(&self, alarm: &AlarmName) -> Result<bool, AwsError>;
}

/// The capacity of one region, to be looked at and to be changed.
pub trait Cloud:
    Services
    + ServiceLists
    + ScalableTargets
    + ScheduledActions
    + ServiceWrites
    + Databases
    + DatabaseLists
    + ServiceReleases
    + AccountQuotas
    + TargetHealth
    + ListenerRules
{
}

impl<T> Cloud for T where
    T: Services
        + ServiceLists
        + ScalableTargets
        + ScheduledActions
        + ServiceWrites
        + Databases
        + DatabaseLists
        + ServiceReleases
        + AccountQuotas
        + TargetHealth
        + ListenerRules
{
}

/// Whether an execution was started, or was there already under this name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartOutcome {
    /// It runs now.
    New,
    /// A run of this name exists: a doubled tick.
    AlreadyThere,
}

/// One of our state machines.
pub trait Executions {
    /// Starts it under a name that makes a second start impossible. `input` is JSON.
    async fn start(&self, name: &str, input: &str) -> Result<StartOutcome, AwsError>;
}

/// Executions of our state machines, looked at.
pub trait ExecutionStates {
    /// How the execution of this name stands.
    async fn status(&self, name: &str) -> Result<ExecutionStatus, AwsError>;
}

/// Executions of one of our state machines that did not come to their end.
pub trait FailedExecutions {
    /// The machine's name, as its executions' messages have it.
    fn name(&self) -> &str;

    /// The newest that failed or timed out, and when they ended.
    async fn failed(&self) -> Result<Vec<FailedExecution>, AwsError>;

    /// What the execution of this name failed of.
    async fn error(&self, name: &str) -> Result<RunError, AwsError>;
}

/// Where people and programs learn of a run.
pub trait Notifier {
    /// Sends a message that a person reads. Returns the id that AWS gives the message. Where the stack tells a chat, too, that one
    /// comes second, and what it does not take fails nothing: the message is sent, and sending it again would double it.
    async fn notify(&self, message: &Message) -> Result<String, AwsError>;

    /// Puts one event on the bus; `detail` is JSON. Returns the id that AWS gives the event.
    async fn publish(&self, detail_type: &str, detail: &str) -> Result<String, AwsError>;
}

/// Wall time of a run: the time that came with the event, plus what has passed since.
pub trait Clock {
    /// The present.
    fn now(&self) -> Timestamp;

    /// The time that all functions of the account agree on, as well as their machines' clocks do: what calls are paced by.
    fn shared(&self) -> Timestamp {
        self.now()
    }

    /// Waits; used for pacing only, never for AWS to finish something.
    async fn sleep(&self, duration: Duration);
}
