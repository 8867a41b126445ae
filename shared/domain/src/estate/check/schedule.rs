//! When things are: the calendar, freezes, and what contradicts them.

use jiff::tz::TimeZone;

use super::{EnvironmentChecker, at};
use crate::estate::EnvironmentKind;
use crate::value::Percent;

/// All of it: a share of the environment cannot be more.
const WHOLE: Percent = Percent::new(100);

impl EnvironmentChecker<'_> {
    pub(super) fn schedule(&mut self) {
        if let Some(awake) = &self.environment.awake {
            if self.environment.kind == EnvironmentKind::Production {
                self.note(at("awake"), "a calendar for production", "none: production is never put to sleep");
            }
            if let Err(findings) = awake.calendar() {
                self.findings.extend(findings.into_iter().map(|finding| finding.below(&at("awake"))));
            }
        }
        if let Some(cost) = self.environment.awake_cost.filter(|_| self.environment.awake.is_none()) {
            self.note(at("awake-cost"), cost.to_string(), "none without `awake`: what never sleeps saves nothing");
        }
        self.limits();
        self.freezes();
    }

    fn limits(&mut self) {
        let Some(guardrails) = &self.environment.guardrails else { return };
        let place = |key| at("guardrails").key(key);
        let floor = guardrails.floor.unwrap_or(0);
        if floor > 0 && self.environment.awake.is_some() {
            let expected = "0, or no `awake`: a floor above 0 refuses every sleep";
            self.note(place("floor"), floor.to_string(), expected);
        }
        if guardrails.floor == Some(0) && self.environment.kind == EnvironmentKind::Production {
            self.note(place("floor"), "0", "at least 1 for production");
        }
        let lowest = floor.max(1);
        if let Some(ceiling) = guardrails.ceiling.filter(|ceiling| *ceiling < lowest) {
            self.note(place("ceiling"), ceiling.to_string(), format!("at least {lowest}"));
        }
        if let Some(radius) = guardrails.blast_radius.filter(|radius| *radius > WHOLE || radius.value() == 0) {
            self.note(place("blast-radius"), radius.to_string(), "more than 0 % and at most 100 %");
        }
    }

    fn freezes(&mut self) {
        let Some(guardrails) = &self.environment.guardrails else { return };
        let zone = self.environment.awake.as_ref().map_or(TimeZone::UTC, |awake| awake.zone.rules().clone());
        for (index, freeze) in guardrails.freeze.iter().enumerate() {
            if freeze.window(&zone).is_none() {
                let name = freeze.zone.as_ref().map(|zone| format!(" {zone}")).unwrap_or_default();
                let found = format!("a freeze from {} to {}{name}", freeze.from, freeze.to);
                self.note(at("guardrails").key("freeze").index(index), found, "`from` before `to`");
            }
        }
    }
}
