//! Could the standby take over? Each thing that is not as it should be is a finding of its own; then all are mended.

use jiff::SignedDuration;
use serde_json::json;
use watchkeeper_domain::failover::readiness::{Readiness, ReadinessCode, ReadyVerdict};

use super::moving::ending;
use super::{PairUnderTest, about};
use crate::drill::step::DrillStep;
use crate::harness::{MoveExecutionState, StageError, listed};

/// Longer than the time between two looks at readiness.
const LATER: SignedDuration = SignedDuration::from_mins(31);
/// A lag of a replica that is far above what any document promises, in milliseconds.
const LAGGING: f64 = 90_000.0;
/// Less than the other region's account may run, and enough for what a failover starts.
const LOW_QUOTA: f64 = 50.0;

/// Everything that readiness has to name.
pub(super) async fn play(act: &mut DrillStep<'_>, voyage: &PairUnderTest<'_>) -> Result<(), StageError> {
    let duo = &voyage.duo;
    let failover = duo.failover()?;
    let site = duo.standby.site();
    let found = look(act, voyage, "the standby as the system has it", None).await?;
    for stream in &failover.streams {
        named(act, &found, ReadinessCode::StreamMissing, stream.stream.as_str());
    }
    if !failover.streams.is_empty() {
        asked(act, voyage).await?;
    }
    site.make_streams(&failover.streams).await?;
    if let Some(repository) = failover.images.first() {
        site.drop_image(repository).await?;
        let found = look(act, voyage, &format!("the image of {repository} was not replicated"), None).await?;
        named(act, &found, ReadinessCode::ImageMissing, repository.as_str());
        site.push_image(repository).await?;
    }
    if let Some(table) = failover.tables.first() {
        let found = look(act, voyage, "the replicas lag", Some(LAGGING)).await?;
        named(act, &found, ReadinessCode::LagAboveRpo, table.table.as_str());
        // Of its own replica a region knows that it is the table itself.
        let home = duo.home.region().as_str();
        duo.control().put_replica_status(home, table.table.as_str(), "REPLICATION_NOT_AUTHORIZED").await?;
        let found = look(act, voyage, &format!("the replica of {} is not ACTIVE", table.table), None).await?;
        named(act, &found, ReadinessCode::ReplicaInactive, table.table.as_str());
        duo.control().put_replica_status(home, table.table.as_str(), "ACTIVE").await?;
    }
    duo.quota(duo.standby, LOW_QUOTA).await?;
    let found = look(act, voyage, "the standby's quota is lower than the primary's", None).await?;
    named(act, &found, ReadinessCode::QuotaBelowActive, "vCPU");
    duo.build().await?;
    let found = look(act, voyage, "all of it is mended", None).await?;
    act.check("the standby is ready", found.verdict() == ReadyVerdict::Ready, found.summary());
    plan(act, voyage).await?;
    duo.standby.mailbox().letters().await?;
    Ok(())
}

/// Half an hour later both regions tick, and the standby looks at itself.
async fn look(
    act: &mut DrillStep<'_>,
    voyage: &PairUnderTest<'_>,
    what: &str,
    lag_ms: Option<f64>,
) -> Result<Readiness, StageError> {
    let duo = &voyage.duo;
    let ticked = async {
        duo.home.pass(LATER).await?;
        let both = [duo.home, duo.standby];
        match lag_ms {
            Some(lag_ms) => duo.tick_with_lag(&both, lag_ms).await?,
            None => duo.tick(&both).await?,
        };
        duo.readiness(duo.standby).await
    };
    let found = act.step(what, ticked).await?;
    found.ok_or_else(|| StageError::Unknown(format!("{} has not looked at its readiness", duo.standby.region())))
}

/// A finding of this kind, about this resource, with what to do.
fn named(act: &mut DrillStep<'_>, found: &Readiness, code: ReadinessCode, resource: &str) {
    let finding = found.findings.iter().find(|finding| finding.code == code && finding.resource.contains(resource));
    let ok = finding.is_some_and(|finding| !finding.advice.is_empty());
    let detail = finding.map_or_else(|| found.summary(), ToString::to_string);
    act.check(&format!("readiness names {code} of {resource}"), ok, detail);
}

/// Started by hand all the same, a failover asks; a no changes nothing.
async fn asked(act: &mut DrillStep<'_>, voyage: &PairUnderTest<'_>) -> Result<(), StageError> {
    let duo = &voyage.duo;
    duo.standby.mailbox().letters().await?;
    let mark = act.mark().await?;
    let started = async {
        let mut crossing = duo.standby.fail_over(&about(voyage, json!({ "reason": "drill" }))).await?;
        let berth = crossing.goes_on().await?;
        let question = match berth {
            MoveExecutionState::Asking => Some(duo.standby.asked().await?.0),
            _ => None,
        };
        Ok((crossing, question))
    };
    let (mut crossing, question) = act.step("a failover by hand into a standby that is not ready", started).await?;
    let Some(question) = question else {
        act.check("a person is asked first", false, "nobody was asked");
        return Ok(());
    };
    let missing = &duo.failover()?.streams[0].stream;
    let named = question.letter.text.contains("not ready") && question.letter.text.contains(missing.as_str());
    act.check("a person is asked first, with the reasons", named, question.letter.subject.as_str());
    let refused = async {
        duo.standby.answer(&question.refuse.by("drill")).await?;
        crossing.run_out().await
    };
    let ended = act.step("the person says no, with the message's own command", refused).await?;
    let deeds = duo.standby.deeds(mark).await?;
    let still = duo.capacity().await? == voyage.original && deeds.capacity_writes().is_empty();
    let detail = format!("{}; {}", ended.outcome(), listed(&deeds.capacity_writes()));
    act.check("a no changes nothing", ended.outcome() == "Failover.Declined" && still, detail);
    Ok(())
}

/// What a failover would do, step by step.
async fn plan(act: &mut DrillStep<'_>, voyage: &PairUnderTest<'_>) -> Result<(), StageError> {
    let duo = &voyage.duo;
    let mark = act.mark().await?;
    let input = about(voyage, json!({ "mode": "plan" }));
    let planned = async { duo.standby.fail_over(&input).await?.run_out().await };
    let ended = act.step("a plan by hand", planned).await?;
    let steps = ["begin", "fence", "scale", "verify", "traffic", "outside", "settle"];
    let missing: Vec<&str> = steps.into_iter().filter(|step| !ended.says().contains(&format!("\n  {step}"))).collect();
    let deeds = duo.standby.deeds(mark).await?;
    let still = deeds.capacity_writes().is_empty() && duo.pointer(duo.standby).await?.revision == 0;
    let planned = ending(&ended) == "planned" && missing.is_empty();
    let detail = if planned { "7 kinds of steps, each with what it calls".to_owned() } else { ended.says().to_owned() };
    act.check("a plan shows every step, and changes nothing", planned && still, detail);
    Ok(())
}
