//! State machines: what was started on each, and what was told of it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use watchkeeper_domain::execution::ExecutionStatus;

/// An execution that was started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartedExecution {
    /// The machine.
    pub machine: String,
    /// Its name, which no other execution of the machine has.
    pub name: String,
    /// What it was started with, as JSON.
    pub input: String,
}

/// The executions of every machine of a region.
#[derive(Debug, Default)]
pub(crate) struct SimMachines {
    /// In the order in which they were started.
    pub(crate) started: Vec<StartedExecution>,
    /// How many of them the test has taken.
    pub(crate) taken: usize,
    /// What was told of them, by name.
    pub(crate) told: BTreeMap<String, ExecutionStatus>,
    /// When it was told last, by name.
    pub(crate) told_at: BTreeMap<String, Timestamp>,
    /// The estate's own machines, and how their executions stand as soon as they are started.
    pub(crate) of_estate: BTreeMap<String, ExecutionStatus>,
}

impl SimMachines {
    pub(crate) fn find(&self, machine: &str, name: &str) -> bool {
        self.started.iter().any(|execution| execution.machine == machine && execution.name == name)
    }

    pub(crate) fn set_status(&mut self, name: &str, status: ExecutionStatus) {
        self.told.insert(name.to_owned(), status);
    }

    /// How an execution stands, as far as this machine, or any, has started it.
    pub(crate) fn status(&self, machine: Option<&str>, name: &str) -> ExecutionStatus {
        let of = |machine: &str| self.find(machine, name);
        let started = machine.map_or_else(|| self.started.iter().any(|execution| execution.name == name), of);
        let known = if started { ExecutionStatus::Running } else { ExecutionStatus::Unknown };
        self.told.get(name).cloned().unwrap_or(known)
    }
}
