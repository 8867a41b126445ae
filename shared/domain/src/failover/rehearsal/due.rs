//! When a rehearsal is due: each so many days at a local time, and once more where it was refused.

use jiff::civil::{Date, Time};
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use serde::{Deserialize, Serialize};

use crate::estate::RehearsalPolicy;
use crate::failover::MoveEnding;
use crate::schedule::instant_of;

/// Seconds of a day.
const DAY: i64 = 24 * 60 * 60;

/// The rehearsal that was due last, as the watch remembers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct RehearsalMemory {
    /// The instant that it was due.
    pub due: Timestamp,
    /// The execution that was started for it; none for what was due before anybody looked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution: Option<String>,
    /// Whether it was started a second time.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub again: bool,
}

impl RehearsalMemory {
    /// The same with its execution.
    #[must_use]
    pub fn started(self, execution: String) -> Self {
        Self { execution: Some(execution), ..self }
    }
}

/// What a tick does about rehearsals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RehearsalDue {
    /// Nothing.
    Nothing,
    /// It remembers what was due before it first looked: what nobody asked for at the time is not caught up.
    Remember(RehearsalMemory),
    /// It starts one for this instant, which is part of its execution's name.
    Start(Timestamp, RehearsalMemory),
}

impl RehearsalPolicy {
    /// The last instant at which one was due; nothing at the ends of time. The days are counted from 1970, so that nothing has to
    /// be remembered to find them.
    pub fn last(&self, now: Timestamp) -> Option<Timestamp> {
        let rules = self.zone.rules();
        let every = (i64::try_from(self.every.seconds()).ok()? / DAY).max(1);
        let epoch = Date::constant(1970, 1, 1);
        let today = now.to_zoned(rules.clone()).date();
        let passed = i64::from(epoch.until(today).ok()?.get_days());
        let due = |days: i64| {
            let midnight = epoch.checked_add(days.days()).ok()?.to_datetime(Time::midnight());
            instant_of(rules, midnight.checked_add(i64::from(self.at.minutes()).minutes()).ok()?)
        };
        let last = passed.div_euclid(every) * every;
        due(last).filter(|at| *at <= now).or_else(|| due(last - every))
    }

    /// What is due, given what was done last and how that ended, if it is known to have. One that was missed is caught up once, by
    /// the first tick that sees it; one that was refused is tried once more, a day later.
    pub fn due(&self, last: Option<&RehearsalMemory>, ended: Option<MoveEnding>, now: Timestamp) -> RehearsalDue {
        let Some(due) = self.last(now) else { return RehearsalDue::Nothing };
        let Some(last) = last else {
            return RehearsalDue::Remember(RehearsalMemory { due, execution: None, again: false });
        };
        if due > last.due {
            return RehearsalDue::Start(due, RehearsalMemory { due, execution: None, again: false });
        }
        let later = last.due.saturating_add(SignedDuration::from_secs(DAY)).unwrap_or(Timestamp::MAX);
        let refused = last.execution.is_some() && ended == Some(MoveEnding::Refused);
        if refused && !last.again && now >= later {
            return RehearsalDue::Start(later, RehearsalMemory { again: true, ..last.clone() });
        }
        RehearsalDue::Nothing
    }
}
