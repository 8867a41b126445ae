//! An alarm, what it calls for, and the way back.

use jiff::SignedDuration;
use watchkeeper_domain::emergency::alarm::AlarmState;
use watchkeeper_domain::estate::{AlarmResponse, Emergency};
use watchkeeper_domain::value::Duration;

use super::goal::ProfileGoal;
use super::noise;
use crate::drill::report::millis;
use crate::drill::step::{DrillStep, difference, line};
use crate::harness::{EmergencyExecution, EmergencyExecutionState, StageError, listed};

/// The alarm goes into ALARM through the deployed rule, is told of again in every wrong way, and becomes quiet.
pub(super) async fn play(
    act: &mut DrillStep<'_>,
    emergency: &Emergency,
    response: &AlarmResponse,
    goal: &ProfileGoal<'_>,
) -> Result<(), StageError> {
    let (stack, scope, alarm) = (act.stack, act.scope.clone(), &response.alarm);
    let (mark, since) = (act.mark().await?, stack.control().now().await?);
    let raised = async {
        stack.site().set_alarm(alarm, AlarmState::Alarm).await?;
        let mut siren = stack.siren(&scope, since).await?;
        while matches!(siren.goes_on().await?, EmergencyExecutionState::Confirming) {
            stack.pass(response.confirm.map_or(SignedDuration::ZERO, Duration::signed)).await?;
        }
        Ok::<_, StageError>(siren)
    };
    let reached = async {
        let found = goal.awaited(act).await?;
        Ok((found, stack.control().now().await?))
    };
    let ((found, at), mut siren) = tokio::try_join!(reached, raised)?;
    let took = at.duration_since(since).unsigned_abs();
    act.took(&format!("{alarm} goes into ALARM (SetAlarmState)"), since, took);
    let name = format!("{} at {}", counted(goal.services()), goal.name);
    act.check(&name, goal.is_reached(&found), goal.line(&found));
    let writes = act.writes(&act.deeds(mark).await?).len();
    let limit = 2 * goal.services();
    act.check("at most two writes a service", writes <= limit, format!("{writes} writes, at most {limit}"));
    for (name, figure) in
        [("surge_after_ms", millis(took)), ("writes_to_surge", count(writes)), ("services", count(goal.services()))]
    {
        act.report.figures.insert(name, figure);
    }
    noise::again(act, alarm, since).await?;
    give_back(act, emergency, response, goal, &mut siren).await?;
    told(act, goal).await?;
    noise::late(act, emergency, alarm).await
}

/// The alarm is quiet: held for the cool-down, then exactly as before.
async fn give_back(
    act: &mut DrillStep<'_>,
    emergency: &Emergency,
    response: &AlarmResponse,
    goal: &ProfileGoal<'_>,
    siren: &mut EmergencyExecution<'_>,
) -> Result<(), StageError> {
    let stack = act.stack;
    let mark = act.mark().await?;
    stack.site().set_alarm(&response.alarm, AlarmState::Ok).await?;
    let cool_down = emergency.cool_down();
    let almost = cool_down.signed() - SignedDuration::from_mins(1);
    let quiet = act.step(&format!("{} is OK, almost for {cool_down}", response.alarm), siren.pass(almost)).await?;
    let found = act.capacity().await?;
    let held = matches!(quiet, EmergencyExecutionState::Holding) && goal.is_reached(&found);
    act.check("it holds for the cool-down", held, goal.line(&found));
    let ended = act.step("the cool-down is over", siren.run_out()).await?;
    let found = act.capacity().await?;
    let exact = found == goal.original && ended.outcome() == "given-back";
    let detail = if exact { line(&found) } else { format!("{}; {}", ended.says(), difference(&goal.original, &found)) };
    act.check("the baseline is given back, exactly", exact, detail);
    let deeds = act.deeds(mark).await?;
    let writes = act.writes(&deeds);
    // An autoscaler is held while its count goes down: its bounds are written twice.
    let limit = 3 * goal.services();
    let few = writes.len() <= limit;
    let detail = if few { format!("{} writes, at most {limit}", writes.len()) } else { listed(&writes) };
    act.check("at most three writes a service, back", few, detail);
    act.report.figures.insert("writes_to_give_back", count(writes.len()));
    if let Some(back) = siren.child("back-1").await? {
        act.report.figures.insert("back_after_ms", millis(back.worked));
    }
    Ok(())
}

/// A person heard of both ways, and of nothing else.
async fn told(act: &mut DrillStep<'_>, goal: &ProfileGoal<'_>) -> Result<(), StageError> {
    let letters = act.stack.mailbox().letters().await?;
    let subjects: Vec<&str> = letters.iter().map(|letter| letter.subject.as_str()).collect();
    let place = format!("{} {}", act.scope.estate, act.scope.environment);
    let expected = [format!("{place} is at {}", goal.name), format!("{place} is back at its baseline")];
    act.check("a person is told of both ways", subjects == expected, subjects.join("; "));
    act.report.figures.insert("messages", count(subjects.len()));
    Ok(())
}

fn counted(services: usize) -> String {
    match services {
        1 => "the service is".to_owned(),
        2 => "both services are".to_owned(),
        n => format!("all {n} services are"),
    }
}

pub(super) fn count(number: usize) -> u64 {
    number.try_into().unwrap_or(u64::MAX)
}
