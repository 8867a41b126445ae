//! The runbook emergency-scale: alarms bring capacity, and take it back when they are quiet. What more tasks would make
//! worse is vetoed, what has a price is asked for, and a bad release is taken back.

use super::cast::play_each;
use super::choice::Audition;
use super::command::DrillSelection;
use super::output::DrillOutput;
use super::report::DrillResults;
use super::scene::SandboxScene;
use crate::harness::HarnessError;
use crate::scenarios::emergency::{self, needs};

/// Environments with a profile that comes to something, or a rollback.
pub(super) const SURGE: Audition = Audition {
    scenario: "surge",
    documents: None,
    needy: &[("clos-v2", &["prod"]), ("coldchain", &[]), ("h2o-allegiant", &["prod"])],
    judge: |environment, _| needs::anything(environment),
    alone: false,
};

/// Play the scenarios on every chosen environment.
///
/// # Errors
/// [`HarnessError`] when the sandbox fails; a check that does not pass is in the reports.
pub(super) async fn play(selection: &DrillSelection, show: &DrillOutput) -> Result<DrillResults, HarnessError> {
    play_each(&SURGE, selection, show, emergencies).await
}

/// Everything that the document of an environment provides for.
async fn emergencies(scene: &mut SandboxScene<'_>) -> Result<(), HarnessError> {
    scene.stack.site().make_alarms(scene.environment).await?;
    scene.play("an alarm", emergency::an_alarm).await?;
    scene.play("a veto", emergency::a_veto).await?;
    scene.play("a profile that a person starts", emergency::a_profile_that_a_person_starts).await?;
    scene.play("a profile that asks", emergency::a_profile_that_asks).await?;
    scene.play("a bad release", emergency::a_bad_release).await
}
