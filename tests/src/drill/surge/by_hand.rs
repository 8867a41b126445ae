//! A profile that no alarm calls for: a person starts it and gives it back.

use serde_json::json;

use super::approval::{about, give_back, plan};
use super::goal::ProfileGoal;
use crate::drill::step::DrillStep;
use crate::harness::{EmergencyExecutionState, StageError};

/// A plan, the profile, and the way back.
pub(super) async fn play(act: &mut DrillStep<'_>, goal: &ProfileGoal<'_>) -> Result<(), StageError> {
    plan(act, goal).await?;
    let (stack, input) = (act.stack, about(act, goal, ("reason", json!("drill"))));
    let raised = async {
        let mut execution = stack.raise(&input).await?;
        let state = execution.goes_on().await?;
        Ok((execution, state))
    };
    let (mut execution, state) = act.step(&format!("{} by hand", goal.name), raised).await?;
    let found = act.capacity().await?;
    let reached = matches!(state, EmergencyExecutionState::Holding) && goal.is_reached(&found);
    act.check(&format!("a person brings {}", goal.name), reached, goal.line(&found));
    let letters = stack.mailbox().letters().await?;
    let told = letters.iter().find(|letter| letter.subject.contains(goal.name.as_str()));
    act.check("a person is told", told.is_some(), told.map_or("no message", |letter| letter.subject.as_str()));
    act.report.figures.insert("services", goal.services() as u64);
    give_back(act, goal).await?;
    // The execution that held it finds that nothing is left to hold.
    execution.run_out().await?;
    Ok(())
}
