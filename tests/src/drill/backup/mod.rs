//! The runbook backups: a month of days with missed and doubled ticks, one late night, and the drill that restores a table
//! with its items.

mod month;
mod proof;

use std::collections::BTreeMap;

use watchkeeper_domain::estate::{Environment, EnvironmentKind};
use watchkeeper_domain::name::{Region, Scope};
use watchkeeper_estates::EstateFolder;

use super::build::build_all;
use super::command::DrillSelection;
use super::output::DrillOutput;
use super::report::{DrillReport, ReportOutcome};
use super::rights::UsedRights;
use super::step::DrillStep;
use crate::harness::{SandboxHarness, StageError, documents, scope};
use crate::sandbox::{EmulatorSettings, SandboxOptions};

/// The scenario's name.
const SCENARIO: &str = "backup";
/// The estate that is played where none is chosen.
const ESTATE: &str = "clos-v2";
/// The account of environments whose documents name none.
const ANYWHERE: &str = "123456789012";

/// Play the scenario on every chosen environment: production, where an estate has some.
///
/// # Errors
/// [`StageError`] when the sandbox fails; a check that does not pass is in the reports.
pub(super) async fn play(selection: &DrillSelection, show: &DrillOutput) -> Result<Vec<DrillReport>, StageError> {
    let folder = &selection.documents.estates;
    let estates = documents(folder.as_ref())?;
    let (mut reports, mut rights) = (Vec::new(), UsedRights::default());
    for (account, scopes) in cast(&estates, selection)? {
        let regions: Vec<Region> = scopes.iter().map(|scope| scope.region.clone()).collect();
        let options = SandboxOptions { estates: folder.clone(), account, ..SandboxOptions::default() };
        let stage = SandboxHarness::set(&options, &regions, show).await?;
        // A day's backups take minutes on AWS; a month of them is to pass in minutes here.
        let quick = EmulatorSettings {
            wait_scale: Some(0.005),
            rds_transition_seconds: Some(0.05),
            ..EmulatorSettings::default()
        };
        stage.sandbox().control().change(&quick).await?;
        for stack in stage.stacks() {
            build_all(&stage, stack, show).await?;
            // A tick takes the backups of all of them.
            let here = |environment: &&Environment| environment.document().regions.primary == *stack.region();
            for environment in stage.at_home().map(|(_, environment)| environment).filter(here) {
                stack.site().make_stores(environment).await?;
            }
        }
        let before = reports.len();
        for scope in &scopes {
            let mut act = DrillStep::of(SCENARIO, &stage, scope, show)?;
            month::play(&mut act).await?;
            proof::play(&mut act).await?;
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

/// The environments to play, by account: those of the estate whose backups the sandbox can take, production before others.
fn cast(estates: &EstateFolder, selection: &DrillSelection) -> Result<BTreeMap<String, Vec<Scope>>, StageError> {
    let own = selection.documents.estates.is_some();
    let chosen = |name: &str| selection.estate.as_deref().map_or(own || name == ESTATE, |estate| estate == name);
    let mut cast = BTreeMap::<String, Vec<Scope>>::new();
    for estate in estates.iter().filter(|estate| chosen(estate.name().as_str())) {
        let with = |environment: &&Environment| environment.document().backups.is_some();
        let production =
            estate.environments().filter(with).find(|environment| environment.kind() == EnvironmentKind::Production);
        let Some(environment) = production.or_else(|| estate.environments().find(with)) else { continue };
        let account = environment.account().map_or_else(|| ANYWHERE.to_owned(), ToString::to_string);
        let region = &environment.document().regions.primary;
        cast.entry(account).or_default().push(scope(estate, environment, region));
    }
    if cast.is_empty() {
        let known: Vec<&str> = estates.iter().map(|estate| estate.name().as_str()).collect();
        let why = format!("no estate with backups is chosen; there are: {}", known.join(", "));
        return Err(StageError::Unknown(why));
    }
    Ok(cast)
}
