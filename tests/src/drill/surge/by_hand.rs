//! A profile that no alarm calls for: a person starts it and gives it back.

use serde_json::json;

use super::approval::{about, give_back, plan};
use super::goal::ProfileGoal;
use crate::drill::scene::SandboxScene;
use crate::harness::{EmergencyExecutionState, HarnessError};

/// A plan, the profile, and the way back.
pub(super) async fn play(drill: &mut SandboxScene<'_>, goal: &ProfileGoal<'_>) -> Result<(), HarnessError> {
    plan(drill, goal).await?;
    let (stack, input) = (drill.stack, about(drill, goal, ("reason", json!("drill"))));
    let raised = async {
        let mut execution = stack.raise(&input).await?;
        let state = execution.goes_on().await?;
        Ok((execution, state))
    };
    let (mut execution, state) = drill.step(&format!("{} by hand", goal.name), raised).await?;
    let found = drill.capacity().await?;
    let reached = matches!(state, EmergencyExecutionState::Holding) && goal.is_reached(&found);
    drill.check(&format!("a person brings {}", goal.name), reached, goal.line(&found));
    let letters = stack.notifications().letters().await?;
    let told = letters.iter().find(|letter| letter.subject.contains(goal.name.as_str()));
    drill.check("a person is told", told.is_some(), told.map_or("no message", |letter| letter.subject.as_str()));
    drill.report.figures.insert("services", goal.services() as u64);
    give_back(drill, goal).await?;
    // The execution that held it finds that nothing is left to hold.
    execution.run_out().await?;
    Ok(())
}
