//! The runbook daily-unblock: what is stuck is freed where that is proved, and named to the person who can where it is not.

use super::cast::play_each;
use super::choice::Audition;
use super::command::DrillSelection;
use super::output::DrillOutput;
use super::report::DrillResults;
use super::scene::SandboxScene;
use crate::harness::HarnessError;
use crate::sandbox::EmulatorSettings;
use crate::scenarios::unblock::{self, needs};

/// Environments that are looked after every day.
pub(super) const UNBLOCK: Audition = Audition {
    scenario: "unblock",
    documents: None,
    needy: &[("clos-v2", &["prod"])],
    judge: |environment, _| needs::section(environment).map(drop),
    alone: false,
};

/// Play the scenarios on every chosen environment.
///
/// # Errors
/// [`HarnessError`] when the sandbox fails; a check that does not pass is in the reports.
pub(super) async fn play(selection: &DrillSelection, show: &DrillOutput) -> Result<DrillResults, HarnessError> {
    play_each(&UNBLOCK, selection, show, mornings).await
}

/// Everything that the document of an environment provides for. An empty queue is waited for, at each of them in each run: a second
/// of that is to take a tenth.
async fn mornings(scene: &mut SandboxScene<'_>) -> Result<(), HarnessError> {
    let quick = EmulatorSettings { wait_scale: Some(0.1), ..EmulatorSettings::default() };
    scene.stack.control().change(&quick).await?;
    Box::pin(scene.play("a plan of a morning", unblock::a_plan_of_a_morning)).await?;
    Box::pin(scene.play("a morning", unblock::a_morning)).await?;
    Box::pin(scene.play("an undo", unblock::an_undo)).await?;
    Box::pin(scene.play("a morning that is missed", unblock::a_morning_that_is_missed)).await?;
    Box::pin(scene.play("a lease that is left", unblock::a_lease_that_is_left)).await
}
