//! An alarm, what it calls for, and the way back.

use jiff::SignedDuration;
use watchkeeper_domain::emergency::alarm::AlarmState;
use watchkeeper_domain::estate::{AlarmResponse, Emergency};
use watchkeeper_domain::value::Duration;

use super::goal::ProfileGoal;
use super::noise;
use crate::drill::scene::{SandboxScene, subject};
use crate::harness::{EmergencyExecution, EmergencyExecutionState, HarnessError, listed};
use crate::scenarios::{Unplayed, difference, line, millis};

/// The alarm goes into ALARM through the deployed rule, is told of again in every wrong way, and becomes quiet.
pub(super) async fn play(
    drill: &mut SandboxScene<'_>,
    emergency: &Emergency,
    response: &AlarmResponse,
    goal: &ProfileGoal<'_>,
) -> Result<(), HarnessError> {
    let (stack, scope, alarm) = (drill.stack, drill.scope.clone(), &response.alarm);
    let (mark, since) = (drill.mark().await?, stack.control().now().await?);
    let raised = async {
        stack.site().set_alarm(alarm, AlarmState::Alarm).await?;
        let mut emergency_run = stack.emergency_run_for(&scope, response.run.as_str(), since).await?;
        while matches!(emergency_run.goes_on().await?, EmergencyExecutionState::Confirming) {
            stack.pass(response.confirm.map_or(SignedDuration::ZERO, Duration::signed)).await?;
        }
        Ok::<_, HarnessError>(emergency_run)
    };
    let reached = async {
        let found = goal.awaited(drill).await?;
        Ok((found, stack.control().now().await?))
    };
    let ((found, at), mut emergency_run) = tokio::try_join!(reached, raised)?;
    let took = at.duration_since(since).unsigned_abs();
    drill.took(&format!("{alarm} goes into ALARM (SetAlarmState)"), since, took);
    let name = format!("{} at {}", counted(goal.services()), goal.name);
    drill.check(&name, goal.is_reached(&found), goal.line(&found));
    let writes = drill.writes(&drill.api_calls(mark).await?).len();
    let limit = 2 * goal.services();
    drill.check("at most two writes a service", writes <= limit, format!("{writes} writes, at most {limit}"));
    for (name, figure) in
        [("surge_after_ms", millis(took)), ("writes_to_surge", count(writes)), ("services", count(goal.services()))]
    {
        drill.report.figures.insert(name, figure);
    }
    noise::again(drill, alarm, since).await?;
    give_back(drill, emergency, response, goal, &mut emergency_run).await?;
    told(drill, goal).await?;
    noise::late(drill, emergency, alarm).await
}

/// The alarm is quiet: held for the cool-down, then exactly as before.
async fn give_back(
    drill: &mut SandboxScene<'_>,
    emergency: &Emergency,
    response: &AlarmResponse,
    goal: &ProfileGoal<'_>,
    emergency_run: &mut EmergencyExecution<'_>,
) -> Result<(), HarnessError> {
    let stack = drill.stack;
    let mark = drill.mark().await?;
    stack.site().set_alarm(&response.alarm, AlarmState::Ok).await?;
    let cool_down = emergency.cool_down();
    if let Some(almost) = almost(cool_down, goal.lasts()) {
        let what = format!("{} is OK, almost for {cool_down}", response.alarm);
        let quiet = drill.step(&what, emergency_run.pass(almost)).await?;
        let found = drill.capacity().await?;
        let held = matches!(quiet, EmergencyExecutionState::Holding) && goal.is_reached(&found);
        drill.check("it holds for the cool-down", held, goal.line(&found));
    } else {
        let found = format!("a `cool-down` of {cool_down} under a profile for {}", goal.lasts());
        let needed = "a cool-down of five minutes or more, that is over before the profile is";
        drill.leave_out("the hold for the cool-down", &Unplayed::new(found, needed));
    }
    let ended = drill.step("the cool-down is over", emergency_run.run_out()).await?;
    let found = drill.capacity().await?;
    let exact = found == goal.original && ended.outcome() == "given-back";
    let detail = if exact { line(&found) } else { format!("{}; {}", ended.says(), difference(&goal.original, &found)) };
    drill.check("the baseline is given back, exactly", exact, detail);
    let api_calls = drill.api_calls(mark).await?;
    let writes = drill.writes(&api_calls);
    // An autoscaler is held while its count goes down: its bounds are written twice.
    let limit = 3 * goal.services();
    let few = writes.len() <= limit;
    let detail = if few { format!("{} writes, at most {limit}", writes.len()) } else { listed(&writes) };
    drill.check("at most three writes a service, back", few, detail);
    drill.report.figures.insert("writes_to_give_back", count(writes.len()));
    if let Some(back) = emergency_run.child("back-1").await? {
        drill.report.figures.insert("back_after_ms", millis(back.worked));
    }
    Ok(())
}

/// Nearly the cool-down: a look of the machine less. Nothing where that is no time, or the profile may be over before.
fn almost(cool_down: Duration, lasts: Duration) -> Option<SignedDuration> {
    let almost = cool_down.signed() - SignedDuration::from_mins(1);
    let fits = almost >= SignedDuration::from_mins(4) && cool_down.signed() * 2 <= lasts.signed();
    fits.then_some(almost)
}

/// A person heard of both ways, and of nothing else.
async fn told(drill: &mut SandboxScene<'_>, goal: &ProfileGoal<'_>) -> Result<(), HarnessError> {
    let letters = drill.stack.notifications().letters().await?;
    let place = format!("{} {}", drill.scope.estate, drill.scope.environment);
    let of_ours = letters.iter().map(|letter| letter.subject.as_str());
    let subjects: Vec<&str> = of_ours.filter(|text| text.starts_with(&format!("{place} "))).collect();
    let expected = [format!("{place} is at {}", goal.name), format!("{place} is back at its baseline")];
    let expected = expected.map(|text| subject(&text));
    drill.check("a person is told of both ways", subjects == expected, subjects.join("; "));
    drill.report.figures.insert("messages", count(subjects.len()));
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_hold_is_looked_at_where_the_cool_down_decides_and_not_the_end_of_the_profile() {
        let almost = |cool_down: &str, lasts: &str| almost(cool_down.parse().unwrap(), lasts.parse().unwrap());
        assert_eq!(almost("10m", "2h"), Some(SignedDuration::from_mins(9)));
        for (cool_down, lasts) in [("30s", "1h"), ("10m", "10m"), ("15m", "5m"), ("2m", "1h")] {
            assert_eq!(almost(cool_down, lasts), None, "{cool_down} {lasts}");
        }
    }
}
