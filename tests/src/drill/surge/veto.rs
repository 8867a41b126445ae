//! An alarm that more tasks would make worse forbids them, until it is quiet.

use jiff::SignedDuration;
use watchkeeper_domain::emergency::alarm::{AlarmState, IgnoreReason};
use watchkeeper_domain::estate::AlarmResponse;
use watchkeeper_domain::value::AlarmName;

use super::goal::ProfileGoal;
use crate::drill::step::{DrillStep, difference, line};
use crate::harness::{EmergencyExecutionState, StageError, listed};

/// Longer than any cool-down or delay between two answers that a document is likely to have.
const LATER: SignedDuration = SignedDuration::from_hours(1);
/// The interval of the sweep.
const SWEEP: SignedDuration = SignedDuration::from_mins(5);

/// The alarm comes while another one forbids the answer; then that one goes.
pub(super) async fn play(
    act: &mut DrillStep<'_>,
    response: &AlarmResponse,
    vetoing: &AlarmName,
    goal: &ProfileGoal<'_>,
) -> Result<(), StageError> {
    let (stack, scope, alarm) = (act.stack, act.scope.clone(), &response.alarm);
    let since = stack.pass(LATER).await?;
    stack.site().set_alarm(vetoing, AlarmState::Alarm).await?;
    let (mark, lines) = (act.mark().await?, stack.alarm_log().len());
    let vetoed = async {
        stack.site().set_alarm(alarm, AlarmState::Alarm).await?;
        stack.ignored(lines, (&scope, alarm), IgnoreReason::DependencyVeto).await
    };
    let said = act.step(&format!("{alarm} goes into ALARM while {vetoing} is"), vetoed).await?;
    let deeds = act.deeds(mark).await?;
    let writes = act.writes(&deeds);
    let none = writes.is_empty() && stack.sirens(&scope, since).await?.is_empty();
    let vetoed = none && act.capacity().await? == goal.original && said.contains(vetoing.as_str());
    let detail = if vetoed { format!("dependency-veto by {vetoing}") } else { format!("{said}; {}", listed(&writes)) };
    act.check(&format!("{} is vetoed, by name", goal.name), vetoed, detail);

    let letters = stack.mailbox().letters_until(|letter| letter.subject.contains("was not done")).await?;
    let letter = &letters[letters.len() - 1];
    let tells = letter.text.contains(&format!("{vetoing} is in ALARM")) && letter.text.contains(goal.name.as_str());
    act.check("the operator is told what was not done, and why", tells, letter.subject.as_str());
    sweep(act, response, vetoing, goal).await
}

/// The veto goes. CloudWatch says nothing more of the first alarm; the sweep finds it.
async fn sweep(
    act: &mut DrillStep<'_>,
    response: &AlarmResponse,
    vetoing: &AlarmName,
    goal: &ProfileGoal<'_>,
) -> Result<(), StageError> {
    let (stack, scope) = (act.stack, act.scope.clone());
    stack.site().set_alarm(vetoing, AlarmState::Ok).await?;
    let since = stack.pass(SWEEP).await?;
    let swept = async {
        stack.sweep().await?;
        let mut siren = stack.siren(&scope, since).await?;
        let stands = siren.goes_on().await?;
        Ok((siren, stands))
    };
    let (mut siren, stands) = act.step(&format!("{vetoing} is OK, and the sweep looks again"), swept).await?;
    let found = act.capacity().await?;
    let held = matches!(stands, EmergencyExecutionState::Holding) && goal.is_reached(&found);
    act.check("the sweep makes up for it", held, goal.line(&found));
    stack.site().set_alarm(&response.alarm, AlarmState::Ok).await?;
    let ended = act.step("the alarm is quiet, too", siren.run_out()).await?;
    let found = act.capacity().await?;
    let exact = found == goal.original && ended.outcome() == "given-back";
    let detail = if exact { line(&found) } else { format!("{}; {}", ended.says(), difference(&goal.original, &found)) };
    act.check("and it is given back", exact, detail);
    stack.mailbox().letters().await?;
    Ok(())
}
