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
use super::step::DrillStep;
use crate::harness::{SandboxHarness, StageError, documents};
use crate::sandbox::SandboxOptions;

/// Play the scenario on every chosen environment.
///
/// # Errors
/// [`StageError`] when the sandbox fails; a check that does not pass is in the reports.
pub(super) async fn play(selection: &DrillSelection, show: &DrillOutput) -> Result<DrillResults, StageError> {
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
        let stage = SandboxHarness::set(&options, &regions, show).await?;
        for stack in stage.stacks() {
            build_all(&stage, stack, show).await?;
        }
        let before = reports.len();
        for scope in scopes {
            let mut act = DrillStep::of(SURGE.scenario, &stage, scope, show)?;
            act.announce();
            let played = match &act.environment.document().emergency {
                Some(emergency) => emergencies(&mut act, emergency).await,
                None => Ok(()),
            };
            reports.push(act.ended(played));
        }
        rights.judge(&stage, &mut reports, show).await?;
        if reports[before..].iter().all(|report| report.outcome == ReportOutcome::Passed) {
            stage.succeeded()?;
        }
    }
    rights.close(SURGE.scenario, selection, &mut reports, show)?;
    Ok(DrillResults { reports, skipped: choice.skipped })
}

/// Everything that the document of an environment provides for.
async fn emergencies(act: &mut DrillStep<'_>, emergency: &Emergency) -> Result<(), StageError> {
    let environment = act.environment;
    act.stack.site().make_alarms(environment).await?;
    act.stack.mailbox().letters().await?;
    let original = act.capacity().await?;
    let parts = EmergencyParts::of(environment, emergency);
    match &parts.response {
        Ok((response, profile)) => {
            let goal = ProfileGoal::of(environment, (&response.run, *profile), &original);
            response::play(act, emergency, response, &goal).await?;
            match &parts.veto {
                Ok(vetoing) => veto::play(act, (emergency, response), vetoing, &goal).await?,
                Err(why) => act.leave_out("an alarm that forbids it", why),
            }
        }
        Err(why) => {
            act.leave_out("an alarm, what it calls for, and the way back", why);
            match &parts.by_hand {
                Ok(profile) => by_hand::play(act, &ProfileGoal::of(environment, *profile, &original)).await?,
                Err(why) => act.leave_out("a profile that a person starts", why),
            }
        }
    }
    match &parts.asking {
        Ok(asking) => approval::play(act, &ProfileGoal::of(environment, *asking, &original)).await?,
        Err(why) => act.leave_out("a profile that has to be approved", why),
    }
    match (&parts.rollback, &emergency.rollback) {
        (Ok((service, alarm)), Some(section)) => rollback::play(act, section, (service, alarm)).await?,
        (Err(why), _) => act.leave_out("a release that is taken back", why),
        (Ok(_), None) => {}
    }
    Ok(())
}
