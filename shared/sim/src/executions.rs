//! State machines: what was started on each, and how it stands.

use std::collections::BTreeMap;

use watchkeeper_control::failover::ports::Questions;
use watchkeeper_control::ports::{AwsError, ExecutionStates, Executions, Started};
use watchkeeper_domain::execution::ExecutionStatus;

use crate::gate::Refusal;
use crate::operation::Operation;
use crate::outside::json;
use crate::state::State;
use crate::world::World;

/// The longest name of an execution, in characters (Step Functions API reference, `StartExecution`).
const EXECUTION_NAME_MAX: usize = 80;

/// The machine that a world's own handle starts.
const OWN: &str = "";

/// An execution that was started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Execution {
    /// The machine.
    pub machine: String,
    /// Its name, which no other execution of the machine has.
    pub name: String,
    /// What it was started with, as JSON.
    pub input: String,
}

/// The executions of every machine of a region.
#[derive(Debug, Default)]
pub(crate) struct Machines {
    /// In the order in which they were started.
    started: Vec<Execution>,
    /// How many of them the test has taken.
    taken: usize,
    /// What was told of them, by name.
    told: BTreeMap<String, ExecutionStatus>,
}

/// A handle to one machine of a region.
#[derive(Debug, Clone)]
pub struct Machine {
    world: World,
    name: String,
}

impl World {
    /// A machine of this region. A world is one itself, of no name.
    pub fn machine(&self, name: &str) -> Machine {
        Machine { world: self.clone(), name: name.to_owned() }
    }

    /// The executions started on the world's own handle: name and input.
    pub fn executions(&self) -> BTreeMap<String, String> {
        let own = |execution: &&Execution| execution.machine == OWN;
        let state = self.lock();
        state.machines.started.iter().filter(own).map(|own| (own.name.clone(), own.input.clone())).collect()
    }

    /// The executions that were started in this region since the last call, in order: what is to be played now.
    pub fn take_started(&self) -> Vec<Execution> {
        let machines = &mut self.lock().machines;
        let new = machines.started.get(machines.taken..).unwrap_or_default().to_vec();
        machines.taken = machines.started.len();
        new
    }

    /// Tells how the execution of this name stands. Until then one that was started runs, and any other is unknown.
    pub fn set_status(&self, name: &str, status: ExecutionStatus) {
        self.lock().machines.tell(name, status);
    }

    async fn start_on(&self, machine: &str, name: &str, input: &str) -> Result<Started, AwsError> {
        self.ask(Operation::StartExecution, name, |state| state.start(machine, name, input)).await
    }
}

impl State {
    fn start(&mut self, machine: &str, name: &str, input: &str) -> Result<Started, Refusal> {
        if !(1..=EXECUTION_NAME_MAX).contains(&name.chars().count()) {
            return Err(Refusal::invalid(format!("a name of 1 to {EXECUTION_NAME_MAX} characters is expected")));
        }
        json(input)?;
        if self.machines.find(machine, name) {
            return Ok(Started::AlreadyThere);
        }
        let (machine, name, input) = (machine.to_owned(), name.to_owned(), input.to_owned());
        self.machines.started.push(Execution { machine, name, input });
        Ok(Started::New)
    }
}

impl Machines {
    fn find(&self, machine: &str, name: &str) -> bool {
        self.started.iter().any(|execution| execution.machine == machine && execution.name == name)
    }

    pub(crate) fn tell(&mut self, name: &str, status: ExecutionStatus) {
        self.told.insert(name.to_owned(), status);
    }

    /// How an execution stands, as far as this machine, or any, has started it.
    fn status(&self, machine: Option<&str>, name: &str) -> ExecutionStatus {
        let of = |machine: &str| self.find(machine, name);
        let started = machine.map_or_else(|| self.started.iter().any(|execution| execution.name == name), of);
        let known = if started { ExecutionStatus::Running } else { ExecutionStatus::Unknown };
        self.told.get(name).cloned().unwrap_or(known)
    }
}

impl Executions for World {
    async fn start(&self, name: &str, input: &str) -> Result<Started, AwsError> {
        self.start_on(OWN, name, input).await
    }
}

impl Executions for Machine {
    async fn start(&self, name: &str, input: &str) -> Result<Started, AwsError> {
        self.world.start_on(&self.name, name, input).await
    }
}

/// Of any machine.
impl Questions for Machine {
    async fn end(&self, name: &str, _why: &str) -> Result<(), AwsError> {
        let dead = ExecutionStatus::Dead("ABORTED".to_owned());
        self.world
            .ask(Operation::StopExecution, name, |state| {
                if state.machines.status(Some(&self.name), name) == ExecutionStatus::Running {
                    state.machines.tell(name, dead);
                }
                Ok(())
            })
            .await
    }
}

impl ExecutionStates for World {
    async fn status(&self, name: &str) -> Result<ExecutionStatus, AwsError> {
        self.ask(Operation::DescribeExecution, name, |state| Ok(state.machines.status(None, name))).await
    }
}

impl ExecutionStates for Machine {
    async fn status(&self, name: &str) -> Result<ExecutionStatus, AwsError> {
        let asked = |state: &mut State| Ok(state.machines.status(Some(&self.name), name));
        self.world.ask(Operation::DescribeExecution, name, asked).await
    }
}
