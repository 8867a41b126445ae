//! The state machines of `statemachines/`, played in memory: the very definitions that are deployed, over functions that a test
//! gives. It knows the part of the Amazon States Language that they use, with JSONata, and refuses what it does not know. Time is
//! the host's: an execution says when it goes on, and never waits itself.

mod definition;
mod execution;
mod expression;
mod frame;
mod language;
mod library;
mod map;
mod recorded;
mod task;
mod template;

pub use definition::Machine;
pub use execution::{Execution, ExecutionEnd, Standing};
pub use library::{MACHINES, read};
pub use recorded::RecordedEvaluation;

use jiff::Timestamp;
use serde_json::Value;
use watchkeeper_domain::execution::ExecutionStatus;

/// An error as Lambda hands it on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionError {
    /// Its stable name.
    pub name: String,
    /// What the function said.
    pub message: String,
}

/// What lies around an execution: functions, time, and who asks how it stands.
pub trait MachineHost {
    /// The present.
    fn now(&self) -> Timestamp;

    /// Invokes the function of this logical name. `None` when its process died.
    fn invoke(&mut self, function: &str, payload: Value) -> Option<Result<Value, FunctionError>>;

    /// An execution has begun, or has ended.
    fn stands(&mut self, name: &str, status: ExecutionStatus);
}
