//! Could the standby take over? Each thing that is not as it should be is a finding of its own; then all are mended.

use serde_json::json;
use watchkeeper_domain::failover::readiness::{Readiness, ReadinessCode, ReadyVerdict};

use super::{MoveStage, ReadinessHarness, StandbyLack, begun};
use crate::scenarios::{Played, Unplayed, listed};

/// A lag of a replica that is above what any document promises in seconds, in milliseconds.
const LAGGING: f64 = 90_000.0;

/// Readiness names everything that the standby lacks; a failover by hand asks first, and a no changes nothing.
pub async fn a_standby_that_is_not_ready(harness: &mut impl ReadinessHarness) -> Played {
    let failover = harness.failover()?;
    begun(harness).await?;
    if let Some(stream) = failover.streams.first() {
        harness.lacks(StandbyLack::Streams, true).await?;
        let found = harness.look().await?;
        for stream in &failover.streams {
            named(harness, &found, ReadinessCode::StreamMissing, stream.stream.as_str());
        }
        asked(harness, stream.stream.as_str()).await?;
        harness.lacks(StandbyLack::Streams, false).await?;
    } else {
        harness
            .leave_out("missing streams, and a no to them", &Unplayed::new("no `streams`", "a stream of both regions"));
    }
    if let Some(repository) = failover.images.first() {
        harness.lacks(StandbyLack::Image(repository.as_str()), true).await?;
        let found = harness.look().await?;
        named(harness, &found, ReadinessCode::ImageMissing, repository.as_str());
        harness.lacks(StandbyLack::Image(repository.as_str()), false).await?;
    } else {
        harness.leave_out("missing images", &Unplayed::new("no `images`", "a repository that is replicated"));
    }
    if let Some(table) = failover.tables.first() {
        let lag = StandbyLack::Lag(LAGGING.max(failover.rpo.signed().as_secs_f64() * 1000.0 * 2.0));
        harness.lacks(lag, true).await?;
        let found = harness.look().await?;
        named(harness, &found, ReadinessCode::LagAboveRpo, table.table.as_str());
        harness.lacks(lag, false).await?;
        let replica = StandbyLack::Replica(table.table.as_str());
        harness.lacks(replica, true).await?;
        let found = harness.look().await?;
        named(harness, &found, ReadinessCode::ReplicaInactive, table.table.as_str());
        harness.lacks(replica, false).await?;
    } else {
        harness.leave_out("lag and replicas of tables", &Unplayed::new("no `tables`", "a global table"));
    }
    harness.lacks(StandbyLack::Quota, true).await?;
    let found = harness.look().await?;
    named(harness, &found, ReadinessCode::QuotaBelowActive, "vCPU");
    harness.lacks(StandbyLack::Quota, false).await?;
    let told = harness.told().await?;
    let unready = told.iter().any(|(subject, _)| subject.ends_with("is not ready"));
    harness.check("a person is told that it is not ready", unready || failover.streams.is_empty(), format!("{told:?}"));
    let found = harness.look().await?;
    harness.check("mended, the standby is ready", found.verdict() == ReadyVerdict::Ready, found.summary());
    Ok(())
}

/// A finding of this kind, about this resource, with what to do.
fn named(harness: &mut impl ReadinessHarness, found: &Readiness, code: ReadinessCode, resource: &str) {
    let finding = found.findings.iter().find(|finding| finding.code == code && finding.resource.contains(resource));
    let ok = finding.is_some_and(|finding| !finding.advice.is_empty());
    let seen = finding.map_or_else(|| found.summary(), ToString::to_string);
    harness.check(&format!("readiness names {code} of {resource}"), ok, seen);
}

/// Started by hand all the same, a failover asks; a no changes nothing.
async fn asked(harness: &mut impl ReadinessHarness, missing: &str) -> Played {
    let (before, mark) = (harness.capacities().await?, harness.mark().await?);
    let stage = harness.fail_over(&harness.input(json!({ "reason": "drill" }))).await?;
    let asks = matches!(stage, MoveStage::Asking(_));
    let reasons = stage.says().contains("not ready") && stage.says().contains(missing);
    harness.check("a person is asked first, with the reasons", asks && reasons, stage.says());
    if !asks {
        return Ok(());
    }
    let stage = harness.answer_move(false).await?;
    let writes = harness.capacity_writes(mark).await?;
    let declined = stage.ending() == "Failover.Declined" && writes.is_empty();
    harness.check("a no ends it", declined, format!("{}; {}", stage.ending(), listed(&writes)));
    harness.untouched("and changes nothing", &before).await
}
