//! The daily unblock over the simulated AWS.

use jiff::Timestamp;
use serde_json::Value;
use watchkeeper_control::unblock::TickReport;
use watchkeeper_sim::run_until_done_or_crash;

use super::functions::unblocks;
use crate::{ExecutionEnd, InMemoryHarness};

impl InMemoryHarness {
    /// The schedule of the unblock fires, and every execution that it started plays to its end.
    pub fn unblock_tick(&mut self, instant: Timestamp) -> Vec<(String, ExecutionEnd)> {
        self.unblock_ticked(instant);
        self.play("Unblock")
    }

    /// Only the tick: what it started is left to be played.
    pub fn unblock_ticked(&self, instant: Timestamp) -> Option<TickReport> {
        self.sim.set_now(instant);
        self.deliver(|| {
            run_until_done_or_crash(&self.sim, unblocks(&self.sim, self.reports.as_ref()).tick(&self.stack, instant))
                .and_then(Result::ok)
        })
    }

    /// One execution of the machine, from its input to its end.
    pub fn unblock(&self, name: &str, request: &Value) -> ExecutionEnd {
        self.run("Unblock", name, request)
    }
}
