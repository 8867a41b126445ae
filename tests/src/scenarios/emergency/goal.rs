//! What a profile must come to, from the document's figures and what was there before; by code of its own, for the one
//! under test has no part in it.

use watchkeeper_domain::capacity::{Capacity, ResourceId, ServiceCapacity, ServiceId};
use watchkeeper_domain::estate::{EmergencyProfile, Environment, ProfileCapacity};
use watchkeeper_domain::value::ProfileName;

use super::needs::figures;

/// A profile over what was there before it.
#[derive(Debug)]
pub(super) struct ProfileGoal<'a> {
    /// The profile's name.
    pub name: &'a ProfileName,
    /// What was there before, and has to come back.
    pub original: Capacity,
    profile: &'a EmergencyProfile,
    environment: &'a Environment,
}

impl<'a> ProfileGoal<'a> {
    pub(super) fn of(
        environment: &'a Environment,
        (name, profile): (&'a ProfileName, &'a EmergencyProfile),
        original: &Capacity,
    ) -> Self {
        Self { name, original: original.clone(), profile, environment }
    }

    /// How long it holds at most.
    pub(super) fn lasts(&self) -> watchkeeper_domain::value::Duration {
        self.profile.lasts
    }

    /// The services that it is for.
    pub(super) fn services(&self) -> usize {
        self.original.services.keys().filter(|id| self.figures(id).is_some()).count()
    }

    /// Whether every service that it is for lies in the profile's band, and every other one as before.
    pub(super) fn is_reached(&self, found: &Capacity) -> bool {
        self.original.services.iter().all(|(id, before)| {
            let Some(now) = found.services.get(id) else { return false };
            self.figures(id).map_or(now == before, |figures| lies_within(figures, before, now))
        })
    }

    /// How many services it is for, in words.
    pub(super) fn counted(&self) -> String {
        match self.services() {
            1 => "the service is".to_owned(),
            2 => "both services are".to_owned(),
            n => format!("all {n} services are"),
        }
    }

    /// The services whose count it has to change, by their names.
    pub(super) fn moved(&self) -> impl Iterator<Item = String> {
        let outside = move |(id, before): &(&ServiceId, &ServiceCapacity)| {
            self.figures(id).is_some_and(|figures| !lies_within(figures, before, before))
        };
        self.original.services.iter().filter(outside).map(|(id, _)| id.service.to_string())
    }

    /// What it is for, as it is: `clos-v2-core-api-service 4 (4..10)`.
    pub(super) fn line(&self, found: &Capacity) -> String {
        let line = |(id, service): (&ServiceId, &ServiceCapacity)| {
            self.figures(id)?;
            let bounds =
                service.scaling.map_or_else(String::new, |scaling| format!(" ({}..{})", scaling.min, scaling.max));
            Some(format!("{} {}{bounds}", id.service, service.desired))
        };
        found.services.iter().filter_map(line).collect::<Vec<_>>().join(", ")
    }

    fn figures(&self, id: &ServiceId) -> Option<ProfileCapacity> {
        let free = !self.environment.protects(&ResourceId::Service(id.clone()));
        figures(self.profile, id).filter(|_| free)
    }
}

fn lies_within(figures: ProfileCapacity, before: &ServiceCapacity, now: &ServiceCapacity) -> bool {
    let floor = figures.desired.of(before.desired);
    let whole = before.scaling.map_or(before.desired, |scaling| scaling.max);
    let ceiling = figures.max.map(|max| max.of(whole).max(floor));
    let bounds = now.scaling.is_none_or(|now| {
        let ceiling = ceiling.or(before.scaling.map(|before| before.max.max(floor)));
        now.min >= floor && Some(now.max) == ceiling
    });
    now.desired >= floor && ceiling.is_none_or(|ceiling| now.desired <= ceiling) && bounds
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;
    use watchkeeper_domain::capacity::{ScalingState, Suspensions};

    use super::*;

    fn service(desired: u32, min: u32, max: u32) -> Capacity {
        let scaling = Some(ScalingState { min, max, suspended: Suspensions::NONE });
        let id = ServiceId::try_from("c/api".to_owned()).unwrap();
        Capacity { services: [(id, ServiceCapacity { desired, scaling })].into(), ..Capacity::default() }
    }

    #[test]
    fn a_goal_is_reached_when_count_floor_and_ceiling_are_there() {
        let profile: EmergencyProfile = serde_json::from_value(json!({"desired": 4, "max": 10, "for": "2h"})).unwrap();
        let name = "surge".parse().unwrap();
        let text = "estate: e\nenvironments:\n  prod:\n    kind: production\n    regions: { primary: us-east-1 }\n    \
                    clusters: { us-east-1: { c: [api] } }\n";
        let estate = watchkeeper_estates::parse("e.yaml", text).unwrap();
        let environment = estate.environments().next().unwrap();
        let goal = ProfileGoal::of(environment, (&name, &profile), &service(3, 3, 6));
        for (found, reached) in [
            (service(4, 4, 10), true),
            (service(7, 4, 10), true),
            (service(4, 3, 10), false),
            (service(4, 4, 6), false),
            (service(3, 4, 10), false),
            (service(11, 4, 10), false),
        ] {
            assert_eq!(goal.is_reached(&found), reached, "{found:?}");
        }
        assert_eq!(goal.line(&service(4, 4, 10)), "api 4 (4..10)");
    }
}
