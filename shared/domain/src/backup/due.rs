//! When backups are due: once a local day, on every day of every zone.

use std::fmt;

use jiff::civil::{Date, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp, ToSpan as _};

use crate::estate::{BackupSchedule, Backups};

/// How long a backup that was due is still caught up: a day later the next one is due anyway.
pub const CATCH_UP: SignedDuration = SignedDuration::from_hours(24);

/// How long a backup may take before its age counts, beyond the time between two of them.
pub const ALLOWANCE: SignedDuration = SignedDuration::from_hours(6);

/// Days of a week.
const WEEK: i64 = 7;

/// A schedule with its zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueSchedule {
    schedule: BackupSchedule,
    zone: TimeZone,
}

impl DueSchedule {
    /// The schedule of a job; where it names no zone, that of the section.
    pub fn of(schedule: &BackupSchedule, section: &Backups) -> Self {
        let zone = schedule.zone.as_ref().unwrap_or(&section.zone).rules().clone();
        Self { schedule: schedule.clone(), zone }
    }

    /// The zone of its days.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The instant that is due on a local day; nothing on a day that is not one of the schedule, or that the zone leaves
    /// out. A time that is skipped is due right after the gap; of one that comes twice the first counts.
    fn on(&self, date: Date) -> Option<Timestamp> {
        if self.schedule.days.as_ref().is_some_and(|days| !days.contains(date.weekday())) {
            return None;
        }
        if self.zone.to_zoned(date.to_datetime(Time::midnight())).ok()?.date() != date {
            return None;
        }
        let at = i64::from(self.schedule.at.minutes());
        let local = date.to_datetime(Time::midnight()).checked_add(at.minutes()).ok()?;
        let ambiguous = self.zone.to_ambiguous_timestamp(local);
        match ambiguous.offset() {
            AmbiguousOffset::Gap { before, .. } => {
                let unmoved = before.to_timestamp(local).ok()?.checked_add(1.nanosecond()).ok()?;
                Some(self.zone.preceding(unmoved).next()?.timestamp())
            }
            _ => ambiguous.earlier().ok(),
        }
    }

    /// The last instant that was due at `now`, not longer ago than [`CATCH_UP`].
    pub fn last(&self, now: Timestamp) -> Option<Timestamp> {
        let today = now.to_zoned(self.zone.clone()).date();
        let days = [1, 0, -1, -2].into_iter().filter_map(|offset| today.checked_add(i64::from(offset).days()).ok());
        let due = days.filter_map(|date| self.on(date)).find(|due| *due <= now)?;
        (now.duration_since(due) < CATCH_UP).then_some(due)
    }

    /// The first instant that is due after `now`.
    pub fn next(&self, now: Timestamp) -> Option<Timestamp> {
        let today = now.to_zoned(self.zone.clone()).date();
        let days = (-1..=WEEK + 1).filter_map(|offset| today.checked_add(offset.days()).ok());
        days.filter_map(|date| self.on(date)).find(|due| *due > now)
    }

    /// How old the newest good copy may be before it counts as stale: the longest time between two that are due, and
    /// [`ALLOWANCE`].
    pub fn patience(&self) -> SignedDuration {
        let slots: Vec<i64> = match &self.schedule.days {
            None => (0..WEEK).collect(),
            Some(days) => days.slots().filter_map(|slot| i64::try_from(slot).ok()).collect(),
        };
        let next =
            |place: usize| slots.get(place + 1).copied().unwrap_or_else(|| slots.first().map_or(0, |it| it + WEEK));
        let longest = slots.iter().enumerate().map(|(place, slot)| next(place) - slot).max().unwrap_or(WEEK);
        SignedDuration::from_hours(longest * 24) + ALLOWANCE
    }
}

impl fmt::Display for DueSchedule {
    /// As the document writes it: `03:00`, or `03:00 mon-fri`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.schedule.at)?;
        self.schedule.days.as_ref().map_or(Ok(()), |days| write!(f, " {days}"))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn dues(at: &str, days: Option<&str>, zone: &str) -> DueSchedule {
        let schedule =
            BackupSchedule { at: at.parse().unwrap(), days: days.map(|days| days.parse().unwrap()), zone: None };
        let section = Backups { zone: zone.parse().unwrap(), aws_backup: None, jobs: Vec::new() };
        DueSchedule::of(&schedule, &section)
    }

    fn at(instant: &str) -> Timestamp {
        instant.parse().unwrap()
    }

    #[test]
    fn a_missed_tick_is_caught_up_for_a_day_and_no_longer() {
        let weekdays = dues("18:00", Some("mon-fri"), "America/New_York");
        let friday = at("2026-11-20T23:00:00Z");
        assert_eq!(weekdays.last(at("2026-11-20T22:59:59Z")), Some(at("2026-11-19T23:00:00Z")));
        assert_eq!(weekdays.last(friday), Some(friday));
        assert_eq!(weekdays.last(at("2026-11-21T22:59:59Z")), Some(friday));
        assert_eq!(weekdays.last(at("2026-11-21T23:00:00Z")), None);
        assert_eq!(weekdays.next(friday), Some(at("2026-11-23T23:00:00Z")));
    }

    #[test]
    fn there_is_one_due_instant_a_day_in_every_zone_over_both_changes_of_the_clocks() {
        for zone in crate::value::Zone::all_names() {
            for time in ["00:00", "01:30", "02:30"] {
                let dues = dues(time, None, &zone);
                let mut seen = Vec::new();
                let mut now = at("2026-01-01T12:00:00Z");
                for _ in 0..366 {
                    let next = dues.next(now).unwrap();
                    assert!(next > now, "{zone} {time}");
                    seen.push(next.to_zoned(dues.zone().clone()).date());
                    now = next;
                }
                let days: std::collections::BTreeSet<_> = seen.iter().collect();
                assert_eq!(days.len(), 366, "{zone} {time}");
            }
        }
    }

    #[test]
    fn what_is_skipped_comes_right_after_and_what_comes_twice_counts_once() {
        let dues = dues("02:30", None, "America/New_York");
        assert_eq!(dues.next(at("2026-03-08T00:00:00Z")), Some(at("2026-03-08T07:00:00Z")));
        let fold = super::tests::dues("01:30", None, "America/New_York");
        assert_eq!(fold.next(at("2026-11-01T00:00:00Z")), Some(at("2026-11-01T05:30:00Z")));
        assert_eq!(fold.next(at("2026-11-01T05:30:00Z")), Some(at("2026-11-02T06:30:00Z")));
    }

    #[test]
    fn patience_is_the_longest_gap_and_six_hours() {
        for (days, hours) in [(None, 30), (Some("mon-fri"), 78), (Some("sun"), 174), (Some("mon,thu"), 102)] {
            assert_eq!(dues("03:00", days, "Etc/UTC").patience(), SignedDuration::from_hours(hours), "{days:?}");
        }
    }
}
