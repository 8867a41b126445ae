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
use crate::harness::{SandboxHarness, StageError, documents};
use crate::sandbox::SandboxOptions;

/// Play the scenario on every chosen environment.
///
/// # Errors
/// [`StageError`] when the sandbox fails; a check that does not pass is in the reports.
pub(super) async fn play(selection: &DrillSelection, show: &DrillOutput) -> Result<DrillResults, StageError> {
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
        let stage = SandboxHarness::set(&options, &regions, show).await?;
        for stack in stage.stacks() {
            build_all(&stage, stack, show).await?;
        }
        let played = nights(&stage, scopes, show).await?;
        let before = reports.len();
        reports.extend(played);
        rights.judge(&stage, &mut reports, show).await?;
        if reports[before..].iter().all(|report: &DrillReport| report.outcome == ReportOutcome::Passed) {
            stage.succeeded()?;
        }
    }
    rights.close(SLEEP.scenario, selection, &mut reports, show)?;
    Ok(DrillResults { reports, skipped: choice.skipped })
}

/// A night of each that sleeps, and then what became of production meanwhile.
async fn nights(stage: &SandboxHarness, scopes: &[Scope], show: &DrillOutput) -> Result<Vec<DrillReport>, StageError> {
    let mut acts = Vec::new();
    for scope in scopes {
        acts.push(DrillStep::of(SLEEP.scenario, stage, scope, show)?);
    }
    let (awake, asleep): (Vec<_>, Vec<_>) =
        acts.into_iter().partition(|act| act.environment.kind() == EnvironmentKind::Production);
    let mut kept = Vec::new();
    for act in awake {
        let before = act.capacity().await?;
        kept.push((act, before));
    }
    let (mut reports, mut seen) = (Vec::new(), BTreeSet::new());
    for mut act in asleep {
        act.announce();
        let first = seen.insert(act.scope.estate.clone());
        let played = night::play(&mut act, first).await;
        reports.push(act.ended(played));
    }
    for (mut act, before) in kept {
        act.announce();
        let played = production::play(&mut act, &before).await;
        reports.push(act.ended(played));
    }
    Ok(reports)
}
