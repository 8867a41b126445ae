//! Scenarios, each told once: a function over a [`Harness`], which is played in memory.

mod in_memory;
#[allow(clippy::missing_panics_doc, reason = "a scenario that does not come out panics: that is what it is for")]
pub mod schedule;

pub use in_memory::InMemoryScene;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde_json::Value;
use watchkeeper_domain::capacity::{Capacity, DatabasePower, ScalingState, ServiceId, Suspensions};
use watchkeeper_domain::estate::Environment;
use watchkeeper_domain::name::Scope;

/// How an execution of the `reconcile` machine ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunEnd {
    /// Its name, which is the run's id.
    pub name: String,
    /// The outcome in its output, or the name of its error.
    pub outcome: String,
    /// What it says for a person.
    pub says: String,
}

/// A write that changed capacity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapacityWrite {
    /// The operation of the API.
    pub operation: String,
    /// What it was about.
    pub about: String,
}

/// One environment and the stack that looks after it, wherever that runs, on a day of its own. An implementation panics where
/// it cannot go on: no scenario can, either.
pub trait Harness {
    /// The environment, as its document describes it.
    fn environment(&self) -> &Environment;

    /// Which it is.
    fn scope(&self) -> &Scope;

    /// The day.
    fn day(&self) -> Date;

    /// The clock goes on to an instant.
    async fn at(&mut self, instant: Timestamp);

    /// The schedule fires at an instant, and all that it starts comes to its end: the run of this environment, if there was one.
    async fn tick(&mut self, instant: Timestamp) -> Option<RunEnd>;

    /// A person starts the `reconcile` machine with this input, and it comes to its end.
    async fn start(&mut self, input: &Value) -> RunEnd;

    /// The capacity as it truly is.
    async fn capacity(&self) -> Capacity;

    /// The subjects and texts of what people were told since the last look.
    async fn told(&mut self) -> Vec<(String, String)>;

    /// The details of the events that programs got since the last look.
    async fn events(&mut self) -> Vec<Value>;

    /// The number of the latest call.
    async fn mark(&self) -> u64;

    /// The calls since then that changed capacity, in their order.
    async fn capacity_writes(&self, since: u64) -> Vec<CapacityWrite>;

    /// How many calls since then wrote anything, to AWS or to the ledger; the start of an execution is none.
    async fn writes(&self, since: u64) -> usize;

    /// Somebody sets a desired count.
    async fn set_count(&mut self, service: &ServiceId, desired: u32);

    /// Somebody sets, or removes, a scalable target.
    async fn set_target(&mut self, service: &ServiceId, target: Option<ScalingState>);

    /// The instant at which clocks of the environment's zone show `time` on its day; `+` means the next day.
    ///
    /// # Panics
    /// When that is no time: the scenario is broken then.
    fn time(&self, time: &str) -> Timestamp {
        let (day, time) = match time.strip_prefix('+') {
            Some(time) => (self.day().saturating_add(1.day()), time),
            None => (self.day(), time),
        };
        let time = time.parse().unwrap_or_else(|error| panic!("{time}: {error}"));
        let zoned = day.to_datetime(time).to_zoned(self.environment().zone().rules().clone());
        zoned.unwrap_or_else(|error| panic!("{error}")).timestamp()
    }

    /// An input about this environment.
    fn input(&self, mut more: Value) -> Value {
        more["estate"] = self.scope().estate.as_str().into();
        more["environment"] = self.scope().environment.as_str().into();
        more
    }
}

/// Nothing runs, nothing can be scaled up, and databases are stopped.
pub fn asleep(capacity: &Capacity) -> bool {
    let held = |scaling: ScalingState| scaling.min == 0 && scaling.suspended == Suspensions::ALL;
    let still = capacity.services.values().all(|service| service.desired == 0 && service.scaling.is_none_or(held));
    still && !capacity.services.is_empty() && capacity.databases.values().all(|power| *power == DatabasePower::Off)
}
