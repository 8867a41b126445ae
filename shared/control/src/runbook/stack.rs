//! The stack: what it looks after, and how a tick goes round it.

use std::sync::Arc;

use jiff::Timestamp;
use watchkeeper_domain::estate::{Environment, Estate, EstateFolder, UnknownName};
use watchkeeper_domain::name::Scope;

use super::RunbookError;
use crate::scoped::{ScopedEnvironment, StackIdentity};

/// A stack: every estate that its documents describe, and where it lives.
#[derive(Debug, Clone)]
pub struct Stack {
    /// The estates.
    pub estates: Arc<EstateFolder>,
    /// The account and region whose resources it looks after.
    pub home: StackIdentity,
}

impl Stack {
    /// The environments of this account that have resources in this region.
    pub fn environments(&self) -> impl Iterator<Item = (&Estate, &Environment)> {
        self.estates.environments().filter(|(_, environment)| self.home.has(environment))
    }

    /// An environment of any account and region, by the names of its estate and its own.
    ///
    /// # Errors
    /// [`UnknownName`] with the names that there are.
    pub fn find(&self, estate: &str, environment: &str) -> Result<(&Estate, &Environment), UnknownName> {
        self.estates.environment(estate, environment)
    }

    /// The environment of a scope.
    ///
    /// # Errors
    /// [`UnknownName`] when the documents describe it no more.
    pub fn of(&self, scope: &Scope) -> Result<(&Estate, &Environment), UnknownName> {
        self.find(scope.estate.as_str(), scope.environment.as_str())
    }

    /// What an environment is to this stack, at an instant.
    ///
    /// # Errors
    /// [`RunbookError`] when no document describes it, or this stack does not look after it.
    pub fn place(
        &self,
        estate: &str,
        environment: &str,
        instant: Timestamp,
    ) -> Result<ScopedEnvironment, RunbookError> {
        let (estate, environment) = self.find(estate, environment)?;
        Ok(ScopedEnvironment::of(estate, environment, &self.home, instant)?)
    }

    /// The scope of an environment in this region.
    pub fn scope(&self, estate: &Estate, environment: &Environment) -> Scope {
        let (estate, environment) = (estate.name().clone(), environment.name().clone());
        Scope { estate, environment, region: self.home.region.clone() }
    }
}

/// Looks after environments, one after the other. One that fails does not keep the others from their turn; the first
/// failure is returned after the last environment, so that the tick is retried.
///
/// # Errors
/// The first [`RunbookError`].
pub async fn round<'s, T>(
    environments: impl Iterator<Item = (&'s Estate, &'s Environment)>,
    look: impl AsyncFn(&'s Estate, &'s Environment) -> Result<T, RunbookError>,
) -> Result<Vec<T>, RunbookError> {
    let mut looked = Vec::new();
    let mut failed = None;
    for (estate, environment) in environments {
        match look(estate, environment).await {
            Ok(found) => looked.push(found),
            Err(error) => {
                tracing::warn!(estate = %estate.name(), environment = %environment.name(), %error,
                    "the environment could not be looked after; the tick will be retried");
                failed.get_or_insert(error);
            }
        }
    }
    failed.map_or(Ok(looked), Err)
}
