//! Which environments play a scenario, in which account, and why the others do not: a pure function of the documents and of
//! the time.

pub(super) mod failover;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use watchkeeper_domain::estate::{Environment, Estate};
use watchkeeper_domain::name::Scope;
use watchkeeper_estates::EstateFolder;

use super::command::DrillSelection;
use crate::harness::{HarnessError, scope};
use crate::sandbox::SandboxOptions;
use crate::scenarios::Unplayed;

/// An environment that a scenario leaves out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SkippedEnvironment {
    /// Which runbook.
    pub scenario: &'static str,
    /// Which estate.
    pub estate: String,
    /// Which environment of it.
    pub environment: String,
    /// What it lacks.
    #[serde(flatten)]
    pub why: Unplayed,
}

impl std::fmt::Display for SkippedEnvironment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {} {}: {}", self.scenario, self.estate, self.environment, self.why)
    }
}

/// Environments that play together, in one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DrillCast {
    /// The account, twelve digits.
    pub account: String,
    /// The environments, each in its primary region.
    pub scopes: Vec<Scope>,
}

/// Who plays, and who does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DrillChoice {
    /// Those who play, a sandbox each.
    pub casts: Vec<DrillCast>,
    /// The others of what was asked for.
    pub skipped: Vec<SkippedEnvironment>,
}

/// Who may play a scenario.
pub(super) struct Audition {
    /// The scenario's name.
    pub scenario: &'static str,
    /// The folder of documents that is played where nothing is chosen, from the root of the repository; the repository's own estates
    /// where there is none.
    pub documents: Option<&'static str>,
    /// The environments of it that are played where nothing is chosen: of an estate those named, or all.
    pub needy: &'static [(&'static str, &'static [&'static str])],
    /// Whether an environment can play, at this time.
    pub judge: fn(&Environment, Timestamp) -> Result<(), Unplayed>,
    /// Whether each environment of a region needs a sandbox of its own.
    pub alone: bool,
}

/// What is asked for, parted into what plays and what does not. Where nothing is asked for, the repository's own that need
/// it most play, and no other one is told of.
///
/// # Errors
/// [`HarnessError::Unknown`] for an estate that no document has.
pub(super) fn choose(
    audition: &Audition,
    estates: &EstateFolder,
    selection: &DrillSelection,
    now: Timestamp,
) -> Result<DrillChoice, HarnessError> {
    if let Some(name) = &selection.estate {
        estates.estate(name).map_err(|unknown| HarnessError::Unknown(unknown.to_string()))?;
    }
    let asked = selection.is_chosen();
    let wanted = |estate: &Estate, environment: &Environment| match &selection.estate {
        Some(name) => estate.name().as_str() == name,
        None => asked || is_needy(audition, estate.name().as_str(), environment.name().as_str()),
    };
    let (mut chosen, mut skipped) = (Vec::new(), Vec::new());
    let all = estates.iter().flat_map(|estate| estate.environments().map(move |environment| (estate, environment)));
    for (estate, environment) in all.filter(|(estate, environment)| wanted(estate, environment)) {
        match (audition.judge)(environment, now) {
            Ok(()) => chosen.push((estate, environment)),
            Err(why) => skipped.push(SkippedEnvironment {
                scenario: audition.scenario,
                estate: estate.name().to_string(),
                environment: environment.name().to_string(),
                why,
            }),
        }
    }
    Ok(DrillChoice { casts: casts(&chosen, audition.alone), skipped })
}

fn is_needy(audition: &Audition, estate: &str, environment: &str) -> bool {
    let of = |(name, some): &(&str, &[&str])| *name == estate && (some.is_empty() || some.contains(&environment));
    audition.needy.iter().any(of)
}

/// By account. Those whose documents name none play with the first that do, or in the sandbox's own.
fn casts(chosen: &[(&Estate, &Environment)], alone: bool) -> Vec<DrillCast> {
    let own = SandboxOptions::default().account;
    let named = chosen.iter().find_map(|(_, environment)| environment.account().map(ToString::to_string));
    let anywhere = named.unwrap_or(own);
    // The number of an environment among those of its region, where each needs a sandbox of its own.
    let mut before: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut casts: BTreeMap<(String, usize), Vec<Scope>> = BTreeMap::new();
    for (estate, environment) in chosen {
        let account = environment.account().map_or_else(|| anywhere.clone(), ToString::to_string);
        let place = scope(estate, environment, &environment.document().regions.primary);
        let number = before.entry((account.clone(), place.region.to_string())).or_default();
        let nth = if alone { *number } else { 0 };
        *number += 1;
        casts.entry((account, nth)).or_default().push(place);
    }
    casts.into_iter().map(|((account, _), scopes)| DrillCast { account, scopes }).collect()
}

#[cfg(test)]
mod tests;
