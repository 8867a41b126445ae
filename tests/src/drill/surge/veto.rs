//! An alarm that more tasks would make worse forbids them, until it is quiet.

use jiff::SignedDuration;
use watchkeeper_domain::emergency::alarm::{AlarmState, IgnoreReason};
use watchkeeper_domain::estate::{AlarmResponse, Emergency};
use watchkeeper_domain::value::{AlarmName, Duration};

use super::goal::ProfileGoal;
use crate::drill::scene::SandboxScene;
use crate::harness::{EmergencyExecutionState, HarnessError, listed};
use crate::scenarios::{difference, line};

/// At least so long after the last answer, the next one comes.
const LATER: SignedDuration = SignedDuration::from_hours(1);
/// A little time.
const MOMENT: SignedDuration = SignedDuration::from_mins(1);
/// The interval of the sweep.
const SWEEP: SignedDuration = SignedDuration::from_mins(5);

/// The alarm comes while another one forbids the answer; then that one goes.
pub(super) async fn play(
    drill: &mut SandboxScene<'_>,
    (emergency, response): (&Emergency, &AlarmResponse),
    vetoing: &AlarmName,
    goal: &ProfileGoal<'_>,
) -> Result<(), HarnessError> {
    let (stack, scope, alarm) = (drill.stack, drill.scope.clone(), &response.alarm);
    // Nothing that the document counts or waits for between two answers is left of the first one.
    let waits = [emergency.cool_down(), emergency.minimum_delay(), emergency.flap().within].map(Duration::signed);
    let since = stack.pass(waits.into_iter().fold(LATER, |longest, wait| longest.max(wait + MOMENT))).await?;
    stack.site().set_alarm(vetoing, AlarmState::Alarm).await?;
    let (mark, lines) = (drill.mark().await?, stack.alarm_log().len());
    let vetoed = async {
        stack.site().set_alarm(alarm, AlarmState::Alarm).await?;
        stack.ignored(lines, (&scope, alarm), IgnoreReason::DependencyVeto).await
    };
    let said = drill.step(&format!("{alarm} goes into ALARM while {vetoing} is"), vetoed).await?;
    let api_calls = drill.api_calls(mark).await?;
    let writes = drill.writes(&api_calls);
    let none = writes.is_empty() && stack.emergency_runs(&scope, since).await?.is_empty();
    let vetoed = none && drill.capacity().await? == goal.original && said.contains(vetoing.as_str());
    let detail = if vetoed { format!("dependency-veto by {vetoing}") } else { format!("{said}; {}", listed(&writes)) };
    drill.check(&format!("{} is vetoed, by name", goal.name), vetoed, detail);

    let letters = stack.notifications().letters_until(|letter| letter.subject.contains("was not done")).await?;
    let letter = &letters[letters.len() - 1];
    let tells = letter.text.contains(&format!("{vetoing} is in ALARM")) && letter.text.contains(goal.name.as_str());
    drill.check("the operator is told what was not done, and why", tells, letter.subject.as_str());
    sweep(drill, response, vetoing, goal).await
}

/// The veto goes. CloudWatch says nothing more of the first alarm; the sweep finds it.
async fn sweep(
    drill: &mut SandboxScene<'_>,
    response: &AlarmResponse,
    vetoing: &AlarmName,
    goal: &ProfileGoal<'_>,
) -> Result<(), HarnessError> {
    let (stack, scope) = (drill.stack, drill.scope.clone());
    stack.site().set_alarm(vetoing, AlarmState::Ok).await?;
    let since = stack.pass(SWEEP).await?;
    let swept = async {
        stack.sweep().await?;
        let mut emergency_run = stack.emergency_run_for(&scope, response.run.as_str(), since).await?;
        let mut stands = emergency_run.goes_on().await?;
        while matches!(stands, EmergencyExecutionState::Confirming) {
            stack.pass(response.confirm.map_or(SignedDuration::ZERO, Duration::signed)).await?;
            stands = emergency_run.goes_on().await?;
        }
        Ok((emergency_run, stands))
    };
    let (mut emergency_run, stands) = drill.step(&format!("{vetoing} is OK, and the sweep looks again"), swept).await?;
    let found = drill.capacity().await?;
    let held = matches!(stands, EmergencyExecutionState::Holding) && goal.is_reached(&found);
    drill.check("the sweep makes up for it", held, goal.line(&found));
    stack.site().set_alarm(&response.alarm, AlarmState::Ok).await?;
    let ended = drill.step("the alarm is quiet, too", emergency_run.run_out()).await?;
    let found = drill.capacity().await?;
    let exact = found == goal.original && ended.outcome() == "given-back";
    let detail = if exact { line(&found) } else { format!("{}; {}", ended.says(), difference(&goal.original, &found)) };
    drill.check("and it is given back", exact, detail);
    stack.notifications().letters().await?;
    Ok(())
}
