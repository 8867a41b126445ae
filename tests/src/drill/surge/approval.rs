//! A profile that has a price: a plan, a question, a no, a yes, and the way back by hand.

use serde_json::{Value, json};

use super::goal::ProfileGoal;
use crate::drill::step::{DrillStep, difference, line};
use crate::harness::{
    AnswerCommand, AskedQuestion, EmergencyExecution, EmergencyExecutionState, EndedExecution, StageError, listed,
};

/// Everything that a person can do about a profile that asks.
pub(super) async fn play(act: &mut DrillStep<'_>, goal: &ProfileGoal<'_>) -> Result<(), StageError> {
    plan(act, goal).await?;
    let (siren, question) = ask(act, goal).await?;
    let ended = answer(act, &siren, &question.refuse, "a person refuses").await?;
    let found = act.capacity().await?;
    let refused = ended.outcome() == "declined" && found == goal.original;
    act.check("a no changes nothing", refused, format!("{}: {}", ended.outcome(), ended.says()));
    act.stack.mailbox().letters().await?;

    let (mut siren, question) = ask(act, goal).await?;
    let stack = act.stack;
    let approve = question.approve.by("drill");
    let approved = async {
        stack.answer(&approve).await?;
        siren.goes_on().await
    };
    let stands = act.step("a person approves", approved).await?;
    let found = act.capacity().await?;
    let reached = matches!(stands, EmergencyExecutionState::Holding) && goal.is_reached(&found);
    act.check(&format!("a yes brings {}", goal.name), reached, goal.line(&found));
    let again = stack.answer(&question.refuse.by("drill")).await?;
    let late = again.is_some() && act.capacity().await? == found;
    act.check("a second answer is refused", late, again.unwrap_or_else(|| "it was taken".to_owned()));
    give_back(act, goal).await?;
    // The execution that held it finds that nothing is left to hold.
    siren.run_out().await?;
    Ok(())
}

fn about(act: &DrillStep<'_>, goal: &ProfileGoal<'_>, more: (&str, Value)) -> Value {
    let (estate, environment) = (act.scope.estate.as_str(), act.scope.environment.as_str());
    let mut input = json!({ "estate": estate, "environment": environment, "profile": goal.name.as_str() });
    input[more.0] = more.1;
    input
}

async fn plan(act: &mut DrillStep<'_>, goal: &ProfileGoal<'_>) -> Result<(), StageError> {
    let (stack, mark) = (act.stack, act.mark().await?);
    let input = about(act, goal, ("mode", "plan".into()));
    let planned = async { stack.raise(&input).await?.ended().await };
    let ended = act.step(&format!("a plan of {} by hand", goal.name), planned).await?;
    let deeds = act.deeds(mark).await?;
    let silent = deeds.writes().is_empty() && stack.mailbox().letters().await?.is_empty();
    let planned = ended.outcome() == "planned" && silent && act.capacity().await? == goal.original;
    let detail = if silent {
        ended.output["writes"].to_string() + " writes planned, none made"
    } else {
        listed(&deeds.writes())
    };
    act.check("a plan tells, and writes nothing", planned, detail);
    Ok(())
}

async fn ask<'a>(
    act: &mut DrillStep<'a>,
    goal: &ProfileGoal<'_>,
) -> Result<(EmergencyExecution<'a>, AskedQuestion), StageError> {
    let (stack, mark) = (act.stack, act.mark().await?);
    let input = about(act, goal, ("reason", "drill".into()));
    let asked = async {
        let mut siren = stack.raise(&input).await?;
        let stands = siren.goes_on().await?;
        let (question, _) = stack.asked().await?;
        Ok((siren, stands, question))
    };
    let (siren, stands, question) = act.step(&format!("{} by hand", goal.name), asked).await?;
    let deeds = act.deeds(mark).await?;
    let changed = act.writes(&deeds).len();
    let waits =
        matches!(stands, EmergencyExecutionState::Asking) && changed == 0 && act.capacity().await? == goal.original;
    let shows = goal.original.services.keys().any(|id| question.letter.text.contains(id.service.as_str()));
    act.check("a person is asked first, with the plan", waits && shows, question.letter.subject.as_str());
    Ok((siren, question))
}

async fn answer(
    act: &mut DrillStep<'_>,
    siren: &EmergencyExecution<'_>,
    command: &AnswerCommand,
    what: &str,
) -> Result<EndedExecution, StageError> {
    let (stack, command) = (act.stack, command.by("drill"));
    let answered = async {
        stack.answer(&command).await?;
        siren.ended().await
    };
    act.step(what, answered).await
}

async fn give_back(act: &mut DrillStep<'_>, goal: &ProfileGoal<'_>) -> Result<(), StageError> {
    let stack = act.stack;
    let input = about(act, goal, ("give-back", true.into()));
    let given = async { stack.raise(&input).await?.ended().await };
    let ended = act.step(&format!("{} is given back by hand", goal.name), given).await?;
    let found = act.capacity().await?;
    let exact = found == goal.original;
    let detail = if exact { line(&found) } else { format!("{}; {}", ended.says(), difference(&goal.original, &found)) };
    act.check("the baseline is given back by hand, exactly", exact, detail);
    Ok(())
}
