//! What a test may do to a simulation: let time pass, and act as somebody else.

use std::time::Duration;

use jiff::Timestamp;
use watchkeeper_control::ledger::{Change, Draft, Key};
use watchkeeper_domain::capacity::{
    DatabaseId, DatabaseState, EnvironmentTag, ResourceId, Rollout, ScalingState, ScheduledAction, ServiceId,
    TagScheduler, TaskDefinition,
};
use watchkeeper_domain::emergency::alarm::AlarmState;
use watchkeeper_domain::guardrail;
use watchkeeper_domain::intent::idle::{UsagePoint, UsageSubject};
use watchkeeper_domain::name::Scope;

use crate::fault::FaultPlan;
use crate::quota::BucketLimits;
use crate::region::SimRegion;
use crate::settings::TimingSettings;
use crate::spec::{SimResource, checked, task_definition};
use crate::state::SimState;

/// A change by somebody else: a human, a deployment, or AWS itself. None of it is recorded as a call, and what is no
/// longer, or was never, there makes the test fail.
impl SimRegion {
    /// Lets time pass.
    pub fn advance(&self, by: Duration) {
        self.lock().aws.advance(by);
    }

    /// Lets time pass until an instant; one that is over changes nothing.
    pub fn set_now(&self, instant: Timestamp) {
        self.lock().aws.advance_to(instant);
    }

    /// Fails like this from now on. Indexes count from the beginning: see [`SimRegion::calls_made`].
    pub fn set_faults(&self, faults: FaultPlan) {
        self.lock().faults = faults;
    }

    /// Throttles by these quotas from now on.
    pub fn set_quotas(&self, quotas: BucketLimits) {
        self.lock().quotas = quotas;
    }

    /// Takes its time like this from now on.
    pub fn set_settings(&self, settings: TimingSettings) {
        self.lock().settings = settings;
    }

    /// Forgets the recorded calls; the index goes on.
    pub fn forget_calls(&self) {
        self.lock().calls.clear();
    }

    /// Adds a service or a database.
    pub fn add(&self, resource: impl Into<SimResource>) {
        self.lock().add(&resource.into());
    }

    /// Somebody sets a desired count.
    pub fn change_count(&self, service: &ServiceId, desired: u32) {
        self.change(service, |state| state.set_desired(service, desired));
    }

    /// No task of a service starts from now on, as where its image is gone; or they do again.
    pub fn never_start(&self, service: &ServiceId, stuck: bool) {
        self.change(service, |state| state.set_stuck(service, stuck));
    }

    /// Somebody sets, or removes, a scalable target.
    pub fn change_scaling(&self, service: &ServiceId, scaling: Option<ScalingState>) {
        self.change(service, |state| state.set_target(service, scaling));
    }

    /// The load asks for so many tasks, or for none in particular: the autoscaler follows inside its bounds.
    pub fn change_load(&self, service: &ServiceId, tasks: Option<u32>) {
        self.change(service, |state| state.set_load(service, tasks));
    }

    /// Somebody registers a task definition, such as `h2o-backend:124`, whose tasks take this, in CPU units.
    pub fn register(&self, name: &str, cpu_units: Option<u32>) -> TaskDefinition {
        let definition = task_definition(name);
        self.lock().register(definition.clone(), cpu_units);
        definition
    }

    /// Somebody deregisters a task definition, as CloudFormation does with the one before at each update.
    pub fn deregister(&self, definition: &TaskDefinition) {
        self.change(definition, |state| state.deregister(definition));
    }

    /// Somebody deploys a task definition, such as `h2o-backend:124`, whose tasks take what those before it took. The
    /// deployment stands like this now; one in progress completes by itself.
    pub fn release(&self, service: &ServiceId, name: &str, rollout: Rollout) {
        self.change(service, |state| {
            let Some(units) = state.service(service).map(|found| state.cpu_units(found.releases.current())) else {
                return false;
            };
            let definition = task_definition(name);
            state.register(definition.clone(), units.unwrap_or_default());
            state.begin_release(service, definition);
            rollout == Rollout::InProgress || state.set_rollout(service, rollout)
        });
    }

    /// Somebody applies a template that has a new task definition and a count: both in one call.
    pub fn release_with_count(&self, service: &ServiceId, name: &str, desired: u32) {
        self.change_count(service, desired);
        self.release(service, name, Rollout::InProgress);
    }

    /// The newest task definition of a service has these images.
    pub fn change_images(&self, service: &ServiceId, images: &[&str]) {
        let images = images.iter().map(|image| (*image).to_owned()).collect();
        self.change(service, |state| {
            let current = state.service(service).map(|found| found.releases.current().clone());
            current.is_some_and(|definition| state.set_images(&definition, images))
        });
    }

    /// At most so many targets of a service's target group are healthy, or all that run.
    pub fn change_healthy(&self, service: &ServiceId, group: &str, most: Option<u32>) {
        self.change(service, |state| state.set_healthy(service, group, most));
    }

    /// Somebody gives the scalable target of a service a scheduled action.
    pub fn put_schedule(&self, service: &ServiceId, action: ScheduledAction) {
        self.lock().schedules.push((service.clone(), action));
    }

    /// AWS tells these quotas of the account from now on.
    pub fn set_account(&self, quotas: guardrail::CapacityQuotas) {
        self.lock().account = quotas;
    }

    /// An alarm is in this state, since now unless it was so before; one that did not exist is made.
    ///
    /// # Panics
    /// When that is no name of an alarm.
    pub fn set_alarm(&self, name: &str, state: AlarmState) {
        self.lock().set_alarm(checked(name.parse()), state);
    }

    /// CloudWatch has this figure of the period that begins then.
    pub fn report_usage(&self, subject: &UsageSubject, at: Timestamp, point: UsagePoint) {
        self.lock().usage.entry(subject.clone()).or_default().insert(at, point);
    }

    /// A mute rule of an alarm becomes active, or is over. It changes nothing that `DescribeAlarms` would show.
    ///
    /// # Panics
    /// When that is no name of an alarm.
    pub fn mute(&self, name: &str, active: bool) {
        let (mut state, name) = (self.lock(), checked(name.parse()));
        if active {
            state.muted.insert(name)
        } else {
            state.muted.remove(&name)
        };
    }

    /// Somebody disables, or enables, the actions of an alarm.
    ///
    /// # Panics
    /// When there is no such alarm.
    pub fn disable_actions(&self, name: &str, disabled: bool) {
        self.change(&name, |state| {
            let found = state.alarms.get_mut(&checked(name.parse()));
            found.map(|status| status.suppressed = disabled).is_some()
        });
    }

    /// Somebody deletes an alarm.
    ///
    /// # Panics
    /// When that is no name of an alarm.
    pub fn remove_alarm(&self, name: &str) {
        self.change(&name, |state| state.alarms.remove(&checked(name.parse())).is_some());
    }

    /// A deployment of what runs already begins, or the newest one completes or fails; one that begins completes by
    /// itself.
    pub fn change_rollout(&self, service: &ServiceId, rollout: Rollout) {
        self.change(service, |state| state.set_rollout(service, rollout));
    }

    /// Somebody sets, or removes, the tag of a service.
    pub fn change_service_tag(&self, service: &ServiceId, managed: bool) {
        self.change(service, |state| state.change_service(service, |service| service.managed = managed));
    }

    /// IAM denies, or no longer denies, to set the count of a service.
    pub fn deny_count(&self, service: &ServiceId, denied: bool) {
        self.change(service, |state| state.change_service(service, |service| service.denied.0 = denied));
    }

    /// The same of the bounds of its scalable target, which has a tag of its own.
    pub fn deny_scaling(&self, service: &ServiceId, denied: bool) {
        self.change(service, |state| state.change_service(service, |service| service.denied.1 = denied));
    }

    /// Somebody gives a resource the tag of another scheduler, or takes it away.
    pub fn tag_for(&self, resource: &ResourceId, scheduler: Option<TagScheduler>) {
        self.change(resource, |state| match resource {
            ResourceId::Service(id) => state.change_service(id, |service| service.scheduler = scheduler),
            ResourceId::Database(id) => state.change_database(id, |found| found.observed.scheduler = scheduler),
            ResourceId::Rule(_) => false,
        });
    }

    /// Somebody takes the tag from the scalable target of a service, or gives it.
    pub fn untag_target(&self, service: &ServiceId, untagged: bool) {
        self.change(service, |state| state.change_service(service, |service| service.target_untagged = untagged));
    }

    /// The same of starting and stopping a database.
    pub fn deny_database(&self, database: &DatabaseId, denied: bool) {
        self.change(database, |state| state.change_database(database, |found| found.denied = denied));
    }

    /// Somebody deletes a service and its target.
    pub fn remove_service(&self, service: &ServiceId) {
        self.change(service, |state| state.change_service(service, |service| service.gone = true));
    }

    /// A database is now in this state, and goes on from there.
    pub fn change_database(&self, database: &DatabaseId, now: DatabaseState) {
        self.change(database, |state| state.enter(database, now));
    }

    /// Somebody sets, or removes, the tag of a database.
    pub fn change_database_tag(&self, database: &DatabaseId, managed: bool) {
        self.change(database, |state| state.change_database(database, |found| found.observed.managed = managed));
    }

    /// Somebody says by its tag whose a database is, or takes that tag from it.
    pub fn change_database_environment(&self, database: &DatabaseId, tag: Option<&str>) {
        let tag = tag.map(EnvironmentTag::found);
        self.change(database, |state| state.change_database(database, |found| found.environment = tag));
    }

    /// AWS refuses, or no longer refuses, to stop a database.
    pub fn change_cannot_stop(&self, database: &DatabaseId, why: Option<&str>) {
        let why = why.map(str::to_owned);
        self.change(database, |state| state.change_database(database, |found| found.observed.cannot_stop = why));
    }

    /// Somebody deletes a database.
    pub fn remove_database(&self, database: &DatabaseId) {
        self.change(database, |state| state.change_database(database, |found| found.gone = true));
    }

    /// The baseline of a scope becomes unreadable.
    pub fn spoil_baseline(&self, scope: &Scope) {
        let key = Key::baseline(scope);
        let draft = Draft { key, text: "{".to_owned(), form: 1, number: None, mark: None, expires: None };
        self.lock().ledger.apply(Change::Put(draft));
    }

    pub(crate) fn change(&self, what: &impl std::fmt::Display, change: impl FnOnce(&mut SimState) -> bool) {
        assert!(change(&mut self.lock()), "{what} does not exist in this simulation");
    }
}
