//! The facts of a decision, kept with a run that a report is asked of, so that anybody can decide again.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::assess::{Assessment, ScopeSituation, assess};
use crate::capacity::{
    Baseline, EnvironmentTag, ObservedScope, ReachedTargets, ResourceId, ScheduledAction, ServiceId, TagScheduler,
};
use crate::guardrail::{Allowance, CapacityQuotas, HaltSwitch};
use crate::intent::Intent;
use crate::name::ClusterName;
use crate::plan::Releases;
use crate::reconcile::releases::ScopeLeft;
use crate::violation::GuardrailCode;

/// A [`ScopeSituation`] that can be written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct DecisionFacts {
    /// The baseline that was kept, if one was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Baseline>,
    /// The intents, expired ones among them.
    pub intents: Vec<Intent>,
    /// What AWS said before anything was changed.
    pub observed: ObservedScope,
    /// The scheduled actions that were found.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub schedules: BTreeMap<ServiceId, Vec<ScheduledAction>>,
    /// Resources with the tag of another scheduler.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub schedulers: Vec<(ResourceId, TagScheduler)>,
    /// Services that a schedule of somebody else has made what they are.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub moved: BTreeMap<ServiceId, String>,
    /// Services whose targets were not all healthy, where an order asked for it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unhealthy: BTreeMap<ServiceId, String>,
    /// Clusters of which no service had the tag that they are found by.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub empty: BTreeSet<ClusterName>,
    /// The tag by which databases were to be found, where none had it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_database: Option<EnvironmentTag>,
    /// What each resource had reached.
    pub reached: ReachedTargets,
    /// How the services had been left, and when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<ScopeLeft>,
    /// Whether the run declared an intent.
    pub declares: bool,
    /// The releases that services were to go back to.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub releases: Releases,
    /// What the account allowed, as far as it was read.
    pub quotas: CapacityQuotas,
    /// What the document allowed.
    pub allowance: Allowance,
    /// The instant that was decided about.
    pub instant: Timestamp,
    /// The wall time of the decision.
    pub now: Timestamp,
    /// The halt switch, where it was on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub halt: Option<HaltSwitch>,
    /// What a person had approved beforehand.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub approved: BTreeSet<GuardrailCode>,
}

impl DecisionFacts {
    /// The facts of a situation.
    pub fn of(situation: &ScopeSituation<'_>) -> Self {
        let observed = situation.observed.clone();
        Self {
            baseline: situation.baseline.cloned(),
            intents: situation.intents.to_vec(),
            schedules: observed.schedules.clone(),
            schedulers: observed.schedulers.clone().into_iter().collect(),
            moved: observed.moved.clone(),
            unhealthy: observed.unhealthy.clone(),
            empty: observed.empty.clone(),
            no_database: observed.no_database.clone(),
            observed,
            reached: situation.reached.clone(),
            left: situation.left.cloned(),
            declares: situation.declares,
            releases: situation.releases.clone(),
            quotas: situation.quotas.clone(),
            allowance: situation.allowance.clone(),
            instant: situation.instant,
            now: situation.now,
            halt: situation.halt.cloned(),
            approved: situation.approved.clone(),
        }
    }

    /// Decides again.
    pub fn assess(&self) -> Assessment {
        // An observation that is written down leaves out what stands beside it here.
        let observed = ObservedScope {
            schedules: self.schedules.clone(),
            schedulers: self.schedulers.iter().cloned().collect(),
            moved: self.moved.clone(),
            unhealthy: self.unhealthy.clone(),
            empty: self.empty.clone(),
            no_database: self.no_database.clone(),
            ..self.observed.clone()
        };
        assess(&ScopeSituation {
            baseline: self.baseline.as_ref(),
            intents: &self.intents,
            observed: &observed,
            reached: &self.reached,
            left: self.left.as_ref(),
            declares: self.declares,
            releases: &self.releases,
            quotas: &self.quotas,
            allowance: &self.allowance,
            instant: self.instant,
            now: self.now,
            halt: self.halt.as_ref(),
            approved: &self.approved,
        })
    }
}
