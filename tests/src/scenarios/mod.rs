//! Scenarios, each told once: a function over a [`Harness`]. Tests play them in memory, and some on the sandbox; the drill plays
//! some on anybody's documents and prints what they check.

pub mod emergency;
mod in_memory;
mod night;
pub mod schedule;

pub use in_memory::InMemoryScene;
pub use night::{ChosenNight, NoNight, next_night};

use std::fmt::Display;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use watchkeeper_domain::capacity::{Capacity, DatabasePower, ResourceId, ScalingState, ServiceId, Suspensions};
use watchkeeper_domain::estate::Environment;
use watchkeeper_domain::name::Scope;

use crate::harness::{EndedExecution, HarnessError};

/// Something that is not played: what is missing, and what would make it play.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{found}; it plays with {needed}")]
pub struct Unplayed {
    /// What the document has not, or has.
    pub found: String,
    /// What it would have to have.
    pub needed: String,
}

impl Unplayed {
    /// What was found, and what is needed.
    pub fn new(found: impl Into<String>, needed: impl Into<String>) -> Self {
        Self { found: found.into(), needed: needed.into() }
    }
}

/// Why a scenario is not played to its end.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// The document lacks what it needs: nothing was done.
    #[error(transparent)]
    Lacks(#[from] Unplayed),
    /// The harness cannot go on.
    #[error(transparent)]
    Harness(#[from] HarnessError),
}

/// What a scenario returns. What it found lies with the harness that it told.
pub type Played<T = ()> = Result<T, ScenarioError>;

/// How an execution of the `reconcile` machine ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunEnd {
    /// Its name, which is the run's id.
    pub name: String,
    /// The outcome in its output, or the name of its error.
    pub outcome: String,
    /// What it says for a person.
    pub says: String,
    /// How long it took, and what set it going; of the simulated time, in memory.
    pub took: Duration,
}

impl From<&EndedExecution> for RunEnd {
    fn from(run: &EndedExecution) -> Self {
        let (outcome, says) = (run.outcome().to_owned(), run.says().to_owned());
        Self { name: run.name.clone(), outcome, says, took: run.took }
    }
}

impl Display for RunEnd {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.outcome, self.says)
    }
}

/// A write that changed capacity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapacityWrite {
    /// The operation of the API.
    pub operation: String,
    /// What it was about.
    pub about: String,
}

impl Display for CapacityWrite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {}", self.operation, self.about)
    }
}

/// Some things as a person reads them.
fn listed(things: impl IntoIterator<Item = impl Display>) -> String {
    let all: Vec<String> = things.into_iter().map(|thing| thing.to_string()).collect();
    if all.is_empty() { "none".to_owned() } else { all.join(", ") }
}

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

    /// Something that was measured; the unit is the name's last word, or it is a count.
    fn measured(&mut self, figure: &'static str, value: u64);

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
    async fn told(&mut self) -> Result<Vec<(String, String)>, HarnessError>;

    /// The details of the events about this environment that programs got since the last look.
    async fn events(&mut self) -> Result<Vec<Value>, HarnessError>;

    /// The number of the latest call.
    async fn mark(&self) -> Result<u64, HarnessError>;

    /// The calls since then that changed capacity of this environment, in their order.
    async fn capacity_writes(&self, since: u64) -> Result<Vec<CapacityWrite>, HarnessError>;

    /// How many calls of the stack since then wrote anything, to AWS or to the ledger; the start of an execution is none.
    async fn writes(&self, since: u64) -> Result<usize, HarnessError>;

    /// Somebody sets a desired count.
    async fn set_count(&mut self, service: &ServiceId, desired: u32) -> Result<(), HarnessError>;

    /// Somebody sets, or removes, a scalable target.
    async fn set_target(&mut self, service: &ServiceId, target: Option<ScalingState>) -> Result<(), HarnessError>;

    /// The capacity as it truly is.
    async fn capacity(&self) -> Result<Capacity, HarnessError> {
        self.capacity_of(self.environment()).await
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

/// What of a capacity may be changed, and what is protected.
pub fn parted(environment: &Environment, capacity: &Capacity) -> (Capacity, Capacity) {
    let (mut free, mut kept) = (Capacity::default(), Capacity::default());
    for (id, service) in &capacity.services {
        let protected = environment.protects(&ResourceId::Service(id.clone()));
        let part = if protected { &mut kept } else { &mut free };
        part.services.insert(id.clone(), *service);
    }
    for (id, power) in &capacity.databases {
        let protected = environment.protects(&ResourceId::Database(id.clone()));
        let part = if protected { &mut kept } else { &mut free };
        part.databases.insert(id.clone(), *power);
    }
    (free, kept)
}

/// Nothing runs, nothing can be scaled up, and databases are stopped.
pub fn all_asleep(capacity: &Capacity) -> bool {
    let held = |scaling: ScalingState| scaling.min == 0 && scaling.suspended == Suspensions::ALL;
    let still = capacity.services.values().all(|service| service.desired == 0 && service.scaling.is_none_or(held));
    still && capacity.databases.values().all(|power| *power == DatabasePower::Off)
}

/// The same, but for what is protected.
pub fn asleep(environment: &Environment, capacity: &Capacity) -> bool {
    *capacity != Capacity::default() && all_asleep(&parted(environment, capacity).0)
}

/// A capacity in a line.
pub fn line(capacity: &Capacity) -> String {
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
pub fn difference(before: &Capacity, after: &Capacity) -> String {
    let services = before.services.iter().filter(|(id, was)| after.services.get(*id) != Some(*was));
    let services = services.map(|(id, was)| format!("{id} was {was:?}, is {:?}", after.services.get(id)));
    let databases = before.databases.iter().filter(|(id, was)| after.databases.get(*id) != Some(*was));
    let databases = databases.map(|(id, was)| format!("{id} was {was:?}, is {:?}", after.databases.get(id)));
    services.chain(databases).collect::<Vec<_>>().join("; ")
}

/// Whole milliseconds.
pub fn millis(duration: Duration) -> u64 {
    duration.as_millis().try_into().unwrap_or(u64::MAX)
}

/// A count as a figure.
pub fn count(number: usize) -> u64 {
    number.try_into().unwrap_or(u64::MAX)
}

/// Some time after an instant.
pub fn later(instant: Timestamp, by: jiff::SignedDuration) -> Timestamp {
    instant.saturating_add(by).unwrap_or(Timestamp::MAX)
}
