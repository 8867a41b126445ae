//! What the judge of permissions found in a drill: that AWS would deny nothing, and that every right is used.

use std::collections::BTreeSet;

use super::command::DrillSelection;
use super::output::DrillOutput;
use super::report::DrillReport;
use crate::grants::{GrantList, Right};
use crate::harness::{HarnessError, SandboxHarness};
use crate::sandbox::{CheckoutLayout, Figures};

/// With this in the environment, the list is written anew instead of being compared.
const UPDATE: &str = "UPDATE_GRANTS";
/// How many rights a sentence names.
const NAMED: usize = 5;

/// The rights that a runbook's drill has used so far.
#[derive(Debug, Default)]
pub(super) struct UsedRights {
    used: BTreeSet<Right>,
    figures: Figures,
}

impl UsedRights {
    /// Look at what was judged in the sandbox; the check goes into its last report.
    pub(super) async fn judge(
        &mut self,
        harness: &SandboxHarness,
        reports: &mut [DrillReport],
        show: &DrillOutput,
    ) -> Result<(), HarnessError> {
        let found = harness.sandbox().control().permissions().await?;
        self.used.extend(found.used.into_iter().map(|it| (format!("{}.{}", it.role, it.statement), it.action)));
        let Some(report) = reports.last_mut() else { return Ok(()) };
        let detail = match found.denials.first() {
            None => format!("{} judged, {} of them different", found.judged, found.decisions),
            Some(first) => format!("{} denied, first: {first}", found.denials.len()),
        };
        let none = found.denials.is_empty() && found.judged > 0;
        show.check(report.check("AWS would have permitted every call", none, detail));
        report.figures.insert("permissions_judged", found.judged);
        report.figures.insert("permissions_different", found.decisions);
        let throttled = harness.sandbox().control().throttled().await?;
        let detail = throttled.first().map_or_else(|| "by its published buckets".to_owned(), ToString::to_string);
        show.check(report.check("AWS would have throttled no call", throttled.is_empty(), detail));
        let figures = harness.sandbox().control().figures().await?;
        report.figures.insert("requests_validated", figures.requests);
        self.figures += figures;
        Ok(())
    }

    /// Hold what was used against the list, when the whole of the repository's own scenario was played.
    pub(super) fn close(
        self,
        scenario: &str,
        selection: &DrillSelection,
        reports: &mut [DrillReport],
        show: &DrillOutput,
    ) -> Result<(), HarnessError> {
        let Some(report) = reports.last_mut() else { return Ok(()) };
        show.say(&format!("  held against AWS's own models and rules: {}", self.figures));
        if selection.is_chosen() {
            return Ok(());
        }
        let grants =
            GrantList::load().map_err(|error| HarnessError::Unknown(format!("tests/data/grants.json: {error}")))?;
        if std::env::var_os(UPDATE).is_some() {
            return learn(grants, scenario, &self.used);
        }
        let claimed = grants.of(scenario);
        let idle: Vec<&Right> = claimed.difference(&self.used).collect();
        let detail =
            if idle.is_empty() { format!("{} rights", claimed.len()) } else { format!("not used: {}", named(&idle)) };
        show.check(report.check("every right that is granted for it is used", idle.is_empty(), detail));
        Ok(())
    }
}

fn learn(grants: GrantList, scenario: &str, used: &BTreeSet<Right>) -> Result<(), HarnessError> {
    let file = CheckoutLayout::find()?.root().join("tests/data/grants.json");
    // What another scenario of this process has written is in the file, and not in the binary.
    let kept = std::fs::read_to_string(&file).ok().and_then(|text| serde_json::from_str(&text).ok());
    let text = serde_json::to_string_pretty(&kept.unwrap_or(grants).learned(scenario, used)).unwrap_or_default();
    std::fs::write(&file, text + "\n").map_err(|error| HarnessError::Unknown(format!("{}: {error}", file.display())))
}

fn named(rights: &[&Right]) -> String {
    let mut names: Vec<String> =
        rights.iter().take(NAMED).map(|(statement, action)| format!("{statement} {action}")).collect();
    if rights.len() > NAMED {
        names.push(format!("and {} more", rights.len() - NAMED));
    }
    names.join(", ")
}
