//! Could the standby take over? Each thing that is not as it should be is a finding of its own; then all are mended.

use jiff::SignedDuration;
use serde_json::json;
use watchkeeper_domain::failover::readiness::{Readiness, ReadinessCode, ReadyVerdict};

use super::moving::ending;
use super::{PairUnderTest, about};
use crate::drill::scene::SandboxScene;
use crate::harness::{HarnessError, MoveExecutionState, listed};

/// Longer than the time between two looks at readiness.
const LATER: SignedDuration = SignedDuration::from_mins(31);
/// A lag of a replica that is above what any document promises in seconds, in milliseconds.
const LAGGING: f64 = 90_000.0;

/// Everything that readiness has to name.
pub(super) async fn play(drill: &mut SandboxScene<'_>, voyage: &PairUnderTest<'_>) -> Result<(), HarnessError> {
    let stacks = &voyage.stacks;
    let failover = stacks.failover()?;
    let site = stacks.standby.site();
    let found = look(drill, voyage, "the standby as the system has it", None).await?;
    for stream in &failover.streams {
        named(drill, &found, ReadinessCode::StreamMissing, stream.stream.as_str());
    }
    if !failover.streams.is_empty() {
        asked(drill, voyage).await?;
    }
    site.make_streams(&failover.streams).await?;
    if let Some(repository) = failover.images.first() {
        site.drop_image(repository).await?;
        let found = look(drill, voyage, &format!("the image of {repository} was not replicated"), None).await?;
        named(drill, &found, ReadinessCode::ImageMissing, repository.as_str());
        site.push_image(repository).await?;
    }
    if let Some(table) = failover.tables.first() {
        let lagging = LAGGING.max(failover.rpo.signed().as_secs_f64() * 1000.0 * 2.0);
        let found = look(drill, voyage, "the replicas lag", Some(lagging)).await?;
        named(drill, &found, ReadinessCode::LagAboveRpo, table.table.as_str());
        // Of its own replica a region knows that it is the table itself.
        let home = stacks.home.region().as_str();
        stacks.control().put_replica_status(home, table.table.as_str(), "REPLICATION_NOT_AUTHORIZED").await?;
        let found = look(drill, voyage, &format!("the replica of {} is not ACTIVE", table.table), None).await?;
        named(drill, &found, ReadinessCode::ReplicaInactive, table.table.as_str());
        stacks.control().put_replica_status(home, table.table.as_str(), "ACTIVE").await?;
    }
    // Less than the other region's account may run, and enough for what a failover starts.
    stacks.quota(stacks.standby, stacks.vcpu() / 2.0).await?;
    let found = look(drill, voyage, "the standby's quota is lower than the primary's", None).await?;
    named(drill, &found, ReadinessCode::QuotaBelowActive, "vCPU");
    stacks.build().await?;
    let found = look(drill, voyage, "all of it is mended", None).await?;
    drill.check("the standby is ready", found.verdict() == ReadyVerdict::Ready, found.summary());
    plan(drill, voyage).await?;
    stacks.standby.notifications().letters().await?;
    Ok(())
}

/// Half an hour later both regions tick, and the standby looks at itself.
async fn look(
    drill: &mut SandboxScene<'_>,
    voyage: &PairUnderTest<'_>,
    what: &str,
    lag_ms: Option<f64>,
) -> Result<Readiness, HarnessError> {
    let stacks = &voyage.stacks;
    let ticked = async {
        stacks.home.pass(LATER).await?;
        let both = [stacks.home, stacks.standby];
        match lag_ms {
            Some(lag_ms) => stacks.tick_with_lag(&both, lag_ms).await?,
            None => stacks.tick(&both).await?,
        };
        stacks.readiness(stacks.standby).await
    };
    let found = drill.step(what, ticked).await?;
    found.ok_or_else(|| HarnessError::Unknown(format!("{} has not looked at its readiness", stacks.standby.region())))
}

/// A finding of this kind, about this resource, with what to do.
fn named(drill: &mut SandboxScene<'_>, found: &Readiness, code: ReadinessCode, resource: &str) {
    let finding = found.findings.iter().find(|finding| finding.code == code && finding.resource.contains(resource));
    let ok = finding.is_some_and(|finding| !finding.advice.is_empty());
    let detail = finding.map_or_else(|| found.summary(), ToString::to_string);
    drill.check(&format!("readiness names {code} of {resource}"), ok, detail);
}

/// Started by hand all the same, a failover asks; a no changes nothing.
async fn asked(drill: &mut SandboxScene<'_>, voyage: &PairUnderTest<'_>) -> Result<(), HarnessError> {
    let stacks = &voyage.stacks;
    stacks.standby.notifications().letters().await?;
    let mark = drill.mark().await?;
    let started = async {
        let mut move_execution = stacks.standby.fail_over(&about(voyage, json!({ "reason": "drill" }))).await?;
        let execution_state = move_execution.goes_on().await?;
        let question = match execution_state {
            MoveExecutionState::Asking => Some(stacks.standby.asked().await?.0),
            _ => None,
        };
        Ok((move_execution, question))
    };
    let (mut move_execution, question) =
        drill.step("a failover by hand into a standby that is not ready", started).await?;
    let Some(question) = question else {
        drill.check("a person is asked first", false, "nobody was asked");
        return Ok(());
    };
    let missing = &stacks.failover()?.streams[0].stream;
    let named = question.letter.text.contains("not ready") && question.letter.text.contains(missing.as_str());
    drill.check("a person is asked first, with the reasons", named, question.letter.subject.as_str());
    let refused = async {
        stacks.standby.answer(&question.refuse.by("drill")).await?;
        move_execution.run_out().await
    };
    let ended = drill.step("the person says no, with the message's own command", refused).await?;
    let api_calls = stacks.standby.api_calls(mark).await?;
    let still = stacks.capacity().await? == voyage.original && api_calls.capacity_writes().is_empty();
    let detail = format!("{}; {}", ended.outcome(), listed(&api_calls.capacity_writes()));
    drill.check("a no changes nothing", ended.outcome() == "Failover.Declined" && still, detail);
    Ok(())
}

/// What a failover would do, step by step.
async fn plan(drill: &mut SandboxScene<'_>, voyage: &PairUnderTest<'_>) -> Result<(), HarnessError> {
    let stacks = &voyage.stacks;
    let mark = drill.mark().await?;
    let input = about(voyage, json!({ "mode": "plan" }));
    let planned = async { stacks.standby.fail_over(&input).await?.run_out().await };
    let ended = drill.step("a plan by hand", planned).await?;
    let steps = ["begin", "fence", "scale", "verify", "traffic", "outside", "settle"];
    let missing: Vec<&str> = steps.into_iter().filter(|step| !ended.says().contains(&format!("\n  {step}"))).collect();
    let api_calls = stacks.standby.api_calls(mark).await?;
    let still = api_calls.capacity_writes().is_empty() && stacks.pointer(stacks.standby).await?.revision == 0;
    let planned = ending(&ended) == "planned" && missing.is_empty();
    let detail = if planned { "7 kinds of steps, each with what it calls".to_owned() } else { ended.says().to_owned() };
    drill.check("a plan shows every step, and changes nothing", planned && still, detail);
    Ok(())
}
