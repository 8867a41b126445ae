//! What the calendar says about an instant.

use std::fmt;

use jiff::{
    Timestamp, ToSpan as _, Zoned,
    civil::{Date, Time},
};
use serde::{Deserialize, Serialize};

use super::{Calendar, DayPeriod, spans};

/// Awake or asleep at an instant, and what bounds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct CalendarDecision {
    /// Whether the environment should be awake.
    pub awake: bool,
    /// The transition that began this state; nothing if it has always been so.
    pub since: Option<Timestamp>,
    /// The transition that ends this state; nothing if it never ends.
    pub until: Option<Timestamp>,
    /// The rule that decided.
    pub why: CalendarRule,
}

/// A change from one state to the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct CalendarTransition {
    /// The first instant of the new state.
    pub at: Timestamp,
    /// The new state.
    pub awake: bool,
}

/// The rule of the calendar that decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "rule")]
pub enum CalendarRule {
    /// Inside hours of the week.
    Hours {
        /// The local date on which they started.
        date: Date,
        /// The hours.
        hours: DayPeriod,
    },
    /// Inside the hours of a single date.
    ExceptionHours {
        /// The date.
        date: Date,
        /// The hours.
        hours: DayPeriod,
    },
    /// Outside the hours of a day that has some.
    OutsideHours {
        /// The local date.
        date: Date,
    },
    /// A day of the week without hours.
    NoHours {
        /// The local date.
        date: Date,
    },
    /// A holiday.
    Holiday {
        /// The date.
        date: Date,
    },
    /// A single date that is asleep.
    ExceptionAsleep {
        /// The date.
        date: Date,
    },
}

impl fmt::Display for CalendarRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let day = |date: &Date| date.strftime("%a %Y-%m-%d").to_string();
        match self {
            Self::Hours { date, hours } => write!(f, "hours {hours} of {}", day(date)),
            Self::ExceptionHours { date, hours } => write!(f, "exceptional hours {hours} of {}", day(date)),
            Self::OutsideHours { date } => write!(f, "outside the hours of {}", day(date)),
            Self::NoHours { date } => write!(f, "no hours on {}", day(date)),
            Self::Holiday { date } => write!(f, "holiday {}", day(date)),
            Self::ExceptionAsleep { date } => write!(f, "exception: asleep on {}", day(date)),
        }
    }
}

/// Days looked at around an instant at first, and how far the look goes beyond the last special date: the week
/// repeats itself from there, so whatever has not happened within two weeks never does.
const REACH: i64 = 16;

/// Days on the other side of the instant, so that the transitions next to it are certain.
const MARGIN: i64 = 4;

/// The longest time that the library can count in days; all dates of documents are nearer.
const FARTHEST: i64 = 7_000_000;

impl Calendar {
    /// What is to be at an instant, since when, until when, and why.
    pub fn at(&self, instant: Timestamp) -> CalendarDecision {
        let local = instant.to_zoned(self.zone.rules().clone());
        let today = local.date();
        // Most transitions are near, and both are found with one look.
        let near = self.certain_edges(days_from(today, -MARGIN), days_from(today, MARGIN));
        let before = near.iter().rfind(|edge| edge.at <= instant).copied().or_else(|| self.before(instant, today));
        let after = near.iter().find(|edge| edge.at > instant).copied().or_else(|| self.after(instant, today));
        let (awake, why) = self.why(&local);
        CalendarDecision { awake, since: before.map(|t| t.at), until: after.map(|t| t.at), why }
    }

    /// Whether it is to be awake at an instant, and why: without what bounds it, which costs more.
    pub fn says(&self, instant: Timestamp) -> (bool, CalendarRule) {
        self.why(&instant.to_zoned(self.zone.rules().clone()))
    }

    /// When it wakes the next time, whether it is awake now or not; nothing where it never does.
    pub fn wakes_after(&self, instant: Timestamp) -> Option<Timestamp> {
        let at = self.at(instant);
        if at.awake { self.at(at.until?).until } else { at.until }
    }

    /// The transitions from `from` (inclusive) to `to` (exclusive), in order.
    pub fn transitions(&self, from: Timestamp, to: Timestamp) -> Vec<CalendarTransition> {
        let date = |instant: Timestamp| instant.to_zoned(self.zone.rules().clone()).date();
        let mut transitions = self.edges(days_from(date(from), -2), days_from(date(to), 2));
        transitions.retain(|t| from <= t.at && t.at < to);
        transitions
    }

    /// Every start and end of the merged intervals whose hours start between two dates.
    fn edges(&self, first: Date, last: Date) -> Vec<CalendarTransition> {
        let both = |i: spans::TimeInterval| {
            [CalendarTransition { at: i.start, awake: true }, CalendarTransition { at: i.end, awake: false }]
        };
        self.intervals(first, last).into_iter().flat_map(both).collect()
    }

    /// The last transition at or before an instant.
    fn before(&self, instant: Timestamp, today: Date) -> Option<CalendarTransition> {
        let horizon = days_from(self.special_dates().map_or(today, |(low, _)| low.min(today)), -REACH);
        let mut reach = REACH;
        loop {
            let first = days_from(today, -reach).max(horizon);
            let edges = self.certain_edges(first, days_from(today, MARGIN));
            let found = edges.into_iter().rfind(|edge| edge.at <= instant);
            if found.is_some() || first == horizon {
                return found;
            }
            reach = (reach * 4).min(FARTHEST);
        }
    }

    /// The first transition after an instant.
    fn after(&self, instant: Timestamp, today: Date) -> Option<CalendarTransition> {
        let horizon = days_from(self.special_dates().map_or(today, |(_, high)| high.max(today)), REACH);
        let mut reach = REACH;
        loop {
            let last = days_from(today, reach).min(horizon);
            let edges = self.certain_edges(days_from(today, -MARGIN), last);
            let found = edges.into_iter().find(|edge| edge.at > instant);
            if found.is_some() || last == horizon {
                return found;
            }
            reach = (reach * 4).min(FARTHEST);
        }
    }

    /// The edges that no hours beyond the two dates could move: hours reach at most two days past their start.
    fn certain_edges(&self, first: Date, last: Date) -> Vec<CalendarTransition> {
        let midnight = |date: Date| self.zone.rules().to_zoned(date.to_datetime(Time::midnight())).ok();
        let mut edges = self.edges(first, last);
        let (low, high) = (midnight(days_from(first, 2)), midnight(last));
        edges.retain(|t| {
            low.as_ref().is_none_or(|low| t.at >= low.timestamp())
                && high.as_ref().is_none_or(|high| t.at < high.timestamp())
        });
        edges
    }

    /// Whether a local time is inside hours, and the rule that says so.
    fn why(&self, local: &Zoned) -> (bool, CalendarRule) {
        let today = local.date();
        let instant = local.timestamp();
        let inside = |date: Date| {
            let holds = move |p: &&DayPeriod| {
                spans::interval(self.zone.rules(), date, **p).is_some_and(|i| i.start <= instant && instant < i.end)
            };
            self.hours_of(date).iter().find(holds).map(|hours| (date, *hours))
        };
        // A gap can push hours past midnight by more than they say themselves: look back two days.
        match [0, -1, -2].into_iter().find_map(|back| inside(days_from(today, back))) {
            Some((date, hours)) if self.exceptions.contains_key(&date) => {
                (true, CalendarRule::ExceptionHours { date, hours })
            }
            Some((date, hours)) => (true, CalendarRule::Hours { date, hours }),
            None => (false, self.why_asleep(today)),
        }
    }

    fn why_asleep(&self, date: Date) -> CalendarRule {
        match self.exceptions.get(&date) {
            Some(hours) if hours.is_empty() => CalendarRule::ExceptionAsleep { date },
            None if self.holidays.contains(&date) => CalendarRule::Holiday { date },
            _ if self.hours_of(date).is_empty() => CalendarRule::NoHours { date },
            _ => CalendarRule::OutsideHours { date },
        }
    }
}

/// A date some days away; the ends of time stay where they are.
fn days_from(date: Date, days: i64) -> Date {
    date.saturating_add(days.days())
}
