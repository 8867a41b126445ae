//! What every scenario needs of the place in which it is played.

use jiff::Timestamp;
use serde_json::Value;
use watchkeeper_control::lease::Lease;
use watchkeeper_control::ledger::Ledger;
use watchkeeper_domain::capacity::{Capacity, ScalingState, ServiceId};
use watchkeeper_domain::estate::Environment;
use watchkeeper_domain::name::Scope;

use super::{CapacityWrite, Played, RunEnd, Unplayed, difference, line};
use crate::harness::HarnessError;

/// One environment and the stack that looks after it, wherever that runs.
pub trait Harness {
    /// The environment, as its document describes it.
    fn environment(&self) -> &Environment;

    /// Which it is.
    fn scope(&self) -> &Scope;

    /// The environments of its estate that the same stack looks after, this one among them.
    fn siblings(&self) -> Vec<Environment>;

    /// Something that had to be so, and what was seen. The drill prints it; where a test plays, one that is not so fails it.
    fn check(&mut self, name: &str, ok: bool, seen: impl Into<String>);

    /// A part of the scenario for which the document lacks something.
    fn leave_out(&mut self, part: &str, why: &Unplayed);

    /// Something that was measured; the unit is the name's last word, or it is a count.
    fn measured(&mut self, figure: &'static str, value: u64);

    /// What is remembered.
    fn ledger(&self) -> &impl Ledger;

    /// What time it is.
    async fn now(&self) -> Result<Timestamp, HarnessError>;

    /// The clock goes on to an instant, unless it is later already.
    async fn at(&mut self, instant: Timestamp) -> Result<(), HarnessError>;

    /// The schedule fires at an instant, and all that it starts comes to its end: the run of this environment, if there was one.
    async fn tick(&mut self, instant: Timestamp) -> Result<Option<RunEnd>, HarnessError>;

    /// A person starts the `reconcile` machine with this input, and it comes to its end.
    async fn start(&mut self, input: &Value) -> Result<RunEnd, HarnessError>;

    /// The capacity of a sibling, as it truly is.
    async fn capacity_of(&self, environment: &Environment) -> Result<Capacity, HarnessError>;

    /// How many tasks run.
    async fn running(&self) -> Result<u32, HarnessError>;

    /// The subjects and texts of what people were told of this environment since the last look.
    async fn told(&mut self) -> Result<Vec<(String, String)>, HarnessError> {
        let own = self.subject("");
        self.told_of(&own).await
    }

    /// Those whose subject begins like this; the others are not told again.
    async fn told_of(&mut self, subject: &str) -> Result<Vec<(String, String)>, HarnessError>;

    /// The details of the events about this environment that programs got since the last look.
    async fn events(&mut self) -> Result<Vec<Value>, HarnessError>;

    /// The number of the latest call.
    async fn mark(&self) -> Result<u64, HarnessError>;

    /// The calls since then that changed capacity of this environment, in their order.
    async fn capacity_writes(&self, since: u64) -> Result<Vec<CapacityWrite>, HarnessError>;

    /// How many calls of the runs of the stack since then wrote anything, to AWS or to the ledger; the start of an execution is none.
    async fn writes(&self, since: u64) -> Result<usize, HarnessError>;

    /// Somebody sets a desired count.
    async fn set_count(&mut self, service: &ServiceId, desired: u32) -> Result<(), HarnessError>;

    /// Somebody sets, or removes, a scalable target.
    async fn set_target(&mut self, service: &ServiceId, target: Option<ScalingState>) -> Result<(), HarnessError>;

    /// The capacity as it truly is.
    async fn capacity(&self) -> Result<Capacity, HarnessError> {
        self.capacity_of(self.environment()).await
    }

    /// Who changes this environment.
    async fn lease(&self) -> Result<Option<Lease>, HarnessError> {
        Ok(self.ledger().lease(self.scope()).await?)
    }

    /// An input about this environment.
    fn input(&self, mut more: Value) -> Value {
        more["estate"] = self.scope().estate.as_str().into();
        more["environment"] = self.scope().environment.as_str().into();
        more
    }

    /// The beginning of what people are told about this environment.
    fn subject(&self, more: &str) -> String {
        // A hundred characters at most (Amazon SNS API reference, Publish).
        format!("{} {}{more}", self.scope().estate, self.scope().environment).chars().take(100).collect()
    }

    /// The whole capacity is as it was.
    async fn same(&mut self, name: &str, before: &Capacity) -> Played {
        let found = self.capacity().await?;
        let seen = if found == *before { line(&found) } else { difference(before, &found) };
        self.check(name, found == *before, seen);
        Ok(())
    }

    /// A run is there, and ended like this.
    fn run_ended(&mut self, name: &str, run: Option<&RunEnd>, outcome: &str) {
        let seen = run.map_or_else(|| "no run".to_owned(), ToString::to_string);
        self.check(name, run.is_some_and(|run| run.outcome == outcome), seen);
    }
}
