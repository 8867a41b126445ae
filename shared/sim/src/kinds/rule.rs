//! A rule of a load balancer's listener.

use watchkeeper_domain::capacity::ObservedRule;

use crate::history::StateHistory;

/// One rule.
#[derive(Debug)]
pub(crate) struct SimRule {
    pub(crate) observed: ObservedRule,
    pub(crate) gone: bool,
    /// Whether IAM denies to change it.
    pub(crate) denied: bool,
    pub(crate) seen: StateHistory<Option<ObservedRule>>,
}
