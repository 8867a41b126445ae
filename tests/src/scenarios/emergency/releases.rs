//! A release that users do not like: the alarm says so, and the last good one comes back.

use jiff::SignedDuration;
use watchkeeper_domain::capacity::{ServiceId, TaskDefinition};
use watchkeeper_domain::emergency::alarm::AlarmState;

use super::needs::{self, EmergencyParts};
use super::{EmergencyHarness, EmergencyStage, settled};
use crate::scenarios::{Played, ScenarioError, later, millis};

/// How long the good release has been there, at least.
const LONG: SignedDuration = SignedDuration::from_hours(2);

/// An alarm soon after a release proposes the way back to the last one that completed, and a yes takes it.
pub async fn a_bad_release(harness: &mut impl EmergencyHarness) -> Played {
    let environment = harness.environment().clone();
    let emergency = needs::emergency(&environment)?;
    let (section, service, alarm) = EmergencyParts::of(&environment, emergency).rollback?;
    let original = settled(harness, emergency).await?;
    // What came before is no recent release any more.
    let pause = LONG.max(section.within.signed() * 2);
    let (good, bad) = (release(harness, &service, pause).await?, release(harness, &service, pause).await?);
    harness.at(later(harness.now().await?, section.within.signed() / 2)).await?;
    harness.told().await?;
    let (mark, since) = (harness.mark().await?, harness.now().await?);
    harness.alarm(alarm, AlarmState::Alarm).await?;
    let (run, mut stage) = harness.emergency("rollback").await?;
    if section.ask {
        let told = harness.told().await?;
        let proposed = told.iter().any(|(_, text)| text.contains(&format!("release {bad} -> {good}")));
        let waits = stage == EmergencyStage::Asking && harness.released(&service).await? == bad;
        harness.check("a rollback is proposed, and nothing is done", waits && proposed, format!("{stage:?} {told:?}"));
        let answered = harness.answer(run, true).await?;
        let seen = format!("{answered:?}");
        harness.check("the message's own command approves it", answered.is_ok(), seen);
        stage = answered.unwrap_or(stage);
    }
    harness.run_ended("it is done", stage.end(), "done");
    harness.measured("rollback_after_ms", millis(harness.now().await?.duration_since(since).unsigned_abs()));
    let (now, writes) = (harness.released(&service).await?, harness.capacity_writes(mark).await?.len());
    harness.check("the last good release runs again", now == good && writes == 1, format!("{now}, {writes} writes"));
    harness.same("its count and bounds are untouched", &original).await?;
    let told = harness.told().await?;
    let named = told.iter().any(|(subject, _)| subject.contains("is rolled back"));
    harness.check("a person is told of the rollback", named, format!("{told:?}"));
    harness.alarm(alarm, AlarmState::Ok).await?;
    Ok(())
}

/// Roll the next release out, a good while after the one before.
async fn release(
    harness: &mut impl EmergencyHarness,
    service: &ServiceId,
    pause: SignedDuration,
) -> Result<TaskDefinition, ScenarioError> {
    harness.at(later(harness.now().await?, pause)).await?;
    Ok(harness.release(service).await?)
}
