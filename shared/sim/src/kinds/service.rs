//! A service: counts that tasks follow, and bounds that an autoscaler keeps.

use std::collections::BTreeMap;

use jiff::Timestamp;
use watchkeeper_domain::capacity::{ObservedService, ScalingState, ServiceCapacity, ServiceRelease, TagScheduler};

use super::release::ReleaseHistory;
use crate::history::StateHistory;
use crate::spec::TargetGroup;

/// One service and its scalable target.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "what a test may set, each by itself")]
pub(crate) struct SimService {
    pub(crate) gone: bool,
    pub(crate) desired: u32,
    pub(crate) running: u32,
    /// Tasks that do not run any more and are not STOPPED yet.
    pub(crate) stopping: u32,
    /// Whether its tasks have died and not started again.
    pub(crate) died: bool,
    /// Whether no task of it starts.
    pub(crate) stuck: bool,
    pub(crate) managed: bool,
    pub(crate) daemon: bool,
    /// Another scheduler, by its tags.
    pub(crate) scheduler: Option<TagScheduler>,
    /// Whether IAM denies the count, and the bounds.
    pub(crate) denied: (bool, bool),
    pub(crate) scaling: Option<ScalingState>,
    /// Whether its scalable target lacks the tag, which it has apart from the service.
    pub(crate) target_untagged: bool,
    /// How many tasks the load asks for, where there is one.
    pub(crate) load: Option<u32>,
    pub(crate) releases: ReleaseHistory,
    pub(crate) target_groups: Vec<TargetGroup>,
    pub(crate) tasks_epoch: u64,
    pub(crate) deaths: u64,
    /// Tasks that run or still stop, from each instant on at which that changed.
    pub(crate) lives: BTreeMap<Timestamp, u32>,
    pub(crate) seen: StateHistory<Option<ObservedService>>,
    pub(crate) seen_scaling: StateHistory<Option<ScalingState>>,
    pub(crate) seen_releases: StateHistory<Option<Vec<ServiceRelease>>>,
    pub(crate) seen_alive: StateHistory<u32>,
}

impl SimService {
    /// What is described, with its bounds.
    pub(crate) fn observed(&self) -> ObservedService {
        ObservedService {
            capacity: ServiceCapacity { desired: self.desired, scaling: self.scaling },
            running: self.running,
            pending: self.desired.saturating_sub(self.running),
            managed: self.managed,
            rollout: self.releases.rollout(),
            rollout_since: Some(self.releases.since()),
            deployed: Some(self.releases.times()),
            task_definition: Some(self.releases.current().clone()),
            daemon: self.daemon,
            target_groups: self.target_groups.iter().map(|group| group.name.clone()).collect(),
            scheduler: self.scheduler,
        }
    }

    /// Notes for later readers what is there now.
    pub(crate) fn note(&mut self, now: Timestamp) {
        let mut observed = self.observed();
        observed.capacity.scaling = None;
        self.seen.note(now, (!self.gone).then_some(observed));
        self.seen_scaling.note(now, self.scaling.filter(|_| !self.gone));
        self.seen_releases.note(now, (!self.gone).then(|| self.releases.remembered()));
        self.seen_alive.note(now, self.alive());
        self.lives.insert(now, self.working());
    }

    /// Tasks that work, or may still do so: those that run, and those that stop.
    pub(crate) fn working(&self) -> u32 {
        if self.gone { 0 } else { self.running + self.stopping }
    }

    /// Tasks that are not STOPPED: those on their way up, too.
    pub(crate) fn alive(&self) -> u32 {
        if self.gone { 0 } else { self.desired.max(self.running) + self.stopping }
    }

    /// All its tasks are gone at once.
    pub(crate) fn tasks_die(&mut self) {
        (self.running, self.stopping, self.died) = (0, 0, true);
        self.tasks_epoch += 1;
        self.deaths += 1;
    }

    /// The count that the autoscaler wants: the load inside the bounds, as far as it is not held. `registered` tells
    /// that the target was registered just now, which moves a count into the bounds whatever is held.
    pub(crate) fn autoscaled(&self, registered: bool) -> u32 {
        let Some(scaling) = self.scaling else { return self.desired };
        let inside = |count: u32| count.max(scaling.min).min(scaling.max.max(scaling.min));
        let start = if registered { inside(self.desired) } else { self.desired };
        let wanted = inside(self.load.unwrap_or(start));
        let held = if wanted > start { scaling.suspended.scale_out } else { scaling.suspended.scale_in };
        if held { start } else { wanted }
    }
}
