//! Guardrails: pure checks of a plan. They return violations, never a bool, so that a refusal always says why.

mod capacity;
mod checks;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::capacity::{Capacity, ObservedScope, PagePlace, ResourceId, ScalingState, ServiceId};
use crate::intent::{DesiredState, Intent, Layer, placed};
use crate::name::ServiceName;
use crate::order::StartOrder;
use crate::plan::{CapacityChange, Plan};

pub use crate::estate::OpenFreeze;
pub use crate::violation::{GuardrailCode, Severity, Violation, stops};
pub use checks::{JUDGED, judge};

/// How old an event may be before its run is refused: the last retry of a schedule (5 minutes) and the two retries of
/// an asynchronous Lambda invocation (1 and 2 minutes; Lambda developer guide) fit in, with as much again to spare.
pub const MAX_EVENT_AGE: SignedDuration = SignedDuration::from_mins(15);

/// How long a deployment may be in progress before it no longer holds up a plan: two of the 15-minute waits that the
/// AWS CLI's `ecs wait services-stable` makes; one that takes longer is stuck, and a stuck service may still sleep.
pub const DEPLOYMENT_PATIENCE: SignedDuration = SignedDuration::from_mins(30);

/// The halt switch, when it is on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HaltSwitch {
    /// The execution that set it.
    pub by: String,
    /// What it was set for, as messages say it.
    pub reason: String,
    /// Since when.
    pub since: Timestamp,
}

impl fmt::Display for HaltSwitch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "halted since {} by {}: {}", self.since, self.by, self.reason)
    }
}

/// What an estate document allows in an environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
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
    /// The order in which services come up.
    #[serde(default, skip_serializing_if = "StartOrder::is_empty")]
    pub order: StartOrder,
    /// The page that is shown while it sleeps, where the document has one in this region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<PagePlace>,
}

impl Allowance {
    /// Whether the document forbids to change a resource.
    pub fn protects(&self, resource: &ResourceId) -> bool {
        match resource {
            ResourceId::Service(id) => self.protected.contains(id.service.as_str()),
            ResourceId::Database(id) => self.protected.iter().any(|name| id.is_called(name)),
            ResourceId::Rule(_) => false,
        }
    }

    /// Whether a resource is kept as its owner has it: the document protects it, and it is not one that we hold where the
    /// pointer of its pair places it. A service that became protected in the middle of a move would else be given back in one
    /// region while the other one runs it.
    pub fn keeps(&self, deciding: &[Intent], held: bool, resource: &ResourceId) -> bool {
        let placed = |intent: &Intent| match (&intent.want, resource) {
            (DesiredState::Placed(_), ResourceId::Service(id)) => intent.is_about(&id.service),
            _ => false,
        };
        self.protects(resource) && !(held && deciding.iter().any(placed))
    }
}

/// What the account and region allow, as far as it is known; what is not known is not checked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
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
            CapacityChange::Rule { rule, to, .. } => self.baseline.rules.get(rule) == Some(to),
        }
    }
}

/// Whether an emergency or a failover decides.
fn urgent(case: &GuardrailCase<'_>) -> bool {
    case.deciding.iter().any(|intent| intent.layer >= Layer::Emergency)
}

/// Whether what decides starts more than was there: an emergency, a failover, or its rehearsal.
fn raises(case: &GuardrailCase<'_>) -> bool {
    case.deciding.iter().any(|intent| intent.layer.raises())
}

/// Whether a figure goes towards the one that was found, and not beyond it.
fn lies_between(from: u32, to: u32, found: u32) -> bool {
    (from.min(found)..=from.max(found)).contains(&to)
}

/// Whether a change is a stop that a dead man's switch has promised.
pub fn promised(change: &CapacityChange, deciding: &[Intent]) -> bool {
    let ResourceId::Service(id) = change.resource() else { return false };
    placed(deciding).is_some_and(|placed| placed.promised.contains(&id.service))
}
