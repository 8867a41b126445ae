//! All estates together, found by their names.

use std::collections::BTreeMap;

use super::{Environment, Estate};
use crate::name::{EnvironmentName, EstateName};

/// Every estate that there is, checked.
#[derive(Debug, Clone, Default)]
pub struct EstateFolder(BTreeMap<EstateName, Estate>);

/// A name that no document gives.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnknownName {
    /// No such estate.
    #[error("estate: found {asked:?}, expected one of {known}")]
    Estate {
        /// The name that was asked for.
        asked: String,
        /// The names that there are.
        known: String,
    },
    /// No such environment.
    #[error("environment: found {asked:?}, expected one of {estate}'s: {known}")]
    Environment {
        /// The estate.
        estate: EstateName,
        /// The name that was asked for.
        asked: String,
        /// The names that there are.
        known: String,
    },
}

fn list<T: ToString>(names: impl Iterator<Item = T>) -> String {
    names.map(|name| name.to_string()).collect::<Vec<_>>().join(", ")
}

impl FromIterator<Estate> for EstateFolder {
    fn from_iter<I: IntoIterator<Item = Estate>>(estates: I) -> Self {
        Self(estates.into_iter().map(|estate| (estate.name().clone(), estate)).collect())
    }
}

impl EstateFolder {
    /// The estates, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Estate> {
        self.0.values()
    }

    /// Every environment of every estate.
    pub fn environments(&self) -> impl Iterator<Item = (&Estate, &Environment)> {
        self.iter().flat_map(|estate| estate.environments().map(move |environment| (estate, environment)))
    }

    /// An estate by its name.
    ///
    /// # Errors
    /// [`UnknownName::Estate`] with the names that there are.
    pub fn estate(&self, name: &str) -> Result<&Estate, UnknownName> {
        let found = EstateName::new(name).ok().and_then(|name| self.0.get(&name));
        found.ok_or_else(|| UnknownName::Estate { asked: name.to_owned(), known: list(self.0.keys()) })
    }

    /// An environment by its estate's name and its own.
    ///
    /// # Errors
    /// [`UnknownName`] with the names that there are.
    pub fn environment(&self, estate: &str, environment: &str) -> Result<(&Estate, &Environment), UnknownName> {
        let estate = self.estate(estate)?;
        let found = EnvironmentName::new(environment).ok().and_then(|name| estate.environment(&name));
        let unknown = || UnknownName::Environment {
            estate: estate.name().clone(),
            asked: environment.to_owned(),
            known: list(estate.environments().map(Environment::name)),
        };
        found.map(|environment| (estate, environment)).ok_or_else(unknown)
    }
}
