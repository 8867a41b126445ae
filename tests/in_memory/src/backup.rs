//! The backups over the simulated AWS: the tick, and the machines `backup` and `restore-drill`.

use jiff::Timestamp;
use serde_json::Value;
use watchkeeper_control::backup::TickReport;
use watchkeeper_control::runbook::ScheduleTick;
use watchkeeper_domain::backup::{BackupMemory, BackupSource};
use watchkeeper_domain::name::Scope;
use watchkeeper_sim::run_until_done_or_crash;

use super::functions::backups;
use crate::{ExecutionEnd, InMemoryHarness};

impl InMemoryHarness {
    /// The schedule fires: the time is set to `instant`, the function runs, and every execution that it started plays to its
    /// end.
    pub fn backup_tick(&mut self, instant: Timestamp) -> Vec<ExecutionEnd> {
        self.fire(&["backup"], instant);
        self.play_backups()
    }

    /// What one tick finds, without playing what it starts.
    ///
    /// # Panics
    /// When the tick does not end.
    pub fn backup_look(&mut self, instant: Timestamp) -> TickReport {
        self.sim.set_now(instant);
        let (runbook, tick) = (backups(&self.sim, self.reports.as_ref()), ScheduleTick { time: instant });
        let ticked = run_until_done_or_crash(&self.sim, runbook.tick(&self.stack, &tick));
        ticked.unwrap_or_else(|| panic!("the tick died")).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Plays the executions that were started and have not run yet.
    pub fn play_backups(&mut self) -> Vec<ExecutionEnd> {
        let all = ["Backup", "Restore"].into_iter().flat_map(|machine| self.play(machine)).collect::<Vec<_>>();
        all.into_iter().map(|(_, end)| end).collect()
    }

    /// An execution of the machine `backup`.
    pub fn backup_run(&self, name: &str, request: &Value) -> ExecutionEnd {
        self.run("Backup", name, request)
    }

    /// An execution of the machine `restore-drill`.
    pub fn restore_execution(&self, name: &str, request: &Value) -> ExecutionEnd {
        self.run("Restore", name, request)
    }

    /// What the ledger remembers of a resource's backups.
    pub fn backup_memory(&self, scope: &Scope, source: &BackupSource) -> BackupMemory {
        self.sim.backup_memory(scope, source)
    }
}
