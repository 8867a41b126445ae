//! The runbook auto-shutdown: environments sleep in the evening and wake in the morning, exactly as they were.

mod by_hand;
mod calendar;
mod night;
mod production;

use std::collections::BTreeSet;

use watchkeeper_domain::estate::{Environment, EnvironmentKind};
use watchkeeper_domain::name::{Region, Scope};
use watchkeeper_estates::EstateFolder;

use super::build::build_all;
use super::command::DrillSelection;
use super::output::DrillOutput;
use super::report::{DrillReport, ReportOutcome};
use super::rights::UsedRights;
use super::step::DrillStep;
use crate::harness::{SandboxHarness, StageError, at_home, documents, scope};
use crate::sandbox::SandboxOptions;

/// The scenario's name.
const SCENARIO: &str = "sleep";
/// The estates of this repository that need it most.
const NEEDY: [&str; 2] = ["clos-v2", "carcierge"];

/// Play the scenario on every chosen environment.
///
/// # Errors
/// [`StageError`] when the sandbox fails; a check that does not pass is in the reports.
pub(super) async fn play(selection: &DrillSelection, show: &DrillOutput) -> Result<Vec<DrillReport>, StageError> {
    let estates = documents(selection.documents.estates.as_ref())?;
    let options = SandboxOptions { estates: selection.documents.estates.clone(), ..SandboxOptions::default() };
    let chosen = choose(&estates, selection, &options.account)?;
    let regions: BTreeSet<Region> = chosen.iter().map(|scope| scope.region.clone()).collect();
    let stage = SandboxHarness::set(&options, &regions, show).await?;
    for stack in stage.stacks() {
        build_all(&stage, stack, show).await?;
    }
    let kept = production::before(&stage, &chosen).await?;
    let mut reports = Vec::new();
    let mut seen = BTreeSet::new();
    for scope in &chosen {
        let mut act = DrillStep::of(SCENARIO, &stage, scope, show)?;
        night::play(&mut act, seen.insert(&scope.estate)).await?;
        reports.push(act.report);
    }
    for (scope, before) in kept {
        let mut act = DrillStep::of(SCENARIO, &stage, &scope, show)?;
        production::play(&mut act, &before).await?;
        reports.push(act.report);
    }
    let mut rights = UsedRights::default();
    rights.judge(&stage, &mut reports, show).await?;
    rights.close(SCENARIO, selection, &mut reports, show)?;
    if reports.iter().all(|report| report.outcome == ReportOutcome::Passed) {
        stage.succeeded()?;
    }
    Ok(reports)
}

/// The environments that sleep: of one estate, of all of somebody's own documents, or of the needy two.
fn choose(estates: &EstateFolder, selection: &DrillSelection, account: &str) -> Result<Vec<Scope>, StageError> {
    if let Some(name) = &selection.estate {
        estates.estate(name).map_err(|unknown| StageError::Unknown(unknown.to_string()))?;
    }
    let own = selection.documents.estates.is_some();
    let wanted = |name: &str| match &selection.estate {
        Some(estate) => estate == name,
        None => own || NEEDY.contains(&name),
    };
    let sleeps = |e: &Environment| e.kind() != EnvironmentKind::Production && e.calendar().is_some();
    let chosen: Vec<Scope> = at_home(estates, account)
        .filter(|(estate, environment)| wanted(estate.name().as_str()) && sleeps(environment))
        .filter(|(_, environment)| environment.has_resources(&environment.document().regions.primary))
        .map(|(estate, environment)| scope(estate, environment, &environment.document().regions.primary))
        .collect();
    if chosen.is_empty() {
        let expected =
            "expected a development or staging environment with `awake` and at least one service or database";
        return Err(StageError::Unknown(format!("nothing to play on: {expected}")));
    }
    Ok(chosen)
}
