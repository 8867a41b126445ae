//! Which pairs play, and the copies of their documents that the sandbox gets.

use watchkeeper_domain::estate::{Environment, Estate, EstateDocument};
use watchkeeper_domain::name::EnvironmentName;
use watchkeeper_estates::EstateFolder;

use crate::drill::command::DrillSelection;
use crate::harness::{StageError, document_of};
use crate::sandbox::SandboxOptions;

/// The estate of this repository that needs it most.
const NEEDY: &str = "fleet-orchestration";
/// How long one try of the probe may take here: a region that hangs is waited for at every try.
const TRY: &str = "1s";

/// A pair, in a sandbox of its own.
#[derive(Debug)]
pub(super) struct ChosenPair {
    /// The account, twelve digits.
    pub account: String,
    /// The copy of its estate's document: this environment only, and nobody is asked before a failover that was detected.
    pub document: EstateDocument,
    /// The environment.
    pub environment: EnvironmentName,
}

/// The pairs: of one estate, of all of somebody's own documents, or of the needy one.
pub(super) fn parts(estates: &EstateFolder, selection: &DrillSelection) -> Result<Vec<ChosenPair>, StageError> {
    if let Some(name) = &selection.estate {
        estates.estate(name).map_err(|unknown| StageError::Unknown(unknown.to_string()))?;
    }
    let own = selection.documents.estates.is_some();
    let wanted = |estate: &Estate| match &selection.estate {
        Some(name) => estate.name().as_str() == name,
        None => own || estate.name().as_str() == NEEDY,
    };
    let mut parts = Vec::new();
    for estate in estates.iter().filter(|estate| wanted(estate)) {
        for environment in estate.environments().filter(|environment| is_watched(environment)) {
            parts.push(part(estate, environment)?);
        }
    }
    if parts.is_empty() {
        let expected = "expected an environment with a standby region and `failover` with a `probe`";
        return Err(StageError::Unknown(format!("nothing to play on: {expected}")));
    }
    Ok(parts)
}

fn is_watched(environment: &Environment) -> bool {
    environment.document().failover.as_ref().is_some_and(|failover| failover.probe.is_some())
}

fn part(estate: &Estate, environment: &Environment) -> Result<ChosenPair, StageError> {
    let mut document = document_of(estate, environment);
    for failover in document.environments.values_mut().filter_map(|copy| copy.failover.as_mut()) {
        failover.approve = false;
        if let Some(probe) = &mut failover.probe {
            let time = TRY.parse().map_err(|why| StageError::Unknown(format!("{TRY} is no duration: {why}")))?;
            probe.timeout = Some(time);
        }
    }
    let account = environment.account().map_or_else(|| SandboxOptions::default().account, ToString::to_string);
    Ok(ChosenPair { account, document, environment: environment.name().clone() })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::harness::documents;

    fn played(estate: Option<&str>) -> Result<Vec<ChosenPair>, StageError> {
        let selection = DrillSelection { estate: estate.map(str::to_owned), ..DrillSelection::default() };
        parts(&documents(None).unwrap(), &selection)
    }

    #[test]
    fn the_fleet_plays_with_a_copy_that_asks_nobody_before_it_fails_over() {
        let parts = played(None).unwrap();
        assert_eq!(parts.len(), 1);
        let part = &parts[0];
        assert_eq!((part.document.estate.as_str(), part.environment.as_str()), (NEEDY, "prod"));
        let copy = part.document.environments[&part.environment].failover.as_ref().unwrap();
        let shipped = documents(None).unwrap();
        let (_, shipped) = shipped.environment(NEEDY, "prod").unwrap();
        let shipped = shipped.document().failover.as_ref().unwrap();
        assert!(shipped.approve && !copy.approve);
        assert_eq!((&copy.singletons, &copy.capacity), (&shipped.singletons, &shipped.capacity));
    }

    #[test]
    fn an_estate_without_a_pair_has_nothing_to_play() {
        assert!(played(Some("coldchain")).unwrap_err().to_string().contains("a standby region"));
    }
}
