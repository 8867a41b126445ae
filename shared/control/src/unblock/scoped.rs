//! An environment as the unblock sees it.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use watchkeeper_domain::capacity::ServiceId;
use watchkeeper_domain::estate::{Environment, Estate, Unblock};
use watchkeeper_domain::name::Scope;
use watchkeeper_domain::unblock::UnblockHour;

use crate::runbook::Stack;
use crate::scoped::FoundByTag;

/// One environment, as the unblock sees it.
#[derive(Debug, Clone)]
pub struct UnblockEnvironment<'a> {
    /// The environment, in one region.
    pub scope: Scope,
    /// What its document says, where it has a section.
    pub section: Option<&'a Unblock>,
    /// What of its services is found by tag.
    pub found_by_tag: FoundByTag,
    /// When it is looked after.
    pub hour: UnblockHour,
    /// Its services in this region.
    pub services: BTreeSet<ServiceId>,
    /// How long a question of it may stand at most, where its document says so.
    pub answer_within: Option<SignedDuration>,
}

impl<'e> UnblockEnvironment<'e> {
    /// Whether a stack looks after what may be stuck in an environment. Its tables and queues are in its primary region, also
    /// where it has no service and no database.
    pub fn is_of(stack: &Stack, environment: &Environment) -> bool {
        let document = environment.document();
        let section = document.unblock.is_some() && document.regions.primary == stack.home.region;
        (section && environment.is_of_account(&stack.home.account)) || stack.home.has(environment)
    }

    /// What an environment is to a stack. The section is that of the primary region: the estate's tables, queues and buses are
    /// there. A stack elsewhere looks after our own only.
    pub fn of(stack: &Stack, estate: &Estate, environment: &'e Environment) -> Self {
        let document = environment.document();
        let section = document.unblock.as_ref().filter(|_| document.regions.primary == stack.home.region);
        let services = environment.services(&stack.home.region).into_iter();
        let profiles = document.emergency.as_ref().map(|emergency| emergency.profiles.values());
        let answers = profiles.map(|all| all.map(|profile| profile.answer_within().signed()));
        Self {
            scope: stack.scope(estate, environment),
            section,
            found_by_tag: FoundByTag::of(estate, environment, &stack.home.region),
            hour: document.unblock.as_ref().map_or_else(|| UnblockHour::usual(environment.zone()), UnblockHour::of),
            services: services.map(|(cluster, service)| ServiceId { cluster, service }).collect(),
            answer_within: answers.into_iter().flatten().max(),
        }
    }
}
