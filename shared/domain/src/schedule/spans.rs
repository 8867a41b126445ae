//! From local hours to intervals of absolute time: the one place that knows about gaps and folds.

use jiff::{
    Timestamp, ToSpan as _,
    civil::{Date, DateTime},
    tz::{AmbiguousOffset, TimeZone},
};

use super::{Calendar, DayPeriod};

/// A half-open interval of absolute time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TimeInterval {
    /// The first instant in it.
    pub(super) start: Timestamp,
    /// The first instant after it.
    pub(super) end: Timestamp,
}

/// Where a local time falls on the line of absolute time.
enum LocalTimePlace {
    /// Once, or twice: its first occurrence.
    At(Timestamp),
    /// In a gap: the first instant after it, and the time as a clock that was not put forward shows it.
    Gap { after: Timestamp, unmoved: Timestamp },
}

fn place(zone: &TimeZone, local: DateTime) -> Option<LocalTimePlace> {
    let ambiguous = zone.to_ambiguous_timestamp(local);
    match ambiguous.offset() {
        AmbiguousOffset::Gap { before, .. } => {
            let unmoved = before.to_timestamp(local).ok()?;
            // The gap opened at the last transition at or before the unmoved time.
            let just_after = unmoved.checked_add(1.nanosecond()).ok()?;
            let after = zone.preceding(just_after).next()?.timestamp();
            Some(LocalTimePlace::Gap { after, unmoved })
        }
        _ => ambiguous.earlier().ok().map(LocalTimePlace::At),
    }
}

/// The instant at which a clock of the zone shows a local time: the first of two, and where it is skipped the first
/// instant after the gap. Nothing at the ends of time.
pub(crate) fn instant_of(zone: &TimeZone, local: DateTime) -> Option<Timestamp> {
    match place(zone, local)? {
        LocalTimePlace::At(instant) | LocalTimePlace::Gap { after: instant, .. } => Some(instant),
    }
}

/// The instants of a period that starts on `date`; nothing at the ends of time or on a date that the zone leaves out.
pub(super) fn interval(zone: &TimeZone, date: Date, period: DayPeriod) -> Option<TimeInterval> {
    if zone.to_zoned(date.to_datetime(jiff::civil::Time::midnight())).ok()?.date() != date {
        return None;
    }
    let midnight = date.to_datetime(jiff::civil::Time::midnight());
    let local = |minutes: u16| midnight.checked_add(i64::from(minutes).minutes()).ok();
    let start = instant_of(zone, local(period.start())?)?;
    let end = match place(zone, local(period.end())?)? {
        LocalTimePlace::At(instant) | LocalTimePlace::Gap { unmoved: instant, .. } => instant,
    };
    if start < end {
        return Some(TimeInterval { start, end });
    }
    // The gap swallowed all of it.
    let length = i64::from(period.end() - period.start()).minutes();
    Some(TimeInterval { start, end: start.checked_add(length).ok()? })
}

impl Calendar {
    /// The intervals of the hours that start on the dates from `first` to `last`, merged where they touch, in order.
    pub(super) fn intervals(&self, first: Date, last: Date) -> Vec<TimeInterval> {
        let mut all: Vec<TimeInterval> = first
            .series(1.day())
            .take_while(|date| *date <= last)
            .flat_map(|date| self.hours_of(date).iter().filter_map(move |p| interval(self.zone.rules(), date, *p)))
            .collect();
        all.sort_unstable();
        let mut merged: Vec<TimeInterval> = Vec::with_capacity(all.len());
        for next in all {
            match merged.last_mut() {
                Some(last) if next.start <= last.end => last.end = last.end.max(next.end),
                _ => merged.push(next),
            }
        }
        merged
    }
}
