//! What happens to releases: deployments begin and complete, and task definitions come and go.

use std::time::Duration;

use jiff::Timestamp;
use watchkeeper_domain::capacity::{Rollout, ServiceId, ServiceRelease, TaskDefinition};

use crate::kinds::release::{ReleaseHistory, SimDefinition};
use crate::refusal::CallRefusal;
use crate::spec::{ServiceSpec, task_definition};
use crate::state::{DueEvent, SimState};

/// How far apart the deployments are that a service had before its simulation began.
const APART: Duration = Duration::from_hours(24);

/// How long the deployment of a service without tasks takes.
const EMPTY: Duration = Duration::from_secs(5);

impl SimState {
    /// The deployments that a service has when it comes into the simulation, and the task definitions behind them.
    pub(crate) fn releases_of(&mut self, spec: &ServiceSpec) -> ReleaseHistory {
        let own = task_definition(&format!("{}:1", spec.id.service));
        let (newest, before) = spec.releases.split_last().unwrap_or((&own, &[]));
        for definition in before.iter().chain([newest]) {
            self.register(definition.clone(), spec.cpu_units);
            if !spec.images.is_empty() {
                self.set_images(definition, spec.images.clone());
            }
        }
        let mut started = self.now;
        let newest =
            ServiceRelease { task_definition: newest.clone(), rollout: spec.rollout, started, ended: Some(started) };
        let mut history: Vec<ServiceRelease> = Vec::new();
        for definition in before.iter().rev() {
            started = started.checked_sub(APART).unwrap_or(Timestamp::MIN);
            history.push(ServiceRelease {
                task_definition: definition.clone(),
                rollout: Rollout::Completed,
                started,
                ended: Some(started),
            });
        }
        history.reverse();
        ReleaseHistory {
            history,
            newest,
            since: self.now,
            updated: self.now,
            epoch: 0,
            keeps_history: spec.keeps_history,
        }
    }

    /// Sets how the newest deployment stands. One that begins is a deployment of its own, of what runs already.
    pub(crate) fn set_rollout(&mut self, id: &ServiceId, rollout: Rollout) -> bool {
        let Some(service) = self.service(id) else { return false };
        let (current, begins) = (service.releases.current().clone(), rollout == Rollout::InProgress);
        if begins { self.begin_release(id, current) } else { self.end_release(id, rollout) }
    }

    /// Begins to roll out a task definition; it completes by itself, and where there is no task to replace it does so at once.
    pub(crate) fn begin_release(&mut self, id: &ServiceId, task_definition: TaskDefinition) -> bool {
        let empty = self.service(id).is_some_and(|service| service.desired == 0);
        let lasts = if empty { self.settings.deployment.min(EMPTY) } else { self.settings.deployment };
        let (now, mut epoch) = (self.now, 0);
        let found = self.change_service(id, |service| {
            service.releases.begin(task_definition, now);
            epoch = service.releases.epoch;
        });
        self.plan(lasts, DueEvent::Deployment(id.clone(), epoch));
        found
    }

    fn end_release(&mut self, id: &ServiceId, rollout: Rollout) -> bool {
        let now = self.now;
        self.change_service(id, |service| service.releases.stand(rollout, now))
    }

    /// Registers a task definition that takes this, in CPU units. Its image is that of its family and revision, in the
    /// registry of the region.
    pub(crate) fn register(&mut self, task_definition: TaskDefinition, cpu_units: Option<u32>) {
        let images = vec![format!("123456789012.dkr.ecr.{}.amazonaws.com/{task_definition}", self.region)];
        self.definitions.insert(task_definition, SimDefinition { cpu_units, images, inactive: false });
    }

    /// Deregisters a task definition; tells whether there is one.
    pub(crate) fn deregister(&mut self, task_definition: &TaskDefinition) -> bool {
        let found = self.definitions.get_mut(task_definition);
        found.map(|definition| definition.inactive = true).is_some()
    }

    /// Whether a service may be taken to a task definition.
    pub(crate) fn is_active(&self, task_definition: &TaskDefinition) -> bool {
        self.definitions.get(task_definition).is_some_and(|definition| !definition.inactive)
    }

    /// Sets the images of a task definition; tells whether there is one.
    pub(crate) fn set_images(&mut self, task_definition: &TaskDefinition, images: Vec<String>) -> bool {
        let found = self.definitions.get_mut(task_definition);
        found.map(|definition| definition.images = images).is_some()
    }

    /// The images of a task definition.
    pub(crate) fn images(&self, task_definition: &TaskDefinition) -> Result<Vec<String>, CallRefusal> {
        self.definition(task_definition).map(|definition| definition.images.clone())
    }

    /// What a task takes, in CPU units.
    pub(crate) fn cpu_units(&self, task_definition: &TaskDefinition) -> Result<Option<u32>, CallRefusal> {
        self.definition(task_definition).map(|definition| definition.cpu_units)
    }

    fn definition(&self, task_definition: &TaskDefinition) -> Result<&SimDefinition, CallRefusal> {
        let unknown = || CallRefusal::invalid(format!("the task definition {task_definition} does not exist"));
        self.definitions.get(task_definition).ok_or_else(unknown)
    }

    /// Takes a service to a task definition, as `UpdateService` does: what it rolls out already, it does not again.
    pub(crate) fn update_release(
        &mut self,
        id: &ServiceId,
        task_definition: &TaskDefinition,
    ) -> Result<(), CallRefusal> {
        if self.definition(task_definition)?.inactive {
            return Err(CallRefusal::invalid(format!("the task definition {task_definition} is inactive")));
        }
        let releases = &self.service(id).ok_or_else(|| CallRefusal::not_found(id))?.releases;
        if !releases.keeps_history {
            return Err(CallRefusal::invalid(format!("ECS does not deploy {id}: its controller does")));
        }
        if releases.current() != task_definition {
            self.begin_release(id, task_definition.clone());
        }
        Ok(())
    }

    pub(crate) fn deployment_completes(&mut self, id: &ServiceId, epoch: u64) {
        if self.service(id).is_some_and(|service| service.releases.epoch == epoch) {
            self.end_release(id, Rollout::Completed);
        }
    }
}
