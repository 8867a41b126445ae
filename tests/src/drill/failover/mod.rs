//! The runbook failover: readiness, a false alarm, the loss of a region, its return, and the way home.

mod comeback;
mod false_alarm;
mod home;
mod loss;
mod moving;
mod readiness;

use jiff::Timestamp;
use serde_json::{Value, json};
use watchkeeper_domain::capacity::Capacity;
use watchkeeper_domain::estate::DetectionMode;
use watchkeeper_domain::name::{Scope, ServiceName};
use watchkeeper_estates::EstateFolder;

use super::choice::failover::{ChosenPair, FAILOVER, pair};
use super::choice::{DrillCast, choose};
use super::command::DrillSelection;
use super::output::DrillOutput;
use super::report::{DrillReport, DrillResults, ReportOutcome};
use super::rights::UsedRights;
use super::scene::SandboxScene;
use crate::estate::{MonitorReport, SingletonMonitor};
use crate::harness::{HarnessError, SandboxHarness, StackPair, documents, scope};
use crate::sandbox::SandboxOptions;

/// A pair, and what it ran before anything happened.
struct PairUnderTest<'a> {
    stacks: StackPair<'a>,
    /// At home, and in the standby.
    original: [Capacity; 2],
}

/// Play the scenario on every chosen pair.
///
/// # Errors
/// [`HarnessError`] when the sandbox fails; a check that does not pass is in the reports.
pub(super) async fn play(selection: &DrillSelection, show: &DrillOutput) -> Result<DrillResults, HarnessError> {
    let estates = documents(selection.estates.as_ref())?;
    let choice = choose(&FAILOVER, &estates, selection, Timestamp::now())?;
    let (mut reports, mut rights) = (Vec::new(), UsedRights::default());
    for DrillCast { account, scopes } in &choice.casts {
        for place in scopes {
            let chosen = chosen(&estates, place, account)?;
            reports.push(Box::pin(one(chosen, &mut rights, show)).await?);
        }
    }
    rights.close(FAILOVER.scenario, selection, &mut reports, show)?;
    Ok(DrillResults { reports, skipped: choice.skipped })
}

fn chosen(estates: &EstateFolder, place: &Scope, account: &str) -> Result<ChosenPair, HarnessError> {
    let found = estates.environment(place.estate.as_str(), place.environment.as_str());
    let (estate, environment) = found.map_err(|unknown| HarnessError::Unknown(unknown.to_string()))?;
    pair(estate, environment, account)
}

/// One pair, in a sandbox of its own.
async fn one(chosen: ChosenPair, rights: &mut UsedRights, show: &DrillOutput) -> Result<DrillReport, HarnessError> {
    let ChosenPair { account, document, environment, left_out } = chosen;
    let options = SandboxOptions { account, ..SandboxOptions::default() };
    let estate = document.estate.to_string();
    let harness = SandboxHarness::set_pairs(&options, vec![document], show).await?;
    let stacks = StackPair::of(&harness, &estate, environment.as_str())?;
    let found = harness.estates().environment(&estate, environment.as_str());
    let (found, pair) = found.map_err(|unknown| HarnessError::Unknown(unknown.to_string()))?;
    let mut drill = SandboxScene::of(FAILOVER.scenario, &harness, &scope(found, pair, stacks.standby.region()), show)?;
    drill.announce();
    for (part, why) in &left_out {
        drill.leave_out(part, why);
    }
    let played = Box::pin(all(&mut drill, stacks)).await;
    let mut reports = [drill.ended(played)];
    rights.judge(&harness, &mut reports, show).await?;
    let [report] = reports;
    if report.outcome == ReportOutcome::Passed {
        harness.succeeded()?;
    }
    Ok(report)
}

async fn all(drill: &mut SandboxScene<'_>, stacks: StackPair<'_>) -> Result<(), HarnessError> {
    let build = Box::pin(stacks.build());
    drill.step("both regions are built, the streams at home only, as the system has them", build).await?;
    let voyage = PairUnderTest { original: stacks.capacity().await?, stacks };
    let stacks = &voyage.stacks;
    readiness::play(drill, &voyage).await?;
    if stacks.failover()?.detect != DetectionMode::Off {
        false_alarm::play(drill, &voyage).await?;
    }
    let vigils = stacks.monitor_singleton()?;
    loss::play(drill, &voyage).await?;
    comeback::play(drill, &voyage).await?;
    home::play(drill, &voyage).await?;
    single(drill, vigils).await
}

/// What was seen of the singletons, from before the loss until the pair was at home again.
async fn single(
    drill: &mut SandboxScene<'_>,
    vigils: Vec<(ServiceName, SingletonMonitor)>,
) -> Result<(), HarnessError> {
    for (service, singleton_monitor) in vigils {
        let MonitorReport { looks, double, .. } = singleton_monitor.end().await?;
        let detail = match double.first() {
            None => format!("{looks} looks at both regions, never more than one task"),
            Some(first) => format!("{} of {looks} looks: {first}", double.len()),
        };
        drill.check(&format!("{service} was never double"), double.is_empty() && looks > 0, detail);
        drill.report.figures.insert("looks", looks);
    }
    Ok(())
}

/// What a machine is asked about the pair, with this beside it.
fn about(voyage: &PairUnderTest<'_>, more: Value) -> Value {
    let mut input = more;
    if input.is_null() {
        input = json!({});
    }
    input["estate"] = voyage.stacks.id.estate.as_str().into();
    input["environment"] = voyage.stacks.id.environment.as_str().into();
    input
}

fn count(number: usize) -> u64 {
    number.try_into().unwrap_or(u64::MAX)
}
