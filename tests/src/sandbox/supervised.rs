//! Programs that cannot outlive this process: they run under `emulator.supervised`, which watches a pipe that we hold.

use super::{CheckoutLayout, Progress, SandboxError};
use std::collections::VecDeque;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Instant;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWriteExt, BufReader};
use tokio::process::Command;
use tokio::sync::mpsc;

/// How many of the last lines of output go into an error.
const TAIL_LINES: usize = 30;

/// One program to run to its end.
pub(super) struct SupervisedProgram<'a> {
    name: &'a str,
    log: PathBuf,
    command: Command,
}

impl<'a> SupervisedProgram<'a> {
    /// A step called `name`, whose program runs under `python`; all of its output goes to `log`.
    pub(super) fn new(layout: &CheckoutLayout, python: &Path, name: &'a str, log: PathBuf) -> Self {
        let mut command = Command::new(python);
        command
            .args(["-m", "emulator.supervised"])
            .env("PYTHONPATH", layout.python_path())
            .env("PYTHONPYCACHEPREFIX", layout.python_cache())
            .current_dir(layout.root())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        Self { name, log, command }
    }

    /// Add the program, or one of its arguments.
    pub(super) fn arg(&mut self, argument: impl AsRef<OsStr>) -> &mut Self {
        self.command.arg(argument);
        self
    }

    /// Add several arguments.
    pub(super) fn args<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(&mut self, arguments: I) -> &mut Self {
        self.command.args(arguments);
        self
    }

    /// The command, for its environment.
    pub(super) fn command(&mut self) -> &mut Command {
        &mut self.command
    }

    /// Run it to its end, telling `progress` each line.
    pub(super) async fn run(mut self, progress: &dyn Progress) -> Result<(), SandboxError> {
        let began = Instant::now();
        progress.begin(self.name);
        // The first step of a fresh clone may be any.
        let folder = self.log.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder).map_err(SandboxError::io("make", folder))?;
        let io = |source| SandboxError::Io { what: format!("cannot run the step: {}", self.name), source };
        let mut child = self.command.spawn().map_err(io)?;
        // Held until the program has ended; closing it kills the program.
        let _supervision = child.stdin.take();
        let mut lines = merged(child.stdout.take(), child.stderr.take());
        let mut log = tokio::fs::File::create(&self.log).await.map_err(SandboxError::io("write", &self.log))?;
        let mut tail = VecDeque::new();
        while let Some(line) = lines.recv().await {
            progress.line(&line);
            log.write_all(format!("{line}\n").as_bytes()).await.map_err(SandboxError::io("write", &self.log))?;
            if tail.len() == TAIL_LINES {
                tail.pop_front();
            }
            tail.push_back(line);
        }
        log.flush().await.map_err(SandboxError::io("write", &self.log))?;
        let status = child.wait().await.map_err(io)?;
        if status.success() {
            progress.end(self.name, began.elapsed());
            return Ok(());
        }
        let tail = Vec::from(tail).join("\n");
        Err(SandboxError::Step { what: self.name.to_owned(), status: status.to_string(), log: self.log, tail })
    }
}

/// The lines of both streams, in the order of their arrival.
fn merged<A, B>(first: Option<A>, second: Option<B>) -> mpsc::Receiver<String>
where
    A: AsyncRead + Unpin + Send + 'static,
    B: AsyncRead + Unpin + Send + 'static,
{
    let (sender, receiver) = mpsc::channel(256);
    if let Some(stream) = first {
        tokio::spawn(forward(stream, sender.clone()));
    }
    if let Some(stream) = second {
        tokio::spawn(forward(stream, sender));
    }
    receiver
}

async fn forward<S: AsyncRead + Unpin>(stream: S, sender: mpsc::Sender<String>) {
    let mut lines = BufReader::new(stream).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        if sender.send(line).await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::SilentProgress;
    use super::*;

    #[tokio::test]
    async fn a_step_makes_the_folder_of_its_log() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("target/sandbox/step.log");
        let mut step =
            SupervisedProgram::new(&CheckoutLayout::find().unwrap(), "python3".as_ref(), "a step", log.clone());
        step.arg("python3").args(["-c", "print('done')"]);
        step.run(&SilentProgress).await.unwrap();
        assert_eq!(std::fs::read_to_string(log).unwrap(), "done\n");
    }
}
