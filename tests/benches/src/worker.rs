//! One process of a function, from its start on, under a runtime API of its own.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::error::BenchError;
use crate::runtime_api::{Heard, RuntimeApi};

/// A process that answers events. It ends with this value.
#[derive(Debug)]
struct Worker {
    child: Child,
    api: RuntimeApi,
}

/// A process that was started for one event, and what it cost.
#[derive(Debug, Clone)]
pub(crate) struct ColdStart {
    /// From the start of the process until it asked for its event.
    pub(crate) ready: Duration,
    /// From the start of the process until its answer.
    pub(crate) answered: Duration,
    /// The processor's time until then, of all threads.
    pub(crate) cpu: Duration,
    /// The most memory that it has had, in KiB.
    pub(crate) peak_kib: u64,
    /// What it answered.
    pub(crate) answer: Value,
}

impl ColdStart {
    /// The most memory that it has had, in megabytes (10^6 bytes).
    #[expect(clippy::cast_precision_loss, reason = "a process has less than 2^52 KiB")]
    pub(crate) fn peak_mb(&self) -> f64 {
        self.peak_kib as f64 * 1024.0 / 1e6
    }
}

impl Worker {
    /// Starts a process that talks to a runtime API of its own.
    fn start(mut command: Command) -> Result<Self, BenchError> {
        let api = RuntimeApi::serve()?;
        command.env("AWS_LAMBDA_RUNTIME_API", api.address()).stdin(Stdio::null()).stdout(Stdio::null());
        let child =
            command.spawn().map_err(BenchError::io(format!("cannot start {}", command.get_program().display())))?;
        Ok(Self { child, api })
    }

    fn answer(&self) -> Result<(Instant, Value), BenchError> {
        loop {
            match self.api.next()? {
                Heard::Asked(_) => {}
                Heard::Answered(at, answer) => return Ok((at, answer)),
                Heard::Failed(why) => return Err(BenchError::found(format!("the function failed: {why}"))),
            }
        }
    }

    /// The most memory that it has had, in KiB: `VmHWM` (proc(5)).
    fn peak_kib(&self) -> Result<u64, BenchError> {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(&path).map_err(BenchError::io(format!("cannot read {path}")))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
        peak.ok_or_else(|| BenchError::found(format!("{path} does not say VmHWM in kB")))
    }

    /// The processor's time of its threads: the first figure of `schedstat`, in nanoseconds (proc(5), kernel documentation of
    /// scheduler statistics).
    fn cpu(&self) -> Result<Duration, BenchError> {
        let path = format!("/proc/{}/task", self.child.id());
        let threads = std::fs::read_dir(&path).map_err(BenchError::io(format!("cannot read {path}")))?;
        let of = |thread: std::fs::DirEntry| -> Option<u64> {
            let text = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
            text.split(' ').next()?.parse().ok()
        };
        Ok(Duration::from_nanos(threads.flatten().filter_map(of).sum()))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // It may have gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts a process for one event: the event waits for it.
pub(crate) fn cold_start(command: Command, event: &Value) -> Result<ColdStart, BenchError> {
    let began = Instant::now();
    let worker = Worker::start(command)?;
    worker.api.send(event.clone())?;
    let Heard::Asked(ready) = worker.api.next()? else {
        return Err(BenchError::found("the function answered before it was asked, or did not start"));
    };
    let (answered, answer) = worker.answer()?;
    Ok(ColdStart {
        ready: ready - began,
        answered: answered - began,
        cpu: worker.cpu()?,
        peak_kib: worker.peak_kib()?,
        answer,
    })
}
