//! An environment of the documents in memory.

use jiff::Timestamp;
use jiff::civil::{Date, date};
use serde_json::Value;
use watchkeeper_domain::capacity::{Capacity, DatabaseId, ScalingState, ServiceId};
use watchkeeper_domain::estate::Environment;
use watchkeeper_domain::name::Scope;
use watchkeeper_sim::{Operation, RecordedCall, SimRegion, aurora, rds, service};

use super::{CapacityWrite, Harness, RunEnd};
use crate::estate::declared;
use crate::harness::scope;
use crate::in_memory::{ExecutionEnd, InMemoryHarness};

/// A Wednesday of usual hours, and a Thursday after it.
const DAY: Date = date(2026, 11, 18);

/// An environment of this repository's documents in memory, as its document declares it.
#[derive(Debug)]
pub struct InMemoryScene {
    harness: InMemoryHarness,
    environment: Environment,
    scope: Scope,
    told: usize,
    published: usize,
    started: usize,
}

impl InMemoryScene {
    /// The environment, awake at noon.
    ///
    /// # Panics
    /// When no document describes it.
    pub fn new(estate: &str, environment: &str) -> Self {
        let harness = InMemoryHarness::new(SimRegion::builder().build(), "us-east-1");
        let found = harness.estates().environment(estate, environment).unwrap_or_else(|error| panic!("{error}"));
        let region = &found.1.document().regions.primary;
        let (scope, environment) = (scope(found.0, found.1, region), found.1.clone());
        let mut sim = SimRegion::builder().at("2026-11-18T00:00:00Z");
        for (id, capacity) in declared(&environment, region) {
            let spec = service(&id.to_string()).desired(capacity.desired);
            sim = sim.with(capacity.scaling.map_or(spec.clone(), |scaling| spec.scaling(scaling.min, scaling.max)));
        }
        for id in environment.databases(region) {
            sim = sim.with(match &id {
                DatabaseId::Aurora(name) => aurora(name.as_str()),
                DatabaseId::Rds(name) => rds(name.as_str()),
            });
        }
        let harness = InMemoryHarness::new(sim.build(), region.as_str());
        let scene = Self { harness, environment, scope, told: 0, published: 0, started: 0 };
        scene.harness.sim.set_now(scene.time("12:00"));
        scene
    }

    fn since(&self, mark: u64) -> impl Iterator<Item = RecordedCall> {
        self.harness.sim.calls().into_iter().filter(move |call| call.index >= mark)
    }
}

fn seen(name: String, end: &ExecutionEnd) -> RunEnd {
    RunEnd { name, outcome: end.outcome().to_owned(), says: end.said().to_owned() }
}

impl Harness for InMemoryScene {
    fn environment(&self) -> &Environment {
        &self.environment
    }

    fn scope(&self) -> &Scope {
        &self.scope
    }

    fn day(&self) -> Date {
        DAY
    }

    async fn at(&mut self, instant: Timestamp) {
        self.harness.sim.set_now(instant);
    }

    async fn tick(&mut self, instant: Timestamp) -> Option<RunEnd> {
        self.harness.fire("AutoShutdown", instant);
        let own = format!("{}-{}-", self.scope.estate, self.scope.environment);
        let played = self.harness.play("Reconcile").into_iter();
        played.filter(|(name, _)| name.starts_with(&own)).map(|(name, end)| seen(name, &end)).next_back()
    }

    async fn start(&mut self, input: &Value) -> RunEnd {
        self.started += 1;
        let name = format!("by-hand-{}", self.started);
        let end = self.harness.execute(&name, input);
        seen(name, &end)
    }

    async fn capacity(&self) -> Capacity {
        self.harness.sim.capacity()
    }

    async fn told(&mut self) -> Vec<(String, String)> {
        let messages = self.harness.sim.messages().split_off(self.told);
        self.told += messages.len();
        messages.into_iter().map(|message| (message.subject, message.text)).collect()
    }

    async fn events(&mut self) -> Vec<Value> {
        let events = self.harness.sim.events().split_off(self.published);
        self.published += events.len();
        events.into_iter().map(|event| event.detail).collect()
    }

    async fn mark(&self) -> u64 {
        self.harness.sim.calls_made()
    }

    async fn capacity_writes(&self, since: u64) -> Vec<CapacityWrite> {
        let writes = self.since(since).filter(|call| call.operation.writes_capacity());
        writes.map(|call| CapacityWrite { operation: call.operation.to_string(), about: call.subject }).collect()
    }

    async fn writes(&self, since: u64) -> usize {
        let told = [Operation::Publish, Operation::PutEvents];
        let wrote = |it: Operation| it.writes_capacity() || it.writes_ledger() || told.contains(&it);
        self.since(since).filter(|call| wrote(call.operation)).count()
    }

    async fn set_count(&mut self, service: &ServiceId, desired: u32) {
        self.harness.sim.change_count(service, desired);
    }

    async fn set_target(&mut self, service: &ServiceId, target: Option<ScalingState>) {
        self.harness.sim.change_scaling(service, target);
    }
}
