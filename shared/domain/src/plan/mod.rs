//! Plans: the writes that lead from what is observed to the target, in waves, each with its reason and its undo.

mod diff;
mod obstacle;
mod page;
mod pipeline;
pub mod rollback;
mod turn;

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::capacity::{DatabaseId, DatabasePower, ResourceId, RuleActions, ScalingState, ServiceId, TaskDefinition};
use crate::value::ListenerRuleArn;

pub use diff::{DiffInput, diff};
pub use obstacle::Obstacle;
pub use pipeline::{NextWrite, Pipeline};
pub use rollback::Releases;
pub use turn::health_matters;

/// One write to AWS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "write")]
pub enum CapacityChange {
    /// Bounds and suspensions of a scalable target, in one call.
    Scaling {
        /// The service that is changed.
        service: ServiceId,
        /// As observed.
        from: ScalingState,
        /// As it should be.
        to: ScalingState,
    },
    /// The desired count of a service, in tasks.
    Count {
        /// The service that is changed.
        service: ServiceId,
        /// As observed.
        from: u32,
        /// As it should be.
        to: u32,
    },
    /// The task definition that a service runs: a release, taken back.
    Release {
        /// The service that is changed.
        service: ServiceId,
        /// As observed.
        from: TaskDefinition,
        /// As it should be.
        to: TaskDefinition,
    },
    /// Stop or start of a database.
    Database {
        /// The database that is changed.
        database: DatabaseId,
        /// As it should be; it is the other now.
        to: DatabasePower,
    },
    /// What a rule of a load balancer's listener does: it shows the page of an environment that sleeps, or no more.
    Rule {
        /// The rule that is changed.
        rule: ListenerRuleArn,
        /// Whether it shows the page afterwards.
        page: bool,
        /// As observed.
        from: RuleActions,
        /// As it should be.
        to: RuleActions,
    },
}

impl CapacityChange {
    /// What it changes.
    pub fn resource(&self) -> ResourceId {
        match self {
            Self::Scaling { service, .. } | Self::Count { service, .. } | Self::Release { service, .. } => {
                ResourceId::Service(service.clone())
            }
            Self::Database { database, .. } => ResourceId::Database(database.clone()),
            Self::Rule { rule, .. } => ResourceId::Rule(rule.clone()),
        }
    }

    /// Whether it changes a service.
    pub fn is_of(&self, id: &ServiceId) -> bool {
        match self {
            Self::Scaling { service, .. } | Self::Count { service, .. } | Self::Release { service, .. } => {
                service == id
            }
            Self::Database { .. } | Self::Rule { .. } => false,
        }
    }

    /// The write that takes it back.
    #[must_use]
    pub fn undo(&self) -> Self {
        match self.clone() {
            Self::Scaling { service, from, to } => Self::Scaling { service, from: to, to: from },
            Self::Count { service, from, to } => Self::Count { service, from: to, to: from },
            Self::Release { service, from, to } => Self::Release { service, from: to, to: from },
            Self::Database { database, to } => {
                let to = if to == DatabasePower::On { DatabasePower::Off } else { DatabasePower::On };
                Self::Database { database, to }
            }
            Self::Rule { rule, page, from, to } => Self::Rule { rule, page: !page, from: to, to: from },
        }
    }
}

impl fmt::Display for CapacityChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scaling { service, from, to } => write!(f, "{service}: bounds {from} -> {to}"),
            Self::Count { service, from, to } => write!(f, "{service}: {from} -> {to} tasks"),
            Self::Release { service, from, to } => write!(f, "{service}: release {from} -> {to}"),
            Self::Database { database, to: DatabasePower::On } => write!(f, "{database}: start"),
            Self::Database { database, to: DatabasePower::Off } => write!(f, "{database}: stop"),
            Self::Rule { rule, page: true, to, .. } => write!(f, "rule:{}: page on ({to})", rule.short()),
            Self::Rule { rule, page: false, to, .. } => write!(f, "rule:{}: page off ({to})", rule.short()),
        }
    }
}

/// A change and why it is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedAction {
    /// The write.
    #[serde(flatten)]
    pub change: CapacityChange,
    /// Why, as it will be read.
    pub reason: String,
}

/// The steps of a plan, in their order: what is used goes up first and down last, and an autoscaler is held before a
/// count goes down and released after it went up. A page is shown before anything of the application goes, and taken away once
/// all of it is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[derive(strum::Display, strum::VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum Wave {
    /// The page of an environment that sleeps is shown.
    #[strum(serialize = "show page")]
    ShowPage,
    /// Databases start.
    #[strum(serialize = "start databases")]
    StartDatabases,
    /// Autoscalers are suspended and their minimum lowered.
    #[strum(serialize = "hold scaling")]
    HoldScaling,
    /// Counts go down.
    #[strum(serialize = "lower counts")]
    LowerCounts,
    /// Services go back to an earlier release.
    #[strum(serialize = "roll back")]
    RollBack,
    /// Autoscalers that are at work get their new floor and ceiling, before a count beyond the old ones.
    #[strum(serialize = "open scaling")]
    OpenScaling,
    /// Counts go up, once the databases answer.
    #[strum(serialize = "raise counts")]
    RaiseCounts,
    /// Autoscalers get back their bounds and flags.
    #[strum(serialize = "release scaling")]
    ReleaseScaling,
    /// The page is taken away, once the application answers.
    #[strum(serialize = "hide page")]
    HidePage,
    /// Databases stop, once no task runs.
    #[strum(serialize = "stop databases")]
    StopDatabases,
}

impl Wave {
    /// Every wave, in order.
    pub const ALL: &[Self] = <Self as strum::VariantArray>::VARIANTS;
}

/// Something that is on its way and that we wait for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AwaitedChange {
    /// Which resource.
    pub resource: ResourceId,
    /// What it is doing, and what is waited for.
    pub what: String,
}

impl fmt::Display for AwaitedChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.resource, self.what)
    }
}

/// The actions of one wave, and what they wait for. Where services come up in an order, those that have to wait have steps of
/// their own behind the others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanStep {
    /// Which wave.
    pub wave: Wave,
    /// As observed, these stand in the way; empty when the wave may begin.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waits_for: Vec<AwaitedChange>,
    /// The writes.
    pub actions: Vec<PlannedAction>,
}

/// The difference between what is observed and the target.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Waves with at least one action, in order.
    pub steps: Vec<PlanStep>,
    /// What needs no write but is not there yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub awaited: Vec<AwaitedChange>,
    /// What differs and cannot be changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub obstacles: Vec<(ResourceId, Obstacle)>,
    /// What a wave of the order does not wait for any longer, although it is not there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub late: Vec<AwaitedChange>,
}

impl Plan {
    /// Every action, in the order of the waves.
    pub fn actions(&self) -> impl Iterator<Item = &PlannedAction> {
        self.steps.iter().flat_map(|step| &step.actions)
    }

    /// Every resource that it writes to.
    pub fn written(&self) -> BTreeSet<ResourceId> {
        self.actions().map(|action| action.change.resource()).collect()
    }

    /// What keeps a resource from its target, if anything does.
    pub fn obstacle(&self, resource: &ResourceId) -> Option<&Obstacle> {
        self.obstacles.iter().find_map(|(of, obstacle)| (of == resource).then_some(obstacle))
    }

    /// The services that a wave of the order waits for although nothing of this plan is left to write to them.
    pub fn waited_for(&self) -> BTreeSet<ServiceId> {
        let written = self.written();
        let of_order = self.steps.iter().filter(|step| step.wave != Wave::StopDatabases);
        let awaited = of_order.flat_map(|step| &step.waits_for).filter(|it| !written.contains(&it.resource));
        awaited
            .filter_map(|it| match &it.resource {
                ResourceId::Service(id) => Some(id.clone()),
                ResourceId::Database(_) | ResourceId::Rule(_) => None,
            })
            .collect()
    }

    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// The same plan without the stops of databases.
    #[must_use]
    pub fn without_stops(mut self) -> Self {
        self.steps.retain(|step| step.wave != Wave::StopDatabases);
        self
    }

    /// The same plan with only the actions that `keep` accepts.
    #[must_use]
    pub fn retain(mut self, keep: impl Fn(&PlannedAction) -> bool) -> Self {
        for step in &mut self.steps {
            step.actions.retain(&keep);
        }
        self.steps.retain(|step| !step.actions.is_empty());
        self
    }
}
