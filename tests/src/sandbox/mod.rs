//! A local AWS on loopback, with this repository's own template deployed in it.
//!
//! ```no_run
//! # async fn example() -> Result<(), watchkeeper_tests::sandbox::SandboxError> {
//! use watchkeeper_tests::sandbox::{ProgressLines, Sandbox, SandboxOptions};
//! let sandbox = Sandbox::up(&SandboxOptions::default(), &ProgressLines).await?;
//! let outputs = sandbox.deploy("watchkeeper", "us-east-1", &[], &ProgressLines).await?;
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
mod emulator_orders;
mod error;
mod expressions;
mod figures;
mod functions;
mod judge;
mod layout;
mod load_balancers;
mod permissions;
mod progress;
mod regions;
mod requests;
mod run;
mod site;
mod supervised;
mod throttles;
mod usage;
mod venv;

pub use control::{ApiCall, EmulatorControl};
pub use deploy::StackOutputs;
pub(crate) use emulator::ACCESS_KEY;
pub use emulator::{Emulator, SandboxOptions};
pub use emulator_orders::{EmulatorSettings, FaultKind, FaultOrder, PostedMetric, RolloutEnd};
pub use error::SandboxError;
pub use expressions::{EvaluationDifference, JudgedExpressions};
pub use figures::Figures;
pub use functions::{FunctionBinaries, release_build};
pub use layout::CheckoutLayout;
pub use load_balancers::{LoadBalancerOrder, SiteVisit, VisitAnswer};
pub use permissions::{DeniedRequest, JudgedPermissions, UsedRight};
pub use progress::{Progress, ProgressLines, SilentProgress};
pub use regions::{LossEffect, LossKind, LossOrder, LostTasks};
pub use requests::{CheckedRequests, InvalidRequest};
pub use site::{SiteFace, SiteSetup, SiteSide, SiteTraffic, SiteTrouble};
pub use throttles::ThrottledCall;
pub use venv::{PythonEnvironment, python_of};

use aws_config::SdkConfig;
use tokio::sync::OnceCell;

/// Everything that a scenario needs: the tools, the function binaries, and the running emulator.
#[derive(Debug)]
pub struct Sandbox {
    layout: CheckoutLayout,
    venv: PythonEnvironment,
    functions: FunctionBinaries,
    emulator: Emulator,
}

impl Sandbox {
    /// Install the tools (the first time), build the functions, and boot the emulator. Nothing is deployed yet.
    ///
    /// # Errors
    /// Whatever a step failed with; the error names the log.
    pub async fn up(options: &SandboxOptions, progress: &dyn Progress) -> Result<Self, SandboxError> {
        // For all sandboxes of a process; and what is installed comes over the network while something is compiled.
        static TOOLS: OnceCell<(PythonEnvironment, FunctionBinaries)> = OnceCell::const_new();
        let layout = CheckoutLayout::find()?;
        let tools = async || {
            tokio::try_join!(PythonEnvironment::ensure(&layout, progress), FunctionBinaries::build(&layout, progress))
        };
        let (venv, functions) = TOOLS.get_or_try_init(tools).await?.clone();
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
    ) -> Result<StackOutputs, SandboxError> {
        deploy::deploy(&self.layout, &self.venv, &self.functions, &self.emulator, stack, region, parameters, progress)
            .await
    }

    /// The configuration of SDK clients that talk to the emulated `region`.
    pub fn sdk_config(&self, region: &str) -> SdkConfig {
        self.emulator.sdk_config(region)
    }

    /// The emulator's own controls: clock, schedules, record of calls, faults.
    pub fn control(&self) -> &EmulatorControl {
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
