//! The runbook daily-unblock: what is stuck is freed where that is proved, and named to the person who can where it is not.

mod again;
mod choice;
mod morning;
mod scene;

use std::collections::BTreeSet;

use watchkeeper_domain::name::Region;

use self::choice::{UnblockCast, cast};
use self::scene::UnblockScene;
use super::build::build_all;
use super::command::DrillSelection;
use super::output::DrillOutput;
use super::report::{DrillReport, ReportOutcome};
use super::rights::UsedRights;
use super::step::DrillStep;
use crate::harness::{SandboxHarness, StageError, documents};
use crate::sandbox::SandboxOptions;

/// The scenario's name.
const SCENARIO: &str = "unblock";

/// Play the scenario on every chosen environment.
///
/// # Errors
/// [`StageError`] when the sandbox fails; a check that does not pass is in the reports.
pub(super) async fn play(selection: &DrillSelection, show: &DrillOutput) -> Result<Vec<DrillReport>, StageError> {
    let folder = &selection.documents.estates;
    let estates = documents(folder.as_ref())?;
    let (mut reports, mut rights) = (Vec::new(), UsedRights::default());
    for UnblockCast { account, scopes } in cast(&estates, selection)? {
        let regions: BTreeSet<Region> = scopes.iter().map(|scope| scope.region.clone()).collect();
        let options = SandboxOptions { estates: folder.clone(), account, ..SandboxOptions::default() };
        let stage = SandboxHarness::set(&options, &regions, show).await?;
        for stack in stage.stacks() {
            build_all(&stage, stack, show).await?;
        }
        let before = reports.len();
        for scope in &scopes {
            let mut act = DrillStep::of(SCENARIO, &stage, scope, show)?;
            if let Some(scene) = UnblockScene::of(&act) {
                scene.set(&mut act).await?;
                Box::pin(morning::play(&mut act, &scene)).await?;
                again::play(&mut act, &scene).await?;
            }
            reports.push(act.report);
        }
        rights.judge(&stage, &mut reports, show).await?;
        if reports[before..].iter().all(|report| report.outcome == ReportOutcome::Passed) {
            stage.succeeded()?;
        }
    }
    rights.close(SCENARIO, selection, &mut reports, show)?;
    Ok(reports)
}
