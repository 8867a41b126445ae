//! A database.

use watchkeeper_domain::capacity::ObservedDatabase;

use crate::history::StateHistory;

/// One database.
#[derive(Debug)]
pub(crate) struct SimDatabase {
    pub(crate) observed: ObservedDatabase,
    pub(crate) gone: bool,
    /// Whether IAM denies to start and stop it.
    pub(crate) denied: bool,
    pub(crate) epoch: u64,
    pub(crate) seen: StateHistory<Option<ObservedDatabase>>,
}
