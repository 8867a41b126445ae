//! Environments that look after themselves: found by tag, woken in their order, by a page, by a pipeline or by the calendar, and
//! asleep when nobody uses them.

use jiff::Timestamp;
use watchkeeper_domain::estate::Environment;

use super::cast::play_each;
use super::choice::Audition;
use super::command::DrillSelection;
use super::output::DrillOutput;
use super::report::DrillResults;
use super::scene::SandboxScene;
use crate::harness::HarnessError;
use crate::scenarios::wake::needs;
use crate::scenarios::{Unplayed, schedule, wake};

/// Environments with a page on their load balancer.
pub(super) const WAKE: Audition = Audition {
    scenario: "wake",
    documents: Some("tests/data/wake"),
    needy: &[("shop", &[])],
    judge: plays,
    alone: false,
};

fn plays(environment: &Environment, now: Timestamp) -> Result<(), Unplayed> {
    needs::page(environment, now).map(drop)
}

/// Play the scenarios on every chosen environment.
///
/// # Errors
/// [`HarnessError`] when the sandbox fails; a check that does not pass is in the reports.
pub(super) async fn play(selection: &DrillSelection, show: &DrillOutput) -> Result<DrillResults, HarnessError> {
    play_each(&WAKE, selection, show, wakes).await
}

/// One that sleeps when it is idle has its day; the others have their night.
async fn wakes(scene: &mut SandboxScene<'_>) -> Result<(), HarnessError> {
    scene.host().await?;
    if scene.environment.document().sleep_when_idle.is_some() {
        return scene.play("a day without use", schedule::a_day_without_use).await;
    }
    scene.play("a night", schedule::a_night).await?;
    scene.play("a wake by its page", wake::a_wake_by_its_page).await?;
    scene.play("releases of two pipelines", schedule::releases_of_two_pipelines).await?;
    scene.play("a month of nights", schedule::a_month_of_nights).await
}
