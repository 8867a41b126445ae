//! Releases that are made while a service sleeps, goes to sleep or wakes: which count is its owner's new one.
//!
//! A task definition is never written, and so never lost. A count that a template sets again comes with a deployment, and is the
//! baseline from then on; one that comes alone is somebody's change of the moment.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::capacity::{
    Baseline, Capacity, ObservedScope, ObservedService, ResourceId, Rollout, ScalingState, ServiceCapacity, ServiceId,
    Suspensions,
};
use crate::guardrail::DEPLOYMENT_PATIENCE;
use crate::intent::{DesiredState, Intent};
use crate::violation::{GuardrailCode, Severity, Violation};

/// How far a count and its deployment may lie apart: a template sets both in one call, and a pipeline that makes two of it makes
/// them one after the other.
const TOGETHER: SignedDuration = SignedDuration::from_secs(60);

/// How we left the services of a scope, and when: what differs since is somebody else's doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ScopeLeft {
    /// The instant of the last run that wrote.
    pub at: Timestamp,
    /// As each was left, where that is known.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub services: BTreeMap<ServiceId, ServiceCapacity>,
    /// When each was written to since.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sent: BTreeMap<ServiceId, Timestamp>,
}

impl ScopeLeft {
    /// Whether the newest deployment of a service was made after our last write of it. No older one explains a count that is
    /// found since: an answer may be older than the write, and tell of what we wrote over.
    fn is_before(&self, id: &ServiceId, found: &ObservedService) -> bool {
        let since = self.sent.get(id).map_or(self.at, |sent| self.at.max(*sent));
        found.deployed.is_some_and(|deployed| deployed.created > since)
    }
}

/// What came with releases since.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Released {
    /// The baselines of the services that a release came for with a count, whether they differ from those before or not.
    pub joined: BTreeMap<ServiceId, ServiceCapacity>,
    /// Services whose deployment goes on: they are put to sleep once it has ended.
    pub under_way: BTreeSet<ServiceId>,
}

impl Released {
    /// What is found of a scope that was left like this. Only what sleeps, falls asleep or wakes is looked at: in an emergency
    /// or a failover the count of a moment is no baseline.
    pub fn of(
        left: &ScopeLeft,
        baseline: &Baseline,
        observed: &ObservedScope,
        deciding: &[Intent],
        now: Timestamp,
    ) -> Self {
        let calm = |intent: &Intent| matches!(intent.want, DesiredState::Awake | DesiredState::Asleep);
        if !deciding.iter().all(calm) {
            return Self::default();
        }
        let sleeps = deciding.iter().any(|intent| intent.want == DesiredState::Asleep);
        let mut released = Self::default();
        for (id, kept) in &baseline.capacity.services {
            let Some(found) = observed.services.get(id).filter(|found| left.is_before(id, found)) else { continue };
            let was = left.services.get(id);
            if let Some(joined) = was.and_then(|was| joins(*kept, found, *was)) {
                released.joined.insert(id.clone(), joined);
            }
            let unknown = was.is_none() || released.joined.contains_key(id);
            if sleeps && unknown && found.capacity.desired > 0 && goes_on(found, now) {
                released.under_way.insert(id.clone());
            }
        }
        released
    }

    /// The services of which only the end of their deployment tells whether a count came with it.
    pub fn doubtful<'a>(left: &ScopeLeft, baseline: &Baseline, observed: &'a ObservedScope) -> Vec<&'a ServiceId> {
        let asleep = |id: &ServiceId| left.services.get(id).is_some_and(|was| was.desired == 0);
        let doubtful = |(id, found): &(&'a ServiceId, &ObservedService)| {
            let kept = baseline.capacity.services.get(*id);
            let over = matches!(found.rollout, Rollout::Completed | Rollout::Failed) && left.is_before(id, found);
            let was = left.services.get(*id);
            let known = kept.zip(was).is_none_or(|(kept, was)| joins(*kept, found, *was).is_some());
            asleep(id) && found.capacity.desired > 0 && over && !known
        };
        observed.services.iter().filter(doubtful).map(|(id, _)| id).collect()
    }

    /// The resources that a count came for.
    pub fn resources(&self) -> BTreeSet<ResourceId> {
        self.joined.keys().cloned().map(ResourceId::Service).collect()
    }

    /// The baseline with what came. Tells whether anything in it changed.
    pub fn join(&self, baseline: &mut Capacity) -> bool {
        let mut changed = false;
        for (id, joined) in &self.joined {
            changed |= baseline.services.insert(id.clone(), *joined) != Some(*joined);
        }
        changed
    }

    /// What a person is told of it.
    pub fn remarks(&self) -> Vec<Violation> {
        let told = |(id, joined): (&ServiceId, &ServiceCapacity)| {
            let bounds = joined.scaling.map_or_else(String::new, |scaling| format!(" in bounds {scaling}"));
            let found = format!("a release came with {} tasks{bounds}: that is its baseline now", joined.desired);
            let advice = "Nothing is lost. If it was not meant, set the count again while nothing holds it";
            Violation::new(GuardrailCode::Released, Severity::Warn, found, advice).of(ResourceId::Service(id.clone()))
        };
        self.joined.iter().map(told).collect()
    }
}

fn goes_on(found: &ObservedService, now: Timestamp) -> bool {
    let young = |created: Timestamp| now.duration_since(created) < DEPLOYMENT_PATIENCE;
    matches!(found.rollout, Rollout::InProgress | Rollout::Paused)
        && found.deployed.is_some_and(|deployed| young(deployed.created))
}

/// The baseline of a service once its release has come with a count, if it has. None at all is no count to come back to: what
/// AWS answers may be older than what we wrote.
fn joins(kept: ServiceCapacity, found: &ObservedService, was: ServiceCapacity) -> Option<ServiceCapacity> {
    let desired = found.capacity.desired;
    if desired == 0 || desired == was.desired || !came_together(found, was) {
        return None;
    }
    let moved = found
        .capacity
        .scaling
        .filter(|found| was.scaling.is_some_and(|was| (was.min, was.max) != (found.min, found.max)));
    let scaling = kept.scaling.map(|kept| {
        let Some(moved) = moved else { return kept };
        // A template has bounds, and mostly no suspensions: those that we set are not its own.
        let ours = was.scaling.is_some_and(|was| was.suspended == moved.suspended);
        ScalingState { suspended: if ours { kept.suspended } else { moved.suspended }, ..moved }
    });
    // An autoscaler at work would move a count into its bounds for ever.
    let works = |scaling: &ScalingState| scaling.suspended != Suspensions::ALL && scaling.min <= scaling.max;
    let desired = scaling.filter(works).map_or(desired, |scaling| desired.clamp(scaling.min, scaling.max));
    Some(ServiceCapacity { desired, scaling })
}

/// Whether the count that is found came with the newest deployment, as far as `DescribeServices` tells. `updatedAt` of a
/// deployment is touched by each change of the count and by its own completion, so what was touched last within the minute was
/// changed within it. And a deployment of a service without tasks completes at once: one that goes on came with them, and so did
/// one that has taken its time and was not touched after its end.
fn came_together(found: &ObservedService, was: ServiceCapacity) -> bool {
    let Some(deployed) = found.deployed else { return false };
    let within = deployed.updated.duration_since(deployed.created) <= TOGETHER;
    let goes_on = matches!(found.rollout, Rollout::InProgress | Rollout::Paused);
    let untouched = deployed.ended.is_some_and(|ended| deployed.updated.duration_since(ended) <= TOGETHER);
    within || (was.desired == 0 && (goes_on || untouched))
}
