//! A profile that has a price: a plan, a question, a no, a yes, and the way back by hand.

use serde_json::{Value, json};

use super::goal::ProfileGoal;
use crate::drill::scene::SandboxScene;
use crate::harness::{
    AnswerCommand, AskedQuestion, EmergencyExecution, EmergencyExecutionState, EndedExecution, HarnessError, listed,
};
use crate::scenarios::{difference, line};

/// Everything that a person can do about a profile that asks.
pub(super) async fn play(drill: &mut SandboxScene<'_>, goal: &ProfileGoal<'_>) -> Result<(), HarnessError> {
    plan(drill, goal).await?;
    let (emergency_run, question) = ask(drill, goal).await?;
    let ended = answer(drill, &emergency_run, &question.refuse, "a person refuses").await?;
    let found = drill.capacity().await?;
    let refused = ended.outcome() == "declined" && found == goal.original;
    drill.check("a no changes nothing", refused, format!("{}: {}", ended.outcome(), ended.says()));
    drill.stack.notifications().letters().await?;

    let (mut emergency_run, question) = ask(drill, goal).await?;
    let stack = drill.stack;
    let approve = question.approve.by("drill");
    let approved = async {
        stack.answer(&approve).await?;
        emergency_run.goes_on().await
    };
    let stands = drill.step("a person approves", approved).await?;
    let found = drill.capacity().await?;
    let reached = matches!(stands, EmergencyExecutionState::Holding) && goal.is_reached(&found);
    drill.check(&format!("a yes brings {}", goal.name), reached, goal.line(&found));
    let again = stack.answer(&question.refuse.by("drill")).await?;
    let late = again.is_some() && drill.capacity().await? == found;
    drill.check("a second answer is refused", late, again.unwrap_or_else(|| "it was taken".to_owned()));
    give_back(drill, goal).await?;
    // The execution that held it finds that nothing is left to hold.
    emergency_run.run_out().await?;
    Ok(())
}

/// What the machine is asked about a profile, with this beside it.
pub(super) fn about(drill: &SandboxScene<'_>, goal: &ProfileGoal<'_>, more: (&str, Value)) -> Value {
    let (estate, environment) = (drill.scope.estate.as_str(), drill.scope.environment.as_str());
    let mut input = json!({ "estate": estate, "environment": environment, "profile": goal.name.as_str() });
    input[more.0] = more.1;
    input
}

/// What it would do.
pub(super) async fn plan(drill: &mut SandboxScene<'_>, goal: &ProfileGoal<'_>) -> Result<(), HarnessError> {
    let (stack, mark) = (drill.stack, drill.mark().await?);
    let input = about(drill, goal, ("mode", "plan".into()));
    let planned = async { stack.raise(&input).await?.ended().await };
    let ended = drill.step(&format!("a plan of {} by hand", goal.name), planned).await?;
    let api_calls = drill.api_calls(mark).await?;
    let silent = api_calls.writes().is_empty() && stack.notifications().letters().await?.is_empty();
    let planned = ended.outcome() == "planned" && silent && drill.capacity().await? == goal.original;
    let detail = if silent {
        ended.output["writes"].to_string() + " writes planned, none made"
    } else {
        listed(&api_calls.writes())
    };
    drill.check("a plan tells, and writes nothing", planned, detail);
    Ok(())
}

async fn ask<'a>(
    drill: &mut SandboxScene<'a>,
    goal: &ProfileGoal<'_>,
) -> Result<(EmergencyExecution<'a>, AskedQuestion), HarnessError> {
    let (stack, mark) = (drill.stack, drill.mark().await?);
    let input = about(drill, goal, ("reason", "drill".into()));
    let asked = async {
        let mut emergency_run = stack.raise(&input).await?;
        let stands = emergency_run.goes_on().await?;
        let (question, _) = stack.asked().await?;
        Ok((emergency_run, stands, question))
    };
    let (emergency_run, stands, question) = drill.step(&format!("{} by hand", goal.name), asked).await?;
    let api_calls = drill.api_calls(mark).await?;
    let changed = drill.writes(&api_calls).len();
    let waits =
        matches!(stands, EmergencyExecutionState::Asking) && changed == 0 && drill.capacity().await? == goal.original;
    let shows = goal.original.services.keys().any(|id| question.letter.text.contains(id.service.as_str()));
    drill.check("a person is asked first, with the plan", waits && shows, question.letter.subject.as_str());
    Ok((emergency_run, question))
}

async fn answer(
    drill: &mut SandboxScene<'_>,
    emergency_run: &EmergencyExecution<'_>,
    command: &AnswerCommand,
    what: &str,
) -> Result<EndedExecution, HarnessError> {
    let (stack, command) = (drill.stack, command.by("drill"));
    let answered = async {
        stack.answer(&command).await?;
        emergency_run.ended().await
    };
    drill.step(what, answered).await
}

/// The way back, started by a person.
pub(super) async fn give_back(drill: &mut SandboxScene<'_>, goal: &ProfileGoal<'_>) -> Result<(), HarnessError> {
    let stack = drill.stack;
    let input = about(drill, goal, ("give-back", true.into()));
    let given = async { stack.raise(&input).await?.ended().await };
    let ended = drill.step(&format!("{} is given back by hand", goal.name), given).await?;
    let found = drill.capacity().await?;
    let exact = found == goal.original;
    let detail = if exact { line(&found) } else { format!("{}; {}", ended.says(), difference(&goal.original, &found)) };
    drill.check("the baseline is given back by hand, exactly", exact, detail);
    Ok(())
}
