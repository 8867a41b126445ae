//! Sleeping when idle: only what somebody can wake again.

use super::{EnvironmentChecker, at};
use crate::estate::{EnvironmentKind, SleepWhenIdle, UsageMeasure};
use crate::value::UsageLimit;

impl EnvironmentChecker<'_> {
    pub(super) fn sleep_when_idle(&mut self) {
        let Some(SleepWhenIdle { after, by, below }) = self.environment.sleep_when_idle else { return };
        let place = || at("sleep-when-idle");
        if self.environment.kind == EnvironmentKind::Production {
            self.note(place(), "sleeping when idle, for production", "none: production is never put to sleep");
        }
        if self.environment.regions.standby.is_some() {
            self.note(
                place(),
                "sleeping when idle, for a pair",
                "none in a pair: its pointer says which region serves",
            );
        }
        if self.environment.wake_page.is_none() {
            let expected = "`wake-page` beside it: whoever comes has to be able to wake it";
            self.note(place(), "sleeping when idle, without a page", expected);
        }
        if !(SleepWhenIdle::LEAST..=SleepWhenIdle::MOST).contains(&after.signed()) {
            self.note(place().key("after"), after.to_string(), "15m to 24h");
        }
        let expected = match (by, below) {
            (UsageMeasure::RequestCount, UsageLimit::Cpu(_)) => "requests, such as 10 a minute, for request-count",
            (UsageMeasure::Cpu, UsageLimit::Requests(_)) => "a share, such as 5 %, for cpu",
            _ => return,
        };
        self.note(place().key("below"), below.to_string(), expected);
    }
}
