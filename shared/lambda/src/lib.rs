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
pub use errors::{ErrorName, Failure};
pub use input::{Unreadable, read_input};
pub use machine::{Call, Caught, Event, Execution, Tick};
pub use metrics::{AlarmFigure, BackupFigures, Metrics, PairFigures, RunFigures};
pub use pairs::{PairKit, PairMover, PairWatcher};
pub use serve::{Invocation, Kit, serve};
pub use settings::{SettingError, Settings};
