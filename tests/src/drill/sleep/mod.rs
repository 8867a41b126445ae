//! The runbook auto-shutdown: environments sleep in the evening and wake in the morning, exactly as they were.

mod by_hand;
pub(super) mod calendar;
mod night;
mod production;

use std::collections::BTreeSet;

use jiff::Timestamp;
use watchkeeper_domain::estate::EnvironmentKind;
use watchkeeper_domain::name::{Region, Scope};

use super::build::build_all;
use super::choice::sleep::SLEEP;
use super::choice::{DrillCast, choose};
use super::command::DrillSelection;
use super::output::DrillOutput;
use super::report::{DrillReport, DrillResults, ReportOutcome};
use super::rights::UsedRights;
use super::step::DrillStep;
use crate::harness::{HarnessError, SandboxHarness, documents};
use crate::sandbox::SandboxOptions;

/// Play the scenario on every chosen environment.
///
/// # Errors
/// [`HarnessError`] when the sandbox fails; a check that does not pass is in the reports.
pub(super) async fn play(selection: &DrillSelection, show: &DrillOutput) -> Result<DrillResults, HarnessError> {
    let estates = documents(selection.estates.as_ref())?;
    let choice = choose(&SLEEP, &estates, selection, Timestamp::now())?;
    let (mut reports, mut rights) = (Vec::new(), UsedRights::default());
    for DrillCast { account, scopes } in &choice.casts {
        let options = SandboxOptions {
            estates: selection.estates.clone(),
            account: account.clone(),
            ..SandboxOptions::default()
        };
        let regions: BTreeSet<Region> = scopes.iter().map(|scope| scope.region.clone()).collect();
        let harness = SandboxHarness::set(&options, &regions, show).await?;
        for stack in harness.stacks() {
            build_all(&harness, stack, show).await?;
        }
        let played = nights(&harness, scopes, show).await?;
        let before = reports.len();
        reports.extend(played);
        rights.judge(&harness, &mut reports, show).await?;
        if reports[before..].iter().all(|report: &DrillReport| report.outcome == ReportOutcome::Passed) {
            harness.succeeded()?;
        }
    }
    rights.close(SLEEP.scenario, selection, &mut reports, show)?;
    Ok(DrillResults { reports, skipped: choice.skipped })
}

/// A night of each that sleeps, and then what became of production meanwhile.
async fn nights(
    harness: &SandboxHarness,
    scopes: &[Scope],
    show: &DrillOutput,
) -> Result<Vec<DrillReport>, HarnessError> {
    let mut acts = Vec::new();
    for scope in scopes {
        acts.push(DrillStep::of(SLEEP.scenario, harness, scope, show)?);
    }
    let (awake, asleep): (Vec<_>, Vec<_>) =
        acts.into_iter().partition(|drill| drill.environment.kind() == EnvironmentKind::Production);
    let mut kept = Vec::new();
    for drill in awake {
        let before = drill.capacity().await?;
        kept.push((drill, before));
    }
    let (mut reports, mut seen) = (Vec::new(), BTreeSet::new());
    for mut drill in asleep {
        drill.announce();
        let first = seen.insert(drill.scope.estate.clone());
        let played = night::play(&mut drill, first).await;
        reports.push(drill.ended(played));
    }
    for (mut drill, before) in kept {
        drill.announce();
        let played = production::play(&mut drill, &before).await;
        reports.push(drill.ended(played));
    }
    Ok(reports)
}
