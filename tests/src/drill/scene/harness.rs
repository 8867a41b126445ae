//! A scenario's harness in the sandbox: the deployed schedule, the emulator's clock, and its record of calls.

use jiff::Timestamp;
use serde_json::Value;
use watchkeeper_control::ledger::Ledger;
use watchkeeper_domain::capacity::{Capacity, ScalingState, ServiceId};
use watchkeeper_domain::estate::Environment;
use watchkeeper_domain::name::Scope;

use super::SandboxScene;
use crate::harness::HarnessError;
use crate::sandbox::{ApiCall, Progress as _};
use crate::scenarios::{CapacityWrite, Harness, RunEnd, Unplayed, millis};

impl Harness for SandboxScene<'_> {
    fn environment(&self) -> &Environment {
        self.environment
    }

    fn scope(&self) -> &Scope {
        &self.scope
    }

    fn siblings(&self) -> Vec<Environment> {
        let home = self.harness.at_home().filter(|(estate, _)| *estate.name() == self.scope.estate);
        home.map(|(_, it)| it.clone()).filter(|it| it.has_resources(&self.scope.region)).collect()
    }

    fn check(&mut self, name: &str, ok: bool, seen: impl Into<String>) {
        let check = self.report.check(name, ok, seen);
        self.show.check(check);
    }

    fn leave_out(&mut self, part: &str, why: &Unplayed) {
        SandboxScene::leave_out(self, part, why);
    }

    fn ledger(&self) -> &impl Ledger {
        self.stack.ledger()
    }

    fn measured(&mut self, figure: &'static str, value: u64) {
        self.report.figures.entry(figure).or_insert(value);
    }

    async fn now(&self) -> Result<Timestamp, HarnessError> {
        Ok(self.stack.control().now().await?)
    }

    async fn at(&mut self, instant: Timestamp) -> Result<(), HarnessError> {
        self.stack.at(instant).await
    }

    async fn tick(&mut self, instant: Timestamp) -> Result<Option<RunEnd>, HarnessError> {
        let step = format!("{}: the schedule ticks", self.local(instant));
        self.show.begin(&step);
        let ticked = self.stack.tick(instant).await?;
        self.measured(if ticked.cold { "tick_cold_ms" } else { "tick_warm_ms" }, millis(ticked.decided));
        let run = ticked.run_of(&self.scope).map(RunEnd::from);
        self.done(instant, &step, run.as_ref().map_or(ticked.decided, |run| run.took));
        Ok(run)
    }

    async fn start(&mut self, input: &Value) -> Result<RunEnd, HarnessError> {
        let at = self.now().await?;
        let step = format!("{}: by hand: {input}", self.local(at));
        self.show.begin(&step);
        let run = RunEnd::from(&self.stack.run(input).await?);
        self.done(at, &step, run.took);
        Ok(run)
    }

    async fn capacity_of(&self, environment: &Environment) -> Result<Capacity, HarnessError> {
        self.stack.capacity(environment).await
    }

    async fn running(&self) -> Result<u32, HarnessError> {
        Ok(self.stack.site().running(self.environment).await?.cast_unsigned())
    }

    async fn told_of(&mut self, beginning: &str) -> Result<Vec<(String, String)>, HarnessError> {
        let new = self.stack.notifications().letters().await?;
        let letters = std::mem::take(&mut self.letters).into_iter().chain(new);
        let told = letters.map(|letter| (letter.subject, letter.text));
        Ok(told.filter(|(subject, _)| subject.starts_with(beginning)).collect())
    }

    async fn events(&mut self) -> Result<Vec<Value>, HarnessError> {
        let events = self.stack.notifications().events().await?.into_iter().map(|mut event| event["detail"].take());
        let scope = &self.scope;
        let ours =
            |it: &Value| it["estate"] == scope.estate.as_str() && it["environment"] == scope.environment.as_str();
        Ok(events.filter(ours).collect())
    }

    async fn mark(&self) -> Result<u64, HarnessError> {
        Ok(self.stack.control().mark().await?)
    }

    async fn capacity_writes(&self, since: u64) -> Result<Vec<CapacityWrite>, HarnessError> {
        let api_calls = self.stack.api_calls(since).await?;
        let about = |call: &ApiCall| Value::Object(call.resources.clone()).to_string();
        let write = |call: &ApiCall| CapacityWrite { operation: call.operation.clone(), about: about(call) };
        Ok(self.writes(&api_calls).into_iter().map(write).collect())
    }

    async fn writes(&self, since: u64) -> Result<usize, HarnessError> {
        let calls = self.stack.api_calls(since).await?;
        // What is remembered of alarms is nobody's run: they come by themselves, and late.
        let of_runs = |call: &&&ApiCall| !call.caller.as_deref().is_some_and(|caller| caller.contains("AlarmResponse"));
        Ok(calls.writes().iter().filter(of_runs).count())
    }

    async fn set_count(&mut self, service: &ServiceId, desired: u32) -> Result<(), HarnessError> {
        self.prepare(&format!("a person sets the count of {service} to {desired}")).await?;
        Ok(self.stack.site().set_count(service, desired).await?)
    }

    async fn set_target(&mut self, service: &ServiceId, target: Option<ScalingState>) -> Result<(), HarnessError> {
        let what = if target.is_some() { "changes" } else { "removes" };
        self.prepare(&format!("a person {what} the scalable target of {service}")).await?;
        Ok(self.stack.site().put_target(service, target).await?)
    }
}
