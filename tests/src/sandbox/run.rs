//! The folder of one run: logs, temporary files, the deployed copy. Removed after success, kept after a failure.

use super::progress::print;
use super::{CheckoutLayout, SandboxError};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// How many folders of runs that failed are kept; the oldest go.
const KEPT_RUNS: usize = 5;
const LOCK: &str = "lock";

/// This run's folder. While it lives, its lock tells other runs to leave it alone.
#[derive(Debug)]
pub(super) struct RunDirectory {
    path: PathBuf,
    _lock: File,
    succeeded: bool,
}

impl RunDirectory {
    /// Make a folder, and tidy up after earlier runs.
    pub(super) fn make(layout: &CheckoutLayout) -> Result<Self, SandboxError> {
        Self::make_in(&layout.sandbox())
    }

    /// Until it is locked it has a name that no other run tidies up, and one that nobody else has: two runs may begin in
    /// the same moment of the same process.
    fn make_in(sandbox: &Path) -> Result<Self, SandboxError> {
        std::fs::create_dir_all(sandbox).map_err(SandboxError::io("make", sandbox))?;
        prune(sandbox);
        let made = tempfile::Builder::new().prefix("new-").tempdir_in(sandbox);
        let made = made.map_err(SandboxError::io("make", sandbox))?;
        for folder in ["tmp", "home", "logs", "functions"] {
            let folder = made.path().join(folder);
            std::fs::create_dir(&folder).map_err(SandboxError::io("make", &folder))?;
        }
        let lock_path = made.path().join(LOCK);
        let lock = File::create(&lock_path).map_err(SandboxError::io("make", &lock_path))?;
        lock.lock().map_err(SandboxError::io("lock", &lock_path))?;
        let stamp = SystemTime::UNIX_EPOCH.elapsed().unwrap_or(Duration::ZERO).as_millis();
        let own = made.path().file_name().unwrap_or_default().to_string_lossy().replace("new-", "");
        let path = sandbox.join(format!("run-{stamp}-{own}"));
        std::fs::rename(made.keep(), &path).map_err(SandboxError::io("name", &path))?;
        Ok(Self { path, _lock: lock, succeeded: false })
    }

    /// The folder.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// A log of this run.
    pub(super) fn log(&self, name: &str) -> PathBuf {
        self.path.join("logs").join(name)
    }

    /// There is nothing to look into: remove the folder on drop.
    pub(super) fn succeeded(&mut self) {
        self.succeeded = true;
    }
}

impl Drop for RunDirectory {
    fn drop(&mut self) {
        if self.succeeded && !std::thread::panicking() {
            let _ = std::fs::remove_dir_all(&self.path);
        } else {
            shed(&self.path);
            print(&format!("the logs of this run are in {}", self.path.join("logs").display()));
        }
    }
}

/// Remove what is large and says nothing.
fn shed(run: &Path) {
    for folder in ["tmp", "functions"] {
        let _ = std::fs::remove_dir_all(run.join(folder));
    }
}

/// Remove all but the newest folders whose process has gone. What cannot be removed is left for the next time.
fn prune(sandbox: &Path) {
    let Ok(entries) = std::fs::read_dir(sandbox) else { return };
    let mut runs: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("run-")))
        .filter(|path| is_abandoned(path))
        .collect();
    // The names begin with the time.
    runs.sort();
    for (newer, path) in runs.iter().rev().enumerate() {
        if newer >= KEPT_RUNS {
            let _ = std::fs::remove_dir_all(path);
        } else {
            // A process that was killed, or a test binary, has left more than its logs.
            shed(path);
        }
    }
}

fn is_abandoned(run: &Path) -> bool {
    File::open(run.join(LOCK)).is_ok_and(|lock| lock.try_lock().is_ok())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn runs_that_begin_in_the_same_moment_have_folders_of_their_own_and_leave_each_other_alone() {
        let sandbox = tempfile::tempdir().unwrap();
        let make = || RunDirectory::make_in(sandbox.path()).unwrap();
        let runs: Vec<RunDirectory> = std::thread::scope(|scope| {
            let makers: Vec<_> = (0..16).map(|_| scope.spawn(make)).collect();
            makers.into_iter().map(|maker| maker.join().unwrap()).collect()
        });
        let paths: BTreeSet<_> = runs.iter().map(|run| run.path().to_owned()).collect();
        assert_eq!(paths.len(), runs.len());
        for run in runs {
            assert!(["tmp", "home", "logs", "functions"].iter().all(|folder| run.path().join(folder).is_dir()));
            drop(run);
        }
    }
}
