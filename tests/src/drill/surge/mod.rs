//! The runbook emergency-scale: alarms bring capacity, and take it back when they are quiet. What more tasks would make
//! worse is vetoed, what has a price is asked for, and a bad release is taken back.

mod approval;
mod by_hand;
mod goal;
mod noise;
mod response;
mod rollback;
mod veto;

use jiff::Timestamp;
use watchkeeper_domain::estate::Emergency;
use watchkeeper_domain::name::Region;

use self::goal::ProfileGoal;
use super::build::build_all;
use super::choice::emergency::{EmergencyParts, SURGE};
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
    let choice = choose(&SURGE, &estates, selection, Timestamp::now())?;
    let (mut reports, mut rights) = (Vec::new(), UsedRights::default());
    for DrillCast { account, scopes } in &choice.casts {
        let regions: std::collections::BTreeSet<Region> = scopes.iter().map(|scope| scope.region.clone()).collect();
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
            let mut drill = SandboxScene::of(SURGE.scenario, &harness, scope, show)?;
            drill.announce();
            let played = match &drill.environment.document().emergency {
                Some(emergency) => emergencies(&mut drill, emergency).await,
                None => Ok(()),
            };
            reports.push(drill.ended(played));
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
async fn emergencies(drill: &mut SandboxScene<'_>, emergency: &Emergency) -> Result<(), HarnessError> {
    let environment = drill.environment;
    drill.stack.site().make_alarms(environment).await?;
    drill.stack.notifications().letters().await?;
    let original = drill.capacity().await?;
    let parts = EmergencyParts::of(environment, emergency);
    match &parts.response {
        Ok((response, profile)) => {
            let goal = ProfileGoal::of(environment, (&response.run, *profile), &original);
            response::play(drill, emergency, response, &goal).await?;
            match &parts.veto {
                Ok(vetoing) => veto::play(drill, (emergency, response), vetoing, &goal).await?,
                Err(why) => drill.leave_out("an alarm that forbids it", why),
            }
        }
        Err(why) => {
            drill.leave_out("an alarm, what it calls for, and the way back", why);
            match &parts.by_hand {
                Ok(profile) => by_hand::play(drill, &ProfileGoal::of(environment, *profile, &original)).await?,
                Err(why) => drill.leave_out("a profile that a person starts", why),
            }
        }
    }
    match &parts.asking {
        Ok(asking) => approval::play(drill, &ProfileGoal::of(environment, *asking, &original)).await?,
        Err(why) => drill.leave_out("a profile that has to be approved", why),
    }
    match (&parts.rollback, &emergency.rollback) {
        (Ok((service, alarm)), Some(section)) => rollback::play(drill, section, (service, alarm)).await?,
        (Err(why), _) => drill.leave_out("a release that is taken back", why),
        (Ok(_), None) => {}
    }
    Ok(())
}
