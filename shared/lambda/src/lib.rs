//! What every function's main needs: settings, telemetry, metrics, the clock of an event, error names, and
//! [`serve()`], which puts them together.

pub mod clock;
pub mod errors;
pub mod input;
pub mod machine;
pub mod metrics;
pub mod pairs;
pub mod serve;
pub mod settings;
pub mod telemetry;

pub use clock::EventClock;
pub use errors::{ErrorName, FunctionFailure};
pub use input::{UnreadableInput, read_input};
pub use machine::{CaughtError, FunctionEvent, MachineExecution, ScheduleTick, StepCall};
pub use metrics::{AlarmFigure, BackupFigures, Metrics, PairFigures, RunFigures};
pub use pairs::{PairKit, PairMover, PairWatcher};
pub use serve::{FunctionContext, LambdaInvocation, serve};
pub use settings::{FunctionSettings, SettingError};
