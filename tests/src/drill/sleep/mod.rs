//! The runbook auto-shutdown: environments sleep in the evening and wake in the morning, exactly as they were.

use std::collections::BTreeSet;

use jiff::Timestamp;
use watchkeeper_domain::estate::{Environment, EnvironmentKind};
use watchkeeper_domain::name::{Region, Scope};

use super::build::build_all;
use super::choice::{Audition, DrillCast, choose};
use super::command::DrillSelection;
use super::output::DrillOutput;
use super::report::{DrillReport, DrillResults, ReportOutcome};
use super::rights::UsedRights;
use super::scene::SandboxScene;
use crate::harness::{HarnessError, SandboxHarness, documents};
use crate::sandbox::SandboxOptions;
use crate::scenarios::Unplayed;
use crate::scenarios::schedule::{self, needs};

/// Development and staging sleep; production shows that it does not.
pub(super) const SLEEP: Audition =
    Audition { scenario: "sleep", needy: &[("carcierge", &[]), ("clos-v2", &["dev"])], judge: plays, alone: false };

fn plays(environment: &Environment, now: Timestamp) -> Result<(), Unplayed> {
    needs::production(environment).or_else(|_| needs::night(environment, now).map(drop))
}

/// Play the scenario on every chosen environment.
///
/// # Errors
/// [`HarnessError`] when the sandbox fails; a check that does not pass is in the reports.
pub(super) async fn play(selection: &DrillSelection, show: &DrillOutput) -> Result<DrillResults, HarnessError> {
    let estates = documents(selection.estates.as_ref())?;
    let choice = choose(&SLEEP, &estates, selection, Timestamp::now())?;
    let (mut reports, mut rights) = (Vec::new(), UsedRights::default());
    for DrillCast { account, scopes } in &choice.casts {
        let options = SandboxOptions {
            estates: selection.estates.clone(),
            account: account.clone(),
            ..SandboxOptions::default()
        };
        let regions: BTreeSet<Region> = scopes.iter().map(|scope| scope.region.clone()).collect();
        let harness = SandboxHarness::set(&options, &regions, show).await?;
        for stack in harness.stacks() {
            build_all(&harness, stack, show).await?;
        }
        let played = nights(&harness, scopes, show).await?;
        let before = reports.len();
        reports.extend(played);
        rights.judge(&harness, &mut reports, show).await?;
        if reports[before..].iter().all(|report: &DrillReport| report.outcome == ReportOutcome::Passed) {
            harness.succeeded()?;
        }
    }
    rights.close(SLEEP.scenario, selection, &mut reports, show)?;
    Ok(DrillResults { reports, skipped: choice.skipped })
}

/// A night of each that sleeps, and then what became of production meanwhile.
async fn nights(
    harness: &SandboxHarness,
    scopes: &[Scope],
    show: &DrillOutput,
) -> Result<Vec<DrillReport>, HarnessError> {
    let mut scenes = Vec::new();
    for scope in scopes {
        scenes.push(SandboxScene::of(SLEEP.scenario, harness, scope, show)?);
    }
    scenes.sort_by_key(|scene| scene.environment.kind() == EnvironmentKind::Production);
    let (mut reports, mut seen) = (Vec::new(), BTreeSet::new());
    for mut scene in scenes {
        scene.announce();
        let first = seen.insert(scene.scope.estate.clone());
        let played = night(&mut scene, first).await;
        reports.push(scene.ended(played));
    }
    Ok(reports)
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
        scene.play("calendars side by side", schedule::calendars_side_by_side).await?;
    }
    Ok(())
}
