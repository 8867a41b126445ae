//! The function binaries: built by a nested cargo with the profile and target folder of the running one.

use super::supervised::SupervisedProgram;
use super::{CheckoutLayout, Progress, SandboxError};
use std::os::unix::fs::PermissionsExt as _;
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
    /// Build all of them. Quick when nothing has changed.
    ///
    /// # Errors
    /// [`SandboxError::Step`] when cargo fails.
    pub async fn build(layout: &CheckoutLayout, progress: &dyn Progress) -> Result<Self, SandboxError> {
        let names = packages(&layout.root().join("functions"))?;
        compile(layout, layout.profile(), &names, progress).await?;
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

    /// Lay out `FOLDER/NAME/bootstrap` for each function: a line that turns into the binary, which is kept in `binaries`,
    /// whatever is built meanwhile. So a deployment packs, uploads and unpacks lines instead of 60 MB a function.
    pub(super) fn lay_out(&self, folder: &Path, binaries: &Path) -> Result<(), SandboxError> {
        std::fs::create_dir_all(binaries).map_err(SandboxError::io("make", binaries))?;
        for name in &self.names {
            let (place, kept) = (folder.join(name), binaries.join(name));
            std::fs::create_dir_all(&place).map_err(SandboxError::io("make", &place))?;
            let bootstrap = place.join("bootstrap");
            // A second deployment finds it; copied onto itself, a file would be empty.
            if !kept.exists() {
                keep(&self.binary(name), &kept).map_err(SandboxError::io("write", &kept))?;
            }
            launcher(&bootstrap, &kept).map_err(SandboxError::io("write", &bootstrap))?;
        }
        Ok(())
    }
}

/// One function as it is deployed, but for the processor: the release profile on the machine that this runs on.
///
/// # Errors
/// [`SandboxError::Step`] when cargo fails.
pub async fn release_build(
    layout: &CheckoutLayout,
    name: &str,
    progress: &dyn Progress,
) -> Result<PathBuf, SandboxError> {
    compile(layout, "release", &[name.to_owned()], progress).await?;
    Ok(layout.target().join("release").join(name))
}

async fn compile(
    layout: &CheckoutLayout,
    profile: &str,
    names: &[String],
    progress: &dyn Progress,
) -> Result<(), SandboxError> {
    let log = layout.sandbox().join("cargo.log");
    let python = PathBuf::from("python3");
    let title = if profile == "release" { "building a function as it is deployed" } else { "building the functions" };
    let mut step = SupervisedProgram::new(layout, &python, title, log);
    step.arg(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // By the program, not the package: with the features of all default members, as in `cargo test`.
    step.args(["build", "--profile", profile]);
    step.args(names.iter().flat_map(|name| ["--bin", name]));
    for (name, _) in std::env::vars_os() {
        if OF_THE_OUTER_CARGO.iter().any(|prefix| name.to_string_lossy().starts_with(prefix)) {
            step.command().env_remove(name);
        }
    }
    step.command().env("CARGO_TARGET_DIR", layout.target());
    step.run(progress).await
}

/// A second name of the same file, which a compiler that makes the binary anew leaves alone; a copy on another disk.
fn keep(binary: &Path, kept: &Path) -> std::io::Result<()> {
    std::fs::hard_link(binary, kept).or_else(|_| std::fs::copy(binary, kept).map(drop))
}

/// The process stays the one that Lambda started, so that it can be ended.
fn launcher(bootstrap: &Path, binary: &Path) -> std::io::Result<()> {
    let quoted = binary.to_string_lossy().replace('\'', r"'\''");
    std::fs::write(bootstrap, format!("#!/bin/sh\nexec '{quoted}'\n"))?;
    std::fs::set_permissions(bootstrap, std::fs::Permissions::from_mode(0o755))
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_bootstrap_runs_the_binary_that_was_there_when_it_was_laid_out() {
        let folder = tempfile::Builder::new().prefix("it's here ").tempdir().unwrap();
        let built = folder.path().join("built");
        let link = |what: &str| {
            std::fs::write(built.join("next"), what).unwrap();
            // As linkers and cargo do it: a new file takes the place of the old one.
            std::fs::rename(built.join("next"), built.join("sleep")).unwrap();
        };
        std::fs::create_dir(&built).unwrap();
        link("first");
        let functions = FunctionBinaries { names: vec!["sleep".to_owned()], binaries: built.clone() };
        let lay_out = || functions.lay_out(&folder.path().join("functions"), &folder.path().join("kept")).unwrap();
        lay_out();
        link("second");
        lay_out();
        let launcher = std::fs::read_to_string(folder.path().join("functions/sleep/bootstrap")).unwrap();
        let shown = launcher.replace("exec ", "cat ");
        let shown = std::process::Command::new("sh").args(["-c", &shown]).output().unwrap();
        assert_eq!(String::from_utf8(shown.stdout).unwrap(), "first");
    }
}
