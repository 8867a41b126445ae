//! How long a scope has been asleep, by month: from what runs verified, not from the calendar.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// How many months are kept: this one, and those of a year before it.
pub const MONTHS_MAX: usize = 13;

/// A month in UTC, written `2026-12`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Month(String);

impl Month {
    /// The month of an instant.
    pub fn of(instant: Timestamp) -> Self {
        Self(instant.to_zoned(TimeZone::UTC).strftime("%Y-%m").to_string())
    }

    /// The month before that of an instant.
    pub fn before(instant: Timestamp) -> Self {
        let first = instant.to_zoned(TimeZone::UTC).date().first_of_month();
        Self(first.yesterday().unwrap_or(first).strftime("%Y-%m").to_string())
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The time asleep. It counts from the end of a run that verified all of the scope asleep until the next run begins, whatever
/// that is about: what nobody has looked at since is not counted twice, and what somebody woke is not counted on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct AsleepTime {
    /// Since when it is asleep, where it was seen so last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// The seconds of sleeps that are over, by month.
    #[serde(default)]
    pub seconds: BTreeMap<Month, u64>,
}

impl AsleepTime {
    /// The same once a run that began at `began` has ended at `ended`; `verified`: it saw all of the scope asleep.
    pub(super) fn note(&mut self, verified: bool, began: Timestamp, ended: Timestamp) {
        for (month, seconds) in self.since.into_iter().flat_map(|since| by_month(since, began)) {
            *self.seconds.entry(month).or_default() += seconds;
        }
        while self.seconds.len() > MONTHS_MAX {
            self.seconds.pop_first();
        }
        self.since = verified.then_some(ended);
    }

    /// How long it was asleep in the month of `now` until then, in seconds; nothing where it was never seen asleep.
    pub fn this_month(&self, now: Timestamp) -> Option<u64> {
        self.in_month(&Month::of(now), now)
    }

    /// How long it was asleep in a month until `now`, in seconds; nothing where it was never seen asleep.
    pub fn in_month(&self, month: &Month, now: Timestamp) -> Option<u64> {
        if self.since.is_none() && self.seconds.is_empty() {
            return None;
        }
        let lasts = self.since.into_iter().flat_map(|since| by_month(since, now));
        let lasts: u64 = lasts.filter(|(of, _)| of == month).map(|(_, seconds)| seconds).sum();
        Some(self.seconds.get(month).copied().unwrap_or_default() + lasts)
    }
}

/// The whole seconds between two instants, by month.
fn by_month(mut from: Timestamp, until: Timestamp) -> Vec<(Month, u64)> {
    let mut parts = Vec::new();
    while from < until {
        let end = next_month(from).filter(|next| *next < until).unwrap_or(until);
        let seconds = end.duration_since(from).as_secs();
        parts.push((Month::of(from), u64::try_from(seconds).unwrap_or_default()));
        from = end;
    }
    parts
}

/// The first instant of the month after that of `instant`; nothing at the end of time.
fn next_month(instant: Timestamp) -> Option<Timestamp> {
    let day: Date = instant.to_zoned(TimeZone::UTC).date().last_of_month().tomorrow().ok()?;
    Some(day.to_zoned(TimeZone::UTC).ok()?.timestamp())
}
