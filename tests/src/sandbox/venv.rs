//! The Python environment with ministack and the SAM CLI, and the judge's packages beside it: pinned, hashed, made once, under
//! the target folder.

use super::progress::print;
use super::supervised::SupervisedProgram;
use super::{CheckoutLayout, Progress, SandboxError, judge};
use std::fs::{File, TryLockError};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

/// The oldest Python that the pinned packages were resolved for.
const OLDEST_PYTHON: (u32, u32) = (3, 11);
/// Written when the installation is complete; a folder without it is made anew.
const MARKER: &str = "complete";

/// An installed environment.
#[derive(Debug, Clone)]
pub struct PythonEnvironment {
    directory: PathBuf,
    judge: PathBuf,
}

impl PythonEnvironment {
    /// The environment for the pinned requirements; installed first where it is missing or half made.
    /// Safe when several processes ask at once: one installs, the others wait.
    ///
    /// # Errors
    /// [`SandboxError::Missing`] without a Python that is new enough, [`SandboxError::Step`] when pip fails.
    pub async fn ensure(layout: &CheckoutLayout, progress: &dyn Progress) -> Result<Self, SandboxError> {
        let requirements = layout.root().join("tests/requirements.txt");
        let pinned = std::fs::read(&requirements).map_err(SandboxError::io("read", &requirements))?;
        let lock_file = layout.root().join(judge::LOCK);
        let locked = std::fs::read(&lock_file).map_err(SandboxError::io("read", &lock_file))?;
        let version = python_version().await?;
        let sandbox = layout.sandbox();
        std::fs::create_dir_all(&sandbox).map_err(SandboxError::io("make", &sandbox))?;
        let venv = Self {
            directory: sandbox.join(format!("venv-{}", fingerprint(&pinned, &version))),
            judge: sandbox.join(format!("judge-{}", fingerprint(&locked, ""))),
        };
        if !venv.is_complete() {
            let _lock = lock(&sandbox.join("venv.lock")).await?;
            // Another process may have installed it while we waited.
            if !venv.directory.join(MARKER).is_file() {
                venv.install(layout, &requirements, progress).await?;
            }
            if !venv.judge.join(MARKER).is_file() {
                venv.install_judge(layout, progress).await?;
            }
        }
        Ok(venv)
    }

    /// The environment's interpreter.
    pub fn python(&self) -> PathBuf {
        interpreter(&self.directory)
    }

    /// The command of the judge of permissions, and where its packages are, as the emulator wants them.
    ///
    /// # Errors
    /// [`SandboxError::Missing`] when the environment has no Node.
    pub fn judge(&self, layout: &CheckoutLayout) -> Result<String, SandboxError> {
        judge::command(layout, &self.python(), &self.judge, "judge.mjs")
    }

    /// The same for the judge of expressions.
    ///
    /// # Errors
    /// [`SandboxError`] says what failed.
    pub fn reference(&self, layout: &CheckoutLayout) -> Result<String, SandboxError> {
        judge::command(layout, &self.python(), &self.judge, "expressions.mjs")
    }

    fn is_complete(&self) -> bool {
        [&self.directory, &self.judge].iter().all(|folder| folder.join(MARKER).is_file())
    }

    async fn install_judge(&self, layout: &CheckoutLayout, progress: &dyn Progress) -> Result<(), SandboxError> {
        if self.judge.exists() {
            std::fs::remove_dir_all(&self.judge).map_err(SandboxError::io("remove", &self.judge))?;
        }
        judge::install(layout, &self.python(), &self.judge, progress).await?;
        let marker = self.judge.join(MARKER);
        std::fs::write(&marker, "").map_err(SandboxError::io("write", &marker))
    }

    async fn install(
        &self,
        layout: &CheckoutLayout,
        requirements: &Path,
        progress: &dyn Progress,
    ) -> Result<(), SandboxError> {
        let name = "installing the local AWS and the SAM CLI (once, about 450 MB)";
        install_into(&self.directory, layout, requirements, name, progress).await
    }
}

/// The interpreter of an environment of its own for a program that is measured beside ours: made once under the target folder,
/// of pinned and hashed requirements. `program` is in the folder's name and in what `progress` shows.
///
/// # Errors
/// As [`PythonEnvironment::ensure`].
pub async fn python_of(
    program: &str,
    layout: &CheckoutLayout,
    requirements: &Path,
    progress: &dyn Progress,
) -> Result<PathBuf, SandboxError> {
    let pinned = std::fs::read(requirements).map_err(SandboxError::io("read", requirements))?;
    let version = python_version().await?;
    let sandbox = layout.sandbox();
    std::fs::create_dir_all(&sandbox).map_err(SandboxError::io("make", &sandbox))?;
    let directory = sandbox.join(format!("{program}-{}", fingerprint(&pinned, &version)));
    let _lock = lock(&sandbox.join("venv.lock")).await?;
    if !directory.join(MARKER).is_file() {
        let name = format!("installing {program} (once)");
        install_into(&directory, layout, requirements, &name, progress).await?;
    }
    Ok(interpreter(&directory))
}

fn interpreter(directory: &Path) -> PathBuf {
    directory.join("bin/python")
}

async fn install_into(
    directory: &Path,
    layout: &CheckoutLayout,
    requirements: &Path,
    name: &str,
    progress: &dyn Progress,
) -> Result<(), SandboxError> {
    if directory.exists() {
        std::fs::remove_dir_all(directory).map_err(SandboxError::io("remove", directory))?;
    }
    let python = PathBuf::from("python3");
    let log = |name: &str| layout.sandbox().join(name);
    let mut make = SupervisedProgram::new(layout, &python, "making a Python environment", log("venv.log"));
    make.arg(&python).args(["-m", "venv"]).arg(directory);
    make.run(progress).await?;
    let mut install = SupervisedProgram::new(layout, &python, name, log("pip.log"));
    install
        .arg(interpreter(directory))
        .args(["-m", "pip", "install", "--require-hashes", "--no-deps", "--only-binary", ":all:"])
        .args(["--no-compile", "--no-cache-dir", "--disable-pip-version-check", "--progress-bar", "off", "-r"])
        .arg(requirements);
    install.run(progress).await?;
    let marker = directory.join(MARKER);
    std::fs::write(&marker, "").map_err(SandboxError::io("write", &marker))
}

/// Waits for the lock; dropping the file releases it, and so does the end of the process.
async fn lock(path: &Path) -> Result<File, SandboxError> {
    let file = File::create(path).map_err(SandboxError::io("open", path))?;
    match file.try_lock() {
        Ok(()) => return Ok(file),
        Err(TryLockError::WouldBlock) => print("  waiting for another process that installs the local AWS …"),
        Err(TryLockError::Error(source)) => return Err(SandboxError::io("lock", path)(source)),
    }
    let shown = path.to_path_buf();
    let waited = tokio::task::spawn_blocking(move || file.lock().map(|()| file)).await;
    waited.map_err(std::io::Error::other).flatten().map_err(SandboxError::io("lock", &shown))
}

async fn python_version() -> Result<String, SandboxError> {
    let output = tokio::process::Command::new("python3").arg("--version").output().await;
    let expected = format!("python3 {}.{} or newer, with its venv module", OLDEST_PYTHON.0, OLDEST_PYTHON.1);
    let output = output.map_err(|error| SandboxError::Missing(format!("the sandbox needs {expected}: {error}")))?;
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if parse_version(&version).is_some_and(|found| found >= OLDEST_PYTHON) {
        return Ok(version);
    }
    Err(SandboxError::Missing(format!("the sandbox needs {expected}; found {version:?}")))
}

fn parse_version(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.strip_prefix("Python ")?.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

fn fingerprint(pinned: &[u8], version: &str) -> String {
    let mut hasher = DefaultHasher::new();
    (pinned, version).hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_as_numbers() {
        assert_eq!(parse_version("Python 3.9.18"), Some((3, 9)));
        assert!(parse_version("Python 3.9.18") < Some(OLDEST_PYTHON));
        assert!(parse_version("Python 3.13.0") > Some(OLDEST_PYTHON));
        assert_eq!(parse_version("pypy"), None);
    }

    #[test]
    fn other_pins_or_another_python_mean_another_environment() {
        let environment = fingerprint(b"a==1", "Python 3.11.7");
        assert_ne!(environment, fingerprint(b"a==2", "Python 3.11.7"));
        assert_ne!(environment, fingerprint(b"a==1", "Python 3.12.1"));
    }
}
