//! What every function's main needs: settings, telemetry, metrics, the runbooks over AWS, and [`serve()`], which puts them
//! together.

pub mod context;
pub mod metrics;
pub mod pairs;
pub mod serve;
pub mod settings;
pub mod telemetry;
pub mod window;

pub use context::FunctionContext;
pub use metrics::{Metrics, PairFigures};
pub use pairs::FailoverBuilder;
pub use serve::{LambdaInvocation, handle_event, serve};
pub use settings::{FunctionSettings, SettingError};
