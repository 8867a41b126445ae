//! What happens to services: tasks follow their counts, and the autoscaler its bounds.

use std::collections::BTreeMap;

use jiff::Timestamp;
use watchkeeper_domain::capacity::{ScalingState, ServiceId};

use crate::history::StateHistory;
use crate::kinds::service::SimService;
use crate::spec::ServiceSpec;
use crate::state::{DueEvent, SimState};

impl SimState {
    /// Brings a service into the simulation, all its tasks running.
    pub(crate) fn add_service(&mut self, spec: &ServiceSpec) {
        let mut service = SimService {
            gone: false,
            desired: spec.desired,
            running: spec.desired,
            stopping: 0,
            died: false,
            stuck: false,
            managed: spec.managed,
            daemon: spec.daemon,
            scheduler: None,
            denied: (false, false),
            scaling: spec.scaling,
            target_untagged: false,
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
        self.changes += 1;
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
        self.changes += 1;
        self.note_unserved();
        true
    }

    /// Sets a desired count: tasks follow later, and the autoscaler may have its own opinion.
    pub(crate) fn set_desired(&mut self, id: &ServiceId, desired: u32) -> bool {
        let (mut tasks, now) = (None, self.now);
        let found = self.change_service(id, |service| {
            if service.desired != desired {
                service.desired = desired;
                service.releases.updated = now;
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

    /// Keeps the tasks of a service from starting, or lets them.
    pub(crate) fn set_stuck(&mut self, id: &ServiceId, stuck: bool) -> bool {
        let mut epoch = 0;
        let found = self.change_service(id, |service| (service.stuck, epoch) = (stuck, service.tasks_epoch));
        self.plan(self.settings.task_start, DueEvent::Tasks(id.clone(), epoch));
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
            if service.tasks_epoch == epoch && !(service.stuck && service.desired > service.running) {
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
