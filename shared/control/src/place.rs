//! Where a run works: a scope with what its estate document says of it at an instant.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;
use watchkeeper_domain::capacity::{Baseline, DatabaseId, ServiceId};
use watchkeeper_domain::guardrail::Limits;
use watchkeeper_domain::name::Scope;

/// A scope, its resources, and its limits.
#[derive(Debug, Clone)]
pub struct Place {
    /// Whose.
    pub scope: Scope,
    /// The services that the document names in this region.
    pub services: BTreeSet<ServiceId>,
    /// The databases that the document names in this region.
    pub databases: BTreeSet<DatabaseId>,
    /// What the document allows at the instant.
    pub limits: Limits,
    /// The zone of the environment's calendar, in which people write times.
    pub zone: Option<TimeZone>,
}

impl Place {
    /// The resources to look at: the document's, and those that a baseline keeps, because what was changed must be given
    /// back even after the document has forgotten it.
    pub fn selection(&self, baseline: Option<&Baseline>) -> (BTreeSet<ServiceId>, BTreeSet<DatabaseId>) {
        let mut services = self.services.clone();
        let mut databases = self.databases.clone();
        if let Some(baseline) = baseline {
            services.extend(baseline.capacity.services.keys().cloned());
            databases.extend(baseline.capacity.databases.keys().cloned());
        }
        (services, databases)
    }
}
