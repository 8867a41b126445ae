//! An environment of the documents in memory.

mod backup;
mod emergency;
mod failover;
mod unblock;
pub(crate) mod wake;

pub(crate) use failover::InMemoryPairScene;

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use watchkeeper_control::emergency::AlarmResult;
use watchkeeper_control::ledger::Ledger;
use watchkeeper_control::ports::Clock as _;
use watchkeeper_domain::backup::BackupSource;
use watchkeeper_domain::capacity::{Capacity, DatabaseId, ScalingState, ServiceId};
use watchkeeper_domain::emergency::alarm::AlarmState;
use watchkeeper_domain::estate::Environment;
use watchkeeper_domain::name::Scope;
use watchkeeper_estates::EstateFolder;
use watchkeeper_sim::{Operation, RecordedCall, SimRegion, aurora, rds, rule, service, store};

use watchkeeper_in_memory::{EmergencyRun, ExecutionEnd, InMemoryHarness, PageProcess};
use watchkeeper_tests::estate::{alarms_of, declared};
use watchkeeper_tests::harness::{HarnessError, scope};
use watchkeeper_tests::scenarios::{CapacityWrite, Harness, RunEnd, Unplayed};

/// Noon in New York, of a Wednesday of usual hours with a Thursday after it.
const NOON: &str = "2026-11-18T17:00:00Z";

/// How long a backup takes, and a restore.
const BACKUP: Duration = Duration::from_secs(30);

/// An environment of this repository's documents and its siblings in memory, as their document declares them. Any check that
/// fails panics.
#[derive(Debug)]
pub(crate) struct InMemoryScene {
    harness: InMemoryHarness,
    environment: Environment,
    siblings: Vec<Environment>,
    scope: Scope,
    told: usize,
    published: usize,
    heard: usize,
    started: usize,
    account: String,
    /// What was made of the last event about alarms.
    handled: Vec<AlarmResult>,
    emergencies: Vec<EmergencyRun>,
    releases: usize,
    /// The process of the wake page that stays.
    page: PageProcess,
}

impl InMemoryScene {
    /// An environment of this repository's documents, awake at noon.
    ///
    /// # Panics
    /// When no document describes it. So below.
    pub(crate) fn new(estate: &str, environment: &str) -> Self {
        let documents = InMemoryHarness::new(SimRegion::builder().build(), "us-east-1");
        Self::over(documents.estates().clone(), estate, environment)
    }

    /// An environment of these documents, awake at noon.
    pub(crate) fn over(documents: EstateFolder, estate: &str, environment: &str) -> Self {
        let found = documents.environment(estate, environment).unwrap_or_else(|error| panic!("{error}"));
        let region = found.1.document().regions.primary.clone();
        let account = found.1.account().map_or_else(|| "123456789012".to_owned(), ToString::to_string);
        let home = |sibling: &&Environment| {
            sibling.has_resources(&region) && account.parse().is_ok_and(|account| sibling.is_of_account(&account))
        };
        let siblings: Vec<Environment> = found.0.environments().filter(home).cloned().collect();
        let mut sim = SimRegion::builder().at(NOON);
        for sibling in &siblings {
            for alarm in alarms_of(sibling) {
                sim = sim.alarm(alarm.as_str(), AlarmState::Ok);
            }
            for (id, capacity) in declared(sibling, &region) {
                let spec = service(&id.to_string()).desired(capacity.desired);
                sim = sim.with(capacity.scaling.map_or(spec.clone(), |scaling| spec.scaling(scaling.min, scaling.max)));
            }
            for id in sibling.databases(&region) {
                sim = sim.with(match &id {
                    DatabaseId::Aurora(name) => aurora(name.as_str()),
                    DatabaseId::Rds(name) => rds(name.as_str()),
                });
            }
        }
        for page in siblings.iter().filter_map(|sibling| sibling.page(&region)) {
            sim = sim.with(rule(&page.rule.short(), "web"));
        }
        let sim = sim.build();
        for job in siblings.iter().flat_map(|sibling| &sibling.document().backups).flat_map(|backups| &backups.jobs) {
            if let Some(source) = BackupSource::of(job) {
                sim.put_store(store(&source.to_string()));
            }
        }
        sim.backups_take(BACKUP);
        let (scope, environment) = (scope(found.0, found.1, &region), found.1.clone());
        let harness = InMemoryHarness::over(sim, documents, region.as_str()).in_account(&account);
        let page = harness.page_process();
        Self {
            harness,
            environment,
            siblings,
            scope,
            told: 0,
            published: 0,
            heard: 0,
            started: 0,
            account,
            handled: Vec::new(),
            emergencies: Vec::new(),
            releases: 0,
            page,
        }
    }

    fn since(&self, mark: u64) -> impl Iterator<Item = RecordedCall> {
        self.harness.sim.calls().into_iter().filter(move |call| call.index >= mark)
    }
}

fn seen(name: String, end: &ExecutionEnd, took: Duration) -> RunEnd {
    let (outcome, says) = (end.outcome().to_owned(), end.said().to_owned());
    let (succeeded, output) = match end {
        ExecutionEnd::Succeeded(output) => (true, output.clone()),
        _ => (false, Value::Null),
    };
    RunEnd { name, succeeded, outcome, says, output, took }
}

impl Harness for InMemoryScene {
    fn environment(&self) -> &Environment {
        &self.environment
    }

    fn scope(&self) -> &Scope {
        &self.scope
    }

    fn siblings(&self) -> Vec<Environment> {
        self.siblings.clone()
    }

    #[track_caller]
    fn check(&mut self, name: &str, ok: bool, seen: impl Into<String>) {
        assert!(ok, "{name}: {}", seen.into());
    }

    /// What is played in memory has all that it needs.
    #[track_caller]
    fn leave_out(&mut self, part: &str, why: &Unplayed) {
        panic!("{part} is left out: {why}");
    }

    fn ledger(&self) -> &impl Ledger {
        &self.harness.sim
    }

    fn measured(&mut self, _figure: &'static str, _value: u64) {}

    async fn now(&self) -> Result<Timestamp, HarnessError> {
        Ok(self.harness.sim.now())
    }

    async fn at(&mut self, instant: Timestamp) -> Result<(), HarnessError> {
        self.harness.sim.set_now(instant.max(self.harness.sim.now()));
        Ok(())
    }

    async fn tick(&mut self, instant: Timestamp) -> Result<Option<RunEnd>, HarnessError> {
        self.harness.fire(&["schedule"], instant);
        let own = format!("{}-{}-", self.scope.estate, self.scope.environment);
        let played = self.harness.play("Reconcile").into_iter().rfind(|(name, _)| name.starts_with(&own));
        let took = self.harness.sim.now().duration_since(instant).unsigned_abs();
        Ok(played.map(|(name, end)| seen(name, &end, took)))
    }

    async fn start(&mut self, input: &Value) -> Result<RunEnd, HarnessError> {
        self.started += 1;
        let (name, since) = (format!("by-hand-{}", self.started), self.harness.sim.now());
        let end = self.harness.execute(&name, input);
        let took = self.harness.sim.now().duration_since(since).unsigned_abs();
        Ok(seen(name, &end, took))
    }

    async fn capacity_of(&self, environment: &Environment) -> Result<Capacity, HarnessError> {
        let (mut capacity, region) = (self.harness.sim.capacity(), &self.scope.region);
        let (services, managed) = (environment.services(region), environment.managed_clusters(region));
        let named = |id: &ServiceId| services.contains(&(id.cluster.clone(), id.service.clone()));
        capacity.services.retain(|id, _| named(id) || managed.contains(&id.cluster));
        let databases = environment.databases(region);
        capacity.databases.retain(|id, _| databases.contains(id));
        Ok(capacity)
    }

    async fn running(&self) -> Result<u32, HarnessError> {
        Ok(self.capacity().await?.services.keys().map(|id| self.harness.sim.alive(id)).sum())
    }

    async fn told_of(&mut self, beginning: &str) -> Result<Vec<(String, String)>, HarnessError> {
        let messages = self.harness.sim.messages().split_off(self.told);
        self.told += messages.len();
        let told = messages.into_iter().map(|message| (message.subject, message.text));
        Ok(told.filter(|(subject, _)| subject.starts_with(beginning)).collect())
    }

    async fn events(&mut self) -> Result<Vec<Value>, HarnessError> {
        let events = self.harness.sim.events().split_off(self.published);
        self.published += events.len();
        let ours = |detail: &Value| detail["environment"] == self.scope.environment.as_str();
        Ok(events.into_iter().map(|event| event.detail).filter(ours).collect())
    }

    async fn mark(&self) -> Result<u64, HarnessError> {
        Ok(self.harness.sim.calls_made())
    }

    async fn capacity_writes(&self, since: u64) -> Result<Vec<CapacityWrite>, HarnessError> {
        let capacity = self.capacity().await?;
        let services = capacity.services.keys().map(ToString::to_string);
        let own: Vec<String> = services.chain(capacity.databases.keys().map(ToString::to_string)).collect();
        let writes = self.since(since).filter(|call| call.operation.writes_capacity() && own.contains(&call.subject));
        Ok(writes.map(|call| CapacityWrite { operation: call.operation.to_string(), about: call.subject }).collect())
    }

    async fn writes(&self, since: u64) -> Result<usize, HarnessError> {
        let told = [Operation::Publish, Operation::PutEvents];
        let wrote = |it: Operation| it.writes_capacity() || it.writes_ledger() || told.contains(&it);
        Ok(self.since(since).filter(|call| wrote(call.operation)).count())
    }

    async fn set_count(&mut self, service: &ServiceId, desired: u32) -> Result<(), HarnessError> {
        self.harness.sim.change_count(service, desired);
        Ok(())
    }

    async fn set_target(&mut self, service: &ServiceId, target: Option<ScalingState>) -> Result<(), HarnessError> {
        self.harness.sim.change_scaling(service, target);
        Ok(())
    }
}
