//! The page of an environment that sleeps: where it may be, and where not.

use super::{EnvironmentChecker, at, one_of};
use crate::estate::EnvironmentKind;
use crate::name::Region;
use crate::value::{AccountId, Duration};

/// How long one press of the button may keep an environment awake: as long as a wake is worth, and no longer than a day of work.
const LASTS: (Duration, Duration) = (Duration::minutes(15), Duration::minutes(12 * 60));
/// How often a day it may.
const AT_MOST: std::ops::RangeInclusive<u32> = 1..=24;

impl EnvironmentChecker<'_> {
    pub(super) fn wake_page(&mut self) {
        let Some(page) = &self.environment.wake_page else { return };
        let place = |key| at("wake-page").key(key);
        if self.environment.kind == EnvironmentKind::Production {
            self.note(at("wake-page"), "a page for production", "none: production is never put to sleep");
        }
        if self.environment.regions.standby.is_some() {
            let expected = "none in a pair: which of its regions answers is its pointer's to say";
            self.note(at("wake-page"), "a page for a pair", expected);
        }
        let (rule, group) = (page.listener_rule.home(), page.target_group.home());
        if let Some((region, account)) = &rule {
            self.of_environment("listener-rule", region, account);
        }
        if let (Some(rule), Some(group)) = (&rule, &group)
            && rule != group
        {
            let (found, expected) = (format!("{} of {}", group.0, group.1), format!("{} of {}", rule.0, rule.1));
            let expected = format!("one of the rule's region and account, {expected}");
            self.note(place("target-group"), format!("a target group in {found}"), expected);
        }
        if let Some(lasts) = page.lasts.filter(|lasts| !(LASTS.0..=LASTS.1).contains(lasts)) {
            self.note(place("for"), lasts.to_string(), format!("{} to {}", LASTS.0, LASTS.1));
        }
        if let Some(at_most) = page.at_most.filter(|at_most| !AT_MOST.contains(at_most)) {
            let expected = format!("{} to {} a day", AT_MOST.start(), AT_MOST.end());
            self.note(place("at-most"), at_most.to_string(), expected);
        }
    }

    fn of_environment(&mut self, key: &str, region: &Region, account: &AccountId) {
        let own = &self.environment.regions.primary;
        if region != own {
            let found = format!("a rule in {region}, where the environment does not run");
            self.note(at("wake-page").key(key), found, one_of([own]));
        }
        if let Some(own) = self.environment.account.as_ref().filter(|own| *own != account) {
            self.note(at("wake-page").key(key), format!("a rule of account {account}"), format!("one of {own}"));
        }
    }
}
