//! When a run is due: at a local time of its days, and made up for after an outage.

use jiff::civil::{Date, Time, Weekday};
use jiff::{SignedDuration, Timestamp, ToSpan as _};

use crate::estate::Unblock;
use crate::schedule::instant_of;
use crate::value::Zone;

/// How late a run is still made up for. What was missed longer ago is left to the next one: its report would be about a
/// day that is over.
pub const CATCH_UP: SignedDuration = SignedDuration::from_hours(24);

/// The hour of an environment whose document has no section: nine o'clock on every day.
const NINE: u16 = 9 * 60;

/// When an environment is looked after.
#[derive(Debug, Clone)]
pub struct UnblockHour {
    minutes: u16,
    days: [bool; 7],
    zone: Zone,
}

impl UnblockHour {
    /// As the section says.
    pub fn of(section: &Unblock) -> Self {
        let days = std::array::from_fn(|slot| section.days.slots().any(|chosen| chosen == slot));
        Self { minutes: section.at.minutes(), days, zone: section.zone.clone() }
    }

    /// For an environment without a section: nine o'clock of its zone, every day.
    pub fn usual(zone: Zone) -> Self {
        Self { minutes: NINE, days: [true; 7], zone }
    }

    /// The zone whose clocks are meant.
    pub fn zone(&self) -> &Zone {
        &self.zone
    }

    /// The last instant at which a run was due, unless that is longer ago than [`CATCH_UP`].
    pub fn last_due(&self, instant: Timestamp) -> Option<Timestamp> {
        let today = instant.to_zoned(self.zone.rules().clone()).date();
        // Where clocks are put back at night, the last due instant of a day may lie two dates back.
        let dates = (0..=2).filter_map(|back| today.checked_sub(back.days()).ok());
        let due = dates.filter_map(|date| self.due_on(date)).find(|due| *due <= instant)?;
        (instant.duration_since(due) < CATCH_UP).then_some(due)
    }

    fn due_on(&self, date: Date) -> Option<Timestamp> {
        let rules = self.zone.rules();
        let midnight = date.to_datetime(Time::midnight());
        // A date that a zone leaves out altogether has no hours.
        let exists = rules.to_zoned(midnight).ok()?.date() == date;
        let local = midnight.checked_add(i64::from(self.minutes).minutes()).ok()?;
        (exists && self.is_on(date.weekday())).then(|| instant_of(rules, local)).flatten()
    }

    fn is_on(&self, day: Weekday) -> bool {
        self.days[usize::from(day.to_monday_zero_offset().unsigned_abs())]
    }
}
