//! Which environments play, and in which account: a document may say where an environment lives.

use std::collections::BTreeMap;

use watchkeeper_domain::estate::Environment;
use watchkeeper_domain::name::Scope;
use watchkeeper_estates::EstateFolder;

use crate::drill::command::DrillSelection;
use crate::harness::{StageError, scope};
use crate::sandbox::SandboxOptions;

/// Environments that play together, in one account.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct UnblockCast {
    /// The account, twelve digits.
    pub account: String,
    /// The environments.
    pub scopes: Vec<Scope>,
}

/// The environments whose documents have locks, blockers, queues and a bus: all that the scenario plays with.
pub(super) fn cast(estates: &EstateFolder, selection: &DrillSelection) -> Result<Vec<UnblockCast>, StageError> {
    if let Some(name) = &selection.estate {
        estates.estate(name).map_err(|unknown| StageError::Unknown(unknown.to_string()))?;
    }
    let wanted = |name: &str| selection.estate.as_ref().is_none_or(|estate| estate == name);
    let mut by_account: BTreeMap<String, Vec<Scope>> = BTreeMap::new();
    for estate in estates.iter().filter(|estate| wanted(estate.name().as_str())) {
        for environment in estate.environments().filter(|environment| plays(environment)) {
            let document = environment.document();
            let account =
                document.account.as_ref().map_or_else(|| SandboxOptions::default().account, ToString::to_string);
            by_account.entry(account).or_default().push(scope(estate, environment, &document.regions.primary));
        }
    }
    if by_account.is_empty() {
        let expected =
            "expected an environment with `unblock` that has locks, blockers, a queue to redrive and a report";
        return Err(StageError::Unknown(format!("nothing to play on: {expected}")));
    }
    Ok(by_account.into_iter().map(|(account, scopes)| UnblockCast { account, scopes }).collect())
}

fn plays(environment: &Environment) -> bool {
    let Some(section) = &environment.document().unblock else { return false };
    let redrives = section.queues.iter().any(|queue| queue.redrive);
    section.locks.is_some() && section.blockers.is_some() && redrives && section.report.is_some()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::harness::documents;

    #[test]
    fn the_estate_that_has_something_to_unblock_plays_in_its_own_account() {
        let estates = documents(None).unwrap();
        let casts = cast(&estates, &DrillSelection::default()).unwrap();
        assert_eq!(casts.len(), 1);
        assert_eq!(
            (casts[0].account.as_str(), casts[0].scopes[0].to_string().as_str()),
            ("210987654321", "clos-v2 prod in us-east-1")
        );
        let other = DrillSelection { estate: Some("carcierge".to_owned()), ..DrillSelection::default() };
        assert!(cast(&estates, &other).unwrap_err().to_string().contains("`unblock`"));
    }
}
