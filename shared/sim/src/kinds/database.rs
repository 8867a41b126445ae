//! A database.

use watchkeeper_domain::capacity::{EnvironmentTag, ObservedDatabase};

use crate::history::StateHistory;

/// One database.
#[derive(Debug)]
pub(crate) struct SimDatabase {
    pub(crate) observed: ObservedDatabase,
    /// Whose it is by its tag.
    pub(crate) environment: Option<EnvironmentTag>,
    pub(crate) gone: bool,
    /// Whether IAM denies to start and stop it.
    pub(crate) denied: bool,
    pub(crate) epoch: u64,
    pub(crate) seen: StateHistory<Option<ObservedDatabase>>,
}
