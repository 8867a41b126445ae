//! The runbook failover: readiness, what moves nothing, and the loss of a region with its return and the way home; and its rehearsals.

use jiff::Timestamp;
use watchkeeper_domain::name::Scope;
use watchkeeper_estates::EstateFolder;

use super::choice::failover::{ChosenPair, FAILOVER, REHEARSE, pair};
use super::choice::{Audition, DrillCast, choose};
use super::command::DrillSelection;
use super::output::DrillOutput;
use super::report::{DrillReport, DrillResults, ReportOutcome};
use super::rights::UsedRights;
use super::scene::SandboxScene;
use crate::harness::{HarnessError, SandboxHarness, StackPair, documents, scope};
use crate::sandbox::{Progress as _, SandboxOptions};
use crate::scenarios::failover;

/// Play the scenarios on every chosen pair.
///
/// # Errors
/// [`HarnessError`] when the sandbox fails; a check that does not pass is in the reports.
pub(super) async fn play(selection: &DrillSelection, show: &DrillOutput) -> Result<DrillResults, HarnessError> {
    all(&FAILOVER, selection, show).await
}

/// Play rehearsals on every chosen pair.
///
/// # Errors
/// As [`play`].
pub(super) async fn rehearse(selection: &DrillSelection, show: &DrillOutput) -> Result<DrillResults, HarnessError> {
    all(&REHEARSE, selection, show).await
}

async fn all(
    audition: &'static Audition,
    selection: &DrillSelection,
    show: &DrillOutput,
) -> Result<DrillResults, HarnessError> {
    let estates = documents(selection.estates.as_ref())?;
    let choice = choose(audition, &estates, selection, Timestamp::now())?;
    let (mut reports, mut rights) = (Vec::new(), UsedRights::default());
    for DrillCast { account, scopes } in &choice.casts {
        for place in scopes {
            let chosen = chosen(&estates, place, account)?;
            reports.push(Box::pin(one(audition.scenario, chosen, &mut rights, show)).await?);
        }
    }
    rights.close(audition.scenario, selection, &mut reports, show)?;
    Ok(DrillResults { reports, skipped: choice.skipped })
}

fn chosen(estates: &EstateFolder, place: &Scope, account: &str) -> Result<ChosenPair, HarnessError> {
    let found = estates.environment(place.estate.as_str(), place.environment.as_str());
    let (estate, environment) = found.map_err(|unknown| HarnessError::Unknown(unknown.to_string()))?;
    pair(estate, environment, account)
}

/// One pair, in a sandbox of its own.
async fn one(
    scenario: &'static str,
    chosen: ChosenPair,
    rights: &mut UsedRights,
    show: &DrillOutput,
) -> Result<DrillReport, HarnessError> {
    let ChosenPair { account, document, environment, left_out } = chosen;
    let options = SandboxOptions { account, ..SandboxOptions::default() };
    let estate = document.estate.to_string();
    let harness = SandboxHarness::set_pairs(&options, vec![document], show).await?;
    let stacks = StackPair::of(&harness, &estate, environment.as_str())?;
    let found = harness.estates().environment(&estate, environment.as_str());
    let (found, pair) = found.map_err(|unknown| HarnessError::Unknown(unknown.to_string()))?;
    let (began, step) = (std::time::Instant::now(), "both regions are built, and the streams of the standby");
    show.begin(step);
    stacks.build().await?;
    stacks.standby.site().make_streams(&stacks.failover()?.streams).await?;
    show.end(step, began.elapsed());
    let mut scene = SandboxScene::of(scenario, &harness, &scope(found, pair, stacks.standby.region()), show)?;
    scene.announce();
    for (part, why) in &left_out {
        scene.leave_out(part, why);
    }
    let played = if scenario == REHEARSE.scenario {
        Box::pin(rehearsals(&mut scene)).await
    } else {
        Box::pin(moves(&mut scene)).await
    };
    let mut reports = [scene.ended(played)];
    rights.judge(&harness, &mut reports, show).await?;
    let [report] = reports;
    if report.outcome == ReportOutcome::Passed {
        harness.succeeded()?;
    }
    Ok(report)
}

/// Everything that the document of a pair provides for.
async fn moves(scene: &mut SandboxScene<'_>) -> Result<(), HarnessError> {
    scene.play("a standby that is not ready", failover::a_standby_that_is_not_ready).await?;
    scene.play("a plan of a failover", failover::a_plan_of_a_failover).await?;
    scene.play("a false alarm", failover::a_false_alarm).await?;
    scene.play("a region that is lost", failover::a_region_that_is_lost).await
}

/// A rehearsal, what makes its certificate stale or red, and a loss in the middle of one.
async fn rehearsals(scene: &mut SandboxScene<'_>) -> Result<(), HarnessError> {
    scene.play("a rehearsal", failover::a_rehearsal).await?;
    scene.play("a certificate that is out of date", failover::a_certificate_that_is_out_of_date).await?;
    scene.play("a standby without room for one task", failover::a_rehearsal_without_room).await?;
    scene.play("a loss during a rehearsal", failover::a_loss_during_a_rehearsal).await
}
