//! The runbook of calendars: environments sleep in the evening and wake in the morning, exactly as they were.

use std::collections::BTreeSet;

use jiff::Timestamp;
use watchkeeper_domain::estate::{Environment, EnvironmentKind};

use super::cast::play_each;
use super::choice::Audition;
use super::command::DrillSelection;
use super::output::DrillOutput;
use super::report::DrillResults;
use super::scene::SandboxScene;
use crate::harness::HarnessError;
use crate::scenarios::Unplayed;
use crate::scenarios::schedule::{self, needs};

/// Development and staging sleep; production shows that it does not.
pub(super) const SLEEP: Audition = Audition {
    scenario: "sleep",
    documents: None,
    needy: &[("carcierge", &[]), ("clos-v2", &["dev"])],
    judge: plays,
    alone: false,
};

fn plays(environment: &Environment, now: Timestamp) -> Result<(), Unplayed> {
    needs::production(environment).or_else(|_| needs::night(environment, now).map(drop))
}

/// Play the scenario on every chosen environment.
///
/// # Errors
/// [`HarnessError`] when the sandbox fails; a check that does not pass is in the reports.
pub(super) async fn play(selection: &DrillSelection, show: &DrillOutput) -> Result<DrillResults, HarnessError> {
    let mut seen = BTreeSet::new();
    let nights = async |scene: &mut SandboxScene<'_>| {
        let first = seen.insert(scene.scope.estate.clone());
        night(scene, first).await
    };
    play_each(&SLEEP, selection, show, nights).await
}

/// What is played of one environment; of the `first` of an estate more than of the others.
async fn night(scene: &mut SandboxScene<'_>, first: bool) -> Result<(), HarnessError> {
    if scene.environment.kind() == EnvironmentKind::Production {
        let scenario =
            async |scene: &mut SandboxScene<'_>| schedule::production_that_somebody_puts_to_sleep(scene).await;
        return scene.play("production that somebody puts to sleep", scenario).await;
    }
    scene.play("a night", schedule::a_night).await?;
    if first {
        scene.play("a drift", schedule::a_drift).await?;
        scene.play("a plan", schedule::a_plan).await?;
        scene.play("an override that expires", schedule::an_override_that_expires).await?;
        scene.play("releases of two pipelines", schedule::releases_of_two_pipelines).await?;
        scene.play("calendars side by side", schedule::calendars_side_by_side).await?;
    }
    Ok(())
}
