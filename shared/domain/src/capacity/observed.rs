//! A scope as AWS describes it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Baseline, Capacity, DatabaseId, DeploymentTimes, EnvironmentTag, ObservedDatabase, ObservedRule, ResourceId,
    Rollout, Schedules, ServiceCapacity, ServiceId, TagScheduler, TaskDefinition,
};
use crate::name::ClusterName;
use crate::value::ListenerRuleArn;

/// A service as AWS describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ObservedService {
    /// Count and bounds.
    pub capacity: ServiceCapacity,
    /// Tasks that run.
    pub running: u32,
    /// Tasks that start.
    pub pending: u32,
    /// Whether it carries the tag `watchkeeper:managed = true`.
    pub managed: bool,
    /// How its newest deployment stands.
    pub rollout: Rollout,
    /// Since when that deployment is what it is, where AWS says so.
    pub rollout_since: Option<Timestamp>,
    /// When that deployment was made and touched, where AWS says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployed: Option<DeploymentTimes>,
    /// What its newest deployment rolls out, where AWS says so.
    pub task_definition: Option<TaskDefinition>,
    /// Whether ECS places one task of it on each container instance: it has no count that could be set (Amazon ECS
    /// developer guide, "Daemon scheduling strategy"). Deployment controllers forbid no count: `UpdateService` sets it for
    /// `ECS`, `CODE_DEPLOY` and `EXTERNAL` alike (Amazon ECS API reference).
    pub daemon: bool,
    /// The target groups that its tasks answer in, by their ARNs. Not kept with an observation: only an
    /// order asks, and a page.
    #[serde(skip)]
    pub target_groups: Vec<String>,
    /// Another scheduler that may move its count, by its tags. Not kept with an observation: only a run looks at it.
    #[serde(skip)]
    pub scheduler: Option<TagScheduler>,
}

/// A scope as AWS describes it. What is asked for by runs alone is not kept with an observation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ObservedScope {
    /// Services found.
    pub services: BTreeMap<ServiceId, ObservedService>,
    /// Databases found.
    pub databases: BTreeMap<DatabaseId, ObservedDatabase>,
    /// Rules of load balancers' listeners found.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rules: BTreeMap<ListenerRuleArn, ObservedRule>,
    /// What was asked for and does not exist.
    pub missing: BTreeSet<ResourceId>,
    /// Services whose scalable target lacks the tag, where that was asked for.
    #[serde(default)]
    pub untagged: BTreeSet<ServiceId>,
    /// Services whose targets are not all healthy, each with what was found, where an order or a page asked for it.
    #[serde(skip)]
    pub unhealthy: BTreeMap<ServiceId, String>,
    /// Clusters whose services were to be found by their tag, and of which none has it.
    #[serde(skip)]
    pub empty: BTreeSet<ClusterName>,
    /// The tag by which databases were to be found, where none has it.
    #[serde(skip)]
    pub no_database: Option<EnvironmentTag>,
    /// The scheduled actions of the services, where they were asked for.
    #[serde(skip)]
    pub schedules: Schedules,
    /// Resources with the tag of another scheduler, where schedules were asked for.
    #[serde(skip)]
    pub schedulers: BTreeMap<ResourceId, TagScheduler>,
    /// Services whose release goes on, and that are put to sleep once it has ended.
    #[serde(skip)]
    pub under_way: BTreeSet<ServiceId>,
    /// Services that are what a schedule of somebody else has made of them, each with how that is known; none of which
    /// something is remembered.
    #[serde(skip)]
    pub moved: BTreeMap<ServiceId, String>,
}

impl ObservedScope {
    /// The same with the schedules of somebody else. What they have made of a service is no baseline; what is remembered of
    /// one from before is.
    pub fn learn_schedules(&mut self, found: Schedules, baseline: Option<&Baseline>) {
        self.schedules = found;
        self.schedules.retain(|id, _| self.services.contains_key(id));
        let services = self.services.iter().map(|(id, it)| (ResourceId::Service(id.clone()), it.scheduler));
        let databases = self.databases.iter().map(|(id, it)| (ResourceId::Database(id.clone()), it.scheduler));
        self.schedulers = services.chain(databases).filter_map(|(id, it)| Some((id, it?))).collect();
        let kept = |id: &ServiceId| baseline.is_some_and(|kept| kept.has(&ResourceId::Service(id.clone())));
        let fresh = self.services.iter().filter(|(id, _)| !kept(id));
        self.moved = fresh.filter_map(|(id, found)| Some((id.clone(), self.mover(id, found)?))).collect();
    }

    /// By which schedule of somebody else a service is what it is, if by any.
    fn mover(&self, id: &ServiceId, found: &ObservedService) -> Option<String> {
        let actions = self.schedules.get(id).into_iter().flatten();
        let action = actions.into_iter().find(|action| action.has_set(&found.capacity));
        let by_action = action.map(|it| format!("its bounds are as the scheduled action {} sets them", it.name));
        let lowered = found.scheduler.filter(|_| found.capacity.desired == 0);
        by_action.or_else(|| lowered.map(|it| format!("it stands at 0, and has the {it}")))
    }

    /// The capacity in it: what a baseline would remember.
    pub fn capacity(&self) -> Capacity {
        Capacity {
            services: self.services.iter().map(|(id, s)| (id.clone(), s.capacity)).collect(),
            databases: self.databases.iter().map(|(id, d)| (id.clone(), d.power())).collect(),
            rules: self.rules.iter().map(|(id, rule)| (id.clone(), rule.actions.clone())).collect(),
        }
    }
}
