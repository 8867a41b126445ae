//! The function binaries: built by a nested cargo with the profile and target folder of the running one.

use super::supervised::SupervisedProgram;
use super::{CheckoutLayout, Progress, SandboxError};
use std::path::{Path, PathBuf};

/// Variables that `cargo run` and `cargo test` set for their own package; a nested cargo must not see them.
const OF_THE_OUTER_CARGO: &[&str] = &["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_", "CARGO_PRIMARY_"];

/// Where the built bootstraps are.
#[derive(Debug, Clone)]
pub struct FunctionBinaries {
    names: Vec<String>,
    binaries: PathBuf,
}

impl FunctionBinaries {
    /// Build all binaries of the workspace. Quick when nothing has changed.
    ///
    /// # Errors
    /// [`SandboxError::Step`] when cargo fails.
    pub async fn build(layout: &CheckoutLayout, progress: &dyn Progress) -> Result<Self, SandboxError> {
        let names = packages(&layout.root().join("functions"))?;
        let log = layout.sandbox().join("cargo.log");
        let python = PathBuf::from("python3");
        let mut step = SupervisedProgram::new(layout, &python, "building the functions", log);
        step.arg(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        // The workspace's default members: what `cargo test` builds too, with the same features.
        step.args(["build", "--bins", "--profile", layout.profile()]);
        for (name, _) in std::env::vars_os() {
            if OF_THE_OUTER_CARGO.iter().any(|prefix| name.to_string_lossy().starts_with(prefix)) {
                step.command().env_remove(name);
            }
        }
        step.command().env("CARGO_TARGET_DIR", layout.target());
        step.run(progress).await?;
        Ok(Self { names, binaries: layout.binaries() })
    }

    /// The functions' names, which are also their binaries' names.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The path of a built function.
    pub fn binary(&self, name: &str) -> PathBuf {
        self.binaries.join(name)
    }

    /// Lay out `FOLDER/NAME/bootstrap` for each function, without debug information where `strip` is there.
    pub(super) async fn lay_out(&self, folder: &Path) -> Result<(), SandboxError> {
        for name in &self.names {
            let place = folder.join(name);
            std::fs::create_dir_all(&place).map_err(SandboxError::io("make", &place))?;
            let bootstrap = place.join("bootstrap");
            if !bootstrap.exists() && !strip(&self.binary(name), &bootstrap).await {
                std::fs::copy(self.binary(name), &bootstrap).map_err(SandboxError::io("write", &bootstrap))?;
            }
        }
        Ok(())
    }
}

/// A smaller binary is packed, uploaded and unpacked sooner. Not every machine has `strip`.
async fn strip(binary: &Path, bootstrap: &Path) -> bool {
    let mut command = tokio::process::Command::new("strip");
    command.arg("-o").arg(bootstrap).arg(binary).kill_on_drop(true);
    command.output().await.is_ok_and(|output| output.status.success())
}

fn packages(functions: &Path) -> Result<Vec<String>, SandboxError> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(functions).map_err(SandboxError::io("read", functions))? {
        let entry = entry.map_err(SandboxError::io("read", functions))?;
        // A library has no bootstrap.
        if entry.path().join("src/main.rs").is_file() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}
