//! Everything that decides where traffic goes.

use std::collections::{BTreeMap, BTreeSet};

use watchkeeper_domain::failover::DnsRecord;
use watchkeeper_domain::value::{AlarmName, ResourceName};

use crate::history::StateHistory;

/// Everything that decides where traffic goes.
#[derive(Debug, Default)]
pub(crate) struct SimTrafficSwitches {
    pub(crate) objects: BTreeSet<(ResourceName, ResourceName)>,
    pub(crate) controls: BTreeMap<ResourceName, bool>,
    /// By hosted zone.
    pub(crate) records: BTreeMap<ResourceName, Vec<DnsRecord>>,
    /// The alarm that follows the metric.
    pub(crate) alarm: Option<AlarmName>,
    /// The metric, as it was told last.
    pub(crate) metric: Option<bool>,
    /// Where people are sent, once health checks and resolvers have followed.
    pub(crate) pointed: Option<StateHistory<Option<usize>>>,
}
