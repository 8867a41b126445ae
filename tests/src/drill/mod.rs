//! The drill: the runbooks, each played in the sandbox on the estate that needs it most.

mod all;
mod backup;
mod build;
mod cast;
mod choice;
pub mod command;
mod failover;
mod figures;
mod output;
mod report;
mod rights;
mod scene;
mod sleep;
mod surge;
mod unblock;
mod up;
mod wake;

pub use choice::SkippedEnvironment;
pub use command::{DrillArguments, run};
pub use output::DrillOutput;
pub use report::{Check, DrillReport, DrillResults, LeftOutPart, ReportStep};
pub use scene::SandboxScene;
