//! Which environments play, and in which account: a document may say where an environment lives.

use std::collections::BTreeMap;

use watchkeeper_domain::estate::{Environment, Estate};
use watchkeeper_domain::name::Scope;
use watchkeeper_estates::EstateFolder;

use crate::drill::command::DrillSelection;
use crate::harness::{StageError, scope};
use crate::sandbox::SandboxOptions;

/// The estates of this repository that need it most.
const NEEDY: [&str; 3] = ["clos-v2", "coldchain", "h2o-allegiant"];

/// Environments that play together, in one account.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SurgeCast {
    /// The account, twelve digits.
    pub account: String,
    /// The environments.
    pub scopes: Vec<Scope>,
}

/// The environments with emergencies: of one estate, of all of somebody's own documents, or of the needy three. Those
/// whose documents name no account play with the first that do.
pub(super) fn cast(estates: &EstateFolder, selection: &DrillSelection) -> Result<Vec<SurgeCast>, StageError> {
    if let Some(name) = &selection.estate {
        estates.estate(name).map_err(|unknown| StageError::Unknown(unknown.to_string()))?;
    }
    let own = selection.documents.estates.is_some();
    let wanted = |estate: &Estate| match &selection.estate {
        Some(name) => estate.name().as_str() == name,
        None => own || NEEDY.contains(&estate.name().as_str()),
    };
    let mut by_account: BTreeMap<Option<String>, Vec<Scope>> = BTreeMap::new();
    for estate in estates.iter().filter(|estate| wanted(estate)) {
        for environment in estate.environments().filter(|environment| has_emergencies(environment)) {
            let document = environment.document();
            let account = document.account.as_ref().map(ToString::to_string);
            let place = scope(estate, environment, &document.regions.primary);
            by_account.entry(account).or_default().push(place);
        }
    }
    let anywhere = by_account.remove(&None).unwrap_or_default();
    let mut casts: Vec<SurgeCast> =
        by_account.into_iter().filter_map(|(account, scopes)| Some(SurgeCast { account: account?, scopes })).collect();
    match casts.first_mut() {
        Some(first) => first.scopes.extend(anywhere),
        None if anywhere.is_empty() => {
            let expected = "expected an environment with `emergency` and at least one service";
            return Err(StageError::Unknown(format!("nothing to play on: {expected}")));
        }
        None => casts.push(SurgeCast { account: SandboxOptions::default().account, scopes: anywhere }),
    }
    Ok(casts)
}

fn has_emergencies(environment: &Environment) -> bool {
    let document = environment.document();
    document.emergency.is_some() && !environment.services(&document.regions.primary).is_empty()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::harness::documents;

    fn played(estate: Option<&str>) -> Result<Vec<(String, Vec<String>)>, StageError> {
        let selection = DrillSelection { estate: estate.map(str::to_owned), ..DrillSelection::default() };
        let casts = cast(&documents(None).unwrap(), &selection)?;
        let names = |scopes: Vec<Scope>| scopes.iter().map(ToString::to_string).collect();
        Ok(casts.into_iter().map(|cast| (cast.account, names(cast.scopes))).collect())
    }

    #[test]
    fn the_needy_three_play_in_the_account_that_one_of_them_names() {
        let casts = played(None).unwrap();
        assert_eq!(casts.len(), 1);
        let (account, scopes) = &casts[0];
        assert_eq!((account.as_str(), scopes.len()), ("210987654321", 3), "{scopes:?}");
    }

    #[test]
    fn an_estate_without_emergencies_has_nothing_to_play() {
        assert!(played(Some("carcierge")).unwrap_err().to_string().contains("`emergency`"));
        assert_eq!(played(Some("coldchain")).unwrap()[0].0, "123456789012");
    }
}
