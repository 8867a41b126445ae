//! What a document says about the capacity of its services, and what we take where it says nothing.

use std::collections::BTreeMap;

use watchkeeper_domain::capacity::{ScalingState, ServiceCapacity, ServiceId, Suspensions};
use watchkeeper_domain::estate::{DeclaredCapacity, Environment};
use watchkeeper_domain::name::{Region, ServiceName};

/// The services of an environment in one region, with the capacity to build them with.
pub type Declared = BTreeMap<ServiceId, ServiceCapacity>;

/// Where a document declares nothing: one task, two at most.
const MODEST: DeclaredCapacity = DeclaredCapacity { desired: 1, min: Some(1), max: Some(2) };

/// The services of `environment` in `region`: as the document declares them in the primary region, and with no tasks in
/// the standby, whose capacity a document does not declare; what scales by itself in the one can do so in the other. Of a cluster
/// whose services are found by their tag there is no list: the first one has what the document declares of services that it names
/// nowhere.
pub fn declared(environment: &Environment, region: &Region) -> Declared {
    let document = environment.document();
    let serves = document.regions.primary == *region;
    let mut services = environment.services(region);
    if let Some(cluster) = environment.managed_clusters(region).first() {
        let found = |name: &&ServiceName| !services.iter().any(|(_, named)| named == *name);
        let found: Vec<ServiceName> = document.capacity.keys().filter(found).cloned().collect();
        services.extend(found.into_iter().map(|service| (cluster.clone(), service)));
    }
    services
        .into_iter()
        .map(|(cluster, service)| {
            let said = document.capacity.get(&service).copied().unwrap_or(MODEST);
            let capacity = if serves { capacity(said) } else { idle(capacity(said)) };
            (ServiceId { cluster, service }, capacity)
        })
        .collect()
}

/// The same without tasks, and nothing that keeps any.
fn idle(capacity: ServiceCapacity) -> ServiceCapacity {
    ServiceCapacity { desired: 0, scaling: capacity.scaling.map(|scaling| ScalingState { min: 0, ..scaling }) }
}

/// A service without bounds has no scalable target; one bound alone is completed by the count.
fn capacity(declared: DeclaredCapacity) -> ServiceCapacity {
    let DeclaredCapacity { min, max, .. } = declared;
    let desired = declared.tasks();
    let scaling = (min.is_some() || max.is_some()).then(|| ScalingState {
        min: min.unwrap_or(desired),
        max: max.unwrap_or_else(|| desired.max(min.unwrap_or(0))),
        suspended: Suspensions::NONE,
    });
    ServiceCapacity { desired, scaling }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_make_a_scalable_target_and_one_bound_is_completed() {
        let scaling = |min, max| capacity(DeclaredCapacity { desired: 3, min, max }).scaling.map(|s| (s.min, s.max));
        assert_eq!(scaling(None, None), None);
        assert_eq!(scaling(Some(1), Some(6)), Some((1, 6)));
        assert_eq!(scaling(Some(1), None), Some((1, 3)));
        assert_eq!(scaling(None, Some(6)), Some((3, 6)));
    }

    #[test]
    fn a_standby_runs_nothing_and_may_scale_where_the_primary_does() {
        let idle = |min, max| idle(capacity(DeclaredCapacity { desired: 2, min, max }));
        assert_eq!(idle(None, None), ServiceCapacity { desired: 0, scaling: None });
        let scaling = idle(Some(2), Some(6)).scaling.map(|s| (s.min, s.max));
        assert_eq!(scaling, Some((0, 6)));
    }
}
