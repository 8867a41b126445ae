//! Runs that could not begin, or not be closed: who waits for them hears why, in words.

use serde::Deserialize as _;
use serde_json::Value;
use watchkeeper_control::backup::BackupRunbook;
use watchkeeper_control::place::StackIdentity;
use watchkeeper_control::ports::Notifier;
use watchkeeper_control::stuck::UnblockNotes;
use watchkeeper_control::trouble::{self, EndedRun};
use watchkeeper_domain::reconcile::run::RunError;
use watchkeeper_domain::request::RunTrigger;
use watchkeeper_estates::EstateFolder;
use watchkeeper_lambda::MachineExecution;

use crate::{Answer, CallError, Machine, jobs};

/// Tells of a run that has no record to tell by, as far as its input can be read.
pub(crate) async fn tell<C, L: UnblockNotes, N: Notifier>(
    keeper: BackupRunbook<'_, C, L, N>,
    estates: &EstateFolder,
    home: &StackIdentity,
    machine: Machine,
    request: &Value,
    execution: &MachineExecution,
    error: RunError,
) -> Result<Answer, CallError> {
    let text = |field: &str| request.get(field).and_then(Value::as_str).unwrap_or_default();
    // What names no environment of this stack came from a person, who reads it in the execution.
    let Ok(jobs) = jobs(estates, home, text("estate"), text("environment")) else {
        return Ok(Answer::Told { told: false });
    };
    let trigger = request.get("trigger").and_then(|trigger| RunTrigger::deserialize(trigger).ok()).unwrap_or_default();
    let ended =
        EndedRun { machine: machine.name(), trigger, instant: execution.start, run: &execution.name, error: &error };
    let told = trouble::tell(keeper.ledger, keeper.announcer, &jobs.scope, ended).await?;
    Ok(Answer::Told { told })
}
