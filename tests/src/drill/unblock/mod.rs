//! The runbook daily-unblock: what is stuck is freed where that is proved, and named to the person who can where it is not.

mod again;
mod morning;
mod scene;

use self::scene::UnblockScene;
use super::cast::play_each;
use super::choice::unblock::UNBLOCK;
use super::command::DrillSelection;
use super::output::DrillOutput;
use super::report::DrillResults;
use super::scene::SandboxScene;
use crate::harness::HarnessError;

/// Play the scenario on every chosen environment.
///
/// # Errors
/// [`HarnessError`] when the sandbox fails; a check that does not pass is in the reports.
pub(super) async fn play(selection: &DrillSelection, show: &DrillOutput) -> Result<DrillResults, HarnessError> {
    play_each(&UNBLOCK, selection, show, freed).await
}

/// A morning, the rest of the day, and the next one.
async fn freed(drill: &mut SandboxScene<'_>) -> Result<(), HarnessError> {
    let Some(scene) = UnblockScene::of(drill) else { return Ok(()) };
    scene.set(drill).await?;
    // In a box: its own future is large.
    Box::pin(morning::play(drill, &scene)).await?;
    again::play(drill, &scene).await
}
