//! Leases whose time is over.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use watchkeeper_control::lease::Lease;
use watchkeeper_control::ledger::{Ledger as _, LedgerWrite, RunOutcome, RunRecord};
use watchkeeper_domain::execution::ExecutionStatus;
use watchkeeper_domain::intent::Layer;
use watchkeeper_domain::unblock::{FindingList, FindingSource};

use super::stuck::Morning;
use super::{UnblockHarness, needs};
use crate::harness::HarnessError;
use crate::scenarios::{Played, later};

/// A lease is freed, and the record of its run closed, once its execution is known to be over; until then it is named.
pub async fn a_lease_that_is_left(harness: &mut impl UnblockHarness) -> Played {
    let morning = Morning::of(harness).await?;
    harness.at(morning.due).await?;
    let (_, lease, findings) = left(harness, ExecutionStatus::Unknown).await?;
    let stays = harness.lease().await? == Some(lease) && findings.has(FindingSource::Own, "unproved");
    harness.check("one whose execution nobody knows stays, and is named", stays, format!("{findings:?}"));

    if let Err(why) = needs::waiting_execution(harness.environment()) {
        harness.leave_out("a lease whose execution runs", &why);
    } else {
        let (holder, lease, findings) = left(harness, ExecutionStatus::Running).await?;
        let stays = harness.lease().await? == Some(lease) && findings.has(FindingSource::Own, "lingers");
        harness.check("one whose execution runs stays, and is named", stays, format!("{findings:?}"));
        harness.end_holder(&holder).await?;
    }

    let (holder, _, findings) = left(harness, ExecutionStatus::Dead("FAILED".to_owned())).await?;
    let lease = harness.lease().await?;
    // Somebody may have taken it since: it was free.
    let freed = lease.as_ref().is_some_and(|lease| lease.holder != holder || lease.expires <= lease.usable);
    let named = findings.has(FindingSource::Own, "lease-freed");
    harness.check("one whose execution is over is freed, and named", freed && named, format!("{lease:?}"));
    let outcome = harness.ledger().run(harness.scope(), &holder).await?.and_then(|run| run.outcome);
    harness.check("the record of its run is closed", outcome == Some(RunOutcome::Failed), format!("{outcome:?}"));
    Ok(())
}

/// An execution that stands like this has left the lease, and an unblock by hand looks at it: who it is, what it left, and what is
/// said of it. One that is over has left the record of its run, too.
async fn left(harness: &mut impl UnblockHarness, status: ExecutionStatus) -> Played<(String, Lease, FindingList)> {
    let holder = harness.holder(&status).await?;
    let lease = leave_lease(harness, &holder).await?;
    if matches!(status, ExecutionStatus::Dead(_)) {
        let run = open_run(&holder, lease.usable).map_err(|why| HarnessError::Unknown(why.to_string()))?;
        let writes = [LedgerWrite::PutRun(Box::new(run))];
        harness.ledger().commit(harness.scope(), lease.generation, &writes).await?;
    }
    let run = harness.unblock(&harness.input(json!({}))).await?;
    Ok((holder, lease, harness.record(&run.name).await?.findings))
}

/// An execution took the lease two hours ago, and did nothing more.
pub(super) async fn leave_lease(harness: &mut impl UnblockHarness, holder: &str) -> Played<Lease> {
    let before = Lease::generation_of(harness.lease().await?.as_ref());
    let taken = later(harness.now().await?, SignedDuration::from_hours(-2));
    let lease = Lease {
        holder: holder.to_owned(),
        layer: Layer::Schedule,
        generation: before + 1,
        usable: taken,
        expires: later(taken, SignedDuration::from_mins(3)),
        at_work: true,
    };
    harness.ledger().take_lease(harness.scope(), &lease, before).await?;
    Ok(lease)
}

/// The record of a run without an outcome.
///
/// # Errors
/// When a record is not written like this.
pub fn open_run(id: &str, started: Timestamp) -> Result<RunRecord, serde_json::Error> {
    serde_json::from_value(json!({
        "id": id, "trigger": "schedule", "layer": "schedule", "instant": started, "started": started,
        "verdict": "apply", "plan": {"steps": []}, "violations": [], "slices": 1, "writes": 0, "rounds": 0,
        "applied": false, "timeline": [], "outcome": null, "tell": false,
    }))
}
