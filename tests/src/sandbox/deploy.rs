//! Deploying this repository's template with the real SAM CLI.

use super::emulator::base_environment;
use super::supervised::SupervisedProgram;
use super::{CheckoutLayout, Emulator, FunctionBinaries, Progress, PythonEnvironment, SandboxError};
use serde_json::json;
use std::collections::BTreeMap;

/// The outputs of a deployed stack.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(transparent)]
pub struct StackOutputs(BTreeMap<String, String>);

impl StackOutputs {
    /// The output called `name`.
    ///
    /// # Errors
    /// [`SandboxError::Missing`] with the names that there are.
    pub fn get(&self, name: &str) -> Result<&str, SandboxError> {
        self.0.get(name).map(String::as_str).ok_or_else(|| {
            let known: Vec<_> = self.0.keys().map(String::as_str).collect();
            SandboxError::Missing(format!("the stack has no output {name}; it has {}", known.join(", ")))
        })
    }
}

/// Deploy the template as `stack` in `region`.
#[allow(clippy::too_many_arguments)]
pub(super) async fn deploy(
    layout: &CheckoutLayout,
    venv: &PythonEnvironment,
    functions: &FunctionBinaries,
    emulator: &Emulator,
    stack: &str,
    region: &str,
    parameters: &[(&str, &str)],
    progress: &dyn Progress,
) -> Result<StackOutputs, SandboxError> {
    let run = emulator.run();
    let bootstraps = run.path().join("functions");
    functions.lay_out(&bootstraps).await?;
    let folder = run.path().join(format!("deploy-{stack}-{region}"));
    std::fs::create_dir_all(&folder).map_err(SandboxError::io("make", &folder))?;
    let (request, outputs) = (folder.join("request.json"), folder.join("outputs.json"));
    let content = json!({
        "template": layout.root().join("template.yaml"),
        "functions": bootstraps,
        "stack": stack,
        "parameters": parameters.iter().copied().collect::<BTreeMap<_, _>>(),
        "outputs": outputs,
    });
    std::fs::write(&request, content.to_string()).map_err(SandboxError::io("write", &request))?;

    let name = format!("deploying {stack} in {region} (sam deploy)");
    let python = venv.python();
    let mut step = SupervisedProgram::new(layout, &python, &name, run.log(&format!("deploy-{stack}-{region}.log")));
    step.command()
        .env_clear()
        .envs(base_environment(layout, run))
        .envs(emulator.client_environment(region))
        .env("SAM_CLI_TELEMETRY", "0")
        // Seconds between looks at the stack's events; the usual five are for the real AWS.
        .env("SAM_CLI_POLL_DELAY", "0.3");
    step.arg(&python).args(["-m", "emulator.deploy"]).arg(&request);
    step.run(progress).await?;

    let text = std::fs::read_to_string(&outputs).map_err(SandboxError::io("read", &outputs))?;
    serde_json::from_str(&text).map_err(|source| SandboxError::Decode { what: outputs.display().to_string(), source })
}
