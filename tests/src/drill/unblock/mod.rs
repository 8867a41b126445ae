//! The runbook daily-unblock: what is stuck is freed where that is proved, and named to the person who can where it is not.

mod again;
mod morning;
mod scene;

use std::collections::BTreeSet;

use jiff::Timestamp;
use watchkeeper_domain::name::Region;

use self::scene::UnblockScene;
use super::build::build_all;
use super::choice::unblock::UNBLOCK;
use super::choice::{DrillCast, choose};
use super::command::DrillSelection;
use super::output::DrillOutput;
use super::report::{DrillResults, ReportOutcome};
use super::rights::UsedRights;
use super::scene::SandboxScene;
use crate::harness::{HarnessError, SandboxHarness, documents};
use crate::sandbox::SandboxOptions;

/// Play the scenario on every chosen environment.
///
/// # Errors
/// [`HarnessError`] when the sandbox fails; a check that does not pass is in the reports.
pub(super) async fn play(selection: &DrillSelection, show: &DrillOutput) -> Result<DrillResults, HarnessError> {
    let estates = documents(selection.estates.as_ref())?;
    let choice = choose(&UNBLOCK, &estates, selection, Timestamp::now())?;
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
            let mut drill = SandboxScene::of(UNBLOCK.scenario, &harness, scope, show)?;
            drill.announce();
            let played = Box::pin(freed(&mut drill)).await;
            reports.push(drill.ended(played));
        }
        rights.judge(&harness, &mut reports, show).await?;
        if reports[before..].iter().all(|report| report.outcome == ReportOutcome::Passed) {
            harness.succeeded()?;
        }
    }
    rights.close(UNBLOCK.scenario, selection, &mut reports, show)?;
    Ok(DrillResults { reports, skipped: choice.skipped })
}

/// A morning, the rest of the day, and the next one.
async fn freed(drill: &mut SandboxScene<'_>) -> Result<(), HarnessError> {
    let Some(scene) = UnblockScene::of(drill) else { return Ok(()) };
    scene.set(drill).await?;
    // In a box: its own future is large.
    Box::pin(morning::play(drill, &scene)).await?;
    again::play(drill, &scene).await
}
