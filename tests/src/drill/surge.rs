//! The runbook emergency-scale: alarms bring capacity, and take it back when they are quiet. What more tasks would make
//! worse is vetoed, what has a price is asked for, and a bad release is taken back.

use std::collections::BTreeSet;

use jiff::Timestamp;
use watchkeeper_domain::name::Region;

use super::build::build_all;
use super::choice::{Audition, DrillCast, choose};
use super::command::DrillSelection;
use super::output::DrillOutput;
use super::report::{DrillResults, ReportOutcome};
use super::rights::UsedRights;
use super::scene::SandboxScene;
use crate::harness::{HarnessError, SandboxHarness, documents};
use crate::sandbox::SandboxOptions;
use crate::scenarios::emergency::{self, needs};

/// Environments with a profile that comes to something, or a rollback.
pub(super) const SURGE: Audition = Audition {
    scenario: "surge",
    needy: &[("clos-v2", &["prod"]), ("coldchain", &[]), ("h2o-allegiant", &["prod"])],
    judge: |environment, _| needs::anything(environment),
    alone: false,
};

/// Play the scenarios on every chosen environment.
///
/// # Errors
/// [`HarnessError`] when the sandbox fails; a check that does not pass is in the reports.
pub(super) async fn play(selection: &DrillSelection, show: &DrillOutput) -> Result<DrillResults, HarnessError> {
    let estates = documents(selection.estates.as_ref())?;
    let choice = choose(&SURGE, &estates, selection, Timestamp::now())?;
    let (mut reports, mut rights) = (Vec::new(), UsedRights::default());
    for DrillCast { account, scopes } in &choice.casts {
        let regions: BTreeSet<Region> = scopes.iter().map(|scope| scope.region.clone()).collect();
        let options = SandboxOptions {
            estates: selection.estates.clone(),
            account: account.clone(),
            ..SandboxOptions::default()
        };
        let harness = SandboxHarness::set(&options, &regions, show).await?;
        for stack in harness.stacks() {
            build_all(&harness, stack, show).await?;
        }
        let before = reports.len();
        for scope in scopes {
            let mut scene = SandboxScene::of(SURGE.scenario, &harness, scope, show)?;
            scene.announce();
            let played = Box::pin(emergencies(&mut scene)).await;
            reports.push(scene.ended(played));
        }
        rights.judge(&harness, &mut reports, show).await?;
        if reports[before..].iter().all(|report| report.outcome == ReportOutcome::Passed) {
            harness.succeeded()?;
        }
    }
    rights.close(SURGE.scenario, selection, &mut reports, show)?;
    Ok(DrillResults { reports, skipped: choice.skipped })
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
