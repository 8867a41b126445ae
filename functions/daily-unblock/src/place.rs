//! An environment as the unblock sees it.

use watchkeeper_control::place::StackIdentity;
use watchkeeper_control::unblock::UnblockEnvironment;
use watchkeeper_domain::capacity::ServiceId;
use watchkeeper_domain::estate::{Environment, Estate};
use watchkeeper_domain::name::Scope;
use watchkeeper_domain::unblock::UnblockHour;

/// What an environment is to the stack of `home`. The section is that of the primary region: the estate's tables, queues
/// and buses are there. A stack elsewhere looks after our own only.
pub(crate) fn place<'e>(estate: &Estate, environment: &'e Environment, home: &StackIdentity) -> UnblockEnvironment<'e> {
    let document = environment.document();
    let section = document.unblock.as_ref().filter(|_| document.regions.primary == home.region);
    let services = environment.services(&home.region).into_iter();
    let profiles = document.emergency.as_ref().map(|emergency| emergency.profiles.values());
    let answers = profiles.map(|all| all.map(|profile| profile.answer_within().signed()));
    UnblockEnvironment {
        scope: Scope {
            estate: estate.name().clone(),
            environment: environment.name().clone(),
            region: home.region.clone(),
        },
        section,
        hour: document.unblock.as_ref().map_or_else(|| UnblockHour::usual(environment.zone()), UnblockHour::of),
        services: services.map(|(cluster, service)| ServiceId { cluster, service }).collect(),
        answer_within: answers.into_iter().flatten().max(),
    }
}
