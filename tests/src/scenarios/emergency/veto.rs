//! An alarm that more tasks would make worse forbids them, until it is quiet.

use jiff::SignedDuration;
use watchkeeper_domain::emergency::alarm::{AlarmState, IgnoreReason};

use super::goal::ProfileGoal;
use super::needs::{self, EmergencyParts};
use super::{EmergencyHarness, EmergencyStage, answered, settled};
use crate::scenarios::{Played, later};

/// The interval of the sweep.
const SWEEP: SignedDuration = SignedDuration::from_mins(5);

/// An alarm comes while another one forbids the answer, which the operator is told; when that one is quiet, the sweep makes up
/// for it.
pub async fn a_veto(harness: &mut impl EmergencyHarness) -> Played {
    let environment = harness.environment().clone();
    let emergency = needs::emergency(&environment)?;
    let parts = EmergencyParts::of(&environment, emergency);
    let ((response, profile), vetoing) = (parts.response?, parts.veto?);
    let original = settled(harness, emergency).await?;
    let goal = ProfileGoal::of(&environment, (&response.run, profile), &original);

    harness.alarm(vetoing, AlarmState::Alarm).await?;
    let (mark, started) = (harness.mark().await?, harness.started().await?);
    harness.alarm(&response.alarm, AlarmState::Alarm).await?;
    let said = harness.ignored(&response.alarm, IgnoreReason::DependencyVeto).await?;
    let writes = harness.capacity_writes(mark).await?;
    let none = writes.is_empty() && harness.started().await? == started && said.contains(vetoing.as_str());
    harness.check(&format!("{} is vetoed, by name", goal.name), none, format!("{said} {writes:?}"));
    harness.same("nothing is changed", &original).await?;
    let told = harness.told().await?;
    let tells = |(subject, text): &(String, String)| {
        subject.contains("was not done")
            && text.contains(&format!("{vetoing} is in ALARM"))
            && text.contains(goal.name.as_str())
            && text.contains(r#""approve":["dependency-veto"]"#)
    };
    let tells = told.len() == 1 && told.iter().all(tells);
    harness.check("the operator is told once what was not done, why, and how to do it", tells, format!("{told:?}"));
    harness.at(later(harness.now().await?, SWEEP)).await?;
    harness.sweep().await?;
    harness.ignored(&response.alarm, IgnoreReason::DependencyVeto).await?;
    let told = harness.told().await?;
    harness.check("the same veto is not told twice", told.is_empty(), format!("{told:?}"));

    // The veto goes. CloudWatch says nothing more of the first alarm.
    harness.alarm(vetoing, AlarmState::Ok).await?;
    harness.at(later(harness.now().await?, SWEEP)).await?;
    harness.sweep().await?;
    let (run, stage) = answered(harness, response).await?;
    let found = harness.capacity().await?;
    let held = stage == EmergencyStage::Holding && goal.is_reached(&found);
    harness.check("the sweep makes up for it", held, goal.line(&found));
    harness.alarm(&response.alarm, AlarmState::Ok).await?;
    let end = harness.run_out(run).await?;
    harness.run_ended("it is given back", Some(&end), "given-back");
    harness.same("and exactly", &original).await
}
