//! A point in time as a person writes it: a date, a local time, or an instant with its offset.

use std::{fmt, str::FromStr};

use jiff::{Timestamp, civil, tz::TimeZone};

use super::{BadValue, CalendarDay, TextForm, text_value};

/// A date, a local date and time, or an exact instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PointInTime {
    /// A whole day of the zone beside it.
    Day(CalendarDay),
    /// A local time of the zone beside it.
    Local(civil::DateTime),
    /// An instant that needs no zone.
    Instant(Timestamp),
}

impl PointInTime {
    /// The instant at which something that begins here begins.
    pub fn start(self, zone: &TimeZone) -> Option<Timestamp> {
        match self {
            Self::Day(day) => day.date().to_zoned(zone.clone()).ok().map(|z| z.timestamp()),
            Self::Local(local) => zone.to_ambiguous_timestamp(local).compatible().ok(),
            Self::Instant(instant) => Some(instant),
        }
    }

    /// The instant at which something that lasts until here is over: a date counts to its last second.
    pub fn end(self, zone: &TimeZone) -> Option<Timestamp> {
        match self {
            Self::Day(day) => Self::Day(CalendarDay::new(day.date().tomorrow().ok()?)).start(zone),
            other => other.start(zone),
        }
    }
}

impl TextForm for PointInTime {
    const FORMAT: &'static str = "moment";
    const EXPECTED: &'static str =
        "a date (2026-12-24), a local time (2026-12-24T18:00) or an instant (2026-12-24T18:00-05:00)";
    const PATTERN: &'static str = "^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}.*)?$";
    const EXAMPLES: &'static [&'static str] = &["2026-12-24", "2026-12-24T18:00", "2026-12-24T18:00-05:00"];
}

/// Where the date ends and the `T` of the time stands.
const DATE_LENGTH: usize = 10;

impl FromStr for PointInTime {
    type Err = BadValue;
    fn from_str(text: &str) -> Result<Self, BadValue> {
        if let Ok(day) = text.parse() {
            return Ok(Self::Day(day));
        }
        let bad = || BadValue::of::<Self>(text);
        if text.as_bytes().get(DATE_LENGTH) != Some(&b'T') {
            return Err(bad());
        }
        if let Ok(instant) = text.parse() {
            return Ok(Self::Instant(instant));
        }
        // What carries an offset or a zone and is no instant is wrong, not local.
        let time = text.get(DATE_LENGTH..).unwrap_or_default();
        if time.contains(['+', '-', 'Z', '[']) {
            return Err(bad());
        }
        text.parse().map(Self::Local).map_err(|_| bad())
    }
}

impl fmt::Display for PointInTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(day) => write!(f, "{day}"),
            Self::Local(local) => write!(f, "{local}"),
            Self::Instant(instant) => write!(f, "{instant}"),
        }
    }
}

text_value!(PointInTime);
