//! The order in which the services of an environment come up; they go down in the reverse one.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::name::ServiceName;
use crate::value::Duration;

/// How long a wave waits for a service of another one, where the document does not say: a task starts within a minute or two, and
/// five checks of a load balancer, 30 s apart, follow (the defaults of Elastic Load Balancing, `CreateTargetGroup`).
pub const WITHIN: Duration = Duration::minutes(5);

/// The most that a document may say: three waves fit into the patience of one run, 45 minutes.
pub const WITHIN_MAX: Duration = Duration::minutes(15);

/// Services by name, in the waves in which they come up. Those that no wave names come up last, and go down first: nobody has
/// said that anything needs them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct StartOrder {
    /// Each wave after the one before it; none where everything comes up at once.
    pub waves: Vec<Vec<ServiceName>>,
    /// How long a wave waits for a service of another one before it goes on without it.
    pub within: Duration,
}

impl Default for StartOrder {
    fn default() -> Self {
        Self { waves: Vec::new(), within: WITHIN }
    }
}

impl StartOrder {
    /// Whether everything comes up at once.
    pub fn is_empty(&self) -> bool {
        self.waves.is_empty()
    }

    /// The wave of a service, from 0.
    pub fn wave(&self, service: &ServiceName) -> usize {
        self.waves.iter().position(|wave| wave.contains(service)).unwrap_or(self.waves.len())
    }

    /// The same with only these services.
    #[must_use]
    pub fn of(&self, services: &BTreeSet<ServiceName>) -> Self {
        let own =
            |wave: &Vec<ServiceName>| wave.iter().filter(|service| services.contains(*service)).cloned().collect();
        let mut waves: Vec<Vec<ServiceName>> = self.waves.iter().map(own).collect();
        waves.retain(|wave| !wave.is_empty());
        Self { waves, within: self.within }
    }
}

/// The waves of services that each come up after others: as early as those allow.
///
/// # Errors
/// Services of which each comes up after the next, and the last after the first.
pub fn waves_of(after: &BTreeMap<ServiceName, Vec<ServiceName>>) -> Result<Vec<Vec<ServiceName>>, Vec<ServiceName>> {
    let mut left: BTreeSet<&ServiceName> =
        after.iter().flat_map(|(service, earlier)| earlier.iter().chain([service])).collect();
    let mut waves = Vec::new();
    while !left.is_empty() {
        let waits =
            |service: &&ServiceName| after.get(*service).into_iter().flatten().any(|earlier| left.contains(earlier));
        let (later, wave): (BTreeSet<&ServiceName>, BTreeSet<&ServiceName>) = left.iter().copied().partition(waits);
        if wave.is_empty() {
            return Err(circle(after, &later));
        }
        waves.push(wave.into_iter().cloned().collect());
        left = later;
    }
    Ok(waves)
}

/// A circle among services of which each waits for another one of them.
fn circle(after: &BTreeMap<ServiceName, Vec<ServiceName>>, left: &BTreeSet<&ServiceName>) -> Vec<ServiceName> {
    let mut path: Vec<&ServiceName> = left.first().copied().into_iter().collect();
    while let Some(next) = path.last().and_then(|last| after.get(*last)?.iter().find(|earlier| left.contains(*earlier)))
    {
        if let Some(start) = path.iter().position(|service| *service == next) {
            return path[start..].iter().copied().cloned().collect();
        }
        path.push(next);
    }
    path.into_iter().cloned().collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn names(text: &str) -> Vec<ServiceName> {
        text.split_whitespace().map(|name| ServiceName::new(name).unwrap()).collect()
    }

    fn after(pairs: &[(&str, &str)]) -> BTreeMap<ServiceName, Vec<ServiceName>> {
        pairs.iter().map(|(service, earlier)| (ServiceName::new(*service).unwrap(), names(earlier))).collect()
    }

    #[rstest]
    #[case::none(&[], &[])]
    #[case::two(&[("web", "api")], &["api", "web"])]
    #[case::a_chain_and_a_branch(&[("web", "api"), ("api", "proxy"), ("worker", "proxy")], &["proxy", "api worker", "web"])]
    #[case::the_longest_way_counts(&[("web", "proxy api"), ("api", "proxy")], &["proxy", "api", "web"])]
    #[case::after_nothing(&[("web", "")], &["web"])]
    fn each_service_comes_up_in_the_first_wave_that_it_can(#[case] pairs: &[(&str, &str)], #[case] expected: &[&str]) {
        let expected: Vec<Vec<ServiceName>> = expected.iter().map(|wave| names(wave)).collect();
        assert_eq!(waves_of(&after(pairs)), Ok(expected));
    }

    #[rstest]
    #[case::itself(&[("web", "web")], "web")]
    #[case::three(&[("a", "c"), ("b", "a"), ("c", "b")], "a c b")]
    #[case::behind_a_tail(&[("a", "b"), ("b", "c"), ("c", "b"), ("d", "")], "b c")]
    fn a_circle_is_named_without_what_only_leads_to_it(#[case] pairs: &[(&str, &str)], #[case] expected: &str) {
        assert_eq!(waves_of(&after(pairs)), Err(names(expected)));
    }

    #[test]
    fn who_is_in_no_wave_is_in_the_last_and_a_wave_without_anybody_goes() {
        let order =
            StartOrder { waves: vec![names("proxy"), names("api worker"), names("web")], ..StartOrder::default() };
        let wave = |name: &str| order.wave(&ServiceName::new(name).unwrap());
        assert_eq!((wave("proxy"), wave("worker"), wave("web"), wave("cron")), (0, 1, 2, 3));
        let own = order.of(&names("web worker").into_iter().collect());
        assert_eq!(own.waves, [names("worker"), names("web")]);
    }

    proptest! {
        #[test]
        fn a_service_is_in_a_later_wave_than_all_that_it_comes_up_after(
            pairs in proptest::collection::btree_map("[a-h]", proptest::collection::vec("[a-h]", 0..4), 0..8)
        ) {
            let name = |text: String| ServiceName::new(text).unwrap();
            let after: BTreeMap<ServiceName, Vec<ServiceName>> =
                pairs.into_iter().map(|(service, earlier)| (name(service), earlier.into_iter().map(name).collect())).collect();
            match waves_of(&after) {
                Ok(waves) => {
                    let order = StartOrder { waves, ..StartOrder::default() };
                    for (service, earlier) in &after {
                        prop_assert!(earlier.iter().all(|it| order.wave(it) < order.wave(service)));
                    }
                }
                Err(circle) => {
                    prop_assert!(!circle.is_empty());
                    for (n, service) in circle.iter().enumerate() {
                        prop_assert!(after[service].contains(&circle[(n + 1) % circle.len()]));
                    }
                }
            }
        }
    }
}
