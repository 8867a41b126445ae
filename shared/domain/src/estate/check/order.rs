//! Orders that nothing can come up in.

use std::collections::BTreeMap;

use super::{EnvironmentChecker, at};
use crate::name::ServiceName;
use crate::order::{WITHIN_MAX, waves_of};

impl EnvironmentChecker<'_> {
    pub(super) fn order(&mut self) {
        let environment = self.environment;
        self.waves(&environment.order);
        self.after(&environment.after);
        if !environment.order.is_empty() && !environment.after.is_empty() {
            self.note(at("after"), "a second order, beside `order`", "one of `order` and `after`");
        }
        let Some(within) = environment.wave_within else { return };
        if environment.order.is_empty() && environment.after.is_empty() && environment.wake_page.is_none() {
            self.note(at("wave-within"), within.to_string(), "none without `order`, `after` or `wake-page`");
        } else if within > WITHIN_MAX {
            let expected = format!("at most {WITHIN_MAX}: a run ends after 45 minutes");
            self.note(at("wave-within"), within.to_string(), expected);
        }
    }

    fn waves(&mut self, waves: &[Vec<ServiceName>]) {
        let mut seen: BTreeMap<&ServiceName, usize> = BTreeMap::new();
        for (nth, wave) in waves.iter().enumerate() {
            let place = at("order").index(nth);
            if wave.is_empty() {
                self.note(place.clone(), "a wave without a service", "at least one service");
            }
            for (index, service) in wave.iter().enumerate() {
                let place = place.clone().index(index);
                self.known_service(place.clone(), service);
                if let Some(first) = seen.insert(service, nth) {
                    let found = format!("{service} a second time, as in wave {}", first + 1);
                    self.note(place, found, "each service once");
                }
            }
        }
    }

    fn after(&mut self, after: &BTreeMap<ServiceName, Vec<ServiceName>>) {
        for (service, earlier) in after {
            let place = at("after").key(service);
            self.known_service(place.clone(), service);
            if earlier.is_empty() {
                self.note(place.clone(), "nothing", "at least one service that has to be up before it");
            }
            for (index, other) in earlier.iter().enumerate() {
                self.known_service(place.clone().index(index), other);
                if earlier[..index].contains(other) {
                    self.note(place.clone().index(index), format!("{other} a second time"), "each service once");
                }
            }
        }
        if let Err(circle) = waves_of(after)
            && let Some(first) = circle.first()
        {
            let way: Vec<&str> = circle.iter().chain([first]).map(ServiceName::as_str).collect();
            let found = format!("a circle: {}", way.join(" after "));
            self.note(at("after").key(first), found, "an order in which one of them comes up first");
        }
    }
}
