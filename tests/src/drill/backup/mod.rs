//! The runbook backups: a month of days with missed and doubled ticks, and what restores of it prove.

mod copies;

use jiff::Timestamp;
use watchkeeper_domain::estate::Environment;
use watchkeeper_domain::name::Region;

use self::copies::PlayableDocuments;
use super::build::build_all;
use super::choice::{Audition, DrillCast, choose};
use super::command::DrillSelection;
use super::output::DrillOutput;
use super::report::{DrillResults, ReportOutcome};
use super::rights::UsedRights;
use super::scene::SandboxScene;
use crate::harness::{HarnessError, SandboxHarness, documents};
use crate::sandbox::{EmulatorSettings, SandboxOptions};
use crate::scenarios::backup::{self, needs};

/// Environments with a job that the sandbox can do.
pub(super) const BACKUP: Audition = Audition {
    scenario: "backup",
    documents: None,
    needy: &[("clos-v2", &["prod"])],
    judge: |environment, _| needs::backups(environment),
    alone: true,
};

/// Play the scenarios on every chosen environment.
///
/// # Errors
/// [`HarnessError`] when the sandbox fails; a check that does not pass is in the reports.
pub(super) async fn play(selection: &DrillSelection, show: &DrillOutput) -> Result<DrillResults, HarnessError> {
    let estates = documents(selection.estates.as_ref())?;
    let choice = choose(&BACKUP, &estates, selection, Timestamp::now())?;
    let playable = PlayableDocuments::of(&estates)?;
    let (mut reports, mut rights) = (Vec::new(), UsedRights::default());
    for DrillCast { account, scopes } in &choice.casts {
        let regions: Vec<Region> = scopes.iter().map(|scope| scope.region.clone()).collect();
        let folder = playable.folder().or_else(|| selection.estates.clone());
        let options = SandboxOptions { estates: folder, account: account.clone(), ..SandboxOptions::default() };
        let harness = SandboxHarness::set(&options, &regions, show).await?;
        // A day's backups take minutes on AWS; a month of them is to pass in minutes here.
        let quick = EmulatorSettings {
            wait_scale: Some(0.005),
            rds_transition_seconds: Some(0.05),
            ..EmulatorSettings::default()
        };
        harness.sandbox().control().change(&quick).await?;
        for stack in harness.stacks() {
            build_all(&harness, stack, show).await?;
            // A tick takes the backups of all of them.
            let here = |environment: &&Environment| environment.document().regions.primary == *stack.region();
            for environment in harness.at_home().map(|(_, environment)| environment).filter(here) {
                stack.site().make_stores(environment).await?;
            }
        }
        let before = reports.len();
        for scope in scopes {
            let mut drill = SandboxScene::of(BACKUP.scenario, &harness, scope, show)?;
            drill.announce();
            for (part, why) in playable.left_out(scope) {
                drill.leave_out(part, why);
            }
            let played = Box::pin(backups(&mut drill)).await;
            reports.push(drill.ended(played));
        }
        rights.judge(&harness, &mut reports, show).await?;
        if reports[before..].iter().all(|report| report.outcome == ReportOutcome::Passed) {
            harness.succeeded()?;
        }
    }
    rights.close(BACKUP.scenario, selection, &mut reports, show)?;
    Ok(DrillResults { reports, skipped: choice.skipped })
}

/// Everything that the document of an environment provides for.
async fn backups(scene: &mut SandboxScene<'_>) -> Result<(), HarnessError> {
    scene.play("a month of backups", backup::a_month_of_backups).await?;
    scene.play("a table that is restored", backup::a_table_that_is_restored).await?;
    scene.play("a restore drill", backup::a_restore_drill).await
}
