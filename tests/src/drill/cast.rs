//! What the plays of most runbooks have in common: a sandbox for each account, and in it each chosen environment in its turn.

use std::collections::BTreeSet;

use jiff::Timestamp;
use watchkeeper_domain::estate::EnvironmentKind;
use watchkeeper_domain::name::Region;

use super::build::build_all;
use super::choice::{Audition, DrillCast, choose};
use super::command::DrillSelection;
use super::output::DrillOutput;
use super::report::{DrillResults, ReportOutcome};
use super::rights::UsedRights;
use super::scene::SandboxScene;
use crate::harness::{HarnessError, SandboxHarness, documents};
use crate::sandbox::{CheckoutLayout, SandboxOptions};

/// Plays something on every chosen environment; on production last, which shows then that nothing became of it meanwhile.
///
/// # Errors
/// [`HarnessError`] when the sandbox fails; a check that does not pass is in the reports.
pub(super) async fn play_each(
    audition: &Audition,
    selection: &DrillSelection,
    show: &DrillOutput,
    mut play: impl AsyncFnMut(&mut SandboxScene<'_>) -> Result<(), HarnessError>,
) -> Result<DrillResults, HarnessError> {
    let own = audition.documents.filter(|_| !selection.is_chosen());
    let own = own.map(|own| Ok::<_, HarnessError>(CheckoutLayout::find()?.root().join(own))).transpose()?;
    let folder = selection.estates.clone().or(own);
    let estates = documents(folder.as_ref())?;
    let choice = choose(audition, &estates, selection, Timestamp::now())?;
    let (mut reports, mut rights) = (Vec::new(), UsedRights::default());
    for DrillCast { account, scopes } in &choice.casts {
        let regions: BTreeSet<Region> = scopes.iter().map(|scope| scope.region.clone()).collect();
        let options = SandboxOptions { estates: folder.clone(), account: account.clone(), ..SandboxOptions::default() };
        let harness = SandboxHarness::set(&options, &regions, show).await?;
        for stack in harness.stacks() {
            build_all(&harness, stack, show).await?;
        }
        let scenes = scopes.iter().map(|scope| SandboxScene::of(audition.scenario, &harness, scope, show));
        let mut scenes = scenes.collect::<Result<Vec<_>, _>>()?;
        scenes.sort_by_key(|scene| scene.environment.kind() == EnvironmentKind::Production);
        let before = reports.len();
        for mut scene in scenes {
            scene.announce();
            let played = Box::pin(play(&mut scene)).await;
            reports.push(scene.ended(played));
        }
        rights.judge(&harness, &mut reports, show).await?;
        if reports[before..].iter().all(|report| report.outcome == ReportOutcome::Passed) {
            harness.succeeded()?;
        }
    }
    rights.close(audition.scenario, selection, &mut reports, show)?;
    Ok(DrillResults { reports, skipped: choice.skipped })
}
