//! Services in a world: counts that tasks follow, and bounds that an autoscaler keeps.

use std::collections::BTreeMap;

use jiff::Timestamp;
use watchkeeper_domain::capacity::{ObservedService, ScalingState, ServiceCapacity, ServiceId, ServiceRelease};

use crate::failover::tasks::TargetGroup;
use crate::history::StateHistory;
use crate::reconcile::release::ReleaseHistory;
use crate::spec::ServiceSpec;
use crate::state::{DueEvent, SimState};

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
    pub(crate) managed: bool,
    pub(crate) daemon: bool,
    /// Whether IAM denies the count, and the bounds.
    pub(crate) denied: (bool, bool),
    pub(crate) scaling: Option<ScalingState>,
    /// How many tasks the load asks for, where there is one.
    pub(crate) load: Option<u32>,
    pub(crate) releases: ReleaseHistory,
    pub(crate) target_groups: Vec<TargetGroup>,
    pub(crate) tasks_epoch: u64,
    deaths: u64,
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
            task_definition: Some(self.releases.current().clone()),
            daemon: self.daemon,
        }
    }

    /// Notes for later readers what is there now.
    fn note(&mut self, now: Timestamp) {
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
    fn autoscaled(&self, registered: bool) -> u32 {
        let Some(scaling) = self.scaling else { return self.desired };
        let inside = |count: u32| count.max(scaling.min).min(scaling.max.max(scaling.min));
        let start = if registered { inside(self.desired) } else { self.desired };
        let wanted = inside(self.load.unwrap_or(start));
        let held = if wanted > start { scaling.suspended.scale_out } else { scaling.suspended.scale_in };
        if held { start } else { wanted }
    }
}

impl SimState {
    /// Brings a service into the world, all its tasks running.
    pub(crate) fn add_service(&mut self, spec: &ServiceSpec) {
        let mut service = SimService {
            gone: false,
            desired: spec.desired,
            running: spec.desired,
            stopping: 0,
            died: false,
            managed: spec.managed,
            daemon: spec.daemon,
            denied: (false, false),
            scaling: spec.scaling,
            load: None,
            releases: self.releases_of(spec),
            target_groups: spec.target_groups.clone(),
            tasks_epoch: 0,
            deaths: 0,
            lives: BTreeMap::from([(Timestamp::MIN, spec.desired)]),
            seen: StateHistory::new(None),
            seen_scaling: StateHistory::new(None),
            seen_releases: StateHistory::new(None),
            seen_alive: StateHistory::new(spec.desired),
        };
        let mut observed = service.observed();
        observed.capacity.scaling = None;
        service.seen = StateHistory::new(Some(observed));
        service.seen_scaling = StateHistory::new(spec.scaling);
        service.seen_releases = StateHistory::new(Some(service.releases.remembered()));
        self.services.insert(spec.id.clone(), service);
        self.plan(self.settings.autoscaler, DueEvent::Autoscaler(spec.id.clone(), false));
    }

    /// A service that exists.
    pub(crate) fn service(&self, id: &ServiceId) -> Option<&SimService> {
        self.services.get(id).filter(|service| !service.gone)
    }

    /// Changes a service and notes it for later readers; tells whether there is one to change.
    pub(crate) fn change_service(&mut self, id: &ServiceId, change: impl FnOnce(&mut SimService)) -> bool {
        let now = self.now;
        let Some(service) = self.services.get_mut(id).filter(|service| !service.gone) else { return false };
        change(service);
        service.note(now);
        true
    }

    /// Sets a desired count: tasks follow later, and the autoscaler may have its own opinion.
    pub(crate) fn set_desired(&mut self, id: &ServiceId, desired: u32) -> bool {
        let mut tasks = None;
        let found = self.change_service(id, |service| {
            if service.desired != desired {
                service.desired = desired;
                service.tasks_epoch += 1;
                tasks = Some((service.tasks_epoch, desired > service.running));
            }
        });
        if let Some((epoch, start)) = tasks {
            let delay = if start { self.settings.task_start } else { self.settings.task_stop };
            self.plan(delay, DueEvent::Tasks(id.clone(), epoch));
            self.plan(self.settings.autoscaler, DueEvent::Autoscaler(id.clone(), false));
        }
        found
    }

    /// Sets the bounds and suspensions, or takes the target away.
    pub(crate) fn set_target(&mut self, id: &ServiceId, scaling: Option<ScalingState>) -> bool {
        let registering = self.settings.registering_moves_suspended;
        self.plan(self.settings.autoscaler, DueEvent::Autoscaler(id.clone(), registering));
        self.change_service(id, |service| service.scaling = scaling)
    }

    /// Sets the load that the autoscaler answers to, in tasks.
    pub(crate) fn set_load(&mut self, id: &ServiceId, load: Option<u32>) -> bool {
        self.plan(self.settings.autoscaler, DueEvent::Autoscaler(id.clone(), false));
        self.change_service(id, |service| service.load = load)
    }

    pub(crate) fn tasks_follow(&mut self, id: &ServiceId, epoch: u64) {
        let (mut stopping, mut deaths) = (0, 0);
        self.change_service(id, |service| {
            if service.tasks_epoch == epoch {
                stopping = service.running.saturating_sub(service.desired);
                deaths = service.deaths;
                service.stopping += stopping;
                service.running = service.desired;
            }
        });
        if stopping > 0 {
            self.plan(self.settings.task_linger, DueEvent::Stopped(id.clone(), stopping, deaths));
        }
    }

    pub(crate) fn tasks_stopped(&mut self, id: &ServiceId, tasks: u32, deaths: u64) {
        self.change_service(id, |service| {
            if service.deaths == deaths {
                service.stopping = service.stopping.saturating_sub(tasks);
            }
        });
    }

    pub(crate) fn autoscale(&mut self, id: &ServiceId, registered: bool) {
        if let Some(count) = self.service(id).map(|service| service.autoscaled(registered)) {
            self.set_desired(id, count);
        }
    }
}
