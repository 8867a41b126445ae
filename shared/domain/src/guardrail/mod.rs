//! Guardrails: pure checks of a plan. They return violations, never a bool, so that a refusal always says why.

mod checks;
mod emergency;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::capacity::{Capacity, ObservedScope, ResourceId, ScalingState, ServiceId};
use crate::intent::Intent;
use crate::name::ServiceName;
use crate::plan::{CapacityChange, Plan};

pub use checks::judge;

/// How old an event may be before its run is refused: the last retry of a schedule (5 minutes) and the two retries of
/// an asynchronous Lambda invocation (1 and 2 minutes; Lambda developer guide) fit in, with as much again to spare.
pub const MAX_EVENT_AGE: SignedDuration = SignedDuration::from_mins(15);

/// How long a deployment may be in progress before it no longer holds up a plan: two of the 15-minute waits that the
/// AWS CLI's `ecs wait services-stable` makes; one that takes longer is stuck, and a stuck service may still sleep.
pub const DEPLOYMENT_PATIENCE: SignedDuration = SignedDuration::from_mins(30);

/// What a guardrail is called, in documents, messages and `approve`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GuardrailCode {
    /// The halt switch is on.
    Halted,
    /// The event is too old, or from the future.
    StaleEvent,
    /// Nothing is selected; that is never "everything".
    EmptySelection,
    /// A production environment would be put to sleep.
    ProductionNeverSleeps,
    /// A protected resource would be changed.
    ProtectedResource,
    /// A resource lacks the tag `watchkeeper:managed = true`.
    NotManaged,
    /// A freeze window is open.
    FreezeWindow,
    /// A count would fall below the floor.
    BelowFloor,
    /// A count or a maximum would rise above the ceiling.
    AboveCeiling,
    /// A quota of the account would not suffice.
    Quota,
    /// An alarm that more tasks would make worse is in ALARM.
    DependencyVeto,
    /// The same alarm was answered a moment ago.
    CoolDown,
    /// An alarm comes and goes.
    Flap,
    /// No release is known to go back to.
    NoGoodRelease,
    /// A database has no backup that is fresh enough for something risky.
    StaleBackup,
    /// A person has to approve a failover that was detected.
    Failover,
    /// Nothing but the probe says that the active region is lost, or something says that it is not.
    Unconfirmed,
    /// The region that is to serve is not ready.
    NotReady,
    /// More data may be lost than the estate promises.
    DataLoss,
    /// Nobody can prove that a singleton has stopped in the other region.
    FenceUnproved,
    /// Too large a part of the environment would be reduced at once.
    BlastRadius,
    /// A deployment is in progress, or failed.
    DeploymentInProgress,
    /// AWS would refuse to stop a database.
    DatabaseCannotStop,
    /// A service is a daemon, which has no count.
    NotScalable,
    /// A schedule of somebody else moves a service.
    ForeignSchedule,
    /// A database needs a person.
    DatabaseBroken,
    /// AWS refused to change a resource.
    WriteRefused,
    /// A resource of the document does not exist.
    NotFound,
    /// Somebody else changed a resource while an intent holds.
    Drift,
}

impl GuardrailCode {
    /// Every code, in the order in which violations are reported.
    pub const ALL: [Self; 29] = [
        Self::Halted,
        Self::StaleEvent,
        Self::EmptySelection,
        Self::ProductionNeverSleeps,
        Self::ProtectedResource,
        Self::NotManaged,
        Self::FreezeWindow,
        Self::BelowFloor,
        Self::AboveCeiling,
        Self::Quota,
        Self::DependencyVeto,
        Self::CoolDown,
        Self::Flap,
        Self::NoGoodRelease,
        Self::StaleBackup,
        Self::Failover,
        Self::Unconfirmed,
        Self::NotReady,
        Self::DataLoss,
        Self::FenceUnproved,
        Self::BlastRadius,
        Self::DeploymentInProgress,
        Self::DatabaseCannotStop,
        Self::NotScalable,
        Self::ForeignSchedule,
        Self::DatabaseBroken,
        Self::WriteRefused,
        Self::NotFound,
        Self::Drift,
    ];

    /// Whether it says that a resource is left out, and keeps nothing else from its turn.
    pub fn is_of_obstacle(self) -> bool {
        matches!(
            self,
            Self::NotManaged
                | Self::NotScalable
                | Self::ForeignSchedule
                | Self::DatabaseCannotStop
                | Self::DatabaseBroken
                | Self::WriteRefused
                | Self::NotFound
        )
    }

    /// Whether it stops what is given back, too: nobody is to write at all, or nothing is known to write about.
    pub fn stops_everything(self) -> bool {
        matches!(self, Self::Halted | Self::StaleEvent | Self::EmptySelection)
    }

    /// The stable text of the code.
    pub fn name(self) -> &'static str {
        match self {
            Self::Halted => "halted",
            Self::StaleEvent => "stale-event",
            Self::EmptySelection => "empty-selection",
            Self::ProductionNeverSleeps => "production-never-sleeps",
            Self::ProtectedResource => "protected-resource",
            Self::NotManaged => "not-managed",
            Self::FreezeWindow => "freeze-window",
            Self::BelowFloor => "below-floor",
            Self::AboveCeiling => "above-ceiling",
            Self::Quota => "quota",
            Self::DependencyVeto => "dependency-veto",
            Self::CoolDown => "cool-down",
            Self::Flap => "flap",
            Self::NoGoodRelease => "no-good-release",
            Self::StaleBackup => "stale-backup",
            Self::Failover => "failover",
            Self::Unconfirmed => "unconfirmed",
            Self::NotReady => "not-ready",
            Self::DataLoss => "data-loss",
            Self::FenceUnproved => "fence-unproved",
            Self::BlastRadius => "blast-radius",
            Self::DeploymentInProgress => "deployment-in-progress",
            Self::DatabaseCannotStop => "database-cannot-stop",
            Self::NotScalable => "not-scalable",
            Self::ForeignSchedule => "foreign-schedule",
            Self::DatabaseBroken => "database-broken",
            Self::WriteRefused => "write-refused",
            Self::NotFound => "not-found",
            Self::Drift => "drift",
        }
    }
}

impl fmt::Display for GuardrailCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a violation does to the plan, mildest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// It is told, and the plan goes on.
    Warn,
    /// It stops the plan until a human approves it by its code.
    Ask,
    /// It stops the plan.
    Refuse,
}

/// One reason why a plan is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// Which guardrail.
    pub code: GuardrailCode,
    /// What it does to the plan.
    pub severity: Severity,
    /// The resource that broke it; `None` when it is the plan as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<ResourceId>,
    /// The figure or fact that broke it, and what was expected.
    pub found: String,
    /// What a person can do.
    pub advice: String,
}

impl Violation {
    /// A violation of the plan, or of what it answers, as a whole.
    pub fn new(code: GuardrailCode, severity: Severity, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { code, severity, resource: None, found: found.into(), advice: advice.into() }
    }

    /// The same, of a resource.
    #[must_use]
    pub fn of(self, resource: ResourceId) -> Self {
        Self { resource: Some(resource), ..self }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.code)?;
        if let Some(resource) = &self.resource {
            write!(f, "{resource}: ")?;
        }
        write!(f, "{}. {}", self.found, self.advice)
    }
}

/// The halt switch, when it is on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HaltSwitch {
    /// The execution that set it.
    pub by: String,
    /// Why.
    pub reason: String,
    /// Since when.
    pub since: Timestamp,
}

/// A freeze window that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenFreeze {
    /// Why.
    pub reason: String,
    /// Whether it holds the calendar up, too.
    pub calendar: bool,
}

/// What an estate document allows in an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowance {
    /// Whether the environment is production.
    pub production: bool,
    /// The least desired count of any service, in tasks.
    pub floor: u32,
    /// The greatest desired count and maximum of any service, in tasks.
    pub ceiling: Option<u32>,
    /// The largest part of the services that one plan may reduce, in per cent.
    pub blast_radius_percent: u32,
    /// Names of services and databases that must never be changed.
    pub protected: BTreeSet<String>,
    /// The freeze window that is open at the instant, if one is.
    pub frozen: Option<OpenFreeze>,
    /// In the home of a pair, the tasks that the document counts on in each service: what one gets on the way home that
    /// stood at 0 when the pair had left. Empty elsewhere.
    pub at_home: BTreeMap<ServiceName, u32>,
}

impl Allowance {
    /// Whether the document forbids to change a resource.
    pub fn protects(&self, resource: &ResourceId) -> bool {
        match resource {
            ResourceId::Service(id) => self.protected.contains(id.service.as_str()),
            ResourceId::Database(id) => self.protected.iter().any(|name| id.is_called(name)),
        }
    }
}

/// What the account and region allow, as far as it is known; what is not known is not checked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CapacityQuotas {
    /// Fargate vCPUs that may run at once.
    pub vcpu: Option<u32>,
    /// Fargate vCPUs that run in the whole account, rounded up.
    pub vcpu_used: Option<u32>,
    /// Tasks that one service may have.
    pub tasks_per_service: Option<u32>,
    /// What a task of a service takes, in CPU units of which a vCPU has 1,024 (Amazon ECS task definition parameters).
    pub cpu_units: BTreeMap<ServiceId, u32>,
}

/// Everything that the guardrails look at.
#[derive(Debug, Clone, Copy)]
pub struct GuardrailCase<'a> {
    /// The plan to judge.
    pub plan: &'a Plan,
    /// What it starts from.
    pub observed: &'a ObservedScope,
    /// What it leads to.
    pub target: &'a Capacity,
    /// What was found before the first change of each resource.
    pub baseline: &'a Capacity,
    /// The intents behind the target; none when it is the baseline that is given back.
    pub deciding: &'a [Intent],
    /// What the account allows, as far as it was read.
    pub quotas: &'a CapacityQuotas,
    /// What the document allows.
    pub allowance: &'a Allowance,
    /// The instant that the decision is about.
    pub instant: Timestamp,
    /// The wall time of the run.
    pub now: Timestamp,
    /// The halt switch.
    pub halt: Option<&'a HaltSwitch>,
    /// What a human approved beforehand.
    pub approved: &'a BTreeSet<GuardrailCode>,
}

impl GuardrailCase<'_> {
    /// Whether a change brings a resource nearer to its baseline: that is no danger, and nothing holds it up.
    pub fn gives_back(&self, change: &CapacityChange) -> bool {
        match change {
            CapacityChange::Count { service, from, to } => {
                let baseline = self.baseline.services.get(service);
                baseline.is_some_and(|found| lies_between(*from, *to, found.desired))
            }
            CapacityChange::Scaling { service, from, to } => {
                let baseline = self.baseline.services.get(service);
                let whole = baseline.is_some() && baseline == self.target.services.get(service);
                let nearer = |found: ScalingState| {
                    lies_between(from.min, to.min, found.min)
                        && lies_between(from.max, to.max, found.max)
                        && (to.suspended == found.suspended || to.suspended == from.suspended)
                };
                whole || baseline.and_then(|found| found.scaling).is_some_and(nearer)
            }
            CapacityChange::Release { .. } => false,
            CapacityChange::Database { database, to } => self.baseline.databases.get(database) == Some(to),
        }
    }
}

/// Whether a figure goes towards the one that was found, and not beyond it.
fn lies_between(from: u32, to: u32, found: u32) -> bool {
    (from.min(found)..=from.max(found)).contains(&to)
}

/// Whether these violations stop a plan.
pub fn stops(violations: &[Violation]) -> bool {
    violations.iter().any(|violation| violation.severity > Severity::Warn)
}
