//! One environment on stage, and the report about it.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::Value;
use watchkeeper_domain::capacity::{Capacity, DatabasePower, Suspensions};
use watchkeeper_domain::estate::Environment;
use watchkeeper_domain::name::Scope;

use super::output::DrillOutput;
use super::report::DrillReport;
use crate::harness::{ApiCalls, DeployedStack, EndedExecution, SandboxHarness, StageError, TickResult};
use crate::sandbox::{ApiCall, Progress as _};

/// One environment on stage.
pub(super) struct DrillStep<'a> {
    pub stage: &'a SandboxHarness,
    pub stack: &'a DeployedStack,
    pub environment: &'a Environment,
    pub scope: Scope,
    pub report: DrillReport,
    show: &'a DrillOutput,
}

impl<'a> DrillStep<'a> {
    /// The environment of this scope, in a runbook's scenario.
    pub(super) fn of(
        scenario: &'static str,
        stage: &'a SandboxHarness,
        scope: &Scope,
        show: &'a DrillOutput,
    ) -> Result<Self, StageError> {
        let found = stage.estates().environment(scope.estate.as_str(), scope.environment.as_str());
        let (_, environment) = found.map_err(|unknown| StageError::Unknown(unknown.to_string()))?;
        let stack = stage.stack(scope.region.as_str())?;
        show.say(&format!("\n{scope}"));
        let report = DrillReport::new(scenario, scope.estate.as_str(), scope.environment.as_str());
        Ok(Self { stage, stack, environment, scope: scope.clone(), report, show })
    }

    /// Note and show what was seen.
    pub(super) fn check(&mut self, name: &str, ok: bool, detail: impl Into<String>) {
        let check = self.report.check(name, ok, detail);
        self.show.check(check);
    }

    /// Play a step, and note what it took; in real time, for it may move the emulated clock.
    pub(super) async fn step<T>(
        &mut self,
        what: &str,
        play: impl Future<Output = Result<T, StageError>>,
    ) -> Result<T, StageError> {
        let at = self.stack.control().now().await?;
        let step = format!("{}: {what}", self.local(at));
        self.show.begin(&step);
        let began = Instant::now();
        let answer = play.await?;
        self.done(at, &step, began.elapsed());
        Ok(answer)
    }

    /// Fire the deployed schedule, and wait for all that follows.
    pub(super) async fn tick(&mut self, what: &str, instant: Timestamp) -> Result<TickResult, StageError> {
        let step = format!("{}: {what}", self.local(instant));
        self.show.begin(&step);
        let ticked = self.stack.tick(instant).await?;
        self.done(instant, &step, ticked.run_of(&self.scope).map_or(ticked.decided, |run| run.took));
        Ok(ticked)
    }

    /// Start a run by hand, with this beside estate and environment.
    pub(super) async fn by_hand(&mut self, what: &str, mut input: Value) -> Result<EndedExecution, StageError> {
        let at = self.stack.control().now().await?;
        let step = format!("{}: {what}: {input}", self.local(at));
        input["estate"] = self.scope.estate.to_string().into();
        input["environment"] = self.scope.environment.to_string().into();
        self.show.begin(&step);
        let ended = self.stack.run(&input).await?;
        self.done(at, &step, ended.took);
        Ok(ended)
    }

    /// Start the daily unblock by hand, with this beside estate and environment.
    pub(super) async fn unblock(&mut self, what: &str, mut input: Value) -> Result<EndedExecution, StageError> {
        let at = self.stack.control().now().await?;
        let step = format!("{}: {what}: {input}", self.local(at));
        input["estate"] = self.scope.estate.to_string().into();
        input["environment"] = self.scope.environment.to_string().into();
        self.show.begin(&step);
        let ended = self.stack.unblock(&input).await?;
        self.done(at, &step, ended.took);
        Ok(ended)
    }

    /// Something done without the stack.
    pub(super) async fn prepare(&mut self, what: &str) -> Result<(), StageError> {
        let at = self.stack.control().now().await?;
        let step = format!("{}: {what}", self.local(at));
        self.report.step(at, step.clone(), Duration::ZERO);
        self.show.say(&format!("  {step}"));
        Ok(())
    }

    /// Note a step whose time was measured elsewhere.
    pub(super) fn took(&mut self, what: &str, at: Timestamp, took: Duration) {
        let step = format!("{}: {what}", self.local(at));
        self.done(at, &step, took);
    }

    fn done(&mut self, at: Timestamp, step: &str, took: Duration) {
        self.report.step(at, step, took);
        self.show.end(step, took);
    }

    pub(super) async fn capacity(&self) -> Result<Capacity, StageError> {
        self.stack.capacity(self.environment).await
    }

    /// The number of the latest call.
    pub(super) async fn mark(&self) -> Result<u64, StageError> {
        Ok(self.stack.control().mark().await?)
    }

    /// What the functions did since then.
    pub(super) async fn deeds(&self, since: u64) -> Result<ApiCalls, StageError> {
        self.stack.deeds(since).await
    }

    /// The writes among them that changed something of this environment.
    pub(super) fn writes<'d>(&self, deeds: &'d ApiCalls) -> Vec<&'d ApiCall> {
        let services = self.environment.services(&self.scope.region).into_iter().map(|(_, name)| name.to_string());
        let databases = self.environment.databases(&self.scope.region);
        let databases = databases.iter().map(|database| database.name().to_string());
        let names: Vec<String> = services.chain(databases).collect();
        let ours = |call: &&ApiCall| {
            let mut values = call.resources.values().filter_map(Value::as_str);
            values.any(|text| names.iter().any(|name| text == name || text.ends_with(&format!("/{name}"))))
        };
        deeds.capacity_writes().into_iter().filter(ours).collect()
    }

    /// An instant on the clocks of the environment.
    pub(super) fn local(&self, instant: Timestamp) -> String {
        instant.to_zoned(self.environment.zone().rules().clone()).strftime("%a %d %b %H:%M").to_string()
    }
}

/// Nothing runs, nothing can be scaled up, and databases are stopped.
pub(super) fn asleep(capacity: &Capacity) -> bool {
    let still = capacity.services.values().all(|service| {
        service.desired == 0 && service.scaling.is_none_or(|s| s.min == 0 && s.suspended == Suspensions::ALL)
    });
    still && capacity.databases.values().all(|power| *power == DatabasePower::Off)
}

/// A capacity in a line.
pub(super) fn line(capacity: &Capacity) -> String {
    let tasks: u32 = capacity.services.values().map(|service| service.desired).sum();
    let targets = capacity.services.values().filter(|service| service.scaling.is_some()).count();
    let on = capacity.databases.values().filter(|power| **power == DatabasePower::On).count();
    let services = counted(capacity.services.len(), "service");
    let (tasks, databases) = (counted(tasks as usize, "task"), counted(capacity.databases.len(), "database"));
    format!("{tasks} of {services} ({targets} with a scalable target), {on} of {databases} on")
}

/// `1 service`, `2 services`.
fn counted(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// Where two capacities differ.
pub(super) fn difference(before: &Capacity, after: &Capacity) -> String {
    let services = before.services.iter().filter(|(id, was)| after.services.get(*id) != Some(*was));
    let services = services.map(|(id, was)| format!("{id} was {was:?}, is {:?}", after.services.get(id)));
    let databases = before.databases.iter().filter(|(id, was)| after.databases.get(*id) != Some(*was));
    let databases = databases.map(|(id, was)| format!("{id} was {was:?}, is {:?}", after.databases.get(id)));
    services.chain(databases).collect::<Vec<_>>().join("; ")
}
