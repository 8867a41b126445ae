//! The runbook emergency-scale: alarms bring capacity, and take it back when they are quiet. What more tasks would make
//! worse is vetoed, what has a price is asked for, and a bad release is taken back.

mod approval;
mod choice;
mod goal;
mod noise;
mod response;
mod rollback;
mod veto;

use watchkeeper_domain::estate::Emergency;
use watchkeeper_domain::name::Region;

use self::choice::{SurgeCast, cast};
use self::goal::ProfileGoal;
use super::build::build_all;
use super::command::DrillSelection;
use super::output::DrillOutput;
use super::report::{DrillReport, ReportOutcome};
use super::rights::UsedRights;
use super::step::DrillStep;
use crate::harness::{SandboxHarness, StageError, documents};
use crate::sandbox::SandboxOptions;

/// The scenario's name.
const SCENARIO: &str = "surge";

/// Play the scenario on every chosen environment.
///
/// # Errors
/// [`StageError`] when the sandbox fails; a check that does not pass is in the reports.
pub(super) async fn play(selection: &DrillSelection, show: &DrillOutput) -> Result<Vec<DrillReport>, StageError> {
    let folder = &selection.documents.estates;
    let estates = documents(folder.as_ref())?;
    let (mut reports, mut rights) = (Vec::new(), UsedRights::default());
    for SurgeCast { account, scopes } in cast(&estates, selection)? {
        let regions: std::collections::BTreeSet<Region> = scopes.iter().map(|scope| scope.region.clone()).collect();
        let options = SandboxOptions { estates: folder.clone(), account, ..SandboxOptions::default() };
        let stage = SandboxHarness::set(&options, &regions, show).await?;
        for stack in stage.stacks() {
            build_all(&stage, stack, show).await?;
        }
        let before = reports.len();
        for scope in &scopes {
            let mut act = DrillStep::of(SCENARIO, &stage, scope, show)?;
            if let Some(emergency) = act.environment.document().emergency.as_ref() {
                emergencies(&mut act, emergency).await?;
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

/// Everything that the document of an environment provides for.
async fn emergencies(act: &mut DrillStep<'_>, emergency: &Emergency) -> Result<(), StageError> {
    act.stack.site().make_alarms(act.environment).await?;
    act.stack.mailbox().letters().await?;
    let original = act.capacity().await?;
    let answered = emergency.responses.iter().find_map(|response| {
        let profile = emergency.profiles.get(&response.run).filter(|profile| !profile.ask)?;
        Some((response, ProfileGoal::of(&response.run, profile, &original)))
    });
    if let Some((response, goal)) = &answered {
        response::play(act, emergency, response, goal).await?;
        if let Some(vetoing) = response.veto.first() {
            veto::play(act, response, vetoing, goal).await?;
        }
    }
    if let Some((name, asking)) = emergency.profiles.iter().find(|(_, profile)| profile.ask) {
        approval::play(act, &ProfileGoal::of(name, asking, &original)).await?;
    }
    if let Some(section) = &emergency.rollback {
        rollback::play(act, section).await?;
    }
    Ok(())
}
