//! The calendar of an environment: when it is awake, since when, until when, and why.
//!
//! Hours are written in local time and belong to the day on which they start. In absolute time each is a half-open
//! interval, found by one rule that leaves every period longer than nothing on every day of every zone:
//!
//! - a period that starts in a spring gap starts at the first instant after the gap;
//! - one that ends in a gap ends later by the gap's length, as a clock that was not put forward would show it;
//! - one that the gap swallows whole keeps its length and starts after the gap;
//! - where an autumn fold shows a time twice, its first occurrence counts;
//! - a local day that a zone leaves out altogether has no hours.
//!
//! Periods that touch or overlap in absolute time are one: there is no sleep between them.

mod decision;
mod document;
mod overlap;
mod period;
mod spans;
mod weekdays;

pub use decision::{CalendarDecision, CalendarRule, CalendarTransition};
pub use document::{AwakeHours, DateException, DayHours, WeeklyHours};
pub use period::DayPeriod;
pub use weekdays::Weekdays;

pub(crate) use spans::instant_of;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, Weekday};

use crate::value::Zone;

/// When an environment is awake. Always checked: no two of its periods overlap.
#[derive(Debug, Clone)]
pub struct Calendar {
    zone: Zone,
    /// Hours by day of the week, Monday first.
    weekly: [Vec<DayPeriod>; 7],
    holidays: BTreeSet<Date>,
    exceptions: BTreeMap<Date, Vec<DayPeriod>>,
}

impl Calendar {
    /// The zone whose clocks the hours mean.
    pub fn zone(&self) -> &Zone {
        &self.zone
    }

    /// The hours that start on a date, exceptions before holidays before the week.
    pub fn hours_of(&self, date: Date) -> &[DayPeriod] {
        match self.exceptions.get(&date) {
            Some(periods) => periods,
            None if self.holidays.contains(&date) => &[],
            None => &self.weekly[slot(date.weekday())],
        }
    }

    /// The dates that differ from the week: the first and the last of them.
    fn special_dates(&self) -> Option<(Date, Date)> {
        let mut dates = self.holidays.iter().chain(self.exceptions.keys()).copied();
        let first = dates.next()?;
        Some(dates.fold((first, first), |(low, high), date| (low.min(date), high.max(date))))
    }
}

/// Where a weekday stands in a table that begins on Monday.
fn slot(day: Weekday) -> usize {
    usize::from(day.to_monday_zero_offset().unsigned_abs())
}
