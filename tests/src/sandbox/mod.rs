//! A local AWS on loopback, with this repository's own template deployed in it.
//!
//! ```no_run
//! # async fn example() -> Result<(), watchkeeper_tests::sandbox::SandboxError> {
//! use watchkeeper_tests::sandbox::{Lines, Options, Sandbox};
//! let sandbox = Sandbox::up(&Options::default(), &Lines).await?;
//! let outputs = sandbox.deploy("watchkeeper", "us-east-1", &[], &Lines).await?;
//! let ecs = aws_sdk_ecs::Client::new(&sandbox.sdk_config("us-east-1"));
//! # drop((outputs, ecs));
//! sandbox.succeeded()
//! # }
//! ```
//!
//! What it makes lies under `target/sandbox`. Whatever it starts ends with it: on drop, on Ctrl-C, and when this process
//! is killed, because each child watches the pipe that this process holds.

mod control;
mod deploy;
mod emulator;
mod error;
mod expressions;
mod figures;
mod functions;
mod judge;
mod layout;
mod leash;
mod orders;
mod permissions;
mod progress;
mod regions;
mod requests;
mod run;
mod site;
mod venv;

pub use control::{Call, Control};
pub use deploy::Outputs;
pub use emulator::{Emulator, Options};
pub use error::SandboxError;
pub use expressions::{Difference, Judged};
pub use figures::Figures;
pub use functions::Functions;
pub use layout::Layout;
pub use orders::{Datum, Fault, FaultKind, RolloutEnd, Settings};
pub use permissions::{Denial, Permissions, Used};
pub use progress::{Lines, Progress, Silent};
pub use regions::{Inside, Loss, LossKind, LostTasks};
pub use requests::{Requests, Violation};
pub use site::{SiteFace, SiteSetup, SiteSide, SiteTraffic, SiteTrouble};
pub use venv::Venv;

use aws_config::SdkConfig;

/// Everything that a scenario needs: the tools, the function binaries, and the running emulator.
#[derive(Debug)]
pub struct Sandbox {
    layout: Layout,
    venv: Venv,
    functions: Functions,
    emulator: Emulator,
}

impl Sandbox {
    /// Install the tools (the first time), build the functions, and boot the emulator. Nothing is deployed yet.
    ///
    /// # Errors
    /// Whatever a step failed with; the error names the log.
    pub async fn up(options: &Options, progress: &dyn Progress) -> Result<Self, SandboxError> {
        let layout = Layout::find()?;
        let venv = Venv::ensure(&layout, progress).await?;
        let functions = Functions::build(&layout, progress).await?;
        let emulator = Emulator::boot(&layout, &venv, options, progress).await?;
        Ok(Self { layout, venv, functions, emulator })
    }

    /// Deploy this repository's template as `stack` in `region`, and return the stack's outputs.
    ///
    /// # Errors
    /// [`SandboxError::Step`] when the SAM CLI fails; the error carries the end of its output.
    pub async fn deploy(
        &self,
        stack: &str,
        region: &str,
        parameters: &[(&str, &str)],
        progress: &dyn Progress,
    ) -> Result<Outputs, SandboxError> {
        deploy::deploy(&self.layout, &self.venv, &self.functions, &self.emulator, stack, region, parameters, progress)
            .await
    }

    /// The configuration of SDK clients that talk to the emulated `region`.
    pub fn sdk_config(&self, region: &str) -> SdkConfig {
        self.emulator.sdk_config(region)
    }

    /// The emulator's own controls: clock, schedules, record of calls, faults.
    pub fn control(&self) -> &Control {
        self.emulator.control()
    }

    /// The running emulator.
    pub fn emulator(&self) -> &Emulator {
        &self.emulator
    }

    /// Stop everything, and remove this run's folder: there is nothing to look into.
    /// Without this call, the folder with the logs is kept and its place is printed.
    ///
    /// # Errors
    /// [`SandboxError::Requests`] when AWS would have refused a request.
    pub fn succeeded(self) -> Result<(), SandboxError> {
        self.emulator.succeeded()
    }
}
