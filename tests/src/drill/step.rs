//! One environment on stage, and the report about it.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::Value;
use watchkeeper_domain::capacity::{Capacity, DatabaseId, DatabasePower, ResourceId, ServiceId, Suspensions};
use watchkeeper_domain::estate::Environment;
use watchkeeper_domain::name::Scope;

use super::choice::Unplayed;
use super::output::DrillOutput;
use super::report::{DrillReport, LeftOutPart};
use crate::harness::{ApiCalls, DeployedStack, EndedExecution, HarnessError, SandboxHarness, TickResult};
use crate::sandbox::{ApiCall, Progress as _};

/// One environment on stage.
pub(super) struct DrillStep<'a> {
    pub harness: &'a SandboxHarness,
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
        harness: &'a SandboxHarness,
        scope: &Scope,
        show: &'a DrillOutput,
    ) -> Result<Self, HarnessError> {
        let found = harness.estates().environment(scope.estate.as_str(), scope.environment.as_str());
        let (_, environment) = found.map_err(|unknown| HarnessError::Unknown(unknown.to_string()))?;
        let stack = harness.stack(scope.region.as_str())?;
        let report = DrillReport::new(scenario, scope.estate.as_str(), scope.environment.as_str());
        Ok(Self { harness, stack, environment, scope: scope.clone(), report, show })
    }

    /// Say whose turn it is.
    pub(super) fn announce(&self) {
        self.show.say(&format!("\n{}", self.scope));
    }

    /// Note and show what was seen.
    pub(super) fn check(&mut self, name: &str, ok: bool, detail: impl Into<String>) {
        let check = self.report.check(name, ok, detail);
        self.show.check(check);
    }

    /// Leave a part of the scenario out, and say why.
    pub(super) fn leave_out(&mut self, part: &str, why: &Unplayed) {
        self.show.say(&format!("    – {part}: left out: {why}"));
        self.report.left_out.push(LeftOutPart { part: part.to_owned(), why: why.clone() });
    }

    /// The report, once the scenario has been played or could not go on.
    pub(super) fn ended(mut self, played: Result<(), HarnessError>) -> DrillReport {
        if let Err(error) = played {
            // The step that failed is over, though nothing said so.
            self.show.stop();
            self.check("it can be played to its end", false, chain(&error));
        }
        self.report
    }

    /// Play a step, and note what it took; in real time, for it may move the emulated clock.
    pub(super) async fn step<T>(
        &mut self,
        what: &str,
        play: impl Future<Output = Result<T, HarnessError>>,
    ) -> Result<T, HarnessError> {
        let at = self.stack.control().now().await?;
        let step = format!("{}: {what}", self.local(at));
        self.show.begin(&step);
        let began = Instant::now();
        let answer = play.await?;
        self.done(at, &step, began.elapsed());
        Ok(answer)
    }

    /// Fire the deployed schedule, and wait for all that follows.
    pub(super) async fn tick(&mut self, what: &str, instant: Timestamp) -> Result<TickResult, HarnessError> {
        let step = format!("{}: {what}", self.local(instant));
        self.show.begin(&step);
        let ticked = self.stack.tick(instant).await?;
        self.done(instant, &step, ticked.run_of(&self.scope).map_or(ticked.decided, |run| run.took));
        Ok(ticked)
    }

    /// Start a run by hand, with this beside estate and environment.
    pub(super) async fn by_hand(&mut self, what: &str, mut input: Value) -> Result<EndedExecution, HarnessError> {
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
    pub(super) async fn unblock(&mut self, what: &str, mut input: Value) -> Result<EndedExecution, HarnessError> {
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
    pub(super) async fn prepare(&mut self, what: &str) -> Result<(), HarnessError> {
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

    pub(super) async fn capacity(&self) -> Result<Capacity, HarnessError> {
        self.stack.capacity(self.environment).await
    }

    /// The number of the latest call.
    pub(super) async fn mark(&self) -> Result<u64, HarnessError> {
        Ok(self.stack.control().mark().await?)
    }

    /// What the functions did since then.
    pub(super) async fn api_calls(&self, since: u64) -> Result<ApiCalls, HarnessError> {
        self.stack.api_calls(since).await
    }

    /// The writes among them that changed something of this environment.
    pub(super) fn writes<'d>(&self, api_calls: &'d ApiCalls) -> Vec<&'d ApiCall> {
        let (environment, region) = (self.environment, &self.scope.region);
        let ids = environment.services(region).into_iter().map(|(cluster, service)| ServiceId { cluster, service });
        let (ids, databases) = (ids.collect::<Vec<_>>(), environment.databases(region));
        let ours = |call: &&ApiCall| {
            ids.iter().any(|id| is_of_service(call, id)) || databases.iter().any(|id| is_of_database(call, id))
        };
        api_calls.capacity_writes().into_iter().filter(ours).collect()
    }

    /// An instant on the clocks of the environment.
    pub(super) fn local(&self, instant: Timestamp) -> String {
        instant.to_zoned(self.environment.zone().rules().clone()).strftime("%a %d %b %H:%M").to_string()
    }
}

/// Whether a call is about a service; other environments may have one of that name in another cluster.
pub(super) fn is_of_service(call: &ApiCall, id: &ServiceId) -> bool {
    let named = |name: &str| {
        let mut values = call.resources.values().filter_map(Value::as_str);
        values.any(|text| text == name || text.ends_with(&format!("/{name}")))
    };
    // Application Auto Scaling names both at once.
    named(&id.to_string()) || (named(id.service.as_str()) && named(id.cluster.as_str()))
}

/// Whether a call is about a database.
pub(super) fn is_of_database(call: &ApiCall, id: &DatabaseId) -> bool {
    call.service == "rds" && call.resources.values().filter_map(Value::as_str).any(|text| id.is_called(text))
}

/// Nothing runs, nothing can be scaled up, and databases are stopped; but what is protected.
pub(super) fn asleep(environment: &Environment, capacity: &Capacity) -> bool {
    let free = |id: &ServiceId| !environment.protects(&ResourceId::Service(id.clone()));
    let still = capacity.services.iter().filter(|(id, _)| free(id)).all(|(_, service)| {
        service.desired == 0 && service.scaling.is_none_or(|s| s.min == 0 && s.suspended == Suspensions::ALL)
    });
    let free = |id: &DatabaseId| !environment.protects(&ResourceId::Database(id.clone()));
    still && capacity.databases.iter().filter(|(id, _)| free(id)).all(|(_, power)| *power == DatabasePower::Off)
}

/// A subject as it comes: a hundred characters at most (Amazon SNS API reference, Publish).
pub(super) fn subject(text: &str) -> String {
    text.chars().take(100).collect()
}

/// An error with its sources.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        if !text.contains(&source.to_string()) {
            text = format!("{text}: {source}");
        }
        next = source.source();
    }
    text
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
