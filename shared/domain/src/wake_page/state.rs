//! How an environment stands, for whoever meets its page.

use jiff::Timestamp;

use super::{LastPress, STARTING, UNDER_WAY, WakeSituation};
use crate::intent::{DesiredState, Intent, Layer, deciding};
use crate::reconcile::history::TargetState;
use crate::reconcile::run::RunOutcome;

/// How an environment stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WakeState {
    /// It sleeps, or is on its way there.
    Asleep {
        /// Since when, where that is known.
        since: Option<Timestamp>,
        /// Until when by itself; nothing where nobody knows.
        until: Option<Timestamp>,
        /// How the run of the last press ended, where it has not woken it.
        failed: Option<RunOutcome>,
    },
    /// It wakes.
    Waking {
        /// Since when.
        since: Timestamp,
    },
    /// It is awake, and the page goes with what the load balancer has still to learn.
    Awake,
}

impl WakeSituation<'_> {
    /// How it stands.
    pub fn state(&self) -> WakeState {
        let chosen = deciding(self.intents, self.now);
        let asleep = chosen.iter().any(|intent| intent.want == DesiredState::Asleep);
        if !asleep {
            let kept = self.baseline.is_some_and(|kept| kept.capacity.rules.contains_key(&self.policy.place.rule));
            let since = || self.running.or(chosen.first().map(|intent| intent.declared)).unwrap_or(self.now);
            return if kept { WakeState::Waking { since: since() } } else { WakeState::Awake };
        }
        if let Some(last) = self.under_way() {
            return WakeState::Waking { since: last.at };
        }
        let failed = self.memory.last.as_ref().and_then(|last| self.ending(&last.execution));
        let failed = failed.filter(|ending| !ending.reached()).map(|ending| ending.outcome);
        WakeState::Asleep { since: self.since(&chosen), until: self.until(&chosen), failed }
    }

    /// The last press, while its run may still come or has not said anything yet.
    fn under_way(&self) -> Option<&LastPress> {
        let patience = |last: &LastPress| if last.started { UNDER_WAY } else { STARTING };
        let fresh = |last: &&LastPress| self.now.duration_since(last.at) < patience(last);
        self.memory.last.as_ref().filter(fresh).filter(|last| self.ending(&last.execution).is_none())
    }

    fn since(&self, chosen: &[&Intent]) -> Option<Timestamp> {
        let reached = self.history.and_then(|history| history.reached());
        let reached = reached.filter(|(target, _)| **target == TargetState::Asleep).map(|(_, since)| since);
        reached.or_else(|| chosen.iter().map(|intent| intent.declared).min())
    }

    /// When the calendar, or the end of what a person wants, wakes it by itself.
    fn until(&self, chosen: &[&Intent]) -> Option<Timestamp> {
        let over = chosen.iter().filter(|intent| intent.layer > Layer::Schedule);
        let over = over.filter_map(|intent| intent.expires).max();
        match (self.calendar, over) {
            (None, over) => over,
            (Some(calendar), over) => {
                let from = over.unwrap_or(self.now);
                let then = calendar.at(from);
                if then.awake { over } else { then.until }
            }
        }
    }
}
