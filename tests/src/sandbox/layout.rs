//! Where things are: the repository, and the folder under `target` that the sandbox may write to.

use super::SandboxError;
use std::path::{Path, PathBuf};

/// The folders of a checkout and of the build that is running.
#[derive(Debug, Clone)]
pub struct CheckoutLayout {
    root: PathBuf,
    target: PathBuf,
    profile: String,
}

impl CheckoutLayout {
    /// Derived from the running executable, so that a nested build uses the same target folder and profile.
    ///
    /// # Errors
    /// [`SandboxError::Missing`] when this executable does not lie in a target folder of cargo.
    pub fn find() -> Result<Self, SandboxError> {
        let executable = std::env::current_exe()
            .map_err(|source| SandboxError::Io { what: "cannot find the running executable".into(), source })?;
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).unwrap_or_default();
        Self::of(root, &executable).ok_or_else(|| {
            SandboxError::Missing(format!(
                "{} does not lie in a target folder of cargo: run it with cargo",
                executable.display()
            ))
        })
    }

    fn of(root: PathBuf, executable: &Path) -> Option<Self> {
        // target/PROFILE/drill, or target/PROFILE/deps/sandbox-0123abcd for a test.
        let folder = executable.parent()?;
        let folder = if folder.file_name()? == "deps" { folder.parent()? } else { folder };
        let profile = folder.file_name()?.to_str()?.to_owned();
        Some(Self { root, target: folder.parent()?.to_path_buf(), profile })
    }

    /// The repository.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Cargo's target folder.
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// The folder of built binaries.
    pub fn binaries(&self) -> PathBuf {
        self.target.join(&self.profile)
    }

    /// The name of the profile as cargo's `--profile` wants it.
    pub fn profile(&self) -> &str {
        if self.profile == "debug" { "dev" } else { &self.profile }
    }

    /// The only folder that the sandbox writes to.
    pub fn sandbox(&self) -> PathBuf {
        self.target.join("sandbox")
    }

    /// The folder that holds the Python package `emulator`.
    pub(super) fn python_path(&self) -> PathBuf {
        self.root.join("tests")
    }

    /// Python's compiled files go here, so that nothing appears beside the sources.
    pub(super) fn python_cache(&self) -> PathBuf {
        self.sandbox().join("pycache")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_command_and_a_test_lie_in_the_same_layout() {
        for executable in ["/r/target/debug/drill", "/r/target/debug/deps/sandbox-0123"] {
            let layout = CheckoutLayout::of("/r".into(), Path::new(executable)).unwrap();
            assert_eq!(layout.binaries(), Path::new("/r/target/debug"));
            assert_eq!(layout.sandbox(), Path::new("/r/target/sandbox"));
            assert_eq!(layout.profile(), "dev");
        }
    }

    #[test]
    fn a_profile_of_ones_own_keeps_its_name() {
        let layout = CheckoutLayout::of("/r".into(), Path::new("/elsewhere/quick/drill")).unwrap();
        assert_eq!((layout.profile(), layout.target()), ("quick", Path::new("/elsewhere")));
    }
}
