//! State machines: what was started on each, and how it stands.

use std::collections::BTreeMap;

use watchkeeper_control::failover::ports::{OpenQuestions, SiblingMachines};
use watchkeeper_control::ports::{AwsError, ExecutionStates, Executions, FailedExecutions, StartOutcome};
use watchkeeper_domain::execution::ExecutionStatus;
use watchkeeper_domain::failures::FailedExecution;
use watchkeeper_domain::name::MachineName;
use watchkeeper_domain::reconcile::run::RunError;

use crate::kinds::machines::{SimMachines, StartedExecution};
use crate::operation::Operation;
use crate::refusal::{CallRefusal, json};
use crate::region::SimRegion;
use crate::state::SimState;

/// The longest name of an execution, in characters (Step Functions API reference, `StartExecution`).
const EXECUTION_NAME_MAX: usize = 80;

/// The machine that a simulation's own handle starts.
const OWN: &str = "";

/// A handle to one machine of a region.
#[derive(Debug, Clone)]
pub struct MachineHandle {
    sim: SimRegion,
    name: String,
}

impl SimRegion {
    /// A machine of this region. A simulation is one itself, of no name.
    pub fn machine(&self, name: &str) -> MachineHandle {
        MachineHandle { sim: self.clone(), name: name.to_owned() }
    }

    /// The executions that were started in this region: name and input.
    pub fn executions(&self) -> BTreeMap<String, String> {
        let state = self.lock();
        state.machines.started.iter().map(|started| (started.name.clone(), started.input.clone())).collect()
    }

    /// The executions that were started in this region since the last call, in order: what is to be played now.
    pub fn take_started(&self) -> Vec<StartedExecution> {
        let machines = &mut self.lock().machines;
        let new = machines.started.get(machines.taken..).unwrap_or_default().to_vec();
        machines.taken = machines.started.len();
        new
    }

    /// Tells how the execution of this name stands. Until then one that was started runs, and any other is unknown.
    pub fn set_status(&self, name: &str, status: ExecutionStatus) {
        let mut state = self.lock();
        let now = state.now;
        state.machines.told_at.insert(name.to_owned(), now);
        state.machines.set_status(name, status);
    }

    /// The estate has a machine of this name, whose executions stand like this as soon as they are started.
    pub fn estate_machine(&self, machine: &str, ends: ExecutionStatus) {
        self.lock().machines.of_estate.insert(machine.to_owned(), ends);
    }

    async fn start_on(&self, machine: &str, name: &str, input: &str) -> Result<StartOutcome, AwsError> {
        self.ask(Operation::StartExecution, name, |state| state.start(machine, name, input)).await
    }
}

impl SimState {
    fn start(&mut self, machine: &str, name: &str, input: &str) -> Result<StartOutcome, CallRefusal> {
        if !(1..=EXECUTION_NAME_MAX).contains(&name.chars().count()) {
            return Err(CallRefusal::invalid(format!("a name of 1 to {EXECUTION_NAME_MAX} characters is expected")));
        }
        json(input)?;
        if self.machines.find(machine, name) {
            return Ok(StartOutcome::AlreadyThere);
        }
        if let Some(ends) = self.machines.of_estate.get(machine).cloned() {
            self.machines.set_status(name, ends);
        }
        let (machine, name, input) = (machine.to_owned(), name.to_owned(), input.to_owned());
        self.machines.started.push(StartedExecution { machine, name, input });
        Ok(StartOutcome::New)
    }
}

impl Executions for SimRegion {
    async fn start(&self, name: &str, input: &str) -> Result<StartOutcome, AwsError> {
        self.start_on(OWN, name, input).await
    }
}

impl Executions for MachineHandle {
    async fn start(&self, name: &str, input: &str) -> Result<StartOutcome, AwsError> {
        self.sim.start_on(&self.name, name, input).await
    }
}

impl FailedExecutions for MachineHandle {
    fn name(&self) -> &str {
        &self.name
    }

    async fn failed(&self) -> Result<Vec<FailedExecution>, AwsError> {
        self.sim
            .ask(Operation::ListExecutions, &self.name, |state| {
                let SimMachines { started, told, told_at, .. } = &state.machines;
                let ended = started.iter().filter(|it| it.machine == self.name).filter_map(|it| {
                    let failed = told.get(&it.name).is_some_and(|status| {
                        matches!(status, ExecutionStatus::Dead(how) if ["FAILED", "TIMED_OUT"].contains(&how.as_str()))
                    });
                    let stopped = *told_at.get(&it.name).filter(|_| failed)?;
                    Some(FailedExecution { machine: self.name.clone(), name: it.name.clone(), stopped })
                });
                Ok(ended.collect())
            })
            .await
    }

    async fn error(&self, name: &str) -> Result<RunError, AwsError> {
        let status = self.status(name).await?;
        let ExecutionStatus::Dead(how) = status else {
            return Ok(RunError { name: format!("{status:?}"), message: String::new() });
        };
        Ok(RunError { name: how, message: String::new() })
    }
}

impl SiblingMachines for MachineHandle {
    fn sibling(&self, machine: &MachineName) -> Self {
        self.sim.machine(machine.as_str())
    }
}

/// Of any machine.
impl OpenQuestions for MachineHandle {
    async fn end(&self, name: &str, _why: &str) -> Result<(), AwsError> {
        let dead = ExecutionStatus::Dead("ABORTED".to_owned());
        self.sim
            .ask(Operation::StopExecution, name, |state| {
                if state.machines.status(Some(&self.name), name) == ExecutionStatus::Running {
                    state.machines.set_status(name, dead);
                }
                Ok(())
            })
            .await
    }
}

impl ExecutionStates for SimRegion {
    async fn status(&self, name: &str) -> Result<ExecutionStatus, AwsError> {
        self.ask(Operation::DescribeExecution, name, |state| Ok(state.machines.status(None, name))).await
    }
}

impl ExecutionStates for MachineHandle {
    async fn status(&self, name: &str) -> Result<ExecutionStatus, AwsError> {
        let asked = |state: &mut SimState| Ok(state.machines.status(Some(&self.name), name));
        self.sim.ask(Operation::DescribeExecution, name, asked).await
    }
}
