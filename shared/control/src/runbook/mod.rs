//! What all runbooks share: the events that reach them, the errors that leave them, and the stack that they look after.

mod error;
mod event;
mod input;
mod notify;
mod outcome;
mod stack;

pub use error::{ErrorName, RunbookError, in_full};
pub use event::{Ask, Begin, CaughtError, FunctionEvent, MachineExecution, ScheduleTick, StepCall, Tell, Told, Unmade};
pub use input::{UnreadableInput, read_input};
pub use outcome::{Answer, ChildRequest, FormerWord, NextStep, Question, StepOutcome};
pub use stack::{Stack, round};
