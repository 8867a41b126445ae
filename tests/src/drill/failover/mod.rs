//! The runbook failover: readiness, a false alarm, the loss of a region, its return, and the way home.

mod choice;
mod comeback;
mod false_alarm;
mod home;
mod loss;
mod moving;
mod readiness;

use serde_json::{Value, json};
use watchkeeper_domain::capacity::Capacity;
use watchkeeper_domain::name::ServiceName;

use self::choice::{ChosenPair, parts};
use super::command::DrillSelection;
use super::output::DrillOutput;
use super::report::{DrillReport, ReportOutcome};
use super::rights::UsedRights;
use super::step::DrillStep;
use crate::estate::{MonitorReport, SingletonMonitor};
use crate::harness::{SandboxHarness, StackPair, StageError, documents, scope};
use crate::sandbox::SandboxOptions;

/// The scenario's name.
const SCENARIO: &str = "failover";

/// A pair, and what it ran before anything happened.
struct PairUnderTest<'a> {
    duo: StackPair<'a>,
    /// At home, and in the standby.
    original: [Capacity; 2],
}

/// Play the scenario on every chosen pair.
///
/// # Errors
/// [`StageError`] when the sandbox fails; a check that does not pass is in the reports.
pub(super) async fn play(selection: &DrillSelection, show: &DrillOutput) -> Result<Vec<DrillReport>, StageError> {
    let estates = documents(selection.documents.estates.as_ref())?;
    let (mut reports, mut rights) = (Vec::new(), UsedRights::default());
    for ChosenPair { account, document, environment } in parts(&estates, selection)? {
        let options = SandboxOptions { account, ..SandboxOptions::default() };
        let estate = document.estate.to_string();
        let stage = SandboxHarness::set_pairs(&options, vec![document], show).await?;
        let duo = StackPair::of(&stage, &estate, environment.as_str())?;
        let (found, pair) = stage
            .estates()
            .environment(&estate, environment.as_str())
            .map_err(|unknown| StageError::Unknown(unknown.to_string()))?;
        let mut act = DrillStep::of(SCENARIO, &stage, &scope(found, pair, duo.standby.region()), show)?;
        Box::pin(all(&mut act, duo)).await?;
        reports.push(act.report);
        rights.judge(&stage, &mut reports, show).await?;
        if reports.last().is_some_and(|report| report.outcome == ReportOutcome::Passed) {
            stage.succeeded()?;
        }
    }
    rights.close(SCENARIO, selection, &mut reports, show)?;
    Ok(reports)
}

async fn all(act: &mut DrillStep<'_>, duo: StackPair<'_>) -> Result<(), StageError> {
    let build = Box::pin(duo.build());
    act.step("both regions are built, the streams at home only, as the system has them", build).await?;
    let voyage = PairUnderTest { original: duo.capacity().await?, duo };
    let duo = &voyage.duo;
    readiness::play(act, &voyage).await?;
    false_alarm::play(act, &voyage).await?;
    let vigils = duo.keep_vigil()?;
    loss::play(act, &voyage).await?;
    comeback::play(act, &voyage).await?;
    home::play(act, &voyage).await?;
    single(act, vigils).await
}

/// What was seen of the singletons, from before the loss until the pair was at home again.
async fn single(act: &mut DrillStep<'_>, vigils: Vec<(ServiceName, SingletonMonitor)>) -> Result<(), StageError> {
    for (service, vigil) in vigils {
        let MonitorReport { looks, double, .. } = vigil.end().await?;
        let detail = match double.first() {
            None => format!("{looks} looks at both regions, never more than one task"),
            Some(first) => format!("{} of {looks} looks: {first}", double.len()),
        };
        act.check(&format!("{service} was never double"), double.is_empty() && looks > 0, detail);
        act.report.figures.insert("looks", looks);
    }
    Ok(())
}

/// What a machine is asked about the pair, with this beside it.
fn about(voyage: &PairUnderTest<'_>, more: Value) -> Value {
    let mut input = more;
    if input.is_null() {
        input = json!({});
    }
    input["estate"] = voyage.duo.id.estate.as_str().into();
    input["environment"] = voyage.duo.id.environment.as_str().into();
    input
}

fn count(number: usize) -> u64 {
    number.try_into().unwrap_or(u64::MAX)
}
